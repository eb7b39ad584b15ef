"""Follows JSON pointers inside a specification, and reads addresses; what lies outside of it is never fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ratchet.errors import SpecError

MAX_HOPS = 50


def resolved(value: Any, document: Mapping[str, Any]) -> Any:
    """Return a value after following its `$ref`s; None where they lead out of the document, or to an anchor.

    Raises:
        SpecError: if a reference points at nothing or goes round in a circle.
    """
    for _ in range(MAX_HOPS):
        if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
            return value
        if not is_pointer(value["$ref"]):
            return None
        value = lookup(value["$ref"], document)
    raise SpecError("a reference goes round in a circle", where=str(value)[:80])


def is_pointer(reference: str) -> bool:
    """Return whether a reference is a JSON pointer into its own document."""
    return reference == "#" or reference.startswith("#/")


def lookup(reference: str, document: Mapping[str, Any]) -> Any:
    """Return what a reference such as `#/components/schemas/Pet` points at.

    Raises:
        SpecError: if it points at nothing.
    """
    found: Any = document
    for part in pointer(reference):
        found = _step(found, part, reference)
    return found


def pointer(reference: str) -> list[str]:
    """Return the parts of a reference, unescaped."""
    parts = unquote(reference.removeprefix("#")).split("/")[1:]
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def _step(found: Any, part: str, reference: str) -> Any:
    if isinstance(found, Mapping):
        for name in (part, part.replace("+", " ")):  # some tools write a space as in a form
            if name in found:
                return found[name]
    elif isinstance(found, list) and part.isdecimal() and len(part) < 9 and int(part) < len(found):
        return found[int(part)]
    raise SpecError(f"reference {reference[:120]!r} points at nothing")


def is_http(address: str) -> bool:
    """Return whether an address is an absolute one of http or https, without query or fragment."""
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        return False


def without_query(path: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a path without the query and fragment that some specifications write into it, and that query."""
    plain, _, query = path.partition("#")[0].partition("?")
    return "/" + plain.lstrip("/"), tuple(parse_qsl(query, keep_blank_values=True))
