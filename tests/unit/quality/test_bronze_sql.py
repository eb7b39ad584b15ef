"""The profile of bronze counts each breach of the contract; a clean day has none."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pandas as pd
import pytest

from ratchet.contracts.streams import field_specs
from ratchet.quality.bronze_sql import bronze_queries

DAY = date(2026, 11, 20)


def frames(connection: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    return {name: connection.execute(sql).df() for name, sql in bronze_queries(DAY).items()}


def field(connection: duckdb.DuckDBPyConnection, stream: str, name: str) -> dict[str, Any]:
    rows = frames(connection)["bronze_fields"]
    return dict(rows[(rows["stream"] == stream) & (rows["field"] == name)].iloc[0])


def test_one_row_a_field_of_each_stream_that_landed(bronze: duckdb.DuckDBPyConnection) -> None:
    rows = frames(bronze)["bronze_fields"]
    expected = {(s, spec.name) for s in ("interaction", "feedback") for spec in field_specs(s)}
    assert set(zip(rows["stream"], rows["field"], strict=True)) == expected
    assert len(rows) == len(expected)


def test_profile_of_a_number(bronze: duckdb.DuckDBPyConnection) -> None:
    row = field(bronze, "interaction", "duration_ms")
    assert (row["events"], row["nulls"], row["minimum"], row["maximum"], row["out_of_range"]) == (40, 0, 0, 390, 0)


@pytest.mark.parametrize(
    ("stream", "name", "value", "count"),
    [
        ("interaction", "duration_ms", "-1", "out_of_range"),
        ("interaction", "quality_score", "101", "out_of_range"),
        ("interaction", "cost_usd", "'inf'", "out_of_range"),
        ("interaction", "cost_usd", "'nan'", "out_of_range"),
        ("feedback", "kind", "'shrug'", "not_a_choice"),
        ("interaction", "clock", "'broken'", "not_a_choice"),
        ("feedback", "interaction_id", "null", "required_nulls"),
        ("feedback", "event_id", "''", "required_nulls"),
        ("feedback", "event_id", "repeat('x', 129)", "too_long"),
    ],
)
def test_breach_of_a_field_is_counted(
    bronze: duckdb.DuckDBPyConnection, stream: str, name: str, value: str, count: str
) -> None:
    assert field(bronze, stream, name)[count] == 0
    bronze.execute(f"update bronze.{stream} set {name} = {value} where source_line < 3")
    assert field(bronze, stream, name)[count] == 3


@pytest.mark.parametrize(
    ("change", "count", "expected"),
    [
        ("update bronze.interaction set event_id = 'same' where source_line < 3", "repeated_ids", 2),
        ("update bronze.interaction set occurred_at = '1999-12-31 23:59:59' where source_line < 3", "before_2000", 3),
        ("update bronze.interaction set occurred_at = '2026-11-23' where source_line < 3", "after_landing", 3),
        ("update bronze.interaction set occurred_at = '2026-11-22 23:59' where source_line < 3", "after_landing", 0),
        ("update bronze.interaction set event_date = '2026-11-19' where source_line < 3", "misfiled", 3),
        ("update bronze.interaction set source_line = null where source_line < 3", "untraced", 3),
    ],
)
def test_breach_of_a_stream_is_counted(
    bronze: duckdb.DuckDBPyConnection, change: str, count: str, expected: int
) -> None:
    bronze.execute(change)
    rows = frames(bronze)["bronze_streams"].set_index("stream")
    assert rows.at["interaction", count] == expected
    assert rows.at["feedback", count] == 0


def test_id_of_two_streams_is_counted(bronze: duckdb.DuckDBPyConnection) -> None:
    bronze.execute("update bronze.feedback set event_id = 'i3' where source_line = 3")
    assert frames(bronze)["bronze_day"].to_dict("records") == [{"ids": 50, "repeated_ids": 1}]


def test_other_landing_days_are_left_out_and_a_day_without_events_has_no_rows(
    bronze: duckdb.DuckDBPyConnection,
) -> None:
    for table in ("interaction", "feedback"):
        bronze.execute(f"update bronze.{table} set landed_date = date '2026-11-19'")
    assert [len(frame) for frame in frames(bronze).values()] == [0, 0, 0]
