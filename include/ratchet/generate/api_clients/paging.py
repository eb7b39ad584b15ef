"""Finds out from parameters and answer whether an operation answers in pages, and how the next one is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.contracts.api_references import resolved
from ratchet.contracts.apis import Operation, Parameter, Place, Schema
from ratchet.generate.api_clients.names import snake
from ratchet.generate.api_clients.schemas import kinds, merged

_CURSORS = frozenset(
    [
        "cursor",
        "page_token",
        "next_token",
        "next_page_token",
        "continuation_token",
        "starting_token",
        "marker",
        "after",
        "next_cursor",
    ]
)
_NEXT = frozenset(
    [
        "next_cursor",
        "next_page_token",
        "next_token",
        "next_marker",
        "continuation_token",
        "next_page_cursor",
        "cursor",
        "after",
        "end_cursor",
        "page_token",
        "marker",
    ]
)
_PAGES = frozenset(["page", "page_number", "page_no"])
_OFFSETS = frozenset(["offset", "start_index", "skip"])
_LISTS = ["items", "data", "results", "records", "values", "entries"]


@dataclass(frozen=True, slots=True)
class Paging:
    """How an operation is paged.

    Attributes:
        kind: `cursor` (the answer names what to ask for next), `page` (counted) or `offset` (items skipped).
        parameter: which parameter says where to go on.
        items: keys that lead to the list in an answer, empty where the answer is the list.
        item: schema of one item.
        next: keys that lead to the next cursor.
        first: the number of the first page.
    """

    kind: str
    parameter: Parameter
    items: tuple[str, ...]
    item: Schema
    next: tuple[str, ...] = ()
    first: int = 0


def paging(operation: Operation, document: Mapping[str, Any]) -> Paging | None:
    """Return how a GET operation with one kind of answer is paged, None where it is not or cannot be told."""
    if operation.method != "get" or len(operation.answer.schemas) != 1:
        return None
    answer = operation.answer.schemas[0]
    listed = _list_in(answer, document)
    if listed is None:
        return None
    keys, item = listed
    for parameter in operation.parameters:
        name = snake(parameter.name, "")
        if parameter.place is not Place.QUERY:
            continue
        if name in _CURSORS and (following := _next_in(answer, document)):
            return Paging("cursor", parameter, keys, item, following)
        if name in _PAGES and _is_count(parameter):
            return Paging("page", parameter, keys, item, first=_first(parameter))
        if name in _OFFSETS and _is_count(parameter):
            return Paging("offset", parameter, keys, item)
    return None


def _fields(schema: Any, document: Mapping[str, Any]) -> Mapping[str, Any]:
    found = merged(schema, document) if isinstance(schema, Mapping) else None
    return found.properties if found is not None and found.is_record else {}


def _list_in(schema: Schema, document: Mapping[str, Any]) -> tuple[tuple[str, ...], Schema] | None:
    item = _item(schema, document)
    if item is not None:
        return (), item
    lists = {k: item for k, v in _fields(schema, document).items() if (item := _item(v, document)) is not None}
    usual = [key for key in _LISTS if key in lists]
    if usual or len(lists) == 1:
        key = (usual or list(lists))[0]
        return (key,), lists[key]
    return None


def _item(schema: Any, document: Mapping[str, Any]) -> Schema | None:
    found = resolved(schema, document)
    if not isinstance(found, Mapping) or kinds(found) != ["array"]:
        return None
    item = found.get("items")
    return item if isinstance(item, Mapping) else {}


def _next_in(schema: Schema, document: Mapping[str, Any]) -> tuple[str, ...]:
    for key, value in _nested(schema, document):
        if snake(key[-1], "") in _NEXT and resolved(value, document) is not None:
            return key
    return ()


def _nested(schema: Schema, document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    fields = _fields(schema, document)
    yield from (((key,), value) for key, value in fields.items())
    for key, value in fields.items():
        yield from (((key, inner), found) for inner, found in _fields(value, document).items())


def _is_count(parameter: Parameter) -> bool:
    return "$ref" not in parameter.schema and set(kinds(parameter.schema)) <= {"integer", "number", "any"}


def _first(parameter: Parameter) -> int:
    return 0 if 0 in (parameter.schema.get("default"), parameter.schema.get("minimum")) else 1
