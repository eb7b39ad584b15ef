"""Takes one unit's events out of bronze, out of the refused lines, and out of the lines of the home's own landing zone.

A unit's events are those that name its id, those without a user in its sessions and traces, and those without a user
that are about its interactions. What was made of them belongs to `erasing.py`, who was erased to `erased.py`.
"""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ratchet import files
from ratchet.contracts.streams import STREAMS, Kind, field_specs
from ratchet.erased import Ledger, hash_sql, marked
from ratchet.home import Home
from ratchet.log.commit import commit, day_files, recover, work_folder
from ratchet.log.session import session
from ratchet.log.sqltext import identifier, literal, literals

UNIT_FIELDS = ("user_id", "session_id", "trace_id", "unit_id", "rater_id")
ABOUT_FIELDS = ("interaction_id", "parent_id")
_FOUND = "select event_id from erased_events"
_COLUMNS = "event_id, stream, user_id, session_id, trace_id, source, source_file, source_line, landed_date, event_date"


@dataclass(frozen=True, slots=True)
class Found:
    """What a home holds of a unit.

    Attributes:
        streams: events by stream.
        days: events and refused lines by landing day.
        lines: (source, file) -> numbers of the lines that they came from.
        refused: refused lines that name it.
        event_ids: of the events.
    """

    streams: Mapping[str, int]
    days: Mapping[date, int]
    lines: Mapping[tuple[str, str], frozenset[int]] = field(default_factory=dict)
    refused: int = 0
    event_ids: tuple[str, ...] = field(default=(), repr=False)

    @property
    def events(self) -> int:
        """Return how many events there are."""
        return sum(self.streams.values())


def word(unit: str) -> re.Pattern[str]:
    """Return what finds an id as a word of its own in any text."""
    return re.compile(rf"(?<![\w-]){re.escape(unit)}(?![\w-])")


def find(home: Home, unit: str, ledger: Ledger) -> Found:
    """Return what bronze and quarantine hold of a unit, under the home's lock; changes nothing.

    Events that an erasure which never ended had found are found again, though what led to them may be gone.
    """
    with session(work_folder(home) / "erase", None, None) as connection:
        return _find(connection, home, unit, ledger)


def remove(home: Home, unit: str, ledger: Ledger) -> Found:
    """Take a unit's events out of bronze and quarantine, landing day by landing day, each whole or not at all.

    Args:
        home: under its lock.
        unit: its id.
        ledger: with this erasure, for the load reports.

    Raises:
        StorageError: if the disk is full; days that were done stay done.
    """
    recover(home)
    with session(work_folder(home) / "erase", None, None) as connection:
        found = _find(connection, home, unit, ledger)
        for landed in sorted(found.days):
            folder = work_folder(home) / f"erase-{landed}"
            kept = [path for path in day_files(home, landed) if _rewrite(connection, home, path, folder, unit)]
            report = _without(connection, files.read_json(home.loads / f"{landed}.json"), landed, ledger.hash_of(unit))
            folder.mkdir(parents=True, exist_ok=True)
            commit(home, landed, folder, [p.relative_to(home.root) for p in kept], marked(report, ledger, landed))
    return found


def _find(connection: duckdb.DuckDBPyConnection, home: Home, unit: str, ledger: Ledger) -> Found:
    begun = ledger.find(unit)
    known = [] if begun is None or begun.done else list(begun.events)
    connection.execute(f"create or replace temp table known as select unnest({literals(known)}) as hash")
    connection.execute("create or replace temp table erased_events as select " + _typed() + " where false")
    there = [stream for stream in STREAMS if any((home.bronze / stream).glob("event_date=*/landed=*.parquet"))]
    were_found = f"left({hash_sql('event_id', ledger.key)}, 16) in (from known)"
    for condition in (lambda _: were_found, _names, _shares, _is_about, _shares, _is_about):
        for stream in there:
            _add(connection, home, stream, condition(stream), unit)
    refused = _refused(connection, home, unit)
    rows = "select {} from erased_events group by all order by all"
    streams = dict(connection.execute(rows.format("stream, count(*)")).fetchall())
    days: dict[date, int] = dict(connection.execute(rows.format("landed_date, count(*)")).fetchall())
    lines: dict[tuple[str, str], frozenset[int]] = {}
    places = rows.format("source, source_file, list(distinct source_line)")
    for source, name, numbers in connection.execute(places).fetchall():
        lines[(source, name)] = frozenset(numbers)
    for source, name, number, landed in refused:
        lines[(source, name)] = lines.get((source, name), frozenset()) | {number}
        days[landed] = days.get(landed, 0) + 1
    ids = connection.execute("select event_id from erased_events order by all").fetchall()
    return Found(streams, days, lines, len(refused), tuple(name for (name,) in ids))


