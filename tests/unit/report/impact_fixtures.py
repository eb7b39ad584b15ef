"""The results of impact by hand, in the shapes in which its step stores them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

DAY = date(2026, 11, 20)
REASONS = {
    "kept": "fewer requests fail with its error, and the interval leaves out no effect",
    "rolled_back": "more requests fail with its error than without it",
    "unmeasurable": "no request carried a version of published/ that holds it",
    "undecided": "3 days of the 7 that show every day of the week; at most 11 days left",
}
DEFINITIONS = (
    *("verdict", "estimator", "effect", "relative", "all_failures", "saved", "q", "adoption", "regression_to_the_mean"),
    *("placebo_dates", "pre_trend", "generated", "hit_rate", "auto_healing", "verified", "refuted", "time_in_state"),
    *("realised", "patterns_identified", "learning_velocity", "adaptation_speed", "feedback_processing"),
    *("change_failure_rate", "system_stability", "saved_requests", "saved_usd", "cost_usd", "return_usd"),
    "unknown_share",
)


def about(value: float | None, n: int, wide: float = 0.0, reason: str = "not measured") -> dict[str, Any]:
    """Return an estimate."""
    if value is None:
        return {"value": None, "n": n, "low": None, "high": None, "reason": reason}
    return {"value": value, "n": n, "low": value - wide, "high": value + wide}


def fix(verdict: str, number: int = 1, title: str = "Retry after RateLimited", reason: str = "") -> dict[str, Any]:
    """Return one deployed fix; an unmeasurable one has no days."""
    days, with_fix = (21, 8) if verdict != "unmeasurable" else (0, 0)
    level = {"kept": 0.03, "rolled_back": 0.5}.get(verdict, 0.2)
    known = days > 0
    return {
        "improvement_id": f"{number:012x}",
        "revision": 1,
        "title": title,
        "fingerprint": f"{number:012x}",
        "family": "rate_limit",
        "proposed_on": (DAY - timedelta(days=18)).isoformat(),
        "baseline_from": (DAY - timedelta(days=35)).isoformat(),
        "deployed_on": (DAY - timedelta(days=7)).isoformat(),
        "measured_until": (DAY + timedelta(days=6)).isoformat(),
        "version_date": (DAY - timedelta(days=8)).isoformat(),
        "published_version": "2026-11-12-0123abcd",
        "is_open": True,
        "verdict": verdict,
        "reason": reason or REASONS[verdict],
        "harm": verdict == "rolled_back",
        "estimator": "difference_in_differences" if known else None,
        "before": about(0.2, 2800, 0.015) if known else about(None, 0),
        "with_fix": about(level, 1600, 0.02) if known else about(None, 0),
        "effect": about(level - 0.2, 1600, 0.03) if known else about(None, 0),
        "relative": about((level - 0.2) / 0.2, 1600, 0.15) if known else about(None, 0),
        "all_failures": about(level - 0.2, 1600, 0.04) if known else about(None, 0),
        "saved": about((0.2 - level) * 1600, 1600, 48) if known else about(None, 0),
        "p": 0.001 if known else None,
        "q": 0.002 if known else None,
        "days_with": with_fix,
        "adoption": about(0.92, 1740, 0.01) if known else about(0.0, 300, 0.0),
        "checks": _checks(verdict) if known else [],
        "days": _days(days, with_fix, level),
    }


def _checks(verdict: str) -> list[dict[str, Any]]:
    flagged = "failures were higher than usual when it was proposed; the days for which it was proposed are left out"
    tried = "12 dates on which nothing was deployed"
    return [
        {
            "name": "pre-trend",
            "passed": True,
            "said": "in the days before, failures moved without a trend",
            "blocks": True,
        },
        {
            "name": "placebo dates",
            "passed": verdict != "undecided",
            "said": f"at none of {tried} does the same method find a change as good",
            "blocks": True,
        },
        {"name": "regression to the mean", "passed": False, "said": flagged, "blocks": False},
    ]


def _days(before: int, with_fix: int, level: float) -> list[dict[str, Any]]:
    dice = random.Random(before)
    first = DAY - timedelta(days=before + with_fix - 1)
    return [
        {
            "day": (first + timedelta(days=i)).isoformat(),
            "attempts": 200,
            "failed": round(200 * max(0.0, (level if i >= before else 0.2) + dice.uniform(-0.04, 0.04))),
            "with_fix": i >= before,
            "counted": not 4 <= i < 11,
        }
        for i in range(before + with_fix)
    ]


def impact(found: Sequence[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return the result of the step: one fix of each verdict, unless others are given."""
    names = ("Retry after RateLimited", "Wait for the index", "Cut rows that are too wide", "Repair broken JSON")
    pairs = zip(REASONS, names, strict=True)
    fixes = [fix(v, i, name) for i, (v, name) in enumerate(pairs, 1)] if found is None else list(found)
    steps = {
        "generated": 19,
        "validated": 9,
        "approved": 6,
        "deployed": 5,
        "verified": 2,
        "refuted": 1,
        "unmeasurable": 1,
    }
    return {
        "artifact": "impact",
        "as_of": DAY.isoformat(),
        "reason": "" if fixes else "no deployed improvement is under judgement",
        "verdicts": {v: sum(f["verdict"] == v for f in fixes) for v in REASONS},
        "impacts": fixes,
        "ledger": {
            "counts": steps,
            "by_type": [{"type": "error_fix"} | steps],
            "hit_rate": about(0.667, 3, 0.3),
            "auto_healing": about(None, 0, reason="nothing that went without a person was judged yet"),
            "approved": about(0.32, 19, 0.18),
            "deployed": about(0.83, 6, 0.2),
            "unmeasurable": about(0.25, 4, 0.2),
            "times": {
                "proposed_to_validated": about(0.0, 9),
                "validated_to_approved": about(2.0, 6, 1.0),
                "approved_to_deployed": about(1.0, 5)
                | {"low": None, "high": None, "reason": "too few for an interval"},
                "deployed_to_judged": about(7.0, 4) | {"low": None, "high": None, "reason": "too few for an interval"},
            },
            "realised": about(0.93, 2, 0.2),
            "entries": [_entry(f) for f in fixes],
        },
        "learning": {
            "patterns_identified": 11,
            "learning_velocity": about(16.0, 2) | {"low": None, "high": None, "reason": "too few for an interval"},
            "adaptation_speed": about(7.0, 4) | {"low": None, "high": None, "reason": "too few for an interval"},
            "feedback_processing": about(None, 0, reason="none came so far"),
            "change_failure_rate": about(0.25, 4, 0.2),
            "system_stability": about(0.96, 28, 0.04),
        },
        "returns": {
            "saved_requests": about(272.0, 2, 60.0),
            "saved_usd": about(
                None, 2, reason="the setting values_usd.successful_interaction does not say what one is worth"
            ),
            "cost_usd": about(None, 5, reason="the setting values_usd.cost_unit does not say what one is worth"),
            "return_usd": about(
                None, 2, reason="the setting values_usd.successful_interaction does not say what one is worth"
            ),
            "unknown_share": about(0.4, 5, 0.3),
        },
        "definitions": {name: f"what {name.replace('_', ' ')} means" for name in DEFINITIONS},
    }


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    decided = row["verdict"] != "undecided"
    return {
        "improvement_id": row["improvement_id"],
        "revision": 1,
        "type": "error_fix",
        "title": row["title"],
        "proposed_on": row["proposed_on"],
        "approved_on": row["version_date"],
        "deployed_on": row["deployed_on"],
        "judged_on": DAY.isoformat() if decided else None,
        "automatic": False,
        "verdict": row["verdict"],
        "reason": row["reason"] if decided else "",
        "predicted": 0.9,
        "realised": -row["relative"]["value"] if decided and row["relative"]["value"] is not None else None,
        "effect": row["effect"] if decided else about(None, 0),
        "saved": row["saved"] if decided else about(None, 0),
    }


