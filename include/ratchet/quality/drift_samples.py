"""The small samples that drift compares: one file a landing day, drawn once, so that no night reads old events again.

A sample is a pure function of what landed on its day. It is kept beside the hash of that day's load, and drawn again
when the load changed or the file is gone. What is compared is in `drift.py`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ratchet import files
from ratchet.contracts.streams import field_specs
from ratchet.home import Home
from ratchet.quality.drift_config import ColumnKind, DriftConfig, drift_config

_SQL = (Path(__file__).parent / "sql" / "drift_sample.sql").read_text("utf-8")
_KEY = b"ratchet.drawn_from"

Frame = Callable[[str], pd.DataFrame]
BronzeFiles = Callable[[str, date], Sequence[Path]]


@dataclass(frozen=True, slots=True)
class Samples:
    """The day's sample and that of the landed days before it, with those days in order."""

    current: pd.DataFrame
    reference: pd.DataFrame
    reference_days: tuple[date, ...]


def drift_samples(
    home: Home,
    day: date,
    load_hashes: Mapping[date, str],
    frame: Frame,
    bronze_files: BronzeFiles,
    config: DriftConfig | None = None,
) -> Samples:
    """Return the samples of a night, drawing those that are missing or stale.

    Args:
        home: where the samples are kept.
        day: the night's day.
        load_hashes: `input_hash` of each landed day's load; days outside the window are ignored.
        frame: runs a query, such as `Warehouse.frame`; called only for samples that have to be drawn.
        bronze_files: the bronze Parquet files of a stream that landed on a day.
        config: another configuration than the shipped one.
    """
    config = config or drift_config()
    first = day - timedelta(days=config.reference_days)
    past = tuple(sorted(d for d in load_hashes if first <= d < day))
    drawn = {d: _sample(home, d, load_hashes[d], frame, bronze_files, config) for d in (*past, day) if d in load_hashes}
    share = config.reference_rows // max(len(past), 1)
    reference = [drawn[d].filter(pc.field("position") <= share) for d in past]
    return Samples(_joined([drawn[day]] if day in drawn else [], config), _joined(reference, config), past)


def sample_path(home: Home, day: date) -> Path:
    """Return where a landing day's sample is kept: beside the snapshots, which are switched whole, not in them."""
    return home.root / "snapshots" / "_drift" / f"landed={day.isoformat()}.parquet"


def sample_sql(day: date, interaction: str, feedback: str, rows: int) -> str:
    """Return the SQL of a landing day's sample over two relations, at most `rows` of each."""
    return _SQL.format(interaction=interaction, feedback=feedback, day=day.isoformat(), rows=int(rows))


def bronze_relation(stream: str, paths: Sequence[Path]) -> str:
    """Return a relation over bronze files, with the stream's columns and no rows where there are no files."""
    if paths:
        listed = ", ".join("'" + _literal_path(path) + "'" for path in paths)
        return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    columns = ", ".join(f'null::{spec.sql_type} as "{spec.name}"' for spec in field_specs(stream))
    return f"(select {columns}, null::date as landed_date where false)"


def _literal_path(path: Path) -> str:
    """Return a path as DuckDB takes it literally: no character is a wildcard, no quote ends the text."""
    wild = "".join(f"[{char}]" if char in "*?[" else char for char in str(path))
    return wild.replace("'", "''")


def _sample(
    home: Home, day: date, load_hash: str, frame: Frame, bronze_files: BronzeFiles, config: DriftConfig
) -> pa.Table:
    path, key = sample_path(home, day), _drawn_from(load_hash, config)
    if path.is_file() and (pq.read_schema(path).metadata or {}).get(_KEY) == key:
        return pq.read_table(path)
    relations = {s: bronze_relation(s, bronze_files(s, day)) for s in ("interaction", "feedback")}
    table = _table(frame(sample_sql(day, **relations, rows=config.current_rows)), config)
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({_KEY: key}), buffer, compression="zstd")
    files.write_bytes(path, buffer.getvalue())
    return table


def _drawn_from(load_hash: str, config: DriftConfig) -> bytes:
    return files.digest([load_hash, _SQL, config.current_rows, str(_schema(config))]).encode()


def _schema(config: DriftConfig) -> pa.Schema:
    types = {c.name: pa.float64() if c.kind is ColumnKind.NUMERIC else pa.string() for c in config.columns}
    return pa.schema({"record": pa.string(), "position": pa.int64(), **types})


def _table(frame: pd.DataFrame, config: DriftConfig) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False, schema=_schema(config)).replace_schema_metadata(None)


def _joined(tables: Sequence[pa.Table], config: DriftConfig) -> pd.DataFrame:
    plain = [table.replace_schema_metadata(None) for table in tables]
    joined: pd.DataFrame = pa.concat_tables([_schema(config).empty_table(), *plain]).to_pandas()
    return joined
