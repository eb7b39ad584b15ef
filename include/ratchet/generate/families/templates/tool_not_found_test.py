"""Tests of `fix.py`."""

from __future__ import annotations

from ratchet.generate.families.templates import tool_not_found as fix


class ExampleError(Exception):
    """Stands for the error in the log."""


def test_a_wrong_name_becomes_the_known_one() -> None:
    """Every name of the list is replaced, and nothing else."""
    for wrong, known in fix.RENAMED:
        given = {fix.KEY: wrong, "other": "kept"}
        mended = fix.mend(ExampleError("unknown"), given)
        assert mended == {fix.KEY: known, "other": "kept"}


def test_a_name_that_is_not_in_the_list_is_left() -> None:
    """Nobody guesses."""
    given = {fix.KEY: "a tool that nobody has"}
    assert fix.mend(ExampleError("unknown"), given) is None
