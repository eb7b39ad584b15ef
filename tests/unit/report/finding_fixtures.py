"""Gaps, errors, feedback and usage, in the shapes in which the steps store them."""

from __future__ import annotations

from typing import Any

from tests.unit.report.values import DAY, about, ids, share, trend


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


def cluster(name: str, demand: int, number: int) -> dict[str, Any]:
    """Return one cluster of requests in vain."""
    kinds = (("build", "new"), ("wrap", "growing"), ("fix", "regressed"), ("document", "not enough data"))
    verdict, status = kinds[number % 4]
    return {
        "feature": name,
        "demand": demand,
        "priority": "high" if demand > 20 else "medium",
        "id": f"{number:012x}",
        "status": status,
        "verdict": verdict,
        "verdict_reason": f"{demand} of {demand} were refused or not supported, and no connected API serves it",
        "units": demand // 2,
        "unit_kind": "user",
        "requests": demand + 4,
        "texts": demand - 2,
        "demand_interval": about(demand, demand, 8.0),
        "failure_rate": share(demand, demand + 4),
        "trend": trend(demand // 2, demand - demand // 2, 1.9),
        "score": about(demand * 1.5, demand, demand * 0.4),
        "signals": {"failed": 0, "refused": demand},
        "intents": ["", "other"],
        "same_as": "",
        "operation": f"studio: POST /{name}" if verdict == "wrap" else "",
        "known_since": "2026-11-04",
        "first_seen": "2026-11-02",
        "last_seen": DAY.isoformat(),
        "samples": [f"{name} please", f"can you {name}"],
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
            "clusters": "requests in vain that ask for the same thing in other words",
            "verdict": "fix, document, wrap or build",
            "cluster_status": "new, growing, shrinking, fixed, regressed, stable",
            "demand_interval": "requests in vain with their exact Poisson 95 % interval",
            "cluster_failure_rate": "of requests with the same words, those in vain",
        },
        "clusters": [cluster(n, max(34 - 7 * i, 6), i) for i, n in enumerate(names)],
        "signals": []
        if not names
        else [
            {"signal": "refused", "requests": 61, "of": 20100, "reason": ""},
            {
                "signal": "again",
                "requests": 0,
                "of": 0,
                "reason": "not computable: no unit is logged, or no real clock",
            },
        ],
        "grouped": []
        if not names
        else [
            {"part": "clusters", "texts": 40, "requests": 61},
            {"part": "one-offs", "texts": 210, "requests": 230},
            {"part": "automation", "texts": 1, "requests": 168},
        ],
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


def did_next(intent: str, requests: int) -> dict[str, Any]:
    """Return what people did after requests of an intent."""
    parts = {"rephrased": share(requests // 30, requests), "abandoned": share(requests // 40, requests // 10)}
    return {"intent": intent, "requests": requests, **parts, "escalated": share(requests // 90, requests)}


def signal(
    name: str, seen: int, table: float | None, explicit: dict[str, Any], verdict: str, score: float | None
) -> dict[str, Any]:
    """Return what one behaviour means."""
    found = {"signal": name, "derived": False, "seen": seen, "map_score": table, "explicit": explicit}
    return found | {"verdict": verdict, "calibrated_score": score}


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
                "intent": name["intent"],
                "window_days": 30,
                "signs": ["worse than the rest"],
                "feedback": name,
                "rest_low_share": 0.14,
                "words": [{"word": w, "texts": 9, "texts_elsewhere": 1, "z": 3.1} for w in ("wrong", "language")],
                "samples": ["it translated into the wrong language", "half of the page is missing"],
                "sample_event_ids": ids("fb", 3),
            }
            for name in judged[:1]
        ],
        "intents": judged,
        "sources": [],
        "response": [],
        "below_floor": {"reason": "fewer than 5 scores", "intents": 7, "scored": 19},
        "without_intent": {"reason": "the interaction has no intent or was not logged", "intents": 1, "scored": 4},
        "did_next": did_next("", 21480),
        "behaviours": [did_next(name, 900) for name in intents],
        "implicit": {"requests": 240, "by_table": 6.4, "calibrated": 5.9, "unknown": 12},
        "calibration": [
            signal("used_as_is", 140, 9.0, about(7.1, 22, 0.8), "differs", 7.1),
            signal("immediate_retry", 88, 2.0, about(2.4, 14, 0.9), "agrees", 2.4),
            *(signal(name, 12, None, about(6.0, 3, 2.0), "not enough data", None) for name in intents),
            signal("rephrase_retry", 61, None, about(3.0, 11, 1.1), "not enough data", 3.0) | {"derived": True},
        ],
        "agreement": [
            {
                "kind": "score",
                "rater": "expert",
                "question": name,
                "items": 120,
                "ratings": 360,
                "alpha": about(0.71, 120, 0.09),
                "alpha_nominal": about(0.64, 120, 0.1),
                "unanimous": share(81, 120),
            }
            for name in intents
        ],
        "definitions": {
            "rephrased": "requests that the same unit asked again",
            "abandoned": "failed requests after which the unit asked nothing more",
            "escalated": "requests after which a person was asked for",
            "calibration": "mean of the scores that people gave to the same requests",
            "agreement": "Krippendorff's alpha of their scores",
            "unanimous": "things on which all raters gave the same score",
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
        "tokens_p50": 980.0,
        "tokens_p95": 2410.0,
        "tokens_p99": 4020.0,
        "cost_n": requests,
        "cost_usd": requests * 0.0031,
        "cost_p50_usd": 0.0027,
        "cost_p95_usd": 0.0081,
        "cost_p99_usd": 0.0127,
        "quality_n": requests,
        "quality_p05": 38.0,
        "quality_p50": 81.0,
        "quality_p95": 97.0,
        "satisfaction_n": requests // 9,
        "satisfaction_p05": 2.0,
        "satisfaction_p50": 7.5,
        "satisfaction_p95": 10.0,
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
            "quantiles": "half and 95 % of the requests keep to them, from histograms",
        },
    }
