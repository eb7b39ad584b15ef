"""A dry run of the contract on somebody's own files: what would be loaded, what refused and why. Nothing is written.

The passes are those of `ingest.py`; only the end differs.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ratchet.errors import LandingError
from ratchet.log.ingest import IngestOptions, load_day
from ratchet.log.landing import LandedFile, Landing
from ratchet.log.lines import LineReader
from ratchet.log.report import LoadReport, draw_report
from ratchet.log.session import session
from ratchet.log.sources import LandedSource, load_source
from ratchet.log.stage import BLANK

SHOWN = 20
_DAY = re.compile(r"dt=(\d{4}-\d{2}-\d{2})")
_REFUSED = f"""
    from staged select getvariable('files')[file_index + 1], source_line, reason, detail, left(raw, 200)
    where reason <> '{BLANK}' order by file_index, source_line, position limit {SHOWN}"""


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
    """What an ingestion would make of the files; `refused` holds the first twenty refused lines."""

    report: LoadReport
    refused: tuple[RefusedLine, ...]

    def in_words(self) -> str:
        """Return the verdict as lines of text for a terminal."""
        totals = self.report.totals
        counts = ", ".join(f"{n:,} {name}" for name, n in totals.items() if name != "lines")
        lines = [f"{totals['lines']:,} lines in {len(self.report.files)} files: {counts}. Nothing was written."]
        lines += [f"{file.file}: {file.problem}" for file in self.report.files if file.problem]
        lines += [f"{row['stream']}: {row['loaded']:,} events, {row['late']:,} late" for row in self.report.streams]
        lines += [f"refused as {row['reason']}: {row['lines']:,}" for row in self.report.reasons]
        lines += [f"not in the contract, kept: {r['stream']}.{r['field']} ({r['events']:,})" for r in self.report.unknown_fields]
        lines += [f"redacted as {row['kind']}: {row['values']:,}" for row in self.report.redactions]
        lines += [f"{r.file}:{r.line}: {r.reason}{f' ({r.detail})' if r.detail else ''}: {r.raw}" for r in self.refused]
        return "\n".join(" ".join(line.split()) for line in lines)


def validate(
    path: Path | str, *, source: str = "native", today: date, options: IngestOptions | None = None
) -> Verdict:
    """Hold a file, a folder or a landing zone against the contract.

    Clocks are checked against the day of a `dt=` folder in the path, else against `today`; duplicates are looked for
    within what is given.

    Args:
        path: what to look at; a single file may have any name.
        source: the source that reads it.
        today: the UTC day it is.
        options: limits; the defaults of ingestion.

    Raises:
        LandingError: if there is nothing to read at the path.
        SourceError: if the source cannot be used.
    """
    options = options or IngestOptions()
    found = _files(str(path), source)
    match = _DAY.search(found[0].location)
    landed = date.fromisoformat(match[1]) if match else today
    reader = LineReader(found, options.max_line_bytes, is_day_over=True)
    with tempfile.TemporaryDirectory(prefix="ratchet-") as parent:
        folder = Path(parent) / "session"
        with session(folder, options.memory_limit, options.threads) as connection:
            load_day(connection, {source: load_source(source)}, reader, landed, folder, [])
            refused = tuple(RefusedLine(*row) for row in connection.execute(_REFUSED).fetchall())
            return Verdict(draw_report(connection, landed, "", reader.files, reader.problems), refused)
