"""A night's results by hand, in the shapes in which the steps store them; a test holds them against the schemas."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from typing import Any

from tests.unit.analyze.test_trends import series_mart
from tests.unit.report import fix_fixtures, impact_fixtures, trial_fixtures

from ratchet import objectives
from ratchet.analyze.trends import find_trends
from ratchet.contracts.improvements import Improvement, ImprovementType, Priority, State
from ratchet.settings import config_folder

DAY = date(2026, 11, 20)
STEPS = (
    "ingest",
    "check_raw",
    "build_marts",
    "check_marts",
    "drift",
    "gaps",
    "errors",
    "feedback",
    "usage",
    "health",
    "trends",
    "tuning",
    "kpis",
    "experiments",
    "rollouts",
    "impact",
    "apis",
    "fixes",
    "proofs",
    "improvements",
)
HOSTILE = (
    "<script>alert('xss')</script>",
    "\"><img src=x onerror=alert(1)> & 'quotes'",
    "{{ 7 * 7 }} {% raw %}",
    "\u202egnirts desrever\u202c and שלום עולם",
    "👩‍👩‍👧 naïve \x07 bell \x00 nul",
    "| pipe | `code` **bold** [link](javascript:alert(1)) # head",
    "=cmd|' /C calc'!A0",
    "x" * 10_000,
    "عربي\u2067 mixed \ud800 lone",
    "two\nlines\r\nand a\ttab",
)


def share(part: int, n: int) -> dict[str, Any]:
    """Return a share with Wilson's interval."""
    if not n:
        return {"value": None, "n": 0, "low": None, "high": None, "reason": "no request has a known outcome"}
    p, z = part / n, 1.959964
    middle, half = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return {"value": p, "n": n, "low": (middle - half) / (1 + z * z / n), "high": (middle + half) / (1 + z * z / n)}


def about(value: float, n: int, wide: float) -> dict[str, Any]:
    """Return any other estimate."""
    return {"value": value, "n": n, "low": value - wide, "high": value + wide}


def ids(name: str, n: int = 5) -> list[str]:
    """Return sample event ids."""
    return [f"evt-{name[:4]}-{i:06x}" for i in range(n)]


def load() -> dict[str, Any]:
    """Return a load report."""
    streams = (("interaction", 8120, 201), ("error", 412, 3), ("feedback", 611, 8), ("api_call", 2410, 0))
    return {
        "landed_date": DAY.isoformat(),
        "input_hash": "0" * 64,
        "files": [
            _file("app-1.jsonl.gz", None),
            _file("app-2.jsonl.gz", None),
            _file("cut.jsonl.gz", "truncated gzip"),
        ],
        "totals": {"lines": 12410, "loaded": 12161, "duplicates": 143, "quarantined": 98, "blank": 8},
        "streams": [
            {
                "stream": name,
                "loaded": n,
                "late": late,
                "earliest": "2026-11-18T04:12:00",
                "latest": "2026-11-20T23:59:58.120000",
                "synthetic": 0,
            }
            for name, n, late in streams
        ],
        "reasons": [{"reason": "not_json", "lines": 61}, {"reason": "missing_field", "lines": 37}],
        "unknown_fields": [{"stream": "interaction", "field": "ab_bucket", "events": 420}],
        "redactions": [{"kind": "email", "values": 31}, {"kind": "api_key", "values": 2}],
        "quarantined_share": 98 / 12410,
    }


def _file(name: str, problem: str | None) -> dict[str, Any]:
    counts = {"bytes": 120_000, "lines": 4136, "loaded": 4050, "duplicates": 47, "quarantined": 33, "blank": 6}
    return {"source": "native", "file": f"dt={DAY}/{name}", **counts, "problem": problem}


