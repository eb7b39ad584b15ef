"""The parts that every block of the Markdown report is written with: escaped text, tables, and what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ratchet.report import numbers
from ratchet.report.logtext import Logged, Text, has_right_to_left, shortened
from ratchet.report.view import Fact

# all that may mean something in a line of Markdown, and what makes a bare address a link
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&$@]|:(?=//)|(?<=www)\.|^[-+=])", re.IGNORECASE)
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
_SPECIAL_IN_OURS = re.compile(r"([\\`*|<>\[\]])")


def say(value: Any) -> str:
    """Return a text with everything escaped that Markdown or HTML inside it could act on."""
    parts = value.parts if isinstance(value, Text) else (value,)
    return "".join(_part(p) for p in parts)


def _part(part: Any) -> str:
    written = shortened(part, part.shown) if isinstance(part, Logged) else str(part)
    escaped = (_SPECIAL if isinstance(part, Logged) else _SPECIAL_IN_OURS).sub(r"\\\1", written)
    escaped = _NUMBERED.sub(r"\1\\\2", escaped)
    return f"\N{FIRST STRONG ISOLATE}{escaped}\N{POP DIRECTIONAL ISOLATE}" if has_right_to_left(written) else escaped


def fact(item: Fact) -> str:
    """Return a labelled number as one line."""
    note = f" ({item.note})" if item.note else ""
    return f"{item.label}: {numbers.number(item.value, item.unit)}{note}"


def rest(total: int, shown: int, file: str | None) -> list[str]:
    """Return how many rows are left out and where they are, nothing where none is."""
    if total > shown:
        return [f"and {numbers.count(total - shown)} more{f', all in {file}' if file else ''}"]
    return []


def grid(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """Return a table; its cells are escaped already."""
    names = list(head)
    lines = [names, ["---"] * len(names), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
