"""Samples are drawn once a landing day, from its own files alone, and the same rows whenever they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pandas as pd
import pytest

from ratchet.contracts.streams import field_specs
from ratchet.home import Home
from ratchet.quality.drift_config import drift_config
from ratchet.quality.drift_samples import bronze_relation, drift_samples, sample_path, sample_sql

DAY = date(2026, 11, 20)
PROJECT = Path(__file__).parents[3]


class Bronze:
    """Bronze files of some days in a home whose name is awkward, and the queries that were run."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "it's [a] home*")
        self.queries: list[str] = []
        self.connection = duckdb.connect()
        self.connection.execute("set timezone = 'UTC'")

    def write(self, stream: str, day: date, rows: Sequence[dict[str, Any]]) -> None:
        path = self.path(stream, day)
        path.parent.mkdir(parents=True, exist_ok=True)
        specs = field_specs(stream)
        columns = ", ".join(f'"{s.name}" {s.sql_type}' for s in specs)
        self.connection.execute(f"create or replace table t ({columns}, landed_date date)")
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" for _ in row)
            self.connection.execute(f"insert into t ({names}, landed_date) values ({marks}, ?)", [*row.values(), day])
        literal = str(path).replace("'", "''")
        self.connection.execute(f"copy t to '{literal}' (format parquet)")

    def path(self, stream: str, day: date) -> Path:
        return self.home.bronze / stream / f"event_date={day}" / f"landed={day}.parquet"

    def files(self, stream: str, day: date) -> list[Path]:
        path = self.path(stream, day)
        return [path] if path.is_file() else []

    def frame(self, sql: str) -> pd.DataFrame:
        self.queries.append(sql)
        return self.connection.execute(sql).df()


def interactions(count: int, prefix: str = "i", **fields: Any) -> list[dict[str, Any]]:
    return [{"event_id": f"{prefix}{n}", "clock": "real", "duration_ms": float(n), **fields} for n in range(count)]


@pytest.fixture
def landed(tmp_path: Path) -> Bronze:
    bronze = Bronze(tmp_path)
    for back in range(3):
        bronze.write("interaction", DAY - timedelta(days=back), interactions(30, f"d{back}-"))
    ratings = [{"event_id": f"f{n}", "kind": "rating", "rating": 5.0} for n in range(4)]
    bronze.write("feedback", DAY, [*ratings, {"event_id": "f9", "kind": "comment"}])
    return bronze


def hashes(*backs: int) -> dict[date, str]:
    return {DAY - timedelta(days=back): f"hash {back}" for back in backs}


def drawn(bronze: Bronze, loads: dict[date, str], **changes: Any) -> Any:
    config = replace(drift_config(), **changes)
    return drift_samples(bronze.home, DAY, loads, bronze.frame, bronze.files, config)


def test_reference_is_the_landed_days_before_within_the_window(landed: Bronze) -> None:
    samples = drawn(landed, {**hashes(0, 1, 2), DAY + timedelta(days=1): "x", DAY - timedelta(days=29): "y"})
    assert samples.reference_days == (DAY - timedelta(days=2), DAY - timedelta(days=1))
    assert samples.current["record"].value_counts().to_dict() == {"interaction": 30, "feedback": 4}
    assert samples.reference["record"].value_counts().to_dict() == {"interaction": 60}
    assert samples.current["score"].dropna().tolist() == [10.0] * 4


def test_samples_are_drawn_once(landed: Bronze) -> None:
    first = drawn(landed, hashes(0, 1, 2))
    assert len(landed.queries) == 3
    again = drawn(landed, hashes(0, 1, 2))
    assert len(landed.queries) == 3
    pd.testing.assert_frame_equal(first.current, again.current)
    pd.testing.assert_frame_equal(first.reference, again.reference)


def test_sample_is_drawn_again_when_its_load_changed_or_it_is_gone(landed: Bronze) -> None:
    drawn(landed, hashes(0, 1, 2))
    changed = {**hashes(0, 1, 2), DAY - timedelta(days=1): "another load"}
    sample_path(landed.home, DAY - timedelta(days=2)).unlink()
    drawn(landed, changed)
    assert len(landed.queries) == 5


