"""Makes a value for a schema: what the API shows as an example first, else the simplest that fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.contracts.api_references import resolved
from ratchet.contracts.apis import Schema
from ratchet.errors import SpecError
from ratchet.generate.api_clients.schemas import kinds, merged, variants

MAX_DEPTH = 5
MAX_VALUES = 500
_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "byte": "dGV4dA==",
}


def example(schema: Any, document: Mapping[str, Any], depth: int = 0, left: list[int] | None = None) -> Any:
    """Return a value that a schema allows, as far as that can be told; None where nothing is known.

    Args:
        schema: JSON Schema.
        document: what references point into.
        depth: objects below `MAX_DEPTH` get only what they must have.
        left: how many values may still be made, counted down: schemas that all refer to each other know no end.
    """
    left = [MAX_VALUES] if left is None else left
    left[0] -= 1
    if depth > 2 * MAX_DEPTH or left[0] < 0:
        return None
    try:
        found = resolved(schema, document)
    except SpecError:
        return None
    if not isinstance(found, Mapping):
        return None
    shown, value = _shown(found)
    if shown:
        return value
    several = variants(found)
    if several is not None:
        return example(several[0], document, depth + 1, left)
    return _made(found, document, depth, left)


def _shown(schema: Schema) -> tuple[bool, Any]:
    for key in ("const", "example", "default"):
        if schema.get(key) is not None and _fits(schema[key], schema):
            return True, schema[key]
    for key in ("examples", "enum"):
        fitting = (
            [v for v in schema.get(key) or () if v is not None and _fits(v, schema)] if _is_list(schema, key) else []
        )
        if fitting:
            return True, fitting[0]
    return False, None


def _is_list(schema: Schema, key: str) -> bool:
    return isinstance(schema.get(key), list)


def _fits(value: Any, schema: Schema) -> bool:
    """Return whether a value is of a kind that the schema names; examples often are not."""
    known = {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "array": isinstance(value, list),
        "object": isinstance(value, Mapping),
    }
    if value in ("", [], {}):
        return False
    return any(known.get(kind, kind == "any") for kind in kinds(schema))


def _made(schema: Schema, document: Mapping[str, Any], depth: int, left: list[int]) -> Any:
    joined = merged(schema, document)
    if joined is None:
        return None
    kind = kinds(joined.schema)[0]
    if kind == "object" or joined.properties:
        wanted = {k: v for k, v in joined.properties.items() if k in joined.required or depth < MAX_DEPTH // 2}
        made = {key: example(value, document, depth + 1, left) for key, value in wanted.items()}
        return {key: value for key, value in made.items() if value is not None}
    if kind == "array":
        item = example(joined.schema.get("items"), document, depth + 1, left)
        return [] if item is None else [item]
    return _scalar(kind, joined.schema)


def _scalar(kind: str, schema: Schema) -> Any:
    if kind == "string":
        text = _FORMATS.get(str(schema.get("format")), "text")
        least = schema.get("minLength")
        return text.ljust(min(least, 200), "x") if isinstance(least, int) else text
    if kind in ("integer", "number"):
        least = schema.get("minimum", 1)
        return least if isinstance(least, int | float) and not isinstance(least, bool) else 1
    return True if kind == "boolean" else None
