"""Fixes of errors by hand, as the steps store them; a test holds them against the schema."""

from __future__ import annotations

from datetime import date
from typing import Any

from ratchet.contracts.improvements import Improvement, ImprovementType, Priority, State

DAY = date(2026, 11, 20)
DEFINITIONS = {
    "saved": "share of the logged failures, of those that could be replayed, that succeed with the fix",
    "broken": "share of the logged successes that fail or give another result with the fix",
    "unreplayable": "cases that could not be replayed, by what the log lacks",
    "impact": "minutes from an error to the same unit's next success, at most 30 an error",
    "declined": "why a frequent error has no fix",
}


def share(hits: int, n: int, low: float, high: float) -> dict[str, Any]:
    """Return a share with its interval."""
    return {"value": hits / n, "n": n, "low": low, "high": high} if n else nothing()


def nothing() -> dict[str, Any]:
    """Return a share of nothing."""
    return {"value": None, "n": 0, "low": None, "high": None, "reason": "no failure could be replayed"}


def fix(fix_id: str, fingerprint: str, title: str, **changes: Any) -> dict[str, Any]:
    """Return one fix that holds."""
    return {
        "fix_id": fix_id,
        "fingerprint": fingerprint,
        "family": "rate_limit",
        "operation": "calendar.list",
        "title": title,
        "why": "The calendar asks for too few calls.",
        "layer": 1,
        "holds": True,
        "found": "38 of 41 logged failures would have succeeded; none of 200 past successes would have failed",
        "fails_because": "",
        "frozen": False,
        "saved": share(38, 41, 0.801, 0.985),
        "broken": share(0, 200, 0.0, 0.018),
        "unchanged": 3,
        "unreplayable": {"a later success": 4},
        "tests_passed": True,
        "error": "",
        "inputs": "0" * 64,
        "sha256": "1" * 64,
        "parameters": {"attempts": 4},
        "evidence": {"failures": 45},
        "sample_event_ids": ["evt-rate-000000", "evt-rate-000001"],
        "path": f"fixes/{fix_id}/fix.py",
    } | changes


def improvement(made: dict[str, Any], state: str, **changes: Any) -> dict[str, Any]:
    """Return the improvement of a fix."""
    shown = (
        "fix_id",
        "fingerprint",
        "family",
        "operation",
        "layer",
        "sha256",
        "title",
        "why",
        "parameters",
        "evidence",
    )
    publishes = {name: made[name] for name in shown} | {"revision": 1, "source": "X = 1\n", "test": "T = 1\n"}
    found = Improvement(
        type=ImprovementType.ERROR_FIX,
        target=made["fingerprint"],
        key=made["family"],
        title=made["title"],
        why=made["why"],
        evidence={
            "mart": "mart_fix_cases",
            "saved": made["saved"],
            "broken": made["broken"],
            "errors_7_days": 188,
            "units": 62,
            "unit_kind": "user",
            "proof": {"inputs": made["inputs"]},
            "sample_event_ids": made["sample_event_ids"],
            "judged_by": "failed root interactions of its fingerprint",
            "publishes": publishes,
        },
        priority=Priority.HIGH,
        confidence=0.801,
        expected_effect=made["found"],
        proposed_on=DAY,
        effect=0.93,
        reach=62,
        state=State(state),
        state_reason="confidence 0.80 reaches the threshold of 0.60",
    )
    return found.as_record() | {"improvement_id": made["fix_id"]} | changes


def fixes(made: list[dict[str, Any]] | None = None, declined: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return fixes.json: one fix that waits, one that is deployed, one that breaks a success, and an error without."""
    return {
        "artifact": "fixes",
        "as_of": DAY.isoformat(),
        "reason": "",
        "fixes": usual() if made is None else made,
        "declined": [no("00000000001f", "no_family")] if declined is None else declined,
        "definitions": DEFINITIONS,
    }


def usual() -> list[dict[str, Any]]:
    """Return the fixes of a usual night."""
    breaks = {
        "holds": False,
        "broken": share(2, 150, 0.002, 0.047),
        "fails_because": "it breaks 2 of 150 past successes",
    }
    return [
        fix("a" * 12, "0000000000bc", "Wait as long as calendar.list asks", family="rate_limit"),
        fix(
            "b" * 12, "000000000060", "Give search 12 s", family="timeout", saved=share(20, 20, 0.83, 1.0), frozen=True
        ),
        fix("c" * 12, "000000000060", "Repeat search", family="transient", **breaks),
    ]


def improvements() -> list[dict[str, Any]]:
    """Return the improvements of the usual fixes."""
    waits, deployed, _ = usual()
    version = {"published_version": "2026-11-18-5f0c9a3e", "state_reason": "published", "proposed_on": "2026-11-10"}
    return [improvement(waits, "validated"), improvement(deployed, "deployed", **version)]


def no(fingerprint: str, reason: str, said: str = "no family of fixes knows this kind of error") -> dict[str, Any]:
    """Return an error without a fix."""
    return {"fingerprint": fingerprint, "reason": reason, "said": said}