def test_sample_does_not_depend_on_the_order_of_rows(landed: Bronze) -> None:
    first = drawn(landed, hashes(0), current_rows=10).current
    landed.write("interaction", DAY, interactions(30, "d0-")[::-1])
    sample_path(landed.home, DAY).unlink()
    again = drawn(landed, hashes(0), current_rows=10).current
    assert len(first[first["record"] == "interaction"]) == 10
    pd.testing.assert_frame_equal(first, again)


def test_reference_takes_the_same_number_from_each_day(landed: Bronze) -> None:
    samples = drawn(landed, hashes(0, 1, 2), reference_rows=20)
    assert len(samples.reference) == 20
    assert samples.reference["position"].max() == 10


def test_day_without_files_gives_an_empty_sample(landed: Bronze) -> None:
    samples = drawn(landed, hashes(1, 2))
    assert samples.current.empty
    loads = {**hashes(1), DAY: "a day of blank lines"}
    landed.path("interaction", DAY).unlink()
    landed.path("feedback", DAY).unlink()
    assert drawn(landed, loads).current.empty


def test_steps_and_made_up_times_are_left_out(landed: Bronze) -> None:
    rows = [
        *interactions(1, "root", clock="synthetic"),
        *interactions(1, "step", parent_id="root0"),
        *interactions(1, "late", success=False, error="Timeout: took 30 s"),
    ]
    landed.write("interaction", DAY, rows)
    found = drawn(landed, hashes(0)).current.dropna(subset="success").set_index("success")
    assert sorted(found.index) == ["failure", "unknown"]
    assert pd.isna(found.at["unknown", "duration_ms"])
    assert found.at["failure", "error_kind"] == "Timeout"


def test_sample_has_the_columns_of_the_configuration() -> None:
    connection = duckdb.connect()
    relations = {stream: bronze_relation(stream, []) for stream in ("interaction", "feedback")}
    columns = connection.execute(sample_sql(DAY, **relations, rows=10)).df().columns
    assert set(columns) == {"record", "position", *(c.name for c in drift_config().columns)}


SCORES = [
    ("rating", {"rating": 1.0}, 0.0),
    ("rating", {"rating": 3.5}, 6.25),
    ("thumb", {"thumb": "up"}, 10.0),
    ("thumb", {"thumb": "down"}, 0.0),
    ("score", {"score": 3.0, "score_min": 1.0, "score_max": 5.0}, 5.0),
    ("score", {"score": 3.0, "score_min": 5.0, "score_max": 5.0}, None),
    ("score", {"score": 9.0, "score_min": 1.0, "score_max": 5.0}, None),
    ("behaviour", {"action": "immediate_retry"}, 2.0),
    ("behaviour", {"action": "edited_output"}, 6.0),
    ("behaviour", {"action": "used_as_is"}, 9.0),
    ("behaviour", {"action": "saved_to_favorites"}, 10.0),
    ("behaviour", {"action": "deleted_immediately"}, 1.0),
    ("behaviour", {"action": "shared_with_team"}, 10.0),
    ("behaviour", {"action": "stared_at_it"}, None),
    ("comment", {"comment": "nice"}, None),
]


@pytest.mark.parametrize(("kind", "fields", "expected"), SCORES)
def test_score_is_that_of_the_contract_and_of_the_marts(
    tmp_path: Path, kind: str, fields: dict[str, Any], expected: float | None
) -> None:
    bronze = Bronze(tmp_path)
    bronze.write("feedback", DAY, [{"event_id": "f", "kind": kind, **fields}])
    found = drawn(bronze, hashes(0)).current["score"].tolist()
    assert found == ([] if expected is None else [expected])
    macro = (PROJECT / "dbt_project" / "macros" / "scores.sql").read_text("utf-8") + "{{ feedback_score() }}"
    sql = jinja2.Template(macro).render()
    ((mart,),) = bronze.connection.execute(f"select {sql} from t").fetchall()
    assert mart == expected
