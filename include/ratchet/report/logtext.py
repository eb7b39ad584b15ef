"""Text that came from a log: marked as such, made visible, and bounded, before anything is done with it.

A renderer escapes whatever it writes; this module makes sure that text from a log cannot hide, reorder or flood what
stands around it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

LIMIT = 400
_EMBEDDINGS = "\u202a-\u202e\u2066-\u2069"  # they reorder text outside themselves when left open
_INVISIBLE = re.compile(
    rf"[\x00-\x1f\x7f-\x9f\u2028\u2029{_EMBEDDINGS}\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_STACKED = re.compile(r"([\u0300-\u036f\u0489\u20d0-\u20ff]{3})[\u0300-\u036f\u0489\u20d0-\u20ff]+")
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")


class Logged(str):
    """A name from a log, cleaned by `logged`; renderers isolate it and shorten it to `shown` characters."""

    __slots__ = ()
    shown = 80


class LoggedProse(Logged):
    """A sentence that may hold words from a log, cleaned by `prose`; shown in full, since it is bounded."""

    __slots__ = ()
    shown = 2 * LIMIT


class Text(str):
    """A sentence that knows its parts; those of type `Logged` came from a log."""

    parts: tuple[str, ...]


def text(*parts: str) -> Text:
    """Return a sentence from its parts."""
    sentence = Text("".join(parts))
    sentence.parts = parts
    return sentence


def logged(value: Any, fallback: str = "(none)") -> Logged:
    """Return a value from a log as one visible line of at most `LIMIT` characters and a count of the rest.

    Control characters, open embeddings and lone surrogates are written as `·U+0007·`, so that they are seen.
    """
    return Logged(_visible(value, fallback))


def prose(value: Any, fallback: str = "") -> LoggedProse:
    """Return a sentence that may quote a log, cleaned as `logged` does."""
    return LoggedProse(_visible(value, fallback))


def code_line(line: str, limit: int = LIMIT) -> str:
    """Return a line of code as it is, its blanks too, but for what cannot be seen and what is beyond the limit."""
    shown = _INVISIBLE.sub(_named, line.expandtabs(4)[:limit])
    return shown if len(line) <= limit else f"{shown}…"


def _visible(value: Any, fallback: str) -> str:
    line = _BLANKS.sub(" ", str(value if value is not None else "")).strip()
    if not line:
        return fallback
    total = len(line)
    line = _STACKED.sub(r"\1", _INVISIBLE.sub(_named, line[:LIMIT]))
    return line if total <= LIMIT else f"{line}… [{total:,} characters]"


def shortened(text: str, limit: int = Logged.shown) -> str:
    """Return the beginning of a text, not cut inside a grapheme that combining marks or joiners build."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > limit // 2 and _joins(text[end]):
        end -= 1
    return f"{text[:end].rstrip()}…"


def has_right_to_left(text: str) -> bool:
    """Tell whether a text holds a character that is written from right to left."""
    return any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text)


def _joins(character: str) -> bool:
    return (
        unicodedata.combining(character) > 0
        or character in "\u200d\ufe0e\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _named(match: re.Match[str]) -> str:
    return f"·U+{ord(match[0]):04X}·"
