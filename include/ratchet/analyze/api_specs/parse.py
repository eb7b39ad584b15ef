"""Turns the bytes of a specification into an `Api`: read, judge, then take apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.analyze.api_specs import check, operations, swagger
from ratchet.analyze.api_specs.read import read
from ratchet.analyze.api_specs.servers import schemes, servers
from ratchet.contracts.api_references import is_pointer, lookup
from ratchet.contracts.apis import Api


def parse(content: bytes) -> Api:
    """Return the API that a specification describes: OpenAPI 3.0 or 3.1, or Swagger 2.0, as JSON or YAML.

    Raises:
        SpecError: one line that says what is wrong and where.
    """
    found, odd = read(content)
    dialect = check.dialect_of(found)
    document, tolerated = check.checked(found, dialect)
    outside = _require_references(document)
    if dialect == "Swagger 2.0":
        document = swagger.converted(document)
    listed, left_out = operations.operations(document)
    info: Mapping[str, Any] = document["info"]
    return Api(
        title=str(info["title"]),
        version=str(info["version"]),
        dialect=dialect,
        operations=tuple(listed),
        servers=tuple(servers(document)),
        schemes=schemes(document),
        document=document,
        notes=(*dict.fromkeys(odd), *tolerated, *outside, *left_out),
    )


def _require_references(document: Mapping[str, Any]) -> list[str]:
    """Return a note on references that lead out of the document; refuse those inside that point at nothing."""
    found = list(dict.fromkeys(check.references(document)))
    for reference in filter(is_pointer, found):
        lookup(reference, document)
    outside = [reference for reference in found if not is_pointer(reference)]
    return [f"{len(outside)} references lead to other files or to anchors, and are left open"] if outside else []