def _typed() -> str:
    kinds = {"source_line": "bigint", "landed_date": "date", "event_date": "date"}
    return ", ".join(f"null::{kinds.get(name, 'varchar')} as {name}" for name in _COLUMNS.split(", "))


def _add(connection: duckdb.DuckDBPyConnection, home: Home, stream: str, condition: str, unit: str) -> None:
    if not condition:
        return
    paths = _escaped(home.bronze / stream) + "/event_date=*/landed=*.parquet"
    events = f"read_parquet({literal(paths)}, union_by_name = true, hive_types = {{'event_date': date}})"
    sql = f"""insert into erased_events by name
        select {_COLUMNS.replace("stream", f"{literal(stream)} as stream")} from {events}
        where ({condition}) and event_id not in (select event_id from erased_events)"""  # noqa: S608 -- our own words
    values = {"unit": unit, "quoted": f'"{unit}"'}
    connection.execute(sql, {name: value for name, value in values.items() if f"${name}" in sql})


def _names(stream: str) -> str:
    known = {spec.name: spec.kind for spec in field_specs(stream)}
    own = [f"{identifier(name)} = $unit" for name in UNIT_FIELDS if name in known]
    nested = [f"contains({identifier(n)}::varchar, $quoted)" for n, kind in known.items() if kind is Kind.JSON]
    nested.append("contains(attributes::varchar, $quoted)")
    return " or ".join(dict.fromkeys((*own, *nested)))


def _shares(_: str) -> str:
    of_unit = "from erased_events where user_id = $unit"
    return f"""user_id is null and (session_id in (select session_id {of_unit} and session_id is not null)
        or trace_id in (select trace_id {of_unit} and trace_id is not null))"""


def _is_about(stream: str) -> str:
    known = {spec.name for spec in field_specs(stream)}
    fields = [name for name in ABOUT_FIELDS if name in known]
    about = " or ".join(f"{name} in ({_FOUND})" for name in fields)
    return f"coalesce(user_id, $unit) = $unit and ({about})" if fields else ""


def _refused(connection: duckdb.DuckDBPyConnection, home: Home, unit: str) -> list[tuple[str, str, int, date]]:
    pattern = word(unit)
    found = []
    for path in sorted(home.quarantine.glob("landed=*.parquet")):
        landed = date.fromisoformat(path.stem.removeprefix("landed="))
        sql = f"select source, source_file, source_line, raw from {_relation(path)} where contains(raw, $unit)"  # noqa: S608
        rows = connection.execute(sql, {"unit": unit}).fetchall()
        found += [(source, name, line, landed) for source, name, line, raw in rows if pattern.search(raw)]
    return found


def _rewrite(connection: duckdb.DuckDBPyConnection, home: Home, path: Path, folder: Path, unit: str) -> bool:
    """Write a file without the unit's rows below a folder; return whether anything of the file stays."""
    rows = _relation(path)
    gone = "event_id in (select event_id from erased_events)"
    if path.parent == home.quarantine:
        gone = f"regexp_matches(raw, {literal(_re2(unit))})"
    total, lost = connection.execute(f"select count(*), count(*) filter (where {gone}) from {rows}").fetchall()[0]  # noqa: S608
    if lost and lost < total:
        fresh = folder / path.relative_to(home.root)
        fresh.parent.mkdir(parents=True, exist_ok=True)
        kept = f"select * from {rows} where not coalesce({gone}, false)"  # noqa: S608 -- our own words
        connection.execute(f"copy ({kept}) to {literal(str(fresh))} (format parquet, compression zstd)")
    return bool(lost < total)


