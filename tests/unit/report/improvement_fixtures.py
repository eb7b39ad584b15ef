"""Improvements, tasks, connected APIs and adaptive settings, in the shapes in which the steps store them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.unit.report import fix_fixtures
from tests.unit.report.values import DAY, about, ids, share

from ratchet.contracts.improvements import Improvement, ImprovementType, Priority, State


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


def apis(names: tuple[str, ...] = ("calendar",)) -> dict[str, Any]:
    """Return apis.json of connected APIs of these names, each with a breaking change, an endpoint and a match."""
    return {
        "artifact": "apis",
        "as_of": DAY.isoformat(),
        "reason": "" if names else "no API is connected and none was called",
        "apis": [_api(name) for name in names],
        "endpoints": [
            {"api": n, "method": "get", "path": f"/{n}", "calls": 9, "failures": 1, "parameters": [n]}
            | {"sent": [f"string {n}"], "in_spec": False}
            for n in names
        ],
        "matches": [
            {"feature": n, "demand": 40, "units": 7, "priority": "high", "failure_rate": 0.9, "api": n, "operation": n}
            | {"share": 0.75, "sample_event_ids": ["e1"]}
            for n in names
        ],
        "untested": [{"api": n, "operation": n, "reason": n, "calls": 3, "failures": 0} for n in names],
        "adoption": [_adopted(n) for n in names],
        "problems": [f"{n}: unknown key" for n in names[:1]],
        "definitions": {
            name: f"what {name} means"
            for name in ("client", "state", "dialect", "untested", "endpoints", "matches", "adoption", "used")
        },
    }


def _adopted(name: str) -> dict[str, Any]:
    found = {"api": name, "published_on": "2026-11-12", "operations": 12, "used": share(5, 12), "calls": 340}
    days = {"a_day": about(37.8, 9, 4.0), "a_day_before": about(2.1, 21, 1.2)}
    return found | days | {"failed": share(6, 340)}


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
