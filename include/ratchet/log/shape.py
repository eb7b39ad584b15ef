"""The shape of events as SQL, generated from `contracts/streams.py`: how a JSON line becomes typed columns.

Which values a field may hold is the matter of `checks.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ratchet.contracts.streams import STREAMS, FieldSpec, Kind, field_specs
from ratchet.log.sqltext import identifier, literal, literals

EVENT_TYPE = "event_type"
_READ_AS = {
    Kind.INTEGER: "BIGINT",
    Kind.NUMBER: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.JSON: "JSON",
    Kind.OBJECT: "JSON",
}

# Of a key that comes twice the last value counts; DuckDB would take the first.
LAST_WINS = """last_wins(line) as list_transform(list_transform(list_transform(
    [list_reverse_sort(list_zip(json_keys(line), range(len(json_keys(line))), json_extract(line, '$.*')))],
    lambda sorted: list_zip(sorted, list_prepend(null, sorted[:-2]))),
    lambda pairs: list_filter(pairs, lambda p: p[2] is null or p[2][1] <> p[1][1])),
    lambda kept: '{' || array_to_string(
        list_transform(kept, lambda p: to_json(p[1][1])::varchar || ':' || p[1][3]::varchar), ',') || '}')[1]"""


def all_fields() -> dict[str, FieldSpec]:
    """Return every field of every stream by its name.

    Raises:
        TypeError: if two streams give one name two kinds, since a line is read before its stream is known.
    """
    fields: dict[str, FieldSpec] = {}
    for stream in STREAMS:
        for spec in field_specs(stream):
            if fields.setdefault(spec.name, spec).kind is not spec.kind:
                raise TypeError(f"{spec.name} has two kinds in the contract")
    return fields


def transform_structure() -> str:
    """Return the structure with which `json_transform` reads a line of any stream; timestamps stay text."""
    columns = {EVENT_TYPE: "VARCHAR"} | {n: _READ_AS.get(spec.kind, "VARCHAR") for n, spec in all_fields().items()}
    return "{" + ",".join(f'"{name}":"{kind}"' for name, kind in columns.items()) + "}"


def names(stream: str) -> list[str]:
    """Return the keys that a line of a stream may have: event_type, then its fields in contract order."""
    return [EVENT_TYPE, *(spec.name for spec in field_specs(stream))]


def by_stream(column: str, choices: Mapping[str, str], otherwise: str) -> str:
    """Return an SQL case over the streams."""
    arms = " ".join(f"when {literal(stream)} then ({choice})" for stream, choice in choices.items())
    return f"case {column} {arms} else ({otherwise}) end"


def streams_of(name: str) -> tuple[str, ...]:
    """Return the streams that have a field."""
    return tuple(stream for stream in STREAMS if any(spec.name == name for spec in field_specs(stream)))


def is_one_of(stream: str, streams: Sequence[str]) -> str:
    """Return SQL that is true when the event's stream is one of some."""
    return f"({stream} in ({', '.join(map(literal, streams))}))"


def known_count(event: str) -> str:
    """Return SQL for how many keys of its stream an event has a value for, event_type included.

    Sums over whole columns, one for each set of streams that share fields: a case over the streams would cost six times
    as much.
    """
    sets: dict[tuple[str, ...], list[str]] = {}
    for name in all_fields():
        sets.setdefault(streams_of(name), []).append(f"({event}.{identifier(name)} is not null)::tinyint")
    column = f"{event}.{EVENT_TYPE}"
    terms = [f"{is_one_of(column, streams)}::tinyint * ({' + '.join(counted)})" for streams, counted in sets.items()]
    return f"coalesce(1::tinyint + {' + '.join(terms)}, 0)"


def present_count(line: str, stream: str) -> str:
    """Return SQL for how many keys of its stream a line has, with whatever value; dear, for few lines.

    A key with null has no value in `known_count`, and many loggers write null for what they do not know.
    """
    listed = {s: f"list_count(json_type({line}, {literals(f'$.{name}' for name in names(s))}))" for s in STREAMS}
    return by_stream(stream, listed, "0")


def unknown_object(line: str, stream: str) -> str:
    """Return SQL for a line without the keys that its stream knows: an object of the unknown fields."""
    patches = {s: literal("{" + ",".join(f'"{name}":null' for name in names(s)) + "}") for s in STREAMS}
    return f"json_merge_patch({line}, {by_stream(stream, patches, literal('{}'))})"