def check(name: str, *, passed: bool = True, severity: str = "fail", observed: str = "0 of 412 rows") -> dict[str, Any]:
    """Return one check's result."""
    suite, _, rest = name.partition(".")
    return {
        "suite": suite,
        "check": rest,
        "column": "score",
        "severity": severity,
        "passed": passed,
        "outcome": "passed" if passed else "failed",
        "rows": 412,
        "failing": 0 if passed else 49,
        "observed": observed,
        "expected": "at most 10% of values missing",
        "why": "2026-11-21: measured on the sample logs",
        "cure": "ask the application's owner why scores are missing",
    }


def gate(stage: str, *checks: dict[str, Any]) -> dict[str, Any]:
    """Return one gate."""
    broken = [c for c in checks if not c["passed"]]
    failed = [c for c in broken if c["severity"] == "fail"]
    headline = f"{stage} gate {'failed' if failed else 'passed'}: {len(broken)} of {len(checks)} checks broken"
    return {
        "stage": stage,
        "passed": not failed,
        "headline": headline,
        "checks": len(checks),
        "failed": len(failed),
        "warned": len(broken) - len(failed),
        "not_judged": 0,
        "results": list(checks),
    }


def quality(*gates: dict[str, Any]) -> dict[str, Any]:
    """Return quality.json; without gates both pass and one check warns."""
    missing = check("feedback.score_present", passed=False, severity="warn", observed="11.9% of 411 values missing")
    shown = gates or (
        gate("raw", *(check(f"interaction.check_{i}") for i in range(47)), missing),
        gate("marts", *(check(f"mart_usage.check_{i}") for i in range(62))),
    )
    return {"as_of": DAY.isoformat(), "passed": all(g["passed"] for g in shown), "gates": list(shown)}


def trend(now: int, before: int, ratio: float | None) -> dict[str, Any]:
    """Return a rate ratio."""
    found = about(ratio, now + before, ratio * 0.4) if ratio else {"value": None, "n": 0, "low": None, "high": None}
    reason = {} if ratio else {"reason": "nothing happened before"}
    return {"ratio": found | reason, "now": now, "before": before, "q": 0.004}


