"""What stays of a landing day becomes Parquet: events by stream and event date, refused lines, duplicates.

Everything is written below a folder of its own; `commit.py` puts it in place. Which events stay is settled before
(`settle.py`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from ratchet.contracts.streams import default_of, field_specs
from ratchet.log.sqltext import identifier, literal
from ratchet.log.stage import BLANK

_OPTIONS = "(format parquet, compression zstd)"
_PLACE = (
    "getvariable('sources')[file_index + 1] as source, getvariable('files')[file_index + 1] as source_file, source_line"
)
_DATES = "select stream, event_date from kept group by all order by all"
_REFUSED = f"from staged select {_PLACE}, reason, detail, raw where reason <> '{BLANK}'"
_DUPLICATES = f"""from duplicates select event_id, {_PLACE},
    getvariable('files')[first_index + 1] as first_file, first_line,
    coalesce(first_landed, getvariable('landed')) as first_landed, getvariable('landed') as landed_date"""
_ORDER = "order by file_index, source_line, position"


def write_bronze(connection: duckdb.DuckDBPyConnection, landed: date, folder: Path) -> list[Path]:
    """Write the Parquet files of a landing day below a folder and return their paths relative to the home.

    The session must hold what `settle` made and the variables `landed` (the day), `sources` and `files` (lists by
    file_index).
    """
    days = connection.execute(_DATES).fetchall()
    written = [_events(connection, stream, day, landed, folder) for stream, day in days]
    refused = Path("quarantine", f"landed={landed}.parquet")
    duplicates = Path("quarantine", "duplicates", f"landed={landed}.parquet")
    written += _copy_any(connection, f"{_REFUSED} {_ORDER}", folder, refused)
    return written + _copy_any(connection, f"{_DUPLICATES} {_ORDER}", folder, duplicates)


def _events(connection: duckdb.DuckDBPyConnection, stream: str, day: date, landed: date, folder: Path) -> Path:
    columns = ", ".join(_column(stream, spec.name, spec.sql_type) for spec in field_specs(stream))
    query = f"""from kept select {columns}, {_PLACE}, getvariable('landed') as landed_date
        where stream = {literal(stream)} and event_date = date '{day}'"""
    return _copy(connection, query, folder, Path("bronze", stream, f"event_date={day}", f"landed={landed}.parquet"))


def _column(stream: str, name: str, sql_type: str) -> str:
    default = default_of(stream, name)
    column = identifier(name)
    value = column if default is None else f"coalesce({column}, {literal(str(default))})"
    return f"cast({value} as {sql_type}) as {column}"


def _copy_any(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, path: Path) -> list[Path]:
    """Write a file unless it would be empty."""
    if not connection.execute(f"from ({query}) limit 1").fetchall():
        return []
    return [_copy(connection, query, folder, path)]


def _copy(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, path: Path) -> Path:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"copy ({query}) to {literal(str(folder / path))} {_OPTIONS}")
    return path
