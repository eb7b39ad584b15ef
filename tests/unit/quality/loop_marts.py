"""Marts of fixes, their effect, hours and APIs that agree with each other and with the marts of `conftest.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

FINGERPRINT = "0123456789ab"


def rows(day: date, health: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return rows as of the day; `health` are those of mart_health_daily, whose requests all came at ten o'clock."""
    hours = [_hour(row) for row in health]
    failed = [hour for hour in hours if hour["service"]]
    return {
        "mart_fix_cases": [_case(day, n, failed) for n in range(2) for failed in (True, False)],
        "mart_error_impact": [{"fingerprint": FINGERPRINT, "measured": 6, "impact_minutes": 12.5}],
        "mart_impact_days": [_impact_day(day)],
        "mart_improvements": [_improvement(day)],
        "mart_tuning": [_durations(day), _run(day)],
        "mart_health_hourly": hours,
        "mart_failures_hourly": [_failures(hour) for hour in failed],
        "mart_api_endpoints": [
            {"api": "shop", "method": "GET", "path_template": "/x", "calls": 5, "failures": 1, "days": 3}
        ],
    }


def _hour(health: dict[str, Any]) -> dict[str, Any]:
    names = ("service", "requests", "failures", "duration_p50_ms", "duration_p95_ms", "duration_p99_ms")
    return {"metric_hour": datetime.combine(health["metric_date"], time(10))} | {name: health[name] for name in names}


def _failures(hour: dict[str, Any]) -> dict[str, Any]:
    key = {name: hour[name] for name in ("metric_hour", "service", "failures")}
    return key | {"error_kind": "Timeout: <n>", "status_code": ""}


def _case(day: date, n: int, failed: bool) -> dict[str, Any]:
    key = {"fingerprint": FINGERPRINT, "case_id": f"{failed}-{n}", "failed": failed}
    return key | {"occurred_at": datetime.combine(day, time(9)) - timedelta(days=n), "logged": 2}


def _impact_day(day: date) -> dict[str, Any]:
    key = {"improvement_id": "abc", "revision": 1, "event_date": day, "cohort": "affected", "holds_fix": True}
    return key | {"intents": 1, "attempts": 9, "failures": 3, "failed": 2}


def _improvement(day: date) -> dict[str, Any]:
    days = {"proposed_on": day - timedelta(days=9), "deployed_on": day - timedelta(days=8), "judged_on": day}
    return {"improvement_id": "abc", "revision": 1, **days, "predicted_effect": 0.9}


def _durations(day: date) -> dict[str, Any]:
    return {"setting": "timeout", "target": "ask", "event_date": day, "level": 0, "upper_ms": 25.0, "n": 3}


def _run(day: date) -> dict[str, Any]:
    return {"setting": "circuit_breaker", "target": "shop", "event_date": day, "level": 1, "upper_ms": None, "n": 3}