def _re2(unit: str) -> str:
    return rf"(^|[^\w-]){re.escape(unit)}([^\w-]|$)"


def _relation(path: Path) -> str:
    return f"read_parquet({literal(_escaped(path))}, hive_partitioning = false)"


def _escaped(path: Path) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in str(path))


def _without(
    connection: duckdb.DuckDBPyConnection, report: dict[str, Any], landed: date, unit_hash: str
) -> dict[str, Any]:
    """Return a load report without the events; a line that held one counts as blank, so that totals still add up."""
    of_day = f"from erased_events where landed_date = date '{landed}' group by all"
    by_file = {(s, f): n for s, f, n in connection.execute(f"select source, source_file, count(*) {of_day}").fetchall()}
    late = "count(*) filter (where event_date < landed_date)"
    by_stream = {
        name: counts for name, *counts in connection.execute(f"select stream, count(*), {late} {of_day}").fetchall()
    }
    listed = [_moved(file, by_file.get((file["source"], file["file"]), 0)) for file in report["files"]]
    streams = [_fewer(row, *by_stream.get(row["stream"], (0, 0))) for row in report["streams"]]
    lost = sum(by_file.values())
    return {
        **report,
        "input_hash": files.digest([report["input_hash"], unit_hash]),
        "files": listed,
        "totals": _moved(report["totals"], lost),
        "streams": [row for row in streams if row["loaded"]],
    }


def _moved(counts: Mapping[str, Any], events: int) -> dict[str, Any]:
    return {**counts, "loaded": counts["loaded"] - events, "blank": counts["blank"] + events}


def _fewer(row: Mapping[str, Any], events: int, late: int) -> dict[str, Any]:
    loaded = row["loaded"] - events
    return {**row, "loaded": loaded, "late": row["late"] - late, "synthetic": min(row["synthetic"], loaded)}


def blank_lines(path: Path, numbers: frozenset[int], unit: str) -> int:
    """Empty the lines of a landed file that hold a unit's events, or name it; others keep their number and bytes.

    Returns:
        How many lines were emptied.

    Raises:
        StorageError: if the file cannot be written; it stays as it was.
    """
    quoted = f'"{unit}"'.encode()
    packed = path.read_bytes()
    lines = _unpacked(path, packed).split(b"\n")
    gone = [n for n, line in enumerate(lines, 1) if line.strip() and (n in numbers or quoted in line)]
    if gone:
        emptied = frozenset(gone)
        content = b"\n".join(b"" if n in emptied else line for n, line in enumerate(lines, 1))
        was = path.stat()
        files.write_bytes(path, _packed(path, content))
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))  # a flat landing zone goes by it
    return len(gone)


def _unpacked(path: Path, content: bytes) -> bytes:
    if path.suffix == ".gz":
        return gzip.decompress(content)
    if path.suffix == ".zst":
        with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
            return bytes(stream.read())
    return content


def _packed(path: Path, content: bytes) -> bytes:
    if path.suffix == ".gz":
        return gzip.compress(content, mtime=0)
    if path.suffix == ".zst":
        return bytes(pa.Codec("zstd").compress(content, asbytes=True))
    return content


def naming(root: Path, unit: str) -> Iterator[Path]:
    """Yield the text files below a folder in which an id still stands as a word, in order."""
    pattern = re.compile(word(unit).pattern.encode())
    for path in sorted(root.rglob("*")):
        if path.suffix in _TEXTS and path.is_file() and not path.is_symlink() and pattern.search(path.read_bytes()):
            yield path


_TEXTS = (".json", ".jsonl", ".ndjson", ".csv", ".html", ".md", ".py", ".txt", ".yaml", ".log")
