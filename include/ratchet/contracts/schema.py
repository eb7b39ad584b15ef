"""The event contract as JSON Schema, derived from the streams' records and from nothing else.

`ratchet contract` prints it. How a line is checked on its way in belongs to `log/`; the page that people read, to
`dictionary.py`.
"""

from __future__ import annotations

from typing import Any

from ratchet.contracts.streams import CONTRACT_VERSION, NUMBER_LIMIT, STREAMS, FieldSpec, Kind, field_specs

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TIMESTAMP_PATTERN = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)"
    r"(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)

_JSON_TYPES = {
    Kind.STRING: "string",
    Kind.INTEGER: "integer",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "boolean",
    Kind.TIMESTAMP: "string",
    Kind.OBJECT: "object",
}


def contract_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one log line, whatever its stream.

    Unknown fields are allowed everywhere: they are kept in `attributes` and counted.
    """
    return {
        "$schema": DIALECT,
        "$id": f"https://ratchet.invalid/contract/v{CONTRACT_VERSION}.json",
        "title": f"Ratchet event contract, version {CONTRACT_VERSION}",
        "description": "One line of a landing zone: a UTF-8 JSON object that belongs to one of the streams.",
        "oneOf": [{"$ref": f"#/$defs/{stream}"} for stream in STREAMS],
        "$defs": {stream: stream_schema(stream) for stream in STREAMS},
    }


def stream_schema(stream: str) -> dict[str, Any]:
    """Return the JSON Schema of one stream's events.

    Raises:
        KeyError: if no such stream exists.
    """
    specs = field_specs(stream)
    return {
        "type": "object",
        "description": " ".join((STREAMS[stream].__doc__ or "").split()),
        "properties": {
            "event_type": {"const": stream, "description": "the stream"},
            **{spec.name: field_schema(spec) for spec in specs},
        },
        "required": ["event_type", *(spec.name for spec in specs if spec.required)],
        "additionalProperties": True,
    }


def field_schema(spec: FieldSpec) -> dict[str, Any]:
    """Return the JSON Schema of one field; a field that is not required may be null."""
    schema: dict[str, Any] = {"description": spec.doc}
    if spec.kind is Kind.JSON:
        return schema | _items(spec)
    own = _JSON_TYPES[spec.kind]
    schema["type"] = own if spec.required else [own, "null"]
    return schema | _text_rules(spec) | _bounds(spec)


def _items(spec: FieldSpec) -> dict[str, Any]:
    if not spec.item_keys:
        return {}
    properties = {key: {"type": ["string", "null"]} for key in spec.item_keys}
    return {"type": ["array", "null"], "items": {"type": "object", "properties": properties}}


def _text_rules(spec: FieldSpec) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    if spec.kind is Kind.TIMESTAMP:
        rules |= {"format": "date-time", "pattern": TIMESTAMP_PATTERN}
    if spec.max_length is not None:
        rules |= {"minLength": 1, "maxLength": spec.max_length}
    if spec.choices:
        rules["enum"] = list(spec.choices) if spec.required else [*spec.choices, None]
    return rules


def _bounds(spec: FieldSpec) -> dict[str, Any]:
    if spec.kind not in (Kind.INTEGER, Kind.NUMBER):
        return {}
    return {
        "minimum": _number(-NUMBER_LIMIT if spec.minimum is None else spec.minimum),
        "maximum": _number(NUMBER_LIMIT if spec.maximum is None else spec.maximum),
    }


def _number(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value
