"""Health, trends and key figures, in the shapes in which the steps store them."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from tests.unit.analyze.test_trends import series_mart
from tests.unit.report.values import DAY, about, share

from ratchet import objectives
from ratchet.analyze.trends import find_trends
from ratchet.contracts.names import bounded
from ratchet.settings import config_folder


def judgement(metric: str, status: str, value: dict[str, Any], target: float, critical: float) -> dict[str, Any]:
    """Return one judged objective."""
    latency = metric.startswith("latency")
    return {
        "objective": metric,
        "status": status,
        "reason": "success rate: 86.1%, at least 90.0% wanted; the error budget burns 1.4 times too fast"
        if metric == "success_rate"
        else f"{metric}: measured against {target}",
        "value": value,
        "target": target,
        "critical": critical,
        "wanted_share": 0.95 if latency else None,
        "observed_ms": 2840.0 if latency else None,
        "window_days": 1,
        "floor": 30,
        "severity": "medium" if status == "degraded" else "none",
        "budget": {"days": 28, "allowed": 2270.0, "bad": 3100.0, "left": about(-0.366, 22700, 0.05)},
        "burns": [burn(1, 5.0, None), burn(72, 1.0, about(1.38, 2440, 0.13), fired=9)] if not latency else [],
        "season": {
            "bad_share": 0.139,
            "expected_share": 0.121,
            "n": 812,
            "p": 0.07,
            "level": 0.0016,
            "is_worse": False,
            "worse_hours": [],
            "reason": "",
        }
        if not latency
        else None,
    }


def backtest(detector: str, subject: str, false_alarms: int, misses: int) -> dict[str, Any]:
    """Return one detector over twenty nights of the past."""
    reading = {"threshold": 0.01, "false_alarms": share(false_alarms, 20), "misses": share(misses, 20)}
    return {
        "detector": detector,
        "subject": subject,
        "nights": 20,
        "spoke": 1,
        "clean": "nights without a logged incident or change",
        "planted": "a day on which the budget burns 3 times too fast",
        "now": reading,
        "wanted": None,
        "reason": "",
    }


def burn(hours: int, rate: float, now: dict[str, Any] | None, fired: int = 0) -> dict[str, Any]:
    """Return one window of an error budget."""
    few = {"value": None, "n": 12, "low": None, "high": None, "reason": "12 events, 30 are needed"}
    return {
        "hours": hours,
        "rate": rate,
        "now": now or few,
        "peak": 1.6 if now else None,
        "fired": fired,
        "since": "2026-11-20T15:00Z" if fired else None,
        "until": "2026-11-20T23:00Z" if fired else None,
        "is_burning": bool(fired),
        "is_fast": hours <= 6,
    }


def health(status: str = "degraded", names: tuple[str, ...] = ("chat", "batch")) -> dict[str, Any]:
    """Return health.json over services of these names; what went wrong is told of the first."""
    names = tuple(map(bounded, names))
    nothing = {"value": None, "n": 0, "low": None, "high": None, "reason": "nothing was logged"}
    judged = [
        judgement("success_rate", status, share(699, 812), 0.9, 0.75),
        judgement("error_rate", "healthy", about(0.041, 812, 0.014), 0.05, 0.2),
        judgement("latency_p95_ms", "healthy", share(801, 812), 10000, 30000),
        judgement("uptime", "no data", nothing, 0.99, 0.95),
    ]
    reason = "success rate: 86.1%, at least 90.0% wanted" if status != "healthy" else "3 objectives have data"
    services = [{"service": name, "status": status, "reason": reason, "objectives": judged} for name in names]
    return {
        "artifact": "health",
        "as_of": DAY.isoformat(),
        "status": status,
        "reason": reason,
        "objectives": judged,
        "services": services,
        "alerts": [
            {
                "alert_id": "6f5a253aebed",
                "kind": "burn",
                "service": name,
                "objective": "success_rate",
                "severity": "medium",
                "since": "2026-11-20T15:00Z",
                "is_on": not name,
                "reason": "the error budget burns 1.4 times too fast over 72 hours (limit 1)",
            }
            for name in ("", *names[:1])
        ]
        if status == "degraded"
        else [],
        "incidents": [
            {
                "kind": "burn",
                "service": names[0],
                "objective": "success_rate",
                "severity": "high",
                "since": "2026-11-20T14:00Z",
                "ended": "2026-11-20T17:00Z",
                "reason": "the error budget burns 16.2 times too fast over an hour (limit 14.4)",
            },
            {
                "kind": "source",
                "service": "",
                "objective": "s3-logs",
                "severity": "medium",
                "since": "2026-11-20T22:00Z",
                "ended": None,
                "reason": "the landing zone cannot be read",
            },
        ]
        if status == "degraded"
        else [],
        "rolled_back": [{"rollout_id": "smart-search", "reason": "errors are surely more frequent than without it"}]
        if status == "degraded"
        else [],
        "uptime": [
            {
                "service": name,
                "days": days,
                "by_request": share(806 * days, 812 * days),
                "by_minute": share(1180 * days, 1184 * days),
                "up_minutes": 1180 * days,
                "down_minutes": 4 * days,
                "unknown_minutes": 256 * days,
            }
            for name in ("", "chat")
            for days in (1, 7)
        ],
        "failure_classes": [
            {"service": name, "agent": 100, "infrastructure": 6, "user": 7, "agent_success": share(699, 799)}
            for name in ("", "chat")
        ],
        "failure_kinds": [
            {
                "failure_class": "infrastructure",
                "message_template": "HTTP <number>: insufficient credits",
                "status_code": "402",
                "sample": "HTTP 402: insufficient credits",
                "failures": 6,
                "first_hour": "2026-11-20T15:00Z",
                "last_hour": "2026-11-20T16:00Z",
            }
        ],
        "diagnosis": {
            "now": share(113, 812),
            "before": share(2200, 22000),
            "p": 0.0004,
            "reason": "",
            "contributions": [
                {
                    "dimension": "model",
                    "value": "large-2",
                    "rate_effect": 0.031,
                    "mix_effect": 0.004,
                    "share": 0.9,
                    "excess": 0.6,
                    "now": share(80, 300),
                    "before": share(700, 7000),
                }
            ],
            "changes": [
                {
                    "kind": "model",
                    "target": "assistant",
                    "before": "large-1",
                    "after": "large-2",
                    "service": "chat",
                    "occurred_at": "2026-11-20T14:30:00Z",
                }
            ],
        },
        "backtests": [backtest("season", "success_rate", 1, 2), backtest("burn over 6 h", "uptime", 0, 20)],
        "definitions": {
            "backtest": "each detector over the home's own past",
            "severity": "from how fast the error budget burns",
            "budget": "what is left of the bad events that the objective allows",
            "burn": "how many times too fast the budget burns",
            "season": "the day against the same hours of four weeks before",
            "availability": "share of requests that were not failed, of known minutes that were not down",
            "failure_class": "who failed",
            "diagnosis": "the day against the 29 days before",
            "status": "degraded: an interval lies wholly beyond its target",
            "latency": "share of timed root requests within the target",
            "window": "days up to the night",
        },
    }


_KPIS: tuple[tuple[str, str, str, float, str, str], ...] = (
    ("requests", "Requests", "count", 812, "changed", "requests"),
    ("active_users", "Active users", "count", 312, "good", "users"),
    ("success_rate", "Success rate", "share", 0.861, "good", "requests with a known outcome"),
    ("unknown_rate", "Unknown outcomes", "share", 0.016, "no clear change", "requests"),
    ("error_rate", "Errors per request", "ratio", 0.094, "bad", "requests"),
    ("feedback_rate", "Feedback rate", "share", 0.028, "no clear change", "requests"),
    ("satisfaction", "Satisfaction", "score", 7.1, "no clear change", "scores"),
    ("p95_ms", "Duration, 95th percentile", "ms", 2840.0, "no clear change", "timed requests"),
    ("cost_per_success_usd", "Cost per success", "usd", 0.0031, "not enough data", "successes"),
)


def trends() -> dict[str, Any]:
    """Return trends.json, of the real code over twelve weeks of planted days."""
    return find_trends(series_mart(DAY), objectives.load(config_folder()), DAY).as_artifact()


def _loop(metric: str, label: str, unit: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"metric": metric, "label": label, "unit": unit, "value": value, "definition": label, "source": "decisions"}


def kpis(features: tuple[str, ...] = ("smart_search", "summaries", "export")) -> dict[str, Any]:
    """Return kpis.json."""
    seed = random.Random(7)
    found = [_kpi(seed, *k) for k in _KPIS]
    nothing = {"value": None, "n": 0, "low": None, "high": None, "reason": "nothing was logged"}
    uptime = _kpi(seed, "uptime_heartbeat", "Uptime", "share", 0.99, "not enough data", "heartbeats")
    change = {"against": None, "days": 0, "reference": None, "difference": nothing, "verdict": "not enough data"}
    empty = [{"day": p["day"], "value": None, "n": 0} for p in uptime["series"]]
    uptime |= {"value": nothing, "week": nothing, "week_before": change, "trailing": change, "series": empty}
    return {
        "artifact": "kpis",
        "as_of": DAY.isoformat(),
        "reason": "",
        "kpis": [*found, uptime],
        "undefined": [],
        "loop": [
            _loop("gaps_found", "Gaps found this week", "count", {"value": 4, "n": 4, "low": None, "high": None}),
            _loop("capabilities_added", "Capabilities added", "count", {"value": 1, "n": 1, "low": None, "high": None}),
            _loop("auto_healing", "Auto-healing that worked", "share", share(5, 7)),
            _loop("experiments_improved", "Experiments that improved", "share", nothing),
        ],
        "adoption": [
            {"feature": f, "new": i == 0, "units": 290 - i, "share": share(290 - i, 312)}
            for i, f in enumerate(features)
        ],
        "definitions": {
            "gaps_found": "feature gaps first proposed in the last 7 days",
            "capabilities_added": "API clients that were deployed",
            "auto_healing": "deployments that no person approved whose effect was verified",
            "adoption": "units that used a feature in 30 days",
            "value": "of the night's day",
            "week": "the same over the seven days that end with it",
            "week_before": "against the same weekday a week before",
            "trailing": "against the days of the series before it",
            "difference": "with its 99% interval",
            "verdict": "good, bad or changed only where that interval leaves out zero",
        },
    }


def _kpi(
    seed: random.Random, metric: str, label: str, unit: str, value: float, verdict: str, counted: str
) -> dict[str, Any]:
    days = [DAY - timedelta(days=27 - i) for i in range(28)]
    values: list[float | None] = [value * (0.97 + seed.gauss(0, 0.015)) for _ in days]
    values[9] = None if unit == "ms" else values[9]
    values[-1] = value
    known = [v for v in values[:-1] if v is not None]
    reference, wide = sum(known) / len(known), value * 0.05
    difference = about(value - reference, 1600, wide)
    return {
        "metric": metric,
        "label": label,
        "kind": "share",
        "unit": unit,
        "higher_is_better": True,
        "counted": counted,
        "definition": f"{label.lower()} of what users asked",
        "value": about(value, 812, 0.03 * value)
        if unit in ("share", "score", "ratio")
        else {"value": value, "n": 812, "low": None, "high": None, "reason": "a count is complete"},
        "week": about(value * 0.98, 5600, 0.01 * value),
        "week_before": {
            "against": "2026-11-13",
            "days": 1,
            "reference": values[-8],
            "difference": about(value - (values[-8] or 0), 1600, 0.02 * value),
            "verdict": verdict,
        },
        "trailing": {"against": None, "days": 27, "reference": reference, "difference": difference, "verdict": verdict},
        "series": [{"day": d.isoformat(), "value": v, "n": 812} for d, v in zip(days, values, strict=True)],
    }
