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
from ratchet.log.stage import RAW_LIMIT

_OPTIONS = "(format parquet, compression zstd, compression_level 1)"
_PLACE = (
    "getvariable('sources')[file_index + 1] as source, getvariable('files')[file_index + 1] as source_file, source_line"
)
_DATES = "select stream, event_date from kept group by all order by all"
# Few, as a rule: written once in the order in which they are read, lest each date costs a pass over the stage.
_OTHER_DATES = """copy (from kept where event_date <> getvariable('landed') order by stream, event_date, position)
    to {path} (format parquet, compression lz4, row_group_size 8192)"""
_REFUSED = f"""from refused join staged using (position)
    select {_PLACE.replace("file_index", "staged.file_index").replace("source_line", "staged.source_line")},
    refused.reason, detail, rtrim(left(raw, {RAW_LIMIT}), chr(13) || chr(10)) as raw order by position"""
_DUPLICATES = f"""from duplicates select event_id, {_PLACE},
    getvariable('files')[first_index + 1] as first_file, first_line,
    coalesce(first_landed, getvariable('landed')) as first_landed, getvariable('landed') as landed_date
    order by file_index, source_line, position"""


def write_bronze(connection: duckdb.DuckDBPyConnection, landed: date, folder: Path, scratch: Path) -> list[Path]:
    """Write the Parquet files of a landing day below a folder and return their paths relative to the home.

    The session must hold what `judge` and `settle` made and the variables `landed` (the day), `sources` and `files`
    (lists by file_index); `scratch` is its folder.
    """
    days = connection.execute(_DATES).fetchall()
    late = literal(str(scratch / "late.parquet"))
    if any(day != landed for _, day in days):
        connection.execute(_OTHER_DATES.format(path=late))
    written = []
    for stream, day in days:
        source = "kept" if day == landed else f"read_parquet({late})"
        written.append(_events(connection, source, stream, day, landed, folder))
    refused = Path("quarantine", f"landed={landed}.parquet")
    duplicates = Path("quarantine", "duplicates", f"landed={landed}.parquet")
    written += _copy_any(connection, _REFUSED, folder, refused)
    return written + _copy_any(connection, _DUPLICATES, folder, duplicates)


def _events(
    connection: duckdb.DuckDBPyConnection, source: str, stream: str, day: date, landed: date, folder: Path
) -> Path:
    columns = ", ".join(_column(stream, spec.name, spec.sql_type) for spec in field_specs(stream))
    query = f"""from {source} select {columns}, {_PLACE}, getvariable('landed') as landed_date
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
