"""Tests of `fix.py`."""

from __future__ import annotations

from ratchet.generate.families.templates import auth_expiry as fix


class ExampleError(Exception):
    """Stands for the error in the log."""


def test_the_second_call_has_the_settings() -> None:
    """They are added to what was given, once."""
    mended = fix.mend(ExampleError("expired"), {"other": "kept"})
    assert mended == {"other": "kept", **dict(fix.SETTINGS)}
    assert fix.mend(ExampleError("expired"), mended) is None
