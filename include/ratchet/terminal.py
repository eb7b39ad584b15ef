"""Lines on a terminal, in which nothing that comes from a log can drive it."""

from __future__ import annotations

import sys
import unicodedata


def say(text: str = "") -> None:
    """Print a line; control characters, which could drive a terminal, are shown as escapes."""
    sys.stdout.write(_safe(text) + "\n")


def complain(text: str) -> None:
    """Print a line of the command's own to standard error."""
    sys.stderr.write(one_line(f"ratchet: {text}"))


def one_line(text: str) -> str:
    """Return a text as one line, whatever of a user's or a log's it repeats."""
    return f"{_safe(' '.join(text.split()))}\n"


def _safe(text: str) -> str:
    return "".join(c if c == "\n" or unicodedata.category(c)[0] != "C" else f"\\x{ord(c):02x}" for c in text)
