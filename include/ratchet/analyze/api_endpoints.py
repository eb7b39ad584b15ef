"""APIs without a specification, as the application's own calls show them: never by crawling.

Which segments of a path are keys is told one by one in the mart; here those that take many values are learned.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ratchet.contracts.apis import METHODS, Answer, Api, Body, Media, Operation, Parameter, Place, Schema

MANY_VALUES = 10  # a segment that takes so many values in one place is a parameter, as words of messages are
_KEY = "{id}"
_BODIES = frozenset({"post", "put", "patch"})
_TEXT = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that was called: its path has `{id}` for every segment that is a key, `sent` is `type name` each."""

    method: str
    path: str
    calls: int
    failures: int
    parameters: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()


def endpoints(rows: Iterable[Mapping[str, Any]]) -> list[Endpoint]:
    """Return the endpoints of one API, the most used first.

    Args:
        rows: of mart_api_endpoints, of one API.
    """
    found = [
        Endpoint(
            r["method"].lower(),
            r["path_template"],
            int(r["calls"]),
            int(r["failures"]),
            tuple(r["parameters"]),
            tuple(r["sent"]),
        )
        for r in rows
        if r["method"].lower() in METHODS
    ]
    longest = max((len(_segments(e.path)) for e in found), default=0)
    for place in range(longest):
        found = _folded(found, place)
    return sorted(found, key=lambda e: (-e.calls, e.path, e.method))


def _segments(path: str) -> list[str]:
    return path.split("/")


def _folded(found: Sequence[Endpoint], place: int) -> list[Endpoint]:
    """Return the endpoints with a place that takes many values as a key, equal ones added up."""
    values: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for endpoint in found:
        segments = _segments(endpoint.path)
        if place < len(segments):
            values[_around(endpoint, segments, place)].add(segments[place])
    folded: dict[tuple[str, str], Endpoint] = {}
    for endpoint in found:
        segments = _segments(endpoint.path)
        many = place < len(segments) and len(values[_around(endpoint, segments, place)]) >= MANY_VALUES
        path = "/".join([*segments[:place], _KEY, *segments[place + 1 :]]) if many and place else endpoint.path
        key = (endpoint.method, path)
        folded[key] = _added(folded[key], endpoint, path) if key in folded else _added(None, endpoint, path)
    return list(folded.values())


def _around(endpoint: Endpoint, segments: Sequence[str], place: int) -> tuple[str, ...]:
    return (endpoint.method, str(place), *segments[:place], "", *segments[place + 1 :])


def _added(one: Endpoint | None, other: Endpoint, path: str) -> Endpoint:
    if one is None:
        return replace(other, path=path)
    names, sent = (tuple(sorted({*a, *b})) for a, b in ((one.parameters, other.parameters), (one.sent, other.sent)))
    return Endpoint(one.method, path, one.calls + other.calls, one.failures + other.failures, names, sent)


def mined(name: str, found: Iterable[Endpoint]) -> Api:
    """Return an API as its endpoints show it; arguments have the types that were sent, answers may be anything."""
    operations = tuple(_operation(endpoint) for endpoint in found if endpoint.path.startswith("/"))
    notes = ("mined from logged calls: parameters and answers are not promised by anybody",)
    return Api(name, "", "traffic", operations, notes=notes)


def _operation(endpoint: Endpoint) -> Operation:
    path, names = _numbered(endpoint.path)
    types = _types(endpoint.sent)
    in_path = [Parameter(n, Place.PATH, True, _TEXT, "simple", False) for n in names]
    in_query = [
        Parameter(n, Place.QUERY, False, types.get(n, {}), "form", True)
        for n in endpoint.parameters
        if endpoint.method not in _BODIES
    ]
    sent = {"type": "object", "properties": types} if types else {}
    body = Body(Media.JSON, "application/json", sent, False) if endpoint.method in _BODIES else None
    said = f"Called {endpoint.calls:,} times by the application."
    return Operation(
        endpoint.method,
        path,
        summary=said,
        parameters=(*in_path, *in_query),
        body=body,
        answer=Answer(Media.JSON, ({},)),
    )


def _types(sent: Iterable[str]) -> dict[str, Schema]:
    """Return what was sent under each name; a whole number is a number too, and of two other types none is told."""
    known: dict[str, set[str]] = defaultdict(set)
    for typed in sent:
        kind, _, name = typed.partition(" ")
        known[name].add(kind)
    single = {name: kinds - {"integer"} if kinds == {"integer", "number"} else kinds for name, kinds in known.items()}
    return {name: {"type": next(iter(kinds))} if len(kinds) == 1 else {} for name, kinds in sorted(single.items())}


def _numbered(path: str) -> tuple[str, list[str]]:
    """Return a path whose keys are named after the segment before them."""
    names: list[str] = []
    pieces: list[str] = []
    for segment in _segments(re.sub(r"[{}]", "", path.replace(_KEY, "\0"))):
        if "\0" not in segment:
            pieces.append(segment)
            continue
        before = re.sub(r"\W", "", pieces[-1] if pieces else "").rstrip("s") or "key"
        name = f"{before}_id"
        name = name if name not in names else f"{name}_{len(names) + 1}"
        names.append(name)
        pieces.append("{" + name + "}")
    return "/".join(pieces), names


def matches(template: str, path: str) -> bool:
    """Return whether a mined path is one of a specification's, wherever the API's own address ends."""
    wanted = [segment for segment in _segments(template) if segment]
    found = [segment for segment in _segments(path) if segment]
    found = found[-len(wanted) :] if wanted else found
    return len(found) == len(wanted) and all(
        w == f or ("{" in w and (f == _KEY or "{" not in f)) for w, f in zip(wanted, found, strict=True)
    )
