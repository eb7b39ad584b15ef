"""Tests of `fix.py`."""

from __future__ import annotations

from typing import Any

from ratchet.generate.families.templates import wrong_type as fix

WRONG = {
    "integer": "12",
    "number": "1.5",
    "string": 12,
    "boolean": "true",
    "array": "one",
}
RIGHT = {
    "integer": 12,
    "number": 1.5,
    "string": "12",
    "boolean": True,
    "array": ["one"],
}


class ExampleError(Exception):
    """Stands for the error in the log."""


def test_values_get_the_type_of_successful_calls() -> None:
    """The value stays, its type changes; what was given is not touched."""
    given: dict[str, Any] = {name: WRONG[kind] for name, kind in fix.KINDS}
    mended = fix.mend(ExampleError("type"), {**given, "other": "kept"})
    assert mended == {name: RIGHT[kind] for name, kind in fix.KINDS} | {"other": "kept"}


def test_a_value_that_would_change_its_meaning_is_left() -> None:
    """What is no number does not become one."""
    assert fix.cast("twelve", "integer") is None
    assert fix.cast("1.5", "integer") is None
    assert fix.cast(None, "string") is None


def test_the_right_type_is_left_alone() -> None:
    """Nothing is done where nothing is wrong."""
    given = {name: RIGHT[kind] for name, kind in fix.KINDS if kind != "array"}
    assert fix.mend(ExampleError("type"), given) is None
