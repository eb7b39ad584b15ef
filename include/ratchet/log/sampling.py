"""What a source makes of the first records of somebody's file: where each value came from, and what came nowhere.

A value of a record is placed when an event of that record holds it: as it is, within a text, or as the same instant or
number. What a mapping computes, such as a sum or a duration, is found nowhere by that rule. Nothing is written.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ratchet.contracts.streams import STREAMS
from ratchet.log.ingest import IngestOptions
from ratchet.log.landing import LandedFile
from ratchet.log.lines import LineReader
from ratchet.log.mapping import MAPPED, mapping
from ratchet.log.session import session
from ratchet.log.sources import Source

RECORDS = 10
WIDTH = 60  # characters of a value that are shown
_WITHIN = 8  # a shorter text is not looked for within others: it would be found by chance
_EPOCHS = (1.0, 1e3, 1e6, 1e9)
_FIRST = """
    with first as (from raw where source_file = (select min(source_file) from raw) and source_line <= {n})
    select source_line, 'record', record::varchar from first
    union all
    select events.source_line, place::varchar, event from events join first using (source_file, source_line)
    order by all"""


@dataclass(frozen=True, slots=True)
class Placed:
    """A field of a stream's events.

    Attributes:
        records: in how many records it has a value.
        value: that of the first of them.
        path: where each of these records holds the same value, empty where none does: it was computed.
    """

    stream: str
    field: str
    records: int
    value: str
    path: str


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A field of the records whose values are in no event: how many there are, and one of them."""

    path: str
    values: int
    example: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What the first records of a file became.

    Attributes:
        records: how many were looked at.
        placed: the fields of the first event of each stream of each record.
        unplaced: fields of which no value was found in an event of its record.
    """

    file: str
    records: int
    placed: tuple[Placed, ...]
    unplaced: tuple[Unplaced, ...]

    def in_words(self) -> str:
        """Return the mapping as tables for a terminal."""
        if not self.records:
            return f"No record was found in {self.file}."
        lines = [f"The first {self.records} records of {self.file} become:"]
        for stream in STREAMS:
            rows = [row for row in self.placed if row.stream == stream]
            told = [(row.field, f"{row.records}", row.path or "(computed)", row.value) for row in rows]
            lines += ["", *_table(("field", "in", "from", "such as"), told, stream)] if rows else []
        nowhere = [(row.path, f"{row.values}", row.example) for row in self.unplaced]
        if nowhere:
            lines += ["", *_table(("field", "values", "such as"), nowhere, "in no event, field by field")]
        return "\n".join(lines)


def sample(file: LandedFile, source: Source, day: date) -> Sample:
    """Map a file as a landing day would, and tell of its first records.

    Args:
        file: what to read.
        source: a source with mappings.
        day: the landing day.

    Raises:
        SourceError: if a mapping fails.
        StorageError: if there is no room for temporary files.
    """
    options = IngestOptions()
    reader = LineReader([file], options.max_line_bytes, is_day_over=True)
    with tempfile.TemporaryDirectory(prefix="ratchet-") as parent:
        folder = Path(parent) / "session"
        with session(folder, options.memory_limit, options.threads) as connection:
            connection.execute(MAPPED)
            with mapping(connection, source, reader, [0], day) as own:
                rows = own.execute(_FIRST.format(n=RECORDS)).fetchall()
    return _sample(file.name, [(line, kind, json.loads(text)) for line, kind, text in rows])


def _sample(name: str, rows: Sequence[tuple[int, str, Any]]) -> Sample:
    records = {line: content for line, kind, content in rows if kind == "record"}
    events = [(line, list(STREAMS)[int(kind)], content) for line, kind, content in rows if kind != "record"]
    found: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    fields: dict[tuple[str, str], list[tuple[str, list[str]]]] = defaultdict(list)
    for line, record in records.items():
        own = [(stream, event) for at, stream, event in events if at == line]
        for key, value, paths in _fields(record, own):
            fields[key].append((value, paths))
        held = _Values([value for _, event in own for _, value in leaves(event)])
        for path, value in leaves(record):
            found[path].append((_shown(value), value in held))
    nowhere = {path: values for path, values in found.items() if not any(is_held for _, is_held in values)}
    return Sample(
        file=name,
        records=len(records),
        placed=tuple(Placed(*key, len(seen), seen[0][0], _path(key[1], seen)) for key, seen in fields.items()),
        unplaced=tuple(Unplaced(path, len(values), values[0][0]) for path, values in sorted(nowhere.items())),
    )


def _fields(
    record: Any, events: Sequence[tuple[str, Mapping[str, Any]]]
) -> Iterator[tuple[tuple[str, str], str, list[str]]]:
    """Yield each field of a record's first event of each stream: its key, its value, the paths that hold the same."""
    origins = [(path, _Values([value])) for path, value in leaves(record)]
    for stream, event in dict(reversed(events)).items():
        first = dict(reversed([leaf for leaf in leaves(event) if leaf[0] != "$.event_type"]))
        for path, value in reversed(first.items()):
            paths = dict.fromkeys(origin for origin, held in origins if value in held)
            yield (stream, path.removeprefix("$.")), _shown(value), list(paths)


def _path(field: str, seen: Sequence[tuple[str, list[str]]]) -> str:
    """Return the path that holds the field in every record; of several one of the same name, else the first."""
    common = [path for path in seen[0][1] if all(path in paths for _, paths in seen)]
    named = [path for path in common if _name(path) == _name(field)]
    return next(iter([*named, *common]), "")


def _name(path: str) -> str:
    return path.removesuffix("[]").rpartition(".")[2]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> list[str]:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return [title] + [
        "  " + "  ".join(f"{c:<{w}}" for c, w in zip(r, widths, strict=True)).rstrip() for r in (head, *rows)
    ]


class _Values:
    """Values that are the same whatever their spelling: texts, numbers, instants."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._keys = {key for value in values for key in _keys(value)}
        self._texts = [value for value in values if isinstance(value, str) and len(value) >= _WITHIN]

    def __contains__(self, value: Any) -> bool:
        if not self._keys.isdisjoint(_keys(value)):
            return True
        return isinstance(value, str) and len(value) >= _WITHIN and any(value in text for text in self._texts)


def _keys(value: Any) -> set[tuple[str, Any]]:
    if isinstance(value, bool):
        return {("flag", value)}
    if isinstance(value, int | float):
        return {("number", float(value)), *(("instant", round(value / unit, 3)) for unit in _EPOCHS if value > 1e8)}
    return {("text", value), *_instants(value), *_numbers(value)}


def _instants(text: str) -> set[tuple[str, Any]]:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return set()
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return {("instant", round(moment.timestamp(), 3))}


def _numbers(text: str) -> set[tuple[str, Any]]:
    try:
        return _keys(float(text)) if len(text) <= 20 else set()
    except ValueError:
        return set()


def leaves(value: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Yield path and value of everything in a JSON value that is not empty; items of an array share a path."""
    inner = _json(value) if isinstance(value, str) else value
    if isinstance(inner, Mapping):
        for name, each in inner.items():
            yield from leaves(each, f"{path}.{name}")
    elif isinstance(inner, list):
        for each in inner:
            yield from leaves(each, f"{path}[]")
    elif value is not None and value != "":
        yield path, value


def _json(text: str) -> Any:
    """Return the object or array that a text holds as JSON, else the text."""
    try:
        return json.loads(text) if text[:1] in ("{", "[") else text
    except (ValueError, RecursionError):
        return text


def _shown(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value)).split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
