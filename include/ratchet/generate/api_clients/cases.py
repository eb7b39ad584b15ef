"""Writes the sample requests of a contract test: arguments, and what must arrive at the API when they are given.

What must arrive is worked out here from the specification, apart from `client/api_runtime/wire.py`, which writes the
real requests: the two check each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.contracts.apis import Media, Operation, Parameter, Place
from ratchet.generate.api_clients.examples import example
from ratchet.generate.api_clients.plan import Argument, Method, Plan

_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}
Pairs = list[list[str]]


def cases(plan: Plan) -> list[dict[str, Any]]:
    """Return two requests a method, one with all arguments and one with those it must have, where they differ."""
    return [case for method in plan.methods for case in _cases(method, plan)]


def _cases(method: Method, plan: Plan) -> Iterator[dict[str, Any]]:
    everything = {a.name: _value(a, method, plan.api.document) for a in method.arguments}
    needed = {a.name: everything[a.name] for a in method.arguments if a.required}
    usable = {name: value for name, value in everything.items() if value is not None or name in needed}
    for arguments in [usable, needed] if usable.keys() != needed.keys() else [usable]:
        yield _case(method, arguments, plan)


def _value(argument: Argument, method: Method, document: Mapping[str, Any]) -> Any:
    body = method.operation.body
    parameter = argument.parameter
    if parameter is None:
        if body is None or body.media in (Media.TEXT, Media.BYTES):
            return "text"
        found = [*(e for e in body.examples if _fits_body(e, body.media)), example(body.schema, document)][0]
        return {} if found is None or (body.media is not Media.JSON and not isinstance(found, Mapping)) else found
    shown = [e for e in parameter.examples if isinstance(e, str | int | float | list | Mapping) and e != ""]
    value = shown[0] if shown and not isinstance(shown[0], list | Mapping) else example(parameter.schema, document)
    return _sendable(value, parameter)


def _fits_body(value: Any, media: Media) -> bool:
    return value is not None and (isinstance(value, Mapping) or (media is Media.JSON and not isinstance(value, str)))


def _sendable(value: Any, parameter: Parameter) -> Any:
    """Return a value that this place can carry: a path nothing empty, a header ASCII of one line."""
    plain = value is None or value in ("", ".", "..", [], {})
    if parameter.place is Place.PATH and (plain or (isinstance(value, list | Mapping) and not _leaves(value))):
        return "text"
    if parameter.place in (Place.HEADER, Place.COOKIE) and not json.dumps(value, ensure_ascii=False).isascii():
        return "text"
    if isinstance(value, str) and any(c in value for c in "\r\n\0"):
        return "text"
    return "text" if value is None and parameter.required else value


def _leaves(value: Any) -> list[Any]:
    inner = list(value.values()) if isinstance(value, Mapping) else value
    return [entry for entry in inner if entry not in ("", None)]


def _case(method: Method, arguments: dict[str, Any], plan: Plan) -> dict[str, Any]:
    operation = method.operation
    sent = [
        (a.parameter, arguments[a.name]) for a in method.arguments if a.parameter is not None and a.name in arguments
    ]
    return {
        "method": method.name,
        "operation": operation.label,
        "arguments": arguments,
        "expected": {
            "method": operation.method.upper(),
            "path": _path(operation.path, {p.name: _in_path(p, v) for p, v in sent if p.place is Place.PATH}),
            "query": [*map(list, operation.fixed_query), *_pairs(sent, Place.QUERY)],
            "headers": {p.name.lower(): _in_header(p, v) for p, v in sent if p.place is Place.HEADER},
            "cookies": _pairs(sent, Place.COOKIE),
            "body": _body(operation, arguments),
        },
        "answer": _answer(operation, plan.api.document),
        "server": operation.server,
    }


def _path(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | Mapping):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "" if value is None else str(value)


def _in_path(p: Parameter, value: Any) -> str:
    first, between = {"label": (".", "." if p.explode else ","), "matrix": (";", ";" if p.explode else ",")}.get(
        p.style, ("", ",")
    )
    named = p.style == "matrix"
    if isinstance(value, Mapping):
        equal = "=" if p.explode else ","
        listed = between.join(f"{k}{equal}{_word(v)}" for k, v in value.items())
        return first + (f"{p.name}=" if named and not p.explode else "") + listed
    if isinstance(value, list):
        each = [f"{p.name}={_word(v)}" if named and p.explode else _word(v) for v in value]
        return first + (f"{p.name}=" if named and not p.explode else "") + between.join(each)
    return first + (f"{p.name}=" if named else "") + _word(value)


def _pairs(sent: list[tuple[Parameter, Any]], place: Place) -> Pairs:
    return [pair for p, v in sent if p.place is place for pair in _pairs_of(p.name, v, p.style, p.explode)]


def _pairs_of(name: str, value: Any, style: str, explode: bool) -> Iterator[list[str]]:
    between = _SEPARATORS.get(style, ",")
    if style == "json":
        yield [name, json.dumps(value, ensure_ascii=False, separators=(",", ":"))]
    elif style == "deepObject" and isinstance(value, Mapping):
        yield from ([name + key, word] for key, word in _deep(value))
    elif isinstance(value, Mapping) and explode:
        for key, entry in value.items():
            yield from ([key, _word(each)] for each in (entry if isinstance(entry, list) else [entry]))
    elif isinstance(value, Mapping):
        yield [name, between.join(_word(x) for pair in value.items() for x in pair)]
    elif isinstance(value, list) and explode and style not in _SEPARATORS:
        yield from ([name, _word(entry)] for entry in value)
    else:
        yield [name, between.join(map(_word, value)) if isinstance(value, list) else _word(value)]


def _deep(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for inner, entry in value.items():
            yield from _deep(entry, f"{key}[{inner}]")
    elif isinstance(value, list):
        yield from ((key, _word(entry)) for entry in value)
    else:
        yield key, _word(value)


def _in_header(p: Parameter, value: Any) -> str:
    if p.style == "json":
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, Mapping):
        return ",".join(f"{k}{'=' if p.explode else ','}{_word(v)}" for k, v in value.items())
    return _SEPARATORS.get(p.style, ",").join(map(_word, value)) if isinstance(value, list) else _word(value)


def _body(operation: Operation, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    body = operation.body
    if body is None or (arguments.get("body") is None and not body.required):
        return None
    value = arguments.get("body")
    if body.media is Media.JSON:
        return {"type": body.media_type, "json": value}
    if body.media in (Media.FORM, Media.MULTIPART):
        return {"type": body.media_type, "fields": list(_fields(value, body.styles, body.media))}
    return {"type": body.media_type, "text": value}


def _fields(value: Any, styles: Mapping[str, tuple[str, bool]], media: Media) -> Iterator[list[str]]:
    for name, entry in value.items():
        style, explode = styles.get(name, ("form", True)) if media is Media.FORM else ("form", True)
        if entry is None:
            continue
        if isinstance(entry, Mapping) and (style == "form" or media is Media.MULTIPART):
            yield [name, _word(entry)]
        else:
            yield from _pairs_of(name, entry, style, explode)


def _answer(operation: Operation, document: Mapping[str, Any]) -> Any:
    """Return what the stub answers: a value of the first schema where JSON is promised."""
    schemas = operation.answer.schemas
    return example(schemas[0], document) if schemas else None
