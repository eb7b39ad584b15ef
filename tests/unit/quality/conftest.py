"""Frames of a good small day: every suite passes on them, and each mutation breaks one thing."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from tests.unit.quality import learning_marts, loop_marts

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


def _gaps(window: int, intent: str, requests: int, failures: int) -> dict[str, Any]:
    return {
        "window_days": window,
        "intent": intent,
        "unit_kind": "user",
        "requests": requests,
        "successes": requests - failures - 1,
        "failures": failures,
        "unknown": 1,
        "units": 4,
        "failing_units": min(failures, 2),
        "previous_requests": 9,
        "previous_failures": 1,
        "first_seen": DAY - timedelta(days=window - 1),
        "last_seen": DAY,
        "sample_event_ids": [f"i{n}" for n in range(min(failures, 5))],
        "sample_requests": ["where is my money"],
    }


def _usage(window: int, level: str, dimension: str, value: str, requests: int) -> dict[str, Any]:
    failures = {10: 4, 20: 7, 30: 9}.get(requests, 2)
    unknown = {10: 2, 20: 2, 30: 2}.get(requests, 1)
    return {
        "window_days": window,
        "level": level,
        "dimension": dimension,
        "value": value,
        "requests": requests,
        "successes": requests - failures - unknown,
        "failures": failures,
        "unknown": unknown,
        "units": 4,
        "duration_n": 5,
        "duration_p50_ms": 100.0,
        "duration_p95_ms": 300.0,
        "duration_p99_ms": 400.0,
        "input_tokens": 1000,
        "output_tokens": 400,
        "cost_usd": 0.02,
    }


def _health(metric_date: date, service: str, requests: int) -> dict[str, Any]:
    return {
        "metric_date": metric_date,
        "service": service,
        "requests": requests,
        "successes": requests - 6,
        "failures": 4,
        "unknown": 2,
        "errors": 3,
        "api_calls": 5,
        "api_failures": 1,
        "heartbeats": 24,
        "heartbeats_up": 23,
        "scored": 4,
        "low": 1,
        "duration_n": 5,
        "duration_p50_ms": 100.0,
        "duration_p95_ms": 300.0,
        "duration_p99_ms": 400.0,
        "input_tokens": 1000,
        "output_tokens": 400,
        "cost_usd": 0.02,
        "units": 4,
    }


def _kpis(metric_date: date, window: int) -> list[dict[str, Any]]:
    figures = {
        "requests": (10 if window == 1 else 20, 1),
        "success_rate": (4, 8),
        "satisfaction": (24.0, 4),
        "p50_ms": (100.0, 1),
        "p95_ms": (300.0, 1),
        "p99_ms": (400.0, 1),
    }
    key = {"metric_date": metric_date, "window_days": window}
    return [{**key, "metric": m, "numerator": a, "denominator": b, "n": 8} for m, (a, b) in figures.items()]


def _error(window_occurrences: int = 6) -> dict[str, Any]:
    return {
        "fingerprint": "0123456789ab",
        "fingerprint_version": 2,
        "error_type": "Timeout",
        "message_template": "took <duration>",
        "sample_message": "took 30 s",
        "occurrences": window_occurrences,
        "previous_occurrences": 3,
        "occurrences_total": 12,
        "units": 2,
        "unit_kind": "user",
        "interactions": 5,
        "handled": 1,
        "first_seen": DAY - timedelta(days=20),
        "last_seen": DAY,
        "days": 3,
        "exposure_days": 7,
        "previous_exposure_days": 28,
    }


def _feedback(window: int) -> dict[str, Any]:
    return {
        "window_days": window,
        "intent": "refund",
        "kind": "rating",
        "rater": None,
        "feedback": 5,
        "scored": 4,
        "low": 1,
        "score_sum": 24.0,
        "score_sumsq": 180.0,
        "unknown_action": 0,
        "units": 4,
        "rating_sum": 13.6,
        "rating_n": 4,
    }


def _arm(variant: str, units: int) -> dict[str, Any]:
    sums = dict.fromkeys(("sum_y", "sum_yy", "sum_d", "sum_dd", "sum_yd", "sum_x", "sum_xx", "sum_xy", "sum_xd"), 3.0)
    pairs = {"pairs": 3, "pair_sum": 1.0, "pair_sum_squares": 3.0, "pairs_higher": 2, "pairs_lower": 1}
    return {
        "trial_id": "prompt",
        "phase": 1,
        "kind": "experiment",
        "variant": variant,
        "is_control": variant == "a",
        "metric": "accepted",
        "metric_kind": "ratio",
        "units": units,
        "units_with_value": 3,
        "observations": 4,
        **sums,
        "winsor_cap": None,
        **pairs,
        "pairs_only_here": 0,
        "pairs_only_control": 1,
        "histogram_buckets": [],
        "histogram_counts": [],
    }


def _arm_units(variant: str, dimension: str, value: str, units: int) -> dict[str, Any]:
    key = {"trial_id": "prompt", "phase": 1, "variant": variant, "dimension": dimension, "value": value}
    return {**key, "units": units, "crossovers": 1, "rebucketed": 0, "exposed_after_outcome": 1}


@pytest.fixture
def good_marts() -> dict[str, pd.DataFrame]:
    """Return marts as of the day that agree with each other: 10 requests today, 20 in 7 days, 30 in 30."""
    dates = [DAY - timedelta(days=1), DAY]
    rows: dict[str, list[dict[str, Any]]] = {
        "mart_feature_gaps": [
            _gaps(7, "refund", 15, 6),
            _gaps(7, "", 5, 1),
            _gaps(30, "refund", 20, 7),
            _gaps(30, "", 10, 2),
        ],
        "mart_feature_gap_errors": [
            {"window_days": window, "intent": intent, "error_kind": kind, "failures": failures, "units": 1}
            for window, intent, kind, failures in (
                (7, "refund", "Timeout: <n>", 4),
                (7, "refund", "", 2),
                (7, "", "", 1),
                (30, "refund", "Timeout: <n>", 7),
                (30, "", "", 2),
            )
        ],
        "mart_errors": [_error()],
        "mart_feedback": [_feedback(7), _feedback(30)],
        "mart_feedback_response": [
            {"window_days": 7, "intent": "refund", "agent_tier": "", "requests": 15, "requests_with_feedback": 5}
        ],
        "mart_feedback_comments": [
            {"intent": "refund", "rank": 1, "event_id": "f1", "score": 0.0, "comment": "no", "interaction_id": "i1"}
        ],
        "mart_health_daily": [_health(d, s, 10) for d in dates for s in ("", "chat")],
        "mart_usage": [
            *(_usage(w, "root", "all", "", n) for w, n in ((1, 10), (7, 20), (30, 30))),
            *(_usage(w, "root", "model", "small", n) for w, n in ((1, 6), (7, 12), (30, 25))),
        ],
        "mart_experiments": [_arm("a", 5), _arm("b", 4)],
        "mart_experiment_units": [
            _arm_units(variant, *cut, units)
            for variant, units in (("a", 5), ("b", 4))
            for cut in (("all", ""), ("day", str(DAY)))
        ],
        "mart_kpis_daily": [row for d in dates for w in (1, 7) for row in _kpis(d, w)],
    }
    rows |= loop_marts.rows(DAY, rows["mart_health_daily"]) | learning_marts.rows(DAY)
    return {name: pd.DataFrame([{"as_of": DAY, **row} for row in found]) for name, found in rows.items()}


class Traffic:
    """Seeded days of one believable assistant, as samples of drift; a shift is an argument of `day`."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.intents = [f"intent {k:02d}" for k in range(30)]
        self.mix = 1 / np.arange(1, 31) / (1 / np.arange(1, 31)).sum()

    def day(
        self,
        rows: int,
        scores: int,
        *,
        slower: float = 1.0,
        new_intent: float = 0.0,
        success: float = 0.8,
        model: float = 0.3,
        cost_logged: float = 1.0,
        unhappy: float = 0.2,
    ) -> pd.DataFrame:
        """Return a sample of so many interactions and scores."""
        draw = self.random
        outcome = draw.choice(["success", "failure", "unknown"], rows, p=[success, 0.95 - success, 0.05])
        errors = draw.choice(["Timeout", "RateLimitError", "KeyError"], rows, p=[0.5, 0.3, 0.2])
        intent = np.where(draw.random(rows) < new_intent, "new intent", draw.choice(self.intents, rows, p=self.mix))
        interactions = {
            "record": np.full(rows, "interaction"),
            "duration_ms": draw.lognormal(7, 1, rows) * slower,
            "input_tokens": draw.integers(10, 900, rows).astype(float),
            "output_tokens": draw.lognormal(5, 0.7, rows).round(),
            "cost_usd": np.where(draw.random(rows) < cost_logged, draw.gamma(2, 0.01, rows), np.nan),
            "quality_score": np.where(draw.random(rows) < 0.5, draw.normal(70, 10, rows), np.nan),
            "intent": np.where(draw.random(rows) < 0.1, None, intent),
            "model": draw.choice(["large", "small"], rows, p=[1 - model, model]),
            "agent": draw.choice(["a", "b", "c"], rows),
            "success": outcome,
            "error_kind": np.where(outcome == "failure", errors, None),
            "score": np.full(rows, np.nan),
        }
        good = np.array([0.1, 0.3, 0.6]) * (1 - unhappy)
        given = draw.choice([0, 2.5, 5, 7.5, 10], scores, p=[unhappy / 2, unhappy / 2, *good])
        empty = {
            name: np.full(scores, np.nan if column.dtype == float else None) for name, column in interactions.items()
        }
        feedback = {**empty, "record": np.full(scores, "feedback"), "score": given}
        joined = {name: np.concatenate([column, feedback[name]]) for name, column in interactions.items()}
        return pd.DataFrame(joined)


@pytest.fixture
def traffic() -> Traffic:
    return Traffic(20261121)


@pytest.fixture
def four_weeks() -> list[date]:
    return [DAY - timedelta(days=n) for n in range(28, 0, -1)]
