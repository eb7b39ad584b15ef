"""The load report of a landing day: what became of every line. It is written last, so that its presence is the commit.

How the counts come about belongs to `judge.py` and `settle.py`; drawing them belongs to `ratchet.report`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from ratchet.log.landing import LandedFile
from ratchet.log.redaction import KINDS
from ratchet.log.stage import BLANK

MAX_UNKNOWN_FIELDS = 100
_LINES = f"""
    from staged
    select file_index, count(*) as lines, count(*) filter (where refusal = '{BLANK}') as blank
    group by file_index order by file_index"""
_REFUSED = "select file_index, count(*) from refused group by file_index order by file_index"
_DUPLICATES = "select file_index, count(*) from duplicates group by file_index order by file_index"
_ERASED = "select file_index, count(*) from erased group by file_index order by file_index"
_STREAMS = """
    select stream, count(*) as loaded, count(*) filter (where event_date < getvariable('landed')) as late,
        min(occurred_at) as earliest, max(occurred_at) as latest,
        count(*) filter (where clock = 'synthetic') as synthetic
    from kept group by stream order by stream"""
_REASONS = "select reason, count(*) as lines from refused group by reason order by lines desc, reason"
_UNKNOWN = """
    select stream, left(field, 200) as field, count(*) as events
    from (select stream, unnest(unknown) as field from kept where unknown is not null)
    group by all order by events desc, stream, field"""
_SUMS = ", ".join(f"coalesce(sum(redactions[{place}]), 0)" for place in range(1, len(KINDS) + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCounts:
    """What became of a file's lines, `loaded + duplicates + quarantined + blank` in all; `problem`: what is wrong."""

    source: str
    file: str
    bytes: int
    lines: int
    loaded: int
    duplicates: int
    quarantined: int
    blank: int
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What became of a landing day.

    Attributes:
        landed_date: the landing day.
        input_hash: hash of all that the result depends on: files of the day and its window, sources, options, contract.
        files: counts by file, in the order in which duplicates are settled.
        streams: loaded events by stream, with their first and last moment (UTC) and how many are late or have no clock.
        reasons: refused lines by reason.
        unknown_fields: fields the contract does not know, the most frequent hundred.
        unknown_fields_left_out: how many more there were.
        redactions: placeholders written, by kind.
    """

    landed_date: date
    input_hash: str
    files: tuple[FileCounts, ...]
    streams: tuple[Mapping[str, Any], ...]
    reasons: tuple[Mapping[str, Any], ...]
    unknown_fields: tuple[Mapping[str, Any], ...]
    unknown_fields_left_out: int
    redactions: tuple[Mapping[str, Any], ...]

    @property
    def totals(self) -> dict[str, int]:
        """Return the sums over all files."""
        names = ("lines", "loaded", "duplicates", "quarantined", "blank")
        return {name: sum(getattr(file, name) for file in self.files) for name in names}

    @property
    def quarantined_share(self) -> float | None:
        """Return the refused share of the lines that are not blank, None when there are none."""
        lines = self.totals["lines"] - self.totals["blank"]
        return self.totals["quarantined"] / lines if lines else None

    def as_record(self) -> dict[str, Any]:
        """Return the report as it stands in `load.json`."""
        return {
            "landed_date": self.landed_date.isoformat(),
            "input_hash": self.input_hash,
            "files": [asdict(file) for file in self.files],
            "totals": self.totals,
            "streams": [dict(row) for row in self.streams],
            "reasons": [dict(row) for row in self.reasons],
            "unknown_fields": [dict(row) for row in self.unknown_fields],
            "unknown_fields_left_out": self.unknown_fields_left_out,
            "redactions": [dict(row) for row in self.redactions],
            "quarantined_share": self.quarantined_share,
        }


def draw_report(
    connection: duckdb.DuckDBPyConnection,
    landed: date,
    input_hash: str,
    files: Sequence[LandedFile],
    problems: Mapping[int, str],
) -> LoadReport:
    """Count what became of a landing day; the session must hold what `judge` and `settle` made and `landed`."""
    lines = {row["file_index"]: row for row in _rows(connection, _LINES)}
    queries = (_REFUSED, _DUPLICATES, _ERASED)
    refused, duplicates, erased = (dict(connection.execute(query).fetchall()) for query in queries)
    for at, events in erased.items():  # a line whose event was erased holds nothing any more
        lines[at]["blank"] += events
    unknown = _rows(connection, _UNKNOWN)
    redacted = connection.execute(f"from staged select {_SUMS}").fetchall()[0]
    return LoadReport(
        landed_date=landed,
        input_hash=input_hash,
        files=tuple(
            _counts(file, lines.get(i, {}), refused.get(i, 0), duplicates.get(i, 0), problems.get(i))
            for i, file in enumerate(files)
        ),
        streams=tuple(_rows(connection, _STREAMS)),
        reasons=tuple(_rows(connection, _REASONS)),
        unknown_fields=tuple(unknown[:MAX_UNKNOWN_FIELDS]),
        unknown_fields_left_out=max(len(unknown) - MAX_UNKNOWN_FIELDS, 0),
        redactions=tuple({"kind": kind, "values": int(n)} for kind, n in zip(KINDS, redacted, strict=True) if n),
    )


def _counts(
    file: LandedFile, found: Mapping[str, int], quarantined: int, duplicates: int, problem: str | None
) -> FileCounts:
    lines, blank = found.get("lines", 0), found.get("blank", 0)
    return FileCounts(
        source=file.source,
        file=file.name,
        bytes=file.size,
        lines=lines,
        loaded=lines - blank - quarantined - duplicates,
        duplicates=duplicates,
        quarantined=quarantined,
        blank=blank,
        problem=problem if file.source else "no source reads a file of this name",
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="microseconds") + "Z" if isinstance(value, datetime) else value
