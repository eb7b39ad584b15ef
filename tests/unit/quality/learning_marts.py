"""Rows of the marts that agents, patterns, texts and the documentation are learned from, each sound by itself."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.unit.quality.loop_marts import FINGERPRINT


def rows(day: date) -> dict[str, list[dict[str, Any]]]:
    """Return one row of each mart as of the day."""
    week, month = day - timedelta(days=8), day - timedelta(days=30)
    return {
        "mart_actions": [{"level": "root", "action": "refund", "kind": "action", "calls": 3}],
        "mart_agents": [_sums() | {"level": "root", "intent": "refund", "agent": "a"}],
        "mart_executions": [
            {"grain": grain, "level": "root", "id": "i1", "requests": n, "scored": 1, "score_sum": Decimal("7.5")}
            for grain, n in (("execution", 1), ("session", 2))
        ],
        "mart_feedback_calibration": [
            {"signal": "used_as_is", "is_derived": False, "map_score": 9.0}
            | {"scored": 2, "score_sum": 10.0, "score_sumsq": 68.0}
        ],
        "mart_fingerprints": [
            {"error_key": "k", "previous_fingerprint": FINGERPRINT, "fingerprint": FINGERPRINT, "occurrences": 2}
        ],
        "mart_first_steps": [{"path": ["refund"], "first_date": month, "last_date": week}],
        "mart_pattern_days": [{"kind": "intent", "name": "refund", "event_date": day, "n": 3}],
        "mart_rater_agreement": [
            {"kind": "score", "rater": "expert", "question": "", "scores": [2.5, 5.0], "items": 1, "patterns": 1}
        ],
        "mart_request_texts": [{"text": "where is my money", "in_vain": 1, "again": 0, "last_seen": day}],
        "mart_sequences": [{"actions": ["ask", "refund"], "sessions": 2}],
        "mart_workflows": [_sums() | {"kind": "call", "action": "search", "other": "", "tries": 0}],
    }


def _sums() -> dict[str, Any]:
    counts = dict.fromkeys(("requests", "failures", "duration_n", "cost_n", "tokens", "validations", "runs"), 1)
    spent = {"duration_ms": 9.0, "path_ms": 5.0, "cost_usd": 0.1, "calls": 5, "timed": 5, "costed": 1}
    return counts | spent | {"quality_n": 1, "quality_sum": 80.0, "scored": 1, "score_sum": 7.5}
