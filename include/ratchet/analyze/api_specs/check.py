"""Judges whether a document is a valid OpenAPI 3.0, 3.1 or Swagger 2.0 description, by the schemas of these standards.

Few deviations are tolerated, since they are common and harm nothing: each is noted. What an operation means belongs to
`operations.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError
from openapi_spec_validator.schemas import (
    openapi_v2_schema_validator,
    openapi_v30_schema_validator,
    openapi_v31_schema_validator,
)

from ratchet.errors import SpecError

_VALIDATORS = {
    "Swagger 2.0": openapi_v2_schema_validator,
    "OpenAPI 3.0": openapi_v30_schema_validator,
    "OpenAPI 3.1": openapi_v31_schema_validator,
}
_OPAQUE = frozenset({"example", "examples", "default", "enum", "value"})
_NAMES = frozenset(  # of mappings whose keys are names of the API's own, such as a response `default`
    [
        "properties",
        "patternProperties",
        "schemas",
        "definitions",
        "responses",
        "headers",
        "parameters",
        "requestBodies",
        "links",
        "callbacks",
    ]
)


def dialect_of(document: Any) -> str:
    """Return which standard a document follows.

    Raises:
        SpecError: if it follows none that is known here, saying what it looks like.
    """
    if not isinstance(document, Mapping):
        raise SpecError("this is no API specification: it holds no mapping of keys")
    for key, family in (("openapi", "OpenAPI"), ("swagger", "Swagger")):
        if key in document:
            version = str(document[key])
            name = f"{family} {'.'.join(version.split('.')[:2])}"
            if name not in _VALIDATORS:
                raise SpecError(
                    f"{family} version {version[:20]!r} is not known", way_out="3.0, 3.1 and Swagger 2.0 are"
                )
            return name
    if "asyncapi" in document:
        raise SpecError("this is an AsyncAPI document: it describes messages, not requests")
    raise SpecError("this is no API specification: it has neither `openapi` nor `swagger`")


def checked(document: Mapping[str, Any], dialect: str) -> tuple[Mapping[str, Any], list[str]]:
    """Return a valid document and what was tolerated in it.

    Raises:
        SpecError: naming the place and the first thing that is wrong.
    """
    key = "swagger" if dialect.startswith("Swagger") else "openapi"
    notes: list[str] = []
    if not isinstance(document[key], str):
        notes.append(f"`{key}` is a number, it should be a text")
        document = {**document, key: "2.0" if key == "swagger" else f"{document[key]}.0"}
    _require_paths(document, dialect)
    problem = _problem(document, dialect)
    if problem and dialect != "OpenAPI 3.1" and _problem(_without_newer(document), dialect) is None:
        notes.append("it uses keywords of a later standard")
        problem = None
    if problem is not None:
        place = "/".join(str(part) for part in problem.absolute_path)
        raise SpecError(f"not valid {dialect}: {_short(problem)}", where=place[:160])
    return document, notes


def _require_paths(document: Mapping[str, Any], dialect: str) -> None:
    if isinstance(document.get("paths"), Mapping) or (dialect == "OpenAPI 3.1" and "paths" not in document):
        return
    why = "it has `channels`, as AsyncAPI does" if "channels" in document else "nothing can be called"
    raise SpecError(f"not valid {dialect}: it has no `paths`", way_out=why)


def _problem(document: Mapping[str, Any], dialect: str) -> ValidationError | None:
    try:
        found = next(_VALIDATORS[dialect].iter_errors(document), None)
    except RecursionError as error:
        raise SpecError("the specification is nested too deeply") from error
    return _innermost(found) if found is not None else None


def _innermost(error: ValidationError) -> ValidationError:
    """Return the cause that lies deepest: `is not valid under any of` says nothing by itself."""
    while error.context:
        error = max(error.context, key=lambda cause: (len(cause.absolute_path), cause.validator != "required"))
    return error


def _short(problem: ValidationError) -> str:
    text = str(problem.message)
    return text if len(text) <= 160 else f"{text[:70]} … {text[-80:]}"


def _without_newer(value: Any, key: str = "") -> Any:
    """Return a document without the keywords of later standards that are often used already."""
    if key in _OPAQUE or key.startswith("x-"):
        return value
    if isinstance(value, list):
        return [_without_newer(entry) for entry in value]
    if not isinstance(value, Mapping):
        return value
    names = key in _NAMES
    return {k: _without_newer(v, "" if names else k) for k, v in value.items() if names or not _is_newer(k, v)}


def _is_newer(key: str, value: Any) -> bool:
    if key in ("exclusiveMinimum", "exclusiveMaximum"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return key in ("const", "examples")


def references(value: Any, key: str = "") -> Iterator[str]:
    """Yield every `$ref` of a document, those inside of examples aside."""
    stack = [(value, key)]
    seen: set[int] = set()
    while stack:
        node, name = stack.pop()
        if name in ("example", "default", "enum", "value") or name.startswith("x-") or id(node) in seen:
            continue
        if isinstance(node, Mapping):
            seen.add(id(node))
            if isinstance(node.get("$ref"), str) and name != "properties":
                yield node["$ref"]
            stack += [(child, "" if _is_name(k, name) else k) for k, child in node.items()]
        elif isinstance(node, list):
            seen.add(id(node))
            stack += [(child, "") for child in node]


def _is_name(key: str, parent: str) -> bool:
    """Return whether a key is a name of the API's own; among responses `x-…` is an extension."""
    return parent in _NAMES and not (parent == "responses" and key.startswith("x-"))
