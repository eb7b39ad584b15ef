"""Turns what an API calls things into Python names: valid, unique, never a keyword, the same every night."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable

MAX_LENGTH = 60  # agents accept tool names of 64 characters
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[A-Z]")


def words(text: str) -> list[str]:
    """Return the words of a name in camelCase, kebab-case or any other, ASCII only."""
    plain = unicodedata.normalize("NFKD", text[:400]).encode("ascii", "ignore").decode()
    return _WORDS.findall(plain)


def snake(text: str, otherwise: str) -> str:
    """Return a lower-case identifier for a name, `otherwise` where nothing of it is left."""
    name = "_".join(word.lower() for word in words(text))[:MAX_LENGTH].rstrip("_") or otherwise
    name = f"n_{name}"[:MAX_LENGTH].rstrip("_") if name[:1].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) else name


def camel(text: str, otherwise: str) -> str:
    """Return a class name for a name, `otherwise` where nothing of it is left."""
    name = "".join(word[:1].upper() + word[1:] for word in words(text))[:MAX_LENGTH] or otherwise
    return f"N{name}"[:MAX_LENGTH] if name[:1].isdigit() else name


class Taken:
    """Gives names away once each, whatever their case: a taken one gets a number, a reserved one an underscore."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        """Keep `reserved` for others."""
        self._reserved = {name.lower() for name in reserved}
        self._names = set(self._reserved)

    def take(self, wanted: str) -> str:
        """Return `wanted`, or what comes nearest to it."""
        wanted = f"{wanted}_" if wanted.lower() in self._reserved else wanted
        name, number = wanted, 2
        while name.lower() in self._names:
            tail = f"_{number}"
            name, number = wanted[: MAX_LENGTH - len(tail)].rstrip("_") + tail, number + 1
        self._names.add(name.lower())
        return name

    def has(self, name: str) -> bool:
        """Return whether a name was given away."""
        return name.lower() in self._names - self._reserved
