"""Simplifies JSON Schemas: joins `allOf`, and says which kinds of values a schema allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.contracts.api_references import resolved
from ratchet.contracts.apis import Schema
from ratchet.errors import SpecError

_DESCRIBING = frozenset(
    {"description", "title", "example", "examples", "deprecated", "default", "readOnly", "writeOnly"}
)
_OBJECT_KEYS = ("properties", "additionalProperties", "patternProperties", "required", "minProperties", "maxProperties")
_MAX_PARTS = 200


@dataclass(frozen=True, slots=True)
class Merged:
    """A schema with its `allOf` joined.

    Attributes:
        schema: the keys of all parts; later parts win.
        properties: of all parts, those that only describe giving way to those that say a type.
        required: names of all parts.
        only: the one part that matters, where the others only describe.
        open: some part may have fields that cannot be named.
    """

    schema: Schema
    properties: Mapping[str, Any]
    required: frozenset[str]
    only: Schema | None
    open: bool

    @property
    def is_record(self) -> bool:
        """Return whether it is an object of known fields."""
        return bool(self.properties) and not self.open and kinds(self.schema) in (["object"], ["object", "null"])


def merged(schema: Schema, document: Mapping[str, Any]) -> Merged | None:
    """Return a schema with its parts joined; None where the parts cannot be joined."""
    try:
        parts = list(_parts(schema, document, set()))
    except SpecError:
        return None
    joined: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    required: set[str] = set()
    for part in parts:
        joined.update(part)
        required.update(name for name in _listed(part.get("required")) if isinstance(name, str))
        for name, value in _mapping(part.get("properties")).items():
            if name not in properties or not _only_describes(value):
                properties[name] = value
    is_open = any(variants(part) is not None for part in parts)
    return Merged(joined, properties, frozenset(required), _only(schema), is_open)


def _only(schema: Schema) -> Schema | None:
    """Return the one part of an `allOf` that says something, where everything else only describes."""
    telling = [part for part in _listed(schema.get("allOf")) if not _only_describes(part)]
    rest = {k: v for k, v in schema.items() if k not in ("allOf", "nullable", "x-nullable")}
    alone = len(telling) == 1 and isinstance(telling[0], Mapping) and _only_describes({**rest, "type": "object"})
    return telling[0] if alone and rest.get("type") in (None, "object") else None


def _parts(schema: Any, document: Mapping[str, Any], seen: set[int]) -> Iterator[Schema]:
    found = resolved(schema, document)
    if not isinstance(found, Mapping) or id(found) in seen or len(seen) > _MAX_PARTS:
        return
    seen.add(id(found))
    for part in _listed(found.get("allOf")):
        yield from _parts(part, document, seen)
    yield {k: v for k, v in found.items() if k != "allOf"}


def variants(schema: Schema) -> list[Any] | None:
    """Return the alternatives of a schema that is nothing but alternatives, else None."""
    for key in ("oneOf", "anyOf"):
        if isinstance(schema.get(key), list) and schema[key]:
            return list(schema[key]) if not schema.get("properties") and not schema.get("allOf") else [{}]
    return None


def kinds(schema: Schema) -> list[str]:
    """Return the JSON types that a schema allows; what it does not say is told from its other keys."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return [kind]
    if isinstance(kind, list) and kind:
        return [str(entry) for entry in kind]
    if any(key in schema for key in _OBJECT_KEYS):
        return ["object"]
    return ["array"] if "items" in schema else ["any"]


def _only_describes(part: Any) -> bool:
    if not isinstance(part, Mapping):
        return True
    said = {k for k in part if k not in _DESCRIBING and not k.startswith("x-")}
    return not said or (said == {"type"} and part["type"] == "object")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def resolved_schema(schema: Schema, document: Mapping[str, Any]) -> Schema:
    """Return what a schema refers to; anything goes where that lies outside of the document."""
    found = resolved(schema, document)
    return found if isinstance(found, Mapping) else {}
