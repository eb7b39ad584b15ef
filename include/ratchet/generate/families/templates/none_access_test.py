"""Tests of `fix.py`."""

from __future__ import annotations

from typing import Any

from ratchet.generate.families.templates import none_access as fix


class ExampleError(Exception):
    """Stands for the error in the log."""


def test_none_is_left_out_or_replaced() -> None:
    """What is None and never was in a success goes, or becomes what successes had."""
    names = [*fix.DROPPED, *(name for name, _ in fix.DEFAULTS)]
    given: dict[str, Any] = {**dict.fromkeys(names), "other": "kept"}
    mended = fix.mend(ExampleError("none"), given)
    assert mended == {"other": "kept", **dict(fix.DEFAULTS)}


def test_what_has_a_value_keeps_it() -> None:
    """Nothing but None is touched."""
    names = [*fix.DROPPED, *(name for name, _ in fix.DEFAULTS)]
    assert fix.mend(ExampleError("none"), dict.fromkeys(names, 0)) is None