def gap(name: str, demand: int, requests: int, status: str, priority: str) -> dict[str, Any]:
    """Return one feature gap."""
    window = {
        "requests": requests,
        "failures": demand,
        "unknown": 2,
        "units": demand // 2 + 3,
        "failing_units": demand // 2,
        "failure_rate": share(demand, requests),
        "rest_failure_rate": 0.11,
        "lift": about(5.1, requests, 1.2),
        "lift_q": 0.001,
    }
    return {
        "feature": name,
        "demand": demand,
        "priority": priority,
        "status": status,
        "units": demand // 2 + 3,
        "failing_units": demand // 2,
        "unit_kind": "user",
        "requests": requests,
        "unsupported": demand // 3,
        "previous_demand": demand // 2,
        "failure_rate": share(demand, requests),
        "trend": trend(demand // 2, demand - demand // 2, None if status == "new" else 1.9),
        "score": about(demand * 1.5, requests, demand * 0.4),
        "windows": {"30": window, "7": window},
        "first_seen": "2026-11-02",
        "last_seen": DAY.isoformat(),
        "errors": [
            {"error": "UnsupportedError: cannot <word>", "failures": 4, "units": 3, "sample_event_ids": ids("er")}
        ],
        "samples": [f"please {name.replace('_', ' ')} for me", "why can't you do that?"],
        "sample_event_ids": ids(name),
    }


def features(names: tuple[str, ...] = ("export_calendar", "translate_document", "split_invoice")) -> dict[str, Any]:
    """Return features.json."""
    kinds = (("new", "high"), ("growing", "high"), ("stable", "medium"), ("shrinking", "medium"), ("fixed", "low"))
    found = [gap(n, max(46 - 9 * i, 6), max(53 - 7 * i, 12), *kinds[i % 5]) for i, n in enumerate(names)]
    return {
        "artifact": "features",
        "as_of": DAY.isoformat(),
        "reason": "",
        "gap_window_days": 7,
        "suggestion_window_days": 30,
        "requests": 21480,
        "failures": 2310,
        "unknown": 320,
        "failure_rate": share(2310, 21160),
        "features": found,
        "ordinary": [{"feature": "book_flight", "failures": 41, "failure_rate": share(41, 900)}],
        "not_computable": [{"reason": "no intent was logged", "intents": 1, "requests": 310, "failures": 12}],
        "below_floor": {"reason": "at most 5 failed requests", "intents": 18, "requests": 900, "failures": 44},
        "definitions": {
            "feature": "the logged intent of what users asked",
            "demand": "failed requests in the last 30 days",
            "priority": "high above 20 failed requests",
            "failure_rate": "failed of the requests with a known outcome, with Wilson's 95 % interval",
            "gap": "more than 5 failed requests by at least 2 units",
            "trend": "failed requests per request of the last 7 days over the 23 days before",
            "status": "new: a rise from nothing; growing, shrinking: beyond chance",
        },
    }


def error(name: str, message: str, occurrences: int, state: str) -> dict[str, Any]:
    """Return one kind of error."""
    return {
        "fingerprint": f"{occurrences:012x}",
        "fingerprint_version": 2,
        "error_type": name,
        "message_template": message,
        "frames": [f"call(assistant.{name.lower()})"],
        "culprit": f"call(assistant.{name.lower()})",
        "kinds": 1,
        "state": state,
        "occurrences": occurrences,
        "previous_occurrences": occurrences * 2,
        "occurrences_total": occurrences * 4,
        "units": occurrences // 3,
        "unit_kind": "user",
        "interactions": occurrences,
        "days": 7,
        "handled": share(occurrences // 4, occurrences),
        "trend": trend(occurrences, occurrences * 2, 2.1),
        "score": about(occurrences * 0.7, occurrences, 3.0),
        "first_seen": "2026-11-02",
        "last_seen": DAY.isoformat(),
        "returned_on": None,
        "fixed_on": None,
        "introduced_by": {
            "change_id": "chg_release",
            "kind": "release",
            "target": "assistant",
            "before": "2.3",
            "after": "2.4",
            "at": "2026-11-01T22:00:00Z",
            "hours_before": 3.5,
        },
        "apis": ["calendar"],
        "http_statuses": [429],
        "sample_message": message,
        "sample_event_ids": ids(name),
    }


def errors(found: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return errors.json."""
    kinds = (
        found
        if found is not None
        else [
            error("RateLimitError", "too many requests to <api>, retry after <int> s", 188, "escalating"),
            error("TimeoutError", "no answer within <duration>", 96, "ongoing"),
            error("KeyError", "<quoted>", 31, "new"),
        ]
    )
    return {
        "artifact": "errors",
        "as_of": DAY.isoformat(),
        "reason": "",
        "kinds": len(kinds) + 6,
        "occurrences": sum(e["occurrences"] for e in kinds) + 9,
        "previous_occurrences": sum(e["previous_occurrences"] for e in kinds),
        "states": {"new": 1, "escalating": 1, "ongoing": 1, "resolved": 0, "not enough data": 0},
        "errors": kinds,
        "below_floor": {"reason": "fewer than 10 occurrences in 35 days", "errors": 6, "occurrences": 21},
        "impact": [
            {"fingerprint": e["fingerprint"], "impact_minutes": 2.5 * e["units"], "measured": e["occurrences"]}
            for e in kinds
        ],
        "definitions": {
            "error": "error type and message template",
            "state": "new: first seen in the last 7 days",
            "units": "distinct units that met it",
            "trend": "occurrences a day, the last 7 days over the 28 before",
            "handled": "share of occurrences that the application recovered from",
            "introduced_by": "the release that it was first logged under, else the last change before it",
        },
    }


def intent_feedback(intent: str, mean: float, n: int) -> dict[str, Any]:
    """Return what people think of one intent."""
    low = round(n * (10 - mean) / 12)
    return {
        "intent": intent,
        "feedback": n + 4,
        "scored": n,
        "low": low,
        "units": n // 2,
        "mean": about(mean, n, 0.9),
        "shrunk_mean": about(mean + 0.1, n, 0.7),
        "low_share": share(low, n),
        "lift": about(2.4, n, 0.8),
        "lift_q": 0.01,
        "response_rate": share(n, n * 20),
        "low_by_kind": {"rating": low},
    }


def feedback(
    intents: tuple[str, ...] = ("translate_document", "book_flight", "weather", "summarise"),
) -> dict[str, Any]:
    """Return feedback.json."""
    judged = [intent_feedback(n, min(3.4 + 1.6 * i, 9.0), 60 - i % 40) for i, n in enumerate(intents)]
    overall = {"feedback": 611, "scored": 540, "mean": about(7.1, 540, 0.3), "low_share": share(96, 540)}
    return {
        "artifact": "feedback",
        "as_of": DAY.isoformat(),
        "reason": "",
        "window_days": 30,
        "overall": [overall | {"window_days": d, "response_rate": share(611, 21480)} for d in (7, 30)],
        "patterns": [
            {
                "intent": judged[0]["intent"],
                "window_days": 30,
                "signs": ["worse than the rest"],
                "feedback": judged[0],
                "rest_low_share": 0.14,
                "words": [{"word": w, "texts": 9, "texts_elsewhere": 1, "z": 3.1} for w in ("wrong", "language")],
                "samples": ["it translated into the wrong language", "half of the page is missing"],
                "sample_event_ids": ids("fb", 3),
            }
        ],
        "intents": judged,
        "sources": [],
        "response": [],
        "below_floor": {"reason": "fewer than 5 scores", "intents": 7, "scored": 19},
        "without_intent": {"reason": "the interaction has no intent or was not logged", "intents": 1, "scored": 4},
        "definitions": {
            "pattern": "at least 5 low scores in 30 days",
            "mean": "plain average",
            "low": "a score below 5",
            "response_rate": "requests with feedback of all requests",
            "shrunk_mean": "average drawn toward that of all intents",
            "low_share": "low of all scores",
            "lift": "low share over that of all other intents",
            "words": "words that low comments hold more often",
        },
    }


def usage_row(level: str, dimension: str, value: str, requests: int, failures: int, unknown: int) -> dict[str, Any]:
    """Return one row of usage."""
    known = requests - unknown
    return {
        "window_days": 7,
        "level": level,
        "dimension": dimension,
        "value": value,
        "requests": requests,
        "share": requests / 5600,
        "successes": known - failures,
        "failures": failures,
        "unknown": unknown,
        "success_rate": share(known - failures, known),
        "timed_out": 0,
        "units": requests // 3,
        "duration_n": requests,
        "duration_p50_ms": 820.0,
        "duration_p95_ms": 2840.0,
        "duration_p99_ms": 5210.0,
        "token_n": requests,
        "input_tokens": requests * 900,
        "output_tokens": requests * 240,
        "cost_n": requests,
        "cost_usd": requests * 0.0031,
    }


def usage(intents: tuple[str, ...] = ("weather", "book_flight", "summarise", "export_calendar")) -> dict[str, Any]:
    """Return usage.json."""
    asked = [
        usage_row("root", "intent", n, 400 + 2000 // (i + 1), 60 + 10 * (i % 4), 10 * (i % 9))
        for i, n in enumerate(intents)
    ]
    models = [usage_row("root", "model", n, c, c // 9, 12) for n, c in (("small-2", 4100), ("large-2", 1500))]
    tools = [usage_row("step", "intent", n, c, c // 20, 0) for n, c in (("search_flights", 2100), ("get_weather", 900))]
    return {
        "artifact": "usage",
        "as_of": DAY.isoformat(),
        "reason": "",
        "usage": [usage_row("root", "all", "", 5600, 580, 90), *asked, *models, *tools],
        "definitions": {
            "requests": "interactions of that level",
            "success_rate": "successes of those with a known outcome",
            "units": "distinct users, else sessions, else traces",
            "duration": "quantiles from histograms",
            "cost_usd": "sum of the logged cost",
        },
    }


def judgement(metric: str, status: str, value: dict[str, Any], target: float, critical: float) -> dict[str, Any]:
    """Return one judged objective."""
    latency = metric.startswith("latency")
    return {
        "objective": metric,
        "status": status,
        "reason": f"{metric}: measured against {target}",
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


def health(status: str = "degraded") -> dict[str, Any]:
    """Return health.json."""
    nothing = {"value": None, "n": 0, "low": None, "high": None, "reason": "nothing was logged"}
    judged = [
        judgement("success_rate", status, share(699, 812), 0.9, 0.75),
        judgement("error_rate", "healthy", about(0.041, 812, 0.014), 0.05, 0.2),
        judgement("latency_p95_ms", "healthy", share(801, 812), 10000, 30000),
        judgement("uptime", "no data", nothing, 0.99, 0.95),
    ]
    reason = "success rate: 86.1%, at least 90.0% wanted" if status != "healthy" else "3 objectives have data"
    services = [
        {"service": name, "status": status, "reason": reason, "objectives": judged} for name in ("chat", "batch")
    ]
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
            for name in ("", "chat")
        ]
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
        "definitions": {
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


def kpis() -> dict[str, Any]:
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
        "definitions": {
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


def improvement(i: int, name: str, state: str = "validated", priority: str = "high", **changes: Any) -> dict[str, Any]:
    """Return one improvement; every second one is a task from feedback."""
    is_task = i % 2
    proof = {"mart": ("mart_feature_gaps", "mart_feedback")[is_task], "window_days": 30, "units": 24}
    if is_task:
        own = {"occurrences": 33, "scored": 60, "shrunk_mean": about(3.5, 60, 0.7), "low_share": share(33, 60)}
    else:
        own = {"demand": 46, "requests": 53, "unit_kind": "user", "failing_units": 21, "failure_rate": share(46, 53)}
    rest = {"rest_failure_rate": 0.11, "lift": about(5.1, 53, 1.2), "lift_q": 0.00021}
    said = {"threshold": "more than 5 failed requests by at least 2 units", "judged_by": f"failure rate of “{name}”"}
    found = Improvement(
        type=(ImprovementType.FEATURE_REQUEST, ImprovementType.FEEDBACK_TASK)[is_task],
        target=name,
        key=f"{i}",
        title=(f"Build {name}", f"Improve {name} (average score 3.5 of 10)")[is_task],
        why=f"24 users asked for “{name}” 53 times in 30 days and 9 in 10 of these requests failed.",
        evidence=proof | own | rest | said | {"samples": [f"please {name}"], "sample_event_ids": ids(f"imp{i}")},
        priority=Priority(priority),
        confidence=0.75 - (i % 30) / 100,
        expected_effect="about 41 requests more would succeed in 30 days if it failed no more often than the rest",
        proposed_on=DAY - timedelta(days=i % 4),
        effect=0.76,
        reach=24,
        cost=5.0,
        suggested_action="Begin with “UnsupportedError: cannot <word>”: it ends 31 of the 46 failed requests.",
        revision=1 + (i % 7 == 6),
        state=State(state),
        state_reason="confidence 0.75 reaches the threshold of 0.60",
    )
    return found.as_record() | {"improvement_id": f"{i:012x}"} | changes


def improvements(found: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return improvements.json."""
    usual = [
        improvement(0, "export_calendar"),
        improvement(1, "translate_document"),
        improvement(
            2, "split_invoice", "proposed", "medium", state_reason="confidence 0.52 is below the threshold of 0.60"
        ),
        improvement(3, "old_thing", "validated", "low", vanished_on="2026-11-18"),
        *fix_fixtures.improvements(),
    ]
    return {
        "artifact": "improvements",
        "as_of": DAY.isoformat(),
        "reason": "",
        "new": 1,
        "deferred": 2,
        "states": {},
        "improvements": usual if found is None else found,
        "definitions": {"confidence": "0 to 1, as the rule of its type defines it"},
    }


def tasks() -> dict[str, Any]:
    """Return tasks.json as far as the report reads it."""
    return {"artifact": "tasks", "as_of": DAY.isoformat(), "reason": "", "tasks": [{"task_id": "0"}] * 3, "snoozed": 0}


def drift() -> dict[str, Any]:
    """Return drift.json."""
    common = {
        "of": "interaction",
        "scale": "log",
        "threshold": 0.15,
        "noise_floor": 0.06,
        "why": "2026-11-21: size",
        "method": "wasserstein",
    }
    n = {"n": {"current": 812, "reference": 8000}, "minimum_n": {"current": 100, "reference": 300}}
    moved = {
        "current": {"p10": 300.0, "p50": 1240.0, "p90": 4100.0},
        "reference": {"p10": 250.0, "p50": 820.0, "p90": 2900.0},
    }
    shares = [{"value": "fr", "current": share(260, 812), "reference": share(1100, 8000)}]
    few = "0 values on the day, 100 are needed"
    return {
        "as_of": DAY.isoformat(),
        "drifted": ["duration_ms"],
        "comparisons": 2,
        "error_level": 0.05,
        "reference": {"from": "2026-10-23", "to": "2026-11-19", "landed_days": 28, "minimum_days": 7},
        "columns": [
            common
            | n
            | {
                "column": "language",
                "drifted": False,
                "statistic": 0.1,
                "reason": None,
                "quantiles": None,
                "shares": shares,
            },
            common
            | n
            | {
                "column": "duration_ms",
                "drifted": True,
                "statistic": 0.31,
                "reason": None,
                "quantiles": moved,
                "shares": None,
            },
            common
            | n
            | {
                "column": "cost_usd",
                "drifted": None,
                "statistic": None,
                "reason": few,
                "quantiles": None,
                "shares": None,
            },
        ],
    }


def apis(names: tuple[str, ...] = ("calendar",)) -> dict[str, Any]:
    """Return apis.json of connected APIs of these names, each with a breaking change, an endpoint and a match."""
    return {
        "artifact": "apis",
        "as_of": DAY.isoformat(),
        "reason": "" if names else "no API is connected and none was called",
        "apis": [_api(name) for name in names],
        "endpoints": [
            {"api": n, "method": "get", "path": f"/{n}", "calls": 9, "failures": 1, "parameters": [n], "in_spec": False}
            for n in names
        ],
        "matches": [
            {"feature": n, "demand": 40, "units": 7, "priority": "high", "failure_rate": 0.9, "api": n, "operation": n}
            | {"share": 0.75, "sample_event_ids": ["e1"]}
            for n in names
        ],
        "problems": [f"{n}: unknown key" for n in names[:1]],
        "definitions": {
            name: f"what {name} means" for name in ("client", "state", "dialect", "untested", "endpoints", "matches")
        },
    }


def _api(name: str) -> dict[str, Any]:
    return {
        "api": name,
        "connected": True,
        "title": name,
        "version": name,
        "dialect": "OpenAPI 3.0",
        "state": "failed",
        "reason": f"no answer: {name}",
        "snapshot": DAY.isoformat(),
        "spec_day": None,
        "sha256": "",
        "operations": 3,
        "calls": 9,
        "failures": 1,
        "hidden_endpoints": 0,
        "notes": [name],
        "difference": {"added": [], "removed": [name], "breaking": [f"GET /{name} is gone"]},
        "untested": 1,
        "untested_operations": [{"operation": name, "reason": name}],
        "answers": [],
        "client": {"digest": "0123456789abcdef", "tested": 3, "calls": 4, "problems": []},
    }


def tuning(targets: tuple[str, ...] = ("search", "export")) -> dict[str, Any]:
    """Return settings of these targets; those of the first have a better value, another one is under judgement."""

    def row(target: str, n: int) -> dict[str, Any]:
        better = target == targets[0]
        return {
            "setting": "timeout",
            "target": target,
            "today": "30 s",
            "proposed": "12 s (8 s to 20 s by complexity)" if better else None,
            "value": {"all_s": 12.0} if better else None,
            "reason": "it wins on 12 of the 14 days" if better else "56 of the 59 calls that a bound needs",
            "calls": 1400 - n,
            "cut": 0,
            "last_seen": DAY.isoformat(),
            "loss": "seconds lost: waiting for calls that are given up",
            "lost_today": 840.0 if better else None,
            "lost_then": 240.0 if better else None,
            "wins": share(12, 14) if better else {"value": None, "n": 0, "low": None, "high": None, "reason": "none"},
            "judged": "kept" if n == 1 else None,
            "judged_reason": "",
        }

    days = [
        {"setting": "timeout", "target": targets[0], "day": (DAY - timedelta(days=13 - n)).isoformat()}
        | {"today": 60.0 + 10 * (n % 5), "proposed": 24.0 + 30 * (n % 7 == 3)}
        for n in range(14)
    ]
    level = {"setting": "timeout", "target": targets[0], "name": "all_s", "n": 1400, "bound_s": 11.2, "reason": ""}
    return {
        "artifact": "tuning",
        "as_of": DAY.isoformat(),
        "reason": "",
        "better": 1,
        "left_out": {"timeout": 9980},
        "settings": [row(target, n) for n, target in enumerate(targets)],
        "days": days,
        "levels": [level],
        "definitions": {"wins": "share of the days won", "days": "what each day would have lost"},
    }


def marks(**states: str) -> list[dict[str, str]]:
    """Return one mark a step, all done but those that are named."""
    reasons = {
        "failed": "ValueError: it broke (step of the night)",
        "skipped": "needs check_marts, which did not finish",
    }
    found = {name: states.get(name, "done") for name in STEPS}
    return [{"step": n, "state": s, "reason": reasons.get(s, "")} for n, s in sorted(found.items())]


def night(**changes: Any) -> dict[str, Any]:
    """Return a whole night; a change of None takes a result away."""
    whole = {
        "load": load(),
        "quality": quality(),
        "drift": drift(),
        "features": features(),
        "errors": errors(),
        "fixes": fix_fixtures.fixes(),
        "feedback": feedback(),
        "usage": usage(),
        "health": health(),
        "trends": trends(),
        "tuning": tuning(),
        "kpis": kpis(),
        "improvements": improvements(),
        "tasks": tasks(),
        "experiments": trial_fixtures.experiments(),
        "rollouts": trial_fixtures.rollouts(),
        "impact": impact_fixtures.impact(),
        "apis": apis(),
        "steps": marks(),
    } | changes
    return {name: result for name, result in whole.items() if result is not None}


def hostile() -> dict[str, Any]:
    """Return a night in which every name and text from the log is an attack."""
    tried, rolled = trial_fixtures.hostile(HOSTILE)
    return night(
        experiments=tried,
        rollouts=rolled,
        features=features(HOSTILE),
        errors=errors([error(t, t, 40 + i, "new") for i, t in enumerate(HOSTILE)]),
        fixes=fix_fixtures.fixes(
            [
                fix_fixtures.fix(f"{i:012x}", t, t, fails_because=t, operation=t, sample_event_ids=[t], holds=False)
                for i, t in enumerate(HOSTILE)
            ],
            [fix_fixtures.no(t, "no_context", t) for t in HOSTILE],
        ),
        target_failures=list(HOSTILE),
        feedback=feedback(HOSTILE),
        usage=usage(HOSTILE),
        tuning=tuning(HOSTILE),
        apis=apis(HOSTILE),
        improvements=improvements([improvement(i, t) for i, t in enumerate(HOSTILE)]),
        impact=impact_fixtures.hostile(HOSTILE),
        steps=[m | ({"state": "failed", "reason": HOSTILE[0]} if m["step"] == "drift" else {}) for m in marks()],
    )


def crowded() -> dict[str, Any]:
    """Return a night with 500 improvements, 1,000 errors, 200 gaps and 300 experiments of 20 arms."""
    tried, rolled = trial_fixtures.crowded()
    long = "a rather long name of something that somebody wanted to have done " * 4
    return night(
        features=features(tuple(f"{long}{i}" for i in range(200))),
        errors=errors([error(f"Error{i}", long, 1200 - i, "ongoing") for i in range(1000)]),
        improvements=improvements([improvement(i, f"{long}{i}") for i in range(500)]),
        experiments=tried,
        rollouts=rolled,
    )


def flooded() -> dict[str, Any]:
    """Return a crowded night in which every name has 25,000 characters that grow when they are escaped."""
    names = tuple(str(i) + "<&\N{GRINNING FACE}>" * 6000 for i in range(200))
    tried, rolled = trial_fixtures.many(lambda i: names[i], lambda i: names[i], 30)
    return night(
        features=features(names),
        errors=errors([error(names[i % 200], names[i % 200], 1200 - i, "new") for i in range(1000)]),
        feedback=feedback(names),
        usage=usage(names),
        tuning=tuning(names),
        improvements=improvements([improvement(i, names[i % 200]) for i in range(500)]),
        impact=impact_fixtures.titled(names),
        fixes=fix_fixtures.fixes(
            [fix_fixtures.fix(f"{i:012x}", names[i % 200], names[i % 200], why=names[i % 200]) for i in range(500)],
            [fix_fixtures.no(names[i % 200], "no_context", names[i % 200]) for i in range(500)],
        ),
        target_failures=list(names),
        experiments=tried,
        rollouts=rolled,
    )


def failed_gate() -> dict[str, Any]:
    """Return a night whose marts did not hold: what was computed before is there, the rest was skipped."""
    broken = check("mart_kpis_daily.denominator", passed=False, observed="3 of 420 rows are negative")
    found = night(quality=quality(gate("raw", check("load.lines")), gate("marts", broken)))
    skipped = dict.fromkeys(STEPS[5:], "skipped")
    found["steps"] = marks(**skipped | {"check_marts": "failed"})
    return found


def empty() -> dict[str, Any]:
    """Return a night on which nothing landed."""
    nothing: dict[str, Any] = {"lines": 0, "loaded": 0, "duplicates": 0, "quarantined": 0, "blank": 0}
    silent = {"files": [], "totals": nothing, "streams": [], "reasons": [], "unknown_fields": [], "redactions": []}
    return night(
        load=load() | silent | {"quarantined_share": None},
        features=features(()) | {"requests": 0, "failures": 0, "reason": "no request was logged in the window"},
        errors=errors([])
        | {"kinds": 0, "occurrences": 0, "reason": "no error was logged in 35 days", "below_floor": {}},
        fixes=fix_fixtures.fixes([], []) | {"reason": "no error is frequent enough"},
        feedback=feedback() | {"overall": [], "patterns": [], "intents": [], "reason": "0 scores in 30 days"},
        usage=usage() | {"usage": [], "reason": "no interaction was logged in the last 30 days"},
        health=health("no data") | {"reason": "success rate: 0 events in 1 day, 30 are needed", "services": []},
        tuning=tuning() | {"settings": [], "days": [], "levels": [], "left_out": {}, "better": 0, "reason": "none"},
        trends=trends() | {"figures": [], "reason": "nothing was logged"},
        kpis=kpis() | {"kpis": [], "reason": "no request was logged on this day"},
        improvements=improvements([]) | {"reason": "no finding is strong enough to act on", "deferred": 0},
        tasks=tasks() | {"tasks": []},
        experiments=trial_fixtures.nothing("experiments"),
        rollouts=trial_fixtures.nothing("rollouts"),
        impact=impact_fixtures.nothing(),
        apis=apis(()),
    )
