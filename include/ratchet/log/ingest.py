"""Brings landed days into bronze: each day that bronze lacks or whose input changed, in order, one at a time.

What a day's result depends on is hashed: its files, those of the days in which duplicates are looked for, the sources,
the options and the SQL itself. The steps of a day, in their order, are in `stage.py`, `judge.py`, `settle.py`,
`bronze.py` and `commit.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

import ratchet.files as files
from ratchet.erased import Ledger, marked
from ratchet.errors import StorageError
from ratchet.home import Home
from ratchet.log.bronze import write_bronze
from ratchet.log.commit import commit, day_files, recover, work_folder
from ratchet.log.judge import judge, judged
from ratchet.log.landing import Fingerprints, LandedFile, Landing
from ratchet.log.lines import LineReader
from ratchet.log.mapping import MAPPED, MAPPED_LINES, map_source
from ratchet.log.remote import copied, is_url
from ratchet.log.report import LoadReport, draw_report
from ratchet.log.session import session
from ratchet.log.settle import settle
from ratchet.log.sources import LandedSource, Source, load_source
from ratchet.log.stage import setup, staged, write_stage

Progress = Callable[[int, int, date], None]
NOBODY = Ledger()


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How to bring logs in.

    Attributes:
        dedup_days: how many landing days back a duplicate is looked for.
        max_line_bytes: a longer line is refused.
        history_start: days that landed before are left alone.
        sealed_before: days that landed before stay as they are in bronze: events that they depend on are gone.
        memory_limit: of DuckDB, such as `1GB`; None takes its default, four fifths of the machine's memory. A day of
            two million events uses 1 GB; below 6 GB DuckDB reserves too much a column to write with two threads.
        threads: of DuckDB; None takes all processors.
    """

    dedup_days: int = 7
    max_line_bytes: int = 64 << 20
    history_start: date | None = None
    sealed_before: date = date.min
    memory_limit: str | None = None
    threads: int | None = None


def ingest_until(
    home: Home,
    sources: Sequence[LandedSource],
    day: date,
    options: IngestOptions,
    today: date,
    progress: Progress | None = None,
) -> list[LoadReport]:
    """Bring in every landed day up to one, where bronze lacks it or its input changed.

    Args:
        home: where to; the caller holds its lock.
        sources: what lands where.
        day: the last landing day wanted.
        options: limits.
        today: the UTC day it is; in the files of a day that is not over a last line without newline waits.
        progress: called with (days done, days to do, the day just done).

    Returns:
        The load reports of the days that were brought in, in order.

    Raises:
        LandingError: if a landing zone does not exist or cannot be read.
        SourceError: if a source cannot be used.
        StorageError: if the disk is full.
    """
    recover(home)
    plan = _Plan(home, sources, day, options, today)
    due = plan.due()
    reports = []
    for number, landed in enumerate(due, start=1):
        reports.append(_ingest_day(home, plan, landed, options, today))
        if progress:
            progress(number, len(due), landed)
    plan.save()
    return reports


def load_reports(home: Home, upto: date) -> list[dict[str, Any]]:
    """Return the load reports of all days up to one that are in bronze, in order."""
    found = sorted(path for path in home.loads.glob("????-??-??.json") if path.stem <= upto.isoformat())
    return [files.read_json(path) for path in found]


class _Plan:
    """Which days are due, and what each depends on."""

    def __init__(
        self, home: Home, sources: Sequence[LandedSource], day: date, options: IngestOptions, today: date
    ) -> None:
        self.home = home
        self.sources = {source.name: source for source in (load_source(landed.name) for landed in sources)}
        self.landing = Landing(sources)
        self.options = options
        self.fingerprints = Fingerprints(home)
        self.ledger = Ledger.of(home)
        start = options.history_start or date.min
        first = max(start, options.sealed_before)
        self.files = {d: self.landing.files(d) for d in self.landing.days() if first <= d <= day}
        self.own = {d: self._own_hash(found, d, d < today) for d, found in self.files.items()}
        kept = {d: h for d, h in self.fingerprints.days.items() if start <= d <= day}
        self.known = {**kept, **self.own}

    def due(self) -> list[date]:
        return [day for day in sorted(self.files) if self._recorded(day) != self.input_hash(day)]

    def window(self, landed: date) -> list[date]:
        """Return the days in which duplicates of a day's events are looked for."""
        first = landed - timedelta(days=self.options.dedup_days)
        return sorted(day for day in self.known if first <= day < landed)

    def input_hash(self, landed: date) -> str:
        options = {"dedup_days": self.options.dedup_days, "max_line_bytes": self.options.max_line_bytes}
        window = {day.isoformat(): self.known[day] for day in self.window(landed)}
        return files.digest({"sql": _sql_hash(), **options, "own": self.own[landed], "window": window})

    def save(self) -> None:
        self.fingerprints.days.update(self.own)
        self.fingerprints.save()

    def _own_hash(self, found: Sequence[LandedFile], landed: date, is_over: bool) -> str:
        content = [[file.source, file.name, file.size, self.fingerprints.of(file)] for file in found]
        used = {file.source for file in found if file.source}
        mappings = {name: _mapping_hash(self.sources[name]) for name in sorted(used)}
        gone = {"erased": self.ledger.hashes(landed)} if self.ledger.events(landed) else {}
        return files.digest({"files": content, "sources": mappings, "is_over": is_over, **gone})

    def _recorded(self, landed: date) -> str | None:
        path = self.home.loads / f"{landed}.json"
        return files.read_json(path)["input_hash"] if path.exists() else None


