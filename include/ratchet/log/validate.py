"""A dry run of the contract on somebody's own files: what would be loaded, what refused and why. Nothing is written.

The passes are those of `ingest.py`; only the end differs.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ratchet.errors import LandingError
from ratchet.log.ingest import IngestOptions, load_day
from ratchet.log.landing import LandedFile, Landing
from ratchet.log.lines import LineReader
from ratchet.log.report import LoadReport, draw_report
from ratchet.log.session import session
from ratchet.log.sources import LandedSource, Source, load_source

SHOWN = 20
_DAY = re.compile(r"dt=(\d{4}-\d{2}-\d{2})")
_REFUSED = f"""
    from refused join staged using (position)
    select getvariable('files')[staged.file_index + 1], staged.source_line, refused.reason, detail, left(raw, 200)
    order by position limit {SHOWN}"""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that would be quarantined, with the reason and the beginning of its redacted text."""

    file: str
    line: int
    reason: str
    detail: str | None
    raw: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an ingestion would make of the files: a report for each landing day, the first twenty refused lines."""

    reports: tuple[LoadReport, ...]
    refused: tuple[RefusedLine, ...]

    @property
    def totals(self) -> Counter[str]:
        """Return the counts of lines over all days."""
        return sum((Counter(report.totals) for report in self.reports), Counter())

    def in_words(self) -> str:
        """Return the verdict as lines of text for a terminal."""
        found = [file for report in self.reports for file in report.files]
        names = ("loaded", "duplicates", "quarantined", "blank")
        counts = ", ".join(f"{self.totals[name]:,} {name}" for name in names)
        lines = [f"{self.totals['lines']:,} lines in {len(found):,} file(s): {counts}. Nothing was written."]
        lines += [f"{file.file}: {file.problem}" for file in found if file.problem]
        lines += [f"{n:,} {name} events" for name, n in self._sums("streams", "stream", "loaded")]
        lines += [f"{n:,} refused as {name}" for name, n in self._sums("reasons", "reason", "lines")]
        lines += [f"{n:,} with {name}, unknown, kept" for name, n in self._sums("unknown_fields", "field", "events")]
        lines += [f"{n:,} redacted as {name}" for name, n in self._sums("redactions", "kind", "values")]
        lines += [f"{r.file}:{r.line}: {r.reason}{f' ({r.detail})' if r.detail else ''}: {r.raw}" for r in self.refused]
        return "\n".join(" ".join(line.split()) for line in lines)

    def _sums(self, table: str, key: str, value: str) -> list[tuple[str, int]]:
        sums: Counter[str] = Counter()
        for report in self.reports:
            for row in getattr(report, table):
                sums[row[key]] += row[value]
        return sorted(sums.items(), key=lambda item: (-item[1], item[0]))


def validate(path: Path | str, *, source: str = "native", today: date, options: IngestOptions | None = None) -> Verdict:
    """Hold a file, a folder or a landing zone against the contract.

    Clocks are held against the day of the `dt=` folder; files outside of such folders are taken as landed today.
    Duplicates are looked for within a landing day.

    Args:
        path: what to look at; a single file may have any name.
        source: the source that reads it.
        today: the UTC day it is.
        options: limits; the defaults of ingestion.

    Raises:
        LandingError: if there is nothing to read at the path.
        SourceError: if the source cannot be used.
        StorageError: if there is no room for temporary files.
    """
    by_day: dict[date, list[LandedFile]] = {}
    reads = load_source(source)
    for file in files(path, reads, source):
        match = _DAY.search(file.location)
        by_day.setdefault(date.fromisoformat(match[1]) if match else today, []).append(file)
    reports: list[LoadReport] = []
    refused: list[RefusedLine] = []
    for day in sorted(by_day):
        report, lines = _dry_run(by_day[day], reads, day, options or IngestOptions())
        reports.append(report)
        refused += lines
    return Verdict(tuple(reports), tuple(refused[:SHOWN]))


def files(path: Path | str, reads: Source, source: str | None = None) -> list[LandedFile]:
    """Return the files that a source reads at a path: the file, or those of a folder or landing zone.

    Args:
        path: a file of any name, a folder, or a landing zone.
        reads: the source.
        source: by what it was asked for, where that is a folder of one's own.

    Raises:
        LandingError: if there is nothing to read at the path.
    """
    own = Path(path)
    if own.is_file():
        return [LandedFile(reads.name, own.name, own.stat().st_size, "", str(own.resolve()))]
    if "://" not in str(path) and not own.exists():
        raise LandingError("there is no such file or folder", where=str(path), way_out="check the path")
    landing = Landing([LandedSource(source or reads.name, path)])
    found = [file for day in landing.days() for file in landing.files(day) if file.source]
    if not found:
        wanted = ", ".join(reads.files)
        raise LandingError("there is nothing to read", where=str(path), way_out=f"files of this source match {wanted}")
    return found


def _dry_run(
    found: list[LandedFile], source: Source, day: date, options: IngestOptions
) -> tuple[LoadReport, list[RefusedLine]]:
    reader = LineReader(found, options.max_line_bytes, is_day_over=True)
    with tempfile.TemporaryDirectory(prefix="ratchet-") as parent:
        folder = Path(parent) / "session"
        with session(folder, options.memory_limit, options.threads) as connection:
            load_day(connection, {source.name: source}, reader, day, folder, [])
            refused = [RefusedLine(*row) for row in connection.execute(_REFUSED).fetchall()]
            return draw_report(connection, day, "", reader.files, reader.problems), refused
