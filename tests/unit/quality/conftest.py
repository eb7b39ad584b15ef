"""Frames of a good small day: every suite passes on them, and each mutation breaks one thing."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import duckdb
import pandas as pd
import pytest

from ratchet.contracts.streams import STREAMS, field_specs
from ratchet.quality.bronze_sql import bronze_queries
from ratchet.quality.raw_frames import raw_frames

DAY = date(2026, 11, 20)


@pytest.fixture
def day() -> date:
    return DAY


@pytest.fixture
def settings() -> SimpleNamespace:
    return SimpleNamespace(max_quarantine_share=0.05, gap_window_days=7, suggestion_window_days=30)


def load_report(landed: date, **changes: Any) -> dict[str, Any]:
    report: dict[str, Any] = {
        "landed_date": landed.isoformat(),
        "input_hash": "0" * 64,
        "files": [
            {
                "source": "native",
                "file": f"dt={landed}/a.jsonl",
                "bytes": 4000,
                "lines": 44,
                "loaded": 40,
                "duplicates": 1,
                "quarantined": 2,
                "blank": 1,
                "problem": None,
            },
            {
                "source": "native",
                "file": f"dt={landed}/b.jsonl",
                "bytes": 1000,
                "lines": 10,
                "loaded": 10,
                "duplicates": 0,
                "quarantined": 0,
                "blank": 0,
                "problem": None,
            },
        ],
        "totals": {"lines": 54, "loaded": 50, "duplicates": 1, "quarantined": 2, "blank": 1},
        "streams": [
            {"stream": "interaction", "loaded": 40, "late": 2, "earliest": None, "latest": None, "synthetic": 0},
            {"stream": "feedback", "loaded": 10, "late": 0, "earliest": None, "latest": None, "synthetic": 0},
        ],
        "reasons": [{"reason": "not_json", "lines": 1}, {"reason": "clock", "lines": 1}],
        "unknown_fields": [],
        "redactions": [],
        "quarantined_share": 2 / 53,
    }
    return {**report, **changes}


@pytest.fixture
def reports() -> list[dict[str, Any]]:
    return [load_report(DAY - timedelta(days=n)) for n in range(5)]


def bronze_database(interactions: int = 40, feedback: int = 10) -> duckdb.DuckDBPyConnection:
    """Return an in-memory database with the bronze relations of one landing day."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'; create schema bronze")
    for stream in STREAMS:
        columns = ", ".join(f'"{spec.name}" {spec.sql_type}' for spec in field_specs(stream))
        connection.execute(
            f"create table bronze.{stream} ({columns}, source varchar, source_file varchar, source_line bigint, "
            "landed_date date, event_date date)"
        )
    provenance = f"'native', 'a.jsonl', i, date '{DAY}', date '{DAY}'"
    connection.execute(
        "insert into bronze.interaction (event_id, occurred_at, clock, user_id, intent, success, duration_ms, "
        "quality_score, source, source_file, source_line, landed_date, event_date) "
        f"select 'i' || i, timestamp '{DAY} 10:00:00', 'real', 'u' || i % 7, 'refund', i % 3 > 0, i * 10.0, 80, "
        f"{provenance} from range({interactions}) t(i)"
    )
    connection.execute(
        "insert into bronze.feedback (event_id, occurred_at, clock, interaction_id, kind, rating, source, source_file, "
        f"source_line, landed_date, event_date) select 'f' || i, timestamp '{DAY} 11:00:00', 'real', 'i' || i, "
        f"'rating', 1 + i % 5, {provenance} from range({feedback}) t(i)"
    )
    return connection


@pytest.fixture
def bronze() -> duckdb.DuckDBPyConnection:
    return bronze_database()


@pytest.fixture(scope="session")
def bronze_frames() -> dict[str, pd.DataFrame]:
    connection = bronze_database()
    return {name: connection.execute(sql).df() for name, sql in bronze_queries(DAY).items()}


@pytest.fixture
def good_raw(reports: list[dict[str, Any]], bronze_frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return raw_frames(reports, {name: frame.copy() for name, frame in bronze_frames.items()}, DAY)
