"""Describes a client's methods as the tools of an agent: name, description, JSON Schema of the arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.contracts.api_references import resolved
from ratchet.errors import SpecError
from ratchet.generate.api_clients.plan import Argument, Method, Plan
from ratchet.generate.api_clients.schemas import kinds
from ratchet.generate.api_clients.text import plain

MAX_DEPTH = 6
MAX_NODES = 400
_KEPT = [
    "format",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "multipleOf",
    "required",
]
_PARTS = ("allOf", "anyOf", "oneOf")


def tools(plan: Plan) -> list[dict[str, Any]]:
    """Return one definition a method; what is nested too deeply is left open."""
    return [_tool(method, plan.api.document) for method in plan.methods]


def _tool(method: Method, document: Mapping[str, Any]) -> dict[str, Any]:
    operation = method.operation
    said = [plain(operation.summary, 200), plain(operation.description, 400)]
    arguments = {a.name: _argument(a, method, document) for a in method.arguments}
    return {
        "name": method.name,
        "description": " ".join(dict.fromkeys(filter(None, said))) or operation.label[:200],
        "input_schema": {
            "type": "object",
            "properties": arguments,
            "required": [a.name for a in method.arguments if a.required],
            "additionalProperties": False,
        },
    }


def _argument(argument: Argument, method: Method, document: Mapping[str, Any]) -> dict[str, Any]:
    body = method.operation.body
    schema = argument.parameter.schema if argument.parameter is not None else body.schema if body else {}
    found = simplified(schema, document, [MAX_NODES])
    said = plain(argument.description, 300)
    return {**found, "description": said} if said else found


def simplified(schema: Any, document: Mapping[str, Any], left: list[int], depth: int = 0) -> dict[str, Any]:
    """Return a schema without references, in the words of JSON Schema 2020-12.

    Args:
        schema: may refer to others.
        document: what references point into.
        left: how many schemas may still be written, counted down.
        depth: how deep this one lies.
    """
    left[0] -= 1
    if depth > MAX_DEPTH or left[0] < 0:
        return {}
    try:
        found = resolved(schema, document)
    except SpecError:
        return {}
    if not isinstance(found, Mapping):
        return {}
    simple: dict[str, Any] = {key: found[key] for key in _KEPT if key in found and _is_sound(key, found[key])}
    if (kind := _kind(found)) is not None:
        simple["type"] = kind
    if said := plain(str(found.get("description") or ""), 200):
        simple["description"] = said
    simple |= _nested(found, document, left, depth + 1)
    return simple


def _is_sound(key: str, value: Any) -> bool:
    if key in ("exclusiveMinimum", "exclusiveMaximum"):
        return not isinstance(value, bool)  # in 3.0 it only says how to read the bound
    return key != "required" or isinstance(value, list)


def _kind(schema: Mapping[str, Any]) -> Any:
    known = [kind for kind in kinds(schema) if kind not in ("any", "file")]
    if known and (schema.get("nullable") is True or schema.get("x-nullable") is True):
        known.append("null")
    return (known[0] if len(known) == 1 else known) if known else None


def _nested(schema: Mapping[str, Any], document: Mapping[str, Any], left: list[int], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if isinstance(schema.get("properties"), Mapping):
        inner = schema["properties"].items()
        found["properties"] = {key: simplified(value, document, left, depth) for key, value in inner}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            found[key] = simplified(schema[key], document, left, depth)
    for key in _PARTS:
        if isinstance(schema.get(key), list) and schema[key]:
            found[key] = [simplified(part, document, left, depth) for part in schema[key]]
    return found
