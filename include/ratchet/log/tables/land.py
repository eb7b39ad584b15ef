"""Which rows of a table land when: a day's rows are written once, when the day is over, and never again.

The file of a landing day holds the rows whose watermark lies in it, and the late ones: rows that were written within
the last `late_days` landed days and stand in no file yet; they land on the first day that lacks a file. The newest day
is written even where it has no row, so that a day that was looked at never changes. Nights read these files and nothing
else.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import cast

import pyarrow as pa

from ratchet import files
from ratchet.errors import SourceError
from ratchet.log.sources import LandedSource, Source, load_source
from ratchet.log.tables.databases import database_url
from ratchet.log.tables.read import Row, open_table
from ratchet.log.tables.settings import Connections, TableSettings, filled

SUFFIX = ".rows.zst"
_DAY = re.compile(r"dt=(\d{4}-\d{2}-\d{2})")


def land(
    sources: Sequence[LandedSource], upto: date, connections: Connections, history_start: date | None = None
) -> list[date]:
    """Land every day up to one that the landing zones of tables lack, of all sources that are tables.

    Args:
        sources: all sources; those that are no tables are left alone.
        upto: the last day, which is over.
        connections: gives an Airflow connection by its id.
        history_start: rows written before are left alone.

    Returns:
        The days that were written, in order; none where every zone has the day, and then no database is asked.

    Raises:
        SourceError: if a table cannot be used.
        UnreachableError: if a database cannot be reached.
        StorageError: if a file cannot be written.
    """
    written: set[date] = set()
    for landed in sources:
        source = load_source(landed.name)
        if source.table is not None:
            written.update(_land(source, source.table, landed, upto, connections, history_start))
    return sorted(written)


def sampled(source: Source, folder: Path, connections: Connections, upto: date) -> Path:
    """Write the rows of the newest day before one that has any to a file in a folder, for a look at the mapping.

    Raises:
        SourceError: if the table cannot be used or has no row.
        UnreachableError: if the database cannot be reached.
    """
    where = f"source {source.name}"
    table = filled(cast("TableSettings", source.table), where)
    path = folder / f"{source.name}{SUFFIX}"
    with open_table(database_url(table.connection, connections, where), table, source.name) as opened:
        newest = opened.newest(_begins(upto + timedelta(days=1)))
        if newest is None:
            raise SourceError("the table has no row", where=where, way_out="look at its watermark")
        day = newest.date()
        _write(path, opened.rows(_begins(day), _begins(day + timedelta(days=1))))
    return path


def _land(
    source: Source,
    settings: TableSettings,
    landed: LandedSource,
    upto: date,
    connections: Connections,
    history_start: date | None,
) -> Iterator[date]:
    zone = _zone(landed, source.name)
    days = _landed_days(zone, source.name)
    if days and days[-1] >= upto:
        return
    where = f"source {source.name}"
    table = filled(settings, where)
    start = due = days[-1] + timedelta(days=1) if days else date.min
    first = start - timedelta(days=table.late_days) if days else history_start
    seen = {key for day in days if first and day >= first for key in _keys(_file(zone, source.name, day))}
    with open_table(database_url(table.connection, connections, where), table, source.name) as opened:
        found = opened.rows(_begins(first) if first else None, _begins(upto + timedelta(days=1)))
        fresh = (row for row in found if row.key not in seen)
        for day, rows in itertools.groupby(fresh, lambda row: max(row.at.date(), start)):
            if day < due:
                way_out = "write it in one form and one time zone"
                raise SourceError("the watermark does not sort by time", where=where, way_out=way_out)
            due = day + timedelta(days=1)
            _write(_file(zone, source.name, day), rows)
            yield day
    newest = _file(zone, source.name, upto)
    if not newest.exists():
        _write(newest, ())
        yield upto


def _zone(landed: LandedSource, source: str) -> Path:
    if "://" in str(landed.landing):
        way_out = "give its source a folder, in the settings or with --landing"
        raise SourceError("the rows of a table land in a local folder", where=f"source {source}", way_out=way_out)
    return Path(landed.landing)


def _landed_days(zone: Path, source: str) -> list[date]:
    found = [_DAY.fullmatch(path.parent.name) for path in zone.glob(f"dt=*/{source}{SUFFIX}")]
    return sorted(date.fromisoformat(match[1]) for match in found if match)


def _file(zone: Path, source: str, day: date) -> Path:
    return zone / f"dt={day.isoformat()}" / f"{source}{SUFFIX}"


def _begins(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _keys(path: Path) -> Iterator[str]:
    with pa.CompressedInputStream(str(path), "zstd") as stream:
        for line in io.TextIOWrapper(stream, "utf-8"):
            yield json.loads(line)["key"]


def _write(path: Path, rows: Iterable[Row]) -> None:
    """Write a file of rows under a temporary name and rename it into place."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pa.CompressedOutputStream(str(temporary), "zstd") as stream:
            for row in rows:
                stream.write(f"{row.line}\n".encode("utf-8", errors="replace"))
        temporary.replace(path)
    except OSError as error:
        raise files.storage_error(error, path) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
