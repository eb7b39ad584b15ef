"""Reads the parameters of an operation, those of its path included, with the styles that the standard gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.analyze.api_specs.servers import HEADER_NAME
from ratchet.contracts.api_references import resolved
from ratchet.contracts.apis import Parameter, Place
from ratchet.errors import SpecError

_DEFAULT_STYLE = {Place.PATH: "simple", Place.QUERY: "form", Place.HEADER: "simple", Place.COOKIE: "form"}
_STYLES = {
    Place.PATH: {"simple", "label", "matrix"},
    Place.QUERY: {"form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject"},
    Place.HEADER: {"simple", "spaceDelimited", "pipeDelimited", "tabDelimited"},
    Place.COOKIE: {"form"},
}
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})  # the standard says so


def parameters(
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    document: Mapping[str, Any],
    label: str,
    notes: list[str],
) -> list[Parameter]:
    """Return the operation's own parameters, then those of its path that it does not describe anew.

    Raises:
        SpecError: if one is described twice in the same place.
    """
    own = list(_listed(operation, document, label))
    names = {(p.name, p.place) for p in own}
    found = [*own, *(p for p in _listed(item, document, label) if (p.name, p.place) not in names)]
    return [p for p in found if _can_travel(p, label, notes)]


def _listed(holder: Mapping[str, Any], document: Mapping[str, Any], label: str) -> Iterator[Parameter]:
    seen = set()
    for entry in holder.get("parameters") or ():
        described = resolved(entry, document)
        if not isinstance(described, Mapping) or described.get("in") not in set(Place):
            continue
        found = _parameter(described, document)
        if (found.name, found.place) in seen:
            raise SpecError(f"{label[:120]}: parameter {found.name[:60]!r} is described twice")
        seen.add((found.name, found.place))
        yield found


def _parameter(described: Mapping[str, Any], document: Mapping[str, Any]) -> Parameter:
    place = Place(described["in"])
    style = described.get("style")
    style = style if style in _STYLES[place] else _DEFAULT_STYLE[place]
    schema, media = described.get("schema"), described.get("content")
    if isinstance(media, Mapping) and media:
        kind, first = next(iter(media.items()))
        schema = first.get("schema") if isinstance(first, Mapping) else None
        style = "json" if "json" in kind else style
    return Parameter(
        name=str(described.get("name", "")),
        place=place,
        required=described.get("required") is True or place is Place.PATH,
        schema=schema if isinstance(schema, Mapping) else {},
        style=style,
        explode=bool(described.get("explode", style == "form")),
        description=str(described.get("description") or ""),
        examples=examples(described, document),
        keep_reserved=described.get("allowReserved") is True,
    )


def examples(holder: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the values that a parameter or media type shows as examples."""
    found = [holder[key] for key in ("example", "x-example") if key in holder]
    named = holder.get("examples")
    for entry in named.values() if isinstance(named, Mapping) else ():
        shown = resolved(entry, document)
        if isinstance(shown, Mapping) and "value" in shown:
            found.append(shown["value"])
    return tuple(found)


def _can_travel(parameter: Parameter, label: str, notes: list[str]) -> bool:
    if parameter.place is Place.HEADER and parameter.name.lower() in _IGNORED_HEADERS:
        return False
    if parameter.place in (Place.HEADER, Place.COOKIE) and not HEADER_NAME.match(parameter.name):
        notes.append(f"{label[:120]}: {parameter.place} {parameter.name[:60]!r} cannot be sent and is left out")
        return False
    return True
