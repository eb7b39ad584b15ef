"""Puts text of a specification into Python: as literals and docstrings that can be nothing else."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Any

WIDTH = 100
_MAX_TEXT = 600


def literal(value: Any) -> str:
    """Return a JSON value as a Python literal of ASCII characters only."""
    return ascii(value)


def plain(text: str, limit: int = _MAX_TEXT) -> str:
    """Return text as one line without control, format or private characters, cut at a limit."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[: 4 * limit])
    line = " ".join(re.sub(r"<[^<>]{0,200}>", " ", kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def docstring(paragraphs: Sequence[str], indent: str) -> str:
    """Return a docstring of paragraphs, each of one or more lines; backslashes and quotes are escaped."""
    wrapped = [_wrapped(paragraph, indent) for paragraph in paragraphs if paragraph]
    body = f"\n\n{indent}".join(wrapped)
    end = f"\n{indent}" if "\n" in body else ""
    return f'{indent}"""{body}{end}"""'


def _wrapped(paragraph: str, indent: str) -> str:
    lines = []
    for line in paragraph.split("\n"):
        deeper = indent + " " * (len(line) - len(line.lstrip(" ")))
        lines += textwrap.wrap(
            _escaped(line.strip()),
            WIDTH - len(deeper),
            initial_indent=deeper,
            subsequent_indent=deeper + ("    " if len(deeper) > len(indent) else ""),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(lines).lstrip(" ")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def sentence(text: str) -> str:
    """Return text with a full stop at its end."""
    return text if not text or text[-1] in ".!?…" else f"{text}."
