"""Writes a Swagger 2.0 document in the words of OpenAPI 3.0, as far as requests and answers need it.

Definitions stay where references find them. No kept library does this in Python; the rules are those of the standards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.contracts.api_references import resolved
from ratchet.contracts.apis import METHODS

_STYLES = {"ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_SCHEMA_KEYS = [
    "type",
    "format",
    "items",
    "enum",
    "default",
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
]
_FLOWS: dict[str, Mapping[str, Any]] = {
    "basic": {"type": "http", "scheme": "basic"},
    "oauth2": {"type": "oauth2", "flows": {}},
}


def converted(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a valid Swagger 2.0 document as OpenAPI 3.0."""
    schemes = document.get("securityDefinitions") or {}
    return {
        **document,
        "servers": _servers(document),
        "components": {"securitySchemes": {name: _scheme(scheme) for name, scheme in schemes.items()}},
        "paths": {path: _path(resolved(item, document), document) for path, item in document["paths"].items()},
    }


def _servers(document: Mapping[str, Any]) -> list[dict[str, str]]:
    base, host = str(document.get("basePath") or ""), document.get("host")
    if not host:
        return [{"url": base}] if base else []
    known = [scheme for scheme in document.get("schemes") or ["https"] if scheme in ("http", "https")]
    return [{"url": f"{scheme}://{host}{base}"} for scheme in sorted(known, key=lambda s: s != "https")]


def _scheme(scheme: Mapping[str, Any]) -> Mapping[str, Any]:
    return _FLOWS.get(str(scheme.get("type")), scheme)


def _path(item: Any, document: Mapping[str, Any]) -> Any:
    if not isinstance(item, Mapping):
        return item
    shared = _parameters(item, document)
    methods = {m: _operation(item[m], shared, document) for m in METHODS if isinstance(item.get(m), Mapping)}
    return {"parameters": [p for p in shared if p.get("in") not in ("body", "formData")], **methods}


def _parameters(holder: Mapping[str, Any], document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = [resolved(parameter, document) for parameter in holder.get("parameters") or ()]
    return [parameter for parameter in found if isinstance(parameter, Mapping)]


def _operation(
    operation: Mapping[str, Any], shared: list[Mapping[str, Any]], document: Mapping[str, Any]
) -> dict[str, Any]:
    own = _parameters(operation, document)
    names = {(p.get("name"), p.get("in")) for p in own}
    every = [*own, *(p for p in shared if (p.get("name"), p.get("in")) not in names)]
    produces = operation.get("produces") or document.get("produces") or ["application/json"]
    consumes = operation.get("consumes") or document.get("consumes") or []
    responses = operation.get("responses") or {}
    body = _body([p for p in every if p.get("in") in ("body", "formData")], consumes)
    return {
        **operation,
        **({"requestBody": body} if body else {}),
        "parameters": [_parameter(p) for p in own if p.get("in") not in ("body", "formData")],
        "responses": {code: _response(resolved(r, document), produces) for code, r in responses.items()},
    }


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    style, explode = _style(parameter)
    kept = {k: parameter[k] for k in ("name", "in", "description", "required", "x-example") if k in parameter}
    return {**kept, "schema": _schema(parameter), "style": style, "explode": explode}


def _style(parameter: Mapping[str, Any]) -> tuple[str, bool]:
    form = parameter.get("collectionFormat", "csv")
    plain = "form" if parameter.get("in") in ("query", "formData", "cookie") else "simple"
    return _STYLES.get(form, plain), form == "multi"


def _schema(parameter: Mapping[str, Any]) -> dict[str, Any]:
    found = {k: parameter[k] for k in _SCHEMA_KEYS if k in parameter}
    return {**found, "type": "string", "format": "binary"} if found.get("type") == "file" else found


def _body(parameters: list[Mapping[str, Any]], consumes: list[str]) -> dict[str, Any] | None:
    whole = next((p for p in parameters if p["in"] == "body"), None)
    if whole is not None:
        media = {"schema": whole.get("schema") or {}}
        examples = whole.get("examples") or whole.get("x-example")
        types = consumes or ["application/json"]
        content = {kind: media | _example(examples, kind) for kind in types}
        return {
            "required": whole.get("required", False),
            "content": content,
            "description": whole.get("description", ""),
        }
    return _form(parameters, consumes) if parameters else None


def _example(examples: Any, kind: str) -> dict[str, Any]:
    return {"example": examples[kind]} if isinstance(examples, Mapping) and kind in examples else {}


def _form(parameters: list[Mapping[str, Any]], consumes: list[str]) -> dict[str, Any]:
    has_file = any(p.get("type") == "file" for p in parameters)
    kind = _FORMS[1] if has_file or (_FORMS[1] in consumes and _FORMS[0] not in consumes) else _FORMS[0]
    required = [p["name"] for p in parameters if p.get("required")]
    schema = {"type": "object", "properties": {p["name"]: _described(p) for p in parameters}, "required": required}
    encoding = {p["name"]: dict(zip(("style", "explode"), _style(p), strict=True)) for p in parameters}
    return {"required": bool(required), "content": {kind: {"schema": schema, "encoding": encoding}}}


def _described(parameter: Mapping[str, Any]) -> dict[str, Any]:
    return _schema(parameter) | ({"description": parameter["description"]} if "description" in parameter else {})


def _response(response: Any, produces: list[str]) -> Any:
    if not isinstance(response, Mapping) or "schema" not in response:
        return response
    schema = response["schema"]
    if isinstance(schema, Mapping) and schema.get("type") == "file":
        return {**response, "content": {"application/octet-stream": {"schema": {}}}}
    return {**response, "content": {kind: {"schema": schema} for kind in produces}}
