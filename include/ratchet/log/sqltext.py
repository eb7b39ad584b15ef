"""Quoting of literals and identifiers for the SQL that this package generates. What is generated belongs elsewhere."""

from __future__ import annotations

from collections.abc import Iterable


def literal(text: str) -> str:
    """Return a text as an SQL literal, safe whatever it holds."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literals(texts: Iterable[str]) -> str:
    """Return texts as an SQL list of literals."""
    return "[" + ", ".join(literal(text) for text in texts) + "]"


def select(source: str, *steps: str) -> str:
    """Return a query of nested selects: each step is the select list over the one before, the first over the source."""
    for step in steps:
        source = f"(select {step} from {source})"  # noqa: S608 -- every part is generated and quoted by this package
    return source
