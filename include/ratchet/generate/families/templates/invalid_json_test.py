"""Tests of `fix.py`."""

from __future__ import annotations

import json
from typing import Any, Final

from ratchet.generate.families.templates import invalid_json as fix

BROKEN: Final[list[str]] = [
    '{"a": [1, 2',
    '{"a": 1 "b": 2}',
    '{"a": 1,}',
    '{"a": True}',
]


def parsed(params: dict[str, Any]) -> Any:
    """Stand for the operation."""
    return json.loads(str(params["text"]))


def mended(text: str) -> dict[str, Any] | None:
    """Return what the fix makes of a text that is no JSON."""
    try:
        parsed({"text": text})
    except json.JSONDecodeError as error:
        return fix.mend(error, {"text": text, "other": 1})
    return None


def test_commas_brackets_and_literals_are_repaired() -> None:
    """What needs no more edits than fitted can be parsed afterwards."""
    for text in BROKEN:
        found = fix.repaired(text)
        assert found is not None
        result = mended(text)
        assert (result is not None) == (found[1] <= fix.MOST_EDITS)
        if result is not None:
            assert isinstance(parsed(result), dict)
            assert result["other"] == 1


def test_no_text_is_made_up() -> None:
    """A string that never ends is not ended by anybody."""
    assert mended('{"a": "and so') is None
    assert mended('{"a" 1}') is None
    assert mended("nothing like it") is None