@functools.cache
def _sql_hash() -> str:
    """Return a hash that changes whenever the contract, a check or the redaction does."""
    some_day = date(2000, 1, 1)
    return files.digest([*setup(), staged("lines", some_day), judged(some_day)])


def _mapping_hash(source: Source) -> str:
    parts = {"format": source.format, "records": source.records, "prepare": source.prepare}
    return files.digest({**parts, "mappings": dict(source.mappings)})


def _ingest_day(home: Home, plan: _Plan, landed: date, options: IngestOptions, today: date) -> LoadReport:
    try:
        return _attempt(home, plan, landed, options, today)
    except StorageError as error:
        if not isinstance(error.__cause__, duckdb.OutOfMemoryException):
            raise
    # Several lines of a million values at once: one at a time they pass.
    return _attempt(home, plan, landed, replace(options, threads=1, memory_limit=None), today)


def _attempt(home: Home, plan: _Plan, landed: date, options: IngestOptions, today: date) -> LoadReport:
    folder, scratch = work_folder(home) / landed.isoformat(), work_folder(home) / "session"
    earlier = [path for day in plan.window(landed) for path in day_files(home, day) if _holds_ids(path)]
    found = [_at_hand(file, plan.fingerprints, folder / "copies") for file in plan.files[landed]]
    reader = LineReader(found, options.max_line_bytes, landed < today)
    with session(scratch, options.memory_limit, options.threads) as connection:
        load_day(connection, plan.sources, reader, landed, scratch, earlier, ledger=plan.ledger)
        written = write_bronze(connection, landed, folder, scratch)
        report = draw_report(connection, landed, plan.input_hash(landed), reader.files, reader.problems)
    commit(home, landed, folder, written, marked(report.as_record(), plan.ledger, landed))
    return report


def _at_hand(file: LandedFile, fingerprints: Fingerprints, folder: Path) -> LandedFile:
    """Return a file that lies on this machine; one below a URL is copied."""
    if not file.source or not is_url(file.location):
        return file
    return replace(file, location=str(copied(file.location, fingerprints.of(file), folder)))


def load_day(
    connection: duckdb.DuckDBPyConnection,
    sources: dict[str, Source],
    reader: LineReader,
    landed: date,
    folder: Path,
    earlier: Sequence[Path],
    lines_where: str = "",
    ledger: Ledger = NOBODY,
) -> None:
    """Stage and settle one landing day in a session; nothing is written outside of the session's folder.

    With `lines_where`, an SQL condition on the columns of `lines.SCHEMA`, only such lines are looked at. Events of
    units that were erased (`ledger`) are left out.
    """
    connection.execute("set variable landed = $day", {"day": landed})
    connection.execute("set variable sources = $names", {"names": [file.source for file in reader.files]})
    connection.execute("set variable files = $names", {"names": [file.name for file in reader.files]})
    connection.execute(MAPPED)
    native = [i for i, file in enumerate(reader.files) if file.source and not sources[file.source].is_mapped]
    for name, source in sources.items():
        indexes = [i for i, file in enumerate(reader.files) if file.source == name]
        if source.is_mapped and indexes:
            map_source(connection, source, reader, indexes, landed)
    connection.register("lines", reader.reader(native))
    both = f"(from lines union all from {MAPPED_LINES})" if len(native) < len(reader.files) else "lines"
    wanted = f"(from {both} where {lines_where})" if lines_where else both
    stage = folder / "stage.parquet"
    write_stage(connection, wanted, landed, stage)
    judge(connection, stage, landed)
    settle(connection, earlier, ledger, landed)


def _holds_ids(path: Path) -> bool:
    """Tell whether a Parquet file of a landing day names events that count as seen: all but refused lines do."""
    return path.parent.name != "quarantine"