def nothing() -> dict[str, Any]:
    """Return the result of a night before anything was proposed."""
    whole = impact([])
    none = about(None, 0, reason="nothing was judged yet")
    empty = dict.fromkeys(whole["ledger"]["counts"], 0)
    ledger = dict.fromkeys(("hit_rate", "auto_healing", "approved", "deployed", "unmeasurable", "realised"), none)
    ledger |= {"counts": empty, "by_type": [], "times": dict.fromkeys(whole["ledger"]["times"], none), "entries": []}
    learning = dict.fromkeys(whole["learning"], none) | {"patterns_identified": 0}
    return whole | {"ledger": ledger, "learning": learning, "returns": dict.fromkeys(whole["returns"], none)}


def titled(texts: Sequence[str]) -> dict[str, Any]:
    """Return fixes with these titles; nothing else of a fix is as long as somebody makes it."""
    verdicts = list(REASONS)
    return impact([fix(verdicts[i % len(verdicts)], i, t) for i, t in enumerate(texts, 1)])


def hostile(texts: Sequence[str]) -> dict[str, Any]:
    """Return fixes whose every text is an attack."""
    verdicts = list(REASONS)
    found = [fix(verdicts[i % len(verdicts)], i, t, t) for i, t in enumerate(texts, 1)]
    for row, said in zip(found, texts, strict=True):
        row["fingerprint"] = said
        row["checks"] = [{"name": "pre-trend", "passed": None, "said": said, "blocks": True}]
    return impact(found)
