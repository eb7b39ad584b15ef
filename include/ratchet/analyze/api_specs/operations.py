"""Takes the operations out of an OpenAPI 3 document: parameters, body, answer, in the order of the specification."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.analyze.api_specs import bodies, parameters
from ratchet.analyze.api_specs.servers import security, servers
from ratchet.contracts.api_references import resolved, without_query
from ratchet.contracts.apis import METHODS, Operation, Parameter, Place
from ratchet.errors import SpecError

Entry = tuple[str, str, Mapping[str, Any], Mapping[str, Any]]


def operations(document: Mapping[str, Any]) -> tuple[list[Operation], list[str]]:
    """Return every operation, and in words what could not be used.

    Raises:
        SpecError: if a path names a parameter that nothing describes, or describes one twice.
    """
    notes: list[str] = []
    found = [_operation(*entry, document, notes) for entry in _entries(document, notes)]
    twice = {
        o.operation_id for o in found if o.operation_id and [p.operation_id for p in found].count(o.operation_id) > 1
    }
    notes += [f"operation id {name[:60]!r} comes more than once" for name in sorted(twice)]
    return found, list(dict.fromkeys(notes))


def _entries(document: Mapping[str, Any], notes: list[str]) -> Iterator[Entry]:
    for path, reference in (document.get("paths") or {}).items():
        if path.startswith("x-"):
            continue
        item = resolved(reference, document)
        if not isinstance(item, Mapping):
            notes.append(f"path {path[:80]!r} lies in another file and is left out")
            continue
        if {".", ".."} & set(path.split("/")):
            notes.append(f"path {path[:80]!r} leads elsewhere and is left out")
            continue
        yield from ((path, m, item, item[m]) for m in METHODS if isinstance(item.get(m), Mapping))


def _operation(
    path: str,
    method: str,
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    document: Mapping[str, Any],
    notes: list[str],
) -> Operation:
    label = f"{method.upper()} {path}"
    template, fixed = without_query(path)
    sent = _sent(parameters.parameters(item, operation, document, label, notes), template, label, notes)
    own = servers(operation) or servers(item)
    return Operation(
        method=method,
        path=template,
        operation_id=str(operation.get("operationId") or ""),
        summary=str(operation.get("summary") or ""),
        description=str(operation.get("description") or ""),
        parameters=tuple(sent),
        body=bodies.body(operation.get("requestBody"), document),
        answer=bodies.answer(operation.get("responses"), document),
        deprecated=operation.get("deprecated") is True,
        fixed_query=fixed,
        server=own[0] if own and own[0] not in servers(document)[:1] else None,
        security=security(operation, document),
    )


def _sent(found: list[Parameter], template: str, label: str, notes: list[str]) -> list[Parameter]:
    """Return the parameters that a request can carry, those of the path in its order."""
    named = list(dict.fromkeys(re.findall(r"\{([^{}]+)\}", template)))
    in_path = {p.name: p for p in found if p.place is Place.PATH}
    missing = [name for name in named if name not in in_path]
    if missing:
        raise SpecError(f"{label[:120]}: path parameter {missing[0][:60]!r} is not described")
    for name in sorted(in_path.keys() - set(named)):
        notes.append(f"{label[:120]}: path parameter {name[:60]!r} is not in the path")
    return [in_path[name] for name in named] + [p for p in found if p.place is not Place.PATH]
