"""Tests of `fix.py`."""

from __future__ import annotations

from typing import Any

from ratchet.generate.families.templates import encoding as fix


def decoded(params: dict[str, Any]) -> str:
    """Stand for the operation: decode what is no UTF-8."""
    return b"caf\xe9 \x2014".decode(str(params[fix.KEY]))


def test_what_is_no_utf_8_is_read_with_another_encoding() -> None:
    """The operation is called again with an encoding that fits."""
    mended: list[dict[str, Any] | None] = []
    try:
        decoded({fix.KEY: "utf-8"})
    except UnicodeDecodeError as error:
        mended.append(fix.mend(error, {fix.KEY: "utf-8", "other": 1}))
    assert mended == [{fix.KEY: fix.ENCODINGS[0], "other": 1}]
