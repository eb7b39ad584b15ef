"""Bronze as relations: which Parquet files a landing day committed, and the SQL of the views over them.

How bronze is written belongs to `log/`; running SQL belongs to `warehouse.py`.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ratchet import files
from ratchet.contracts.streams import field_specs
from ratchet.home import Home

LINEAGE = (("source", "VARCHAR"), ("source_file", "VARCHAR"), ("source_line", "BIGINT"), ("landed_date", "DATE"))
Loads = Mapping[date, Mapping[str, Any]]


def loads(home: Home, first: date, last: date) -> Loads:
    """Return the load reports of the committed landing days from first to last, in order."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    paths = {day: home.loads / f"{day.isoformat()}.json" for day in days}
    return {day: files.read_json(path) for day, path in paths.items() if path.is_file()}


def files_of(home: Home, stream: str, reports: Loads) -> list[Path]:
    """Return a stream's files of landing days; their reports say where to look, so history is never listed."""
    found = []
    for landed, report in reports.items():
        for folder in _event_dates(report, stream):
            path = home.bronze / stream / f"event_date={folder}" / f"landed={landed}.parquet"
            found += [path.absolute()] if path.is_file() else []
    return found


def _event_dates(report: Mapping[str, Any], stream: str) -> list[date]:
    spans = [(e["earliest"], e["latest"]) for e in report["streams"] if e["stream"] == stream and e["earliest"]]
    ends = [(date.fromisoformat(str(first)[:10]), date.fromisoformat(str(last)[:10])) for first, last in spans]
    return [first + timedelta(days=n) for first, last in ends for n in range((last - first).days + 1)]


def view(stream: str, paths: Sequence[Path]) -> str:
    """Return the SQL that makes `bronze.<stream>` a view over files, typed and empty without any.

    Columns are those of the contract, lineage and `event_date`; one that an old file lacks is null.
    """
    columns = [(spec.name, spec.sql_type) for spec in field_specs(stream)] + [*LINEAGE, ("event_date", "DATE")]
    empty = ", ".join(f"cast(null as {kind}) as {quoted(name)}" for name, kind in columns)
    select = f"select {empty} where false"
    if paths:
        listed = ", ".join(_literal(glob.escape(str(path))) for path in paths)
        options = "union_by_name = true, hive_partitioning = true, hive_types = {'event_date': date}"
        rows = f"select * from read_parquet([{listed}], {options})"  # noqa: S608 -- paths are quoted literals
        select += f" union all by name {rows}"
    return f"create or replace view bronze.{quoted(stream)} as {select}"


def quoted(name: str) -> str:
    """Return a name as SQL takes it literally."""
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
