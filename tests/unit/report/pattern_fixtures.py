"""Patterns of every kind as a night stores them, with the names that a test gives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from tests.unit.report.health_fixtures import backtest

_DEFINITIONS = ("frequent", "course", "sequence", "lift", "correlation", "hour", "intent", "backtest")
_OF_WORKFLOWS = ("repeat", "changed", "loop", "succeeds", "cycle", "path", "share", "pair")


def estimate(value: float, n: int = 100) -> dict[str, Any]:
    """Return an estimate with bounds a tenth to either side."""
    return {"value": value, "n": n, "low": value * 0.9, "high": value * 1.1}


def patterns(names: Sequence[str] = ("search", "export", "book_flight")) -> dict[str, Any]:
    """Return every kind of pattern, about these names."""
    courses = ("rising", "new", "falling", "no clear change")
    kinds = ("intent", "failed intent", "error")
    return {
        "artifact": "patterns",
        "as_of": "2026-11-20",
        "reason": "",
        "frequent": [_frequent(kinds[i % 3], name, courses[i % 4]) for i, name in enumerate(names)],
        "sequences": [_sequence(list(names[i : i + 2]), names[i]) for i in range(len(names) - 1)],
        "correlations": [
            {
                "first": "API failures",
                "second": "Satisfaction",
                "lag_days": 1,
                "rho": {"value": -0.71, "n": 69, "low": -0.82, "high": -0.56},
                "adjusted_p": 0.001,
                **_lead(None, "moving together says nothing of causes: only an experiment does"),
            }
        ],
        "hours": [
            {
                "figure": figure,
                "label": label,
                "hour": "2026-11-20T09:00Z",
                "is_high": figure != "requests",
                "value": value,
                "expected": {"value": value / 2, "n": 4, "low": None, "high": None},
                "score": 2.4,
                **_lead(None, "an hour is looked into, not improved: see health, errors and changes of that day"),
            }
            for figure, label, value in (("errors", "Errors", 41.0), ("p95_ms", "Duration, 95th percentile", 5200.0))
        ],
        "intents": [
            {
                "intent": name,
                "is_high": True,
                "requests": 310,
                "expected": {"value": 120.0, "n": 55, "low": 90.0, "high": 160.0},
                "adjusted_p": 0.0002,
                **_lead(None, "people asked more or less than usual: nothing is broken by that"),
            }
            for name in names[:12]
        ],
        "backtests": [
            backtest("unusual hours", "any hourly figure", 1, 3),
            {**backtest("correlation", "any two key figures", 0, 0), "now": None, "reason": "needs two figures"},
        ],
        **workflows(names),
        "looked_at": {
            "frequent": len(names),
            "sessions": 1200,
            "sequences_tested": 9,
            "figures_correlated": 11,
            "hourly_figures": 4,
            "hours_backtest_days": 56,
            "hours_backtest_unusual": 1,
            "intents_judged": 7,
            "intents_backtest_days": 49,
            "intents_backtest_unusual": 0,
            "calls": 5200,
            "requests_timed": 800,
        },
        "definitions": {name: f"what {name} means" for name in (*_DEFINITIONS, *_OF_WORKFLOWS)},
    }


def workflows(names: Sequence[str]) -> dict[str, Any]:
    """Return every kind of finding about workflows; most belongs to the first name."""
    spent = {"calls": 84, "timed": 84, "duration_ms": 61_000.0, "costed": 80, "cost_usd": 0.42}
    untimed = {"calls": 25, "timed": 0, "duration_ms": None, "costed": 0, "cost_usd": None}
    seen = {"sessions": 31, "verdict": "avoidable", "sample_event_ids": ["st_1", "st_2"]}
    tried = {"failures": 3, "succeeds": estimate(0.02, 90), "in_vain": untimed}
    pairs = list(pairwise(names))
    return {
        "repeats": [
            {
                "action": name,
                "calls": 900,
                "repeats": 120,
                "changed": estimate(0.01, 85),
                "spared": spent,
                "unknown": 3,
                "written": 32,
                "oldest_s": 240.0,
                **seen,
            }
            for name in names[:12]
        ],
        "loops": [{"action": name, "calls": 400, "loops": 12, **tried, **seen} for name in names[:12]],
        "cycles": [
            {"first": a, "second": b, "cycles": 6, "in_vain": untimed, **seen | {"verdict": "not enough data"}}
            for a, b in pairs[:2]
        ],
        "paths": [
            {
                "intent": name,
                "requests": 300,
                "path_ms": 4200.0,
                "work_ms": 5000.0,
                "at_once": 0.16,
                "slowest": name,
                "sample_event_ids": ["in_1"],
            }
            for name in names[:12]
        ],
        "path_steps": [
            {
                "intent": name,
                "action": action,
                "steps": 300,
                "requests": 300,
                "on_path": estimate(0.8, 300),
                "share": share,
                "own_ms": 4200.0 * share,
                "sample_event_ids": ["st_1"],
            }
            for name in names[:12]
            for action, share in ((name, 0.62), ("", 0.2))
        ],
        "pairs": [
            {
                "first": a,
                "second": b,
                "pairs": 220,
                "free": estimate(0.9, 210),
                "unknown": 10,
                "requests": 200,
                "saved_ms": 90_000.0,
                "verdict": "avoidable",
                "sample_event_ids": ["st_1"],
            }
            for a, b in pairs[:2]
        ],
    }


def no_patterns() -> dict[str, Any]:
    """Return the patterns of a night on which nothing was logged."""
    found = patterns()
    empty: dict[str, Any] = {key: [] for key, value in found.items() if isinstance(value, list)}
    return found | empty | {"reason": "nothing was logged", "looked_at": dict.fromkeys(found["looked_at"], 0)}


def _lead(target: str | None, why: str) -> dict[str, Any]:
    return {"leads_to": target, "because": why}


def _frequent(kind: str, name: str, course: str) -> dict[str, Any]:
    trend = {"ratio": estimate(2.1, 180), "now": 60, "before": 120, "q": 0.001}
    return {"kind": kind, "name": name, "key": name, "course": course, "trend": trend, "dispersion": 1.2} | _lead(
        None, "being asked for often is no fault"
    )


def _sequence(actions: list[str], last: str) -> dict[str, Any]:
    return {
        "actions": [*actions, f"{last} (failed)"],
        "sessions": 240,
        "support": estimate(0.2, 1200),
        "confidence": estimate(0.8, 300),
        "lift": 3.2,
        "q": 0.0001,
        **_lead("feedback_task", "what fails after the same steps can be mended where the steps meet"),
    }
