"""Repair JSON that a model wrote."""

from __future__ import annotations

import json
import re
from typing import Any, Final

MOST_EDITS: Final[int] = 4
MOST_CHARACTERS: Final[int] = 20000

Params = dict[str, Any]
LITERALS: Final = {"True": "true", "False": "false", "None": "null"}
CLOSING: Final = {"{": "}", "[": "]"}
TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,"]|[^\s{}\[\]:,"]+', re.DOTALL)


def unwrapped(text: str) -> str:
    """Return what stands between the first opening and the last closing bracket."""
    begins = [text.find(bracket) for bracket in "{[" if bracket in text]
    if not begins:
        return text
    end = max(text.rfind("}"), text.rfind("]")) + 1
    tail = text[end:].partition("```")[0]
    return text[min(begins) : end] + (tail if not tail.strip().isalpha() else "")


def repaired(text: str) -> tuple[str, int] | None:
    """Return valid JSON and how many marks were changed, None where that is not enough.

    Commas and closing brackets are added or dropped, and True, False and None are
    written as JSON has them. No word, number or string is ever made up.
    """
    inner = unwrapped(text) if len(text) <= MOST_CHARACTERS else ""
    out: list[str] = []
    opened: list[str] = []
    edits = int(inner != text)
    for piece in TOKEN.findall(inner):
        if piece == '"':
            return None
        edits += added(out, opened, LITERALS.get(piece, piece))
        edits += piece in LITERALS
    edits += closed(out, opened, "")
    found = " ".join(out)
    try:
        json.loads(found)
    except ValueError:
        return None
    return found, edits


def added(out: list[str], opened: list[str], piece: str) -> int:
    """Add a piece with the comma or the brackets that should stand before it."""
    edits = 0
    before = out[-1] if out else "{"
    if piece in ("}", "]"):
        edits += closed(out, opened, piece)
        if not opened:
            return edits + 1
        opened.pop()
    elif piece not in (":", ",") and before not in ("{", "[", ":", ","):
        out.append(",")
        edits += 1
    if piece in CLOSING:
        opened.append(CLOSING[piece])
    out.append(piece)
    return edits


def closed(out: list[str], opened: list[str], until: str) -> int:
    """Drop a comma that nothing follows and close what is open inside `until`."""
    edits = 0
    if out and out[-1] == ",":
        out.pop()
        edits += 1
    while opened and opened[-1] != until and (not until or until in opened):
        out.append(opened.pop())
        edits += 1
    return edits


def mend(error: Exception, params: Params) -> Params | None:
    """Return the parameters with the text repaired, None where it cannot be."""
    if not isinstance(error, json.JSONDecodeError):
        return None
    found = repaired(error.doc)
    names = [name for name, value in params.items() if value == error.doc]
    if found is None or found[1] > MOST_EDITS or not names:
        return None
    return {**params, **dict.fromkeys(names, found[0])}
