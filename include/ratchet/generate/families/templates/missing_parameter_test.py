"""Tests of `fix.py`."""

from __future__ import annotations

from typing import Any

from ratchet.generate.families.templates import missing_parameter as fix


class ExampleError(Exception):
    """Stands for the error in the log."""


def test_what_is_missing_is_filled_in() -> None:
    """Only what is missing is added; what was given stays."""
    given: dict[str, Any] = {"other": "kept"}
    mended = fix.mend(ExampleError("missing"), given)
    assert mended == {"other": "kept", **dict(fix.DEFAULTS)}
    assert given == {"other": "kept"}


def test_what_is_there_is_not_replaced() -> None:
    """A parameter that was given is never overwritten."""
    given = {name: None for name, _ in fix.DEFAULTS}
    assert fix.mend(ExampleError("missing"), given) is None
