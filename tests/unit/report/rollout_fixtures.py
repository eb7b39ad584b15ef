"""rollouts.json by hand, as the step stores it; a test holds it against the schema."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.unit.report.lifts import DAY, lift, none


def guardrail(metric: str, finding: str, change: dict[str, Any], direction: str = "decrease") -> dict[str, Any]:
    """Return one guardrail of a rollout."""
    known = change["value"] is not None
    return {
        "metric": metric,
        "direction": direction,
        "margin": 0.1 if direction == "decrease" else 0.05,
        "finding": finding,
        "control": 0.052 if known else None,
        "treatment": 0.052 * (1 + change["value"]) if known else None,
        "lift": change,
        "more_days": 3.4 if finding == "open" else None,
    }


PLAN = (
    ("internal", 0.0, ["internal_testers"]),
    ("beta", 5.0, ["internal_testers"]),
    ("quarter", 25.0, ["internal_testers"]),
    ("most", 75.0, ["internal_testers"]),
    ("everyone", 100.0, ["internal_testers"]),
)


def phases(days: list[int], until: int | None = None) -> list[dict[str, Any]]:
    """Return phases that began so many days before the night; the last one lasts, or ended `until` days before."""
    found = []
    for i, ago in enumerate(days):
        stage, share, groups = PLAN[i]
        begins = DAY - timedelta(days=ago - 1)
        ends = DAY - timedelta(days=days[i + 1]) if i + 1 < len(days) else None
        if ends is None and until is not None:
            ends = DAY - timedelta(days=until)
        last = ends or DAY + timedelta(days=1)
        found.append(
            {
                "number": i + 1,
                "stage": stage,
                "percentage": share,
                "groups": groups,
                "starts_at": f"{begins}T00:00:00+00:00",
                "ends_at": f"{ends}T00:00:00+00:00" if ends else None,
                "hours": max(0.0, 24.0 * (last - begins).days),
                "randomised": share > 0,
            }
        )
    return found


def rollout(name: str, verdict: str, reason: str, passed: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """Return one rollout."""
    last = passed[-1] if passed else {}
    return {
        "rollout_id": name,
        "verdict": verdict,
        "reason": reason,
        "stage": last.get("stage", "not started"),
        "next_stage": None,
        "percentage": last.get("percentage", 0.0),
        "next_percentage": None,
        "phase": last.get("number", 0),
        "hours": last.get("hours", 0.0),
        "units_on": 5120,
        "units_off": 15_204,
        "sample_ratio_p": 0.44,
        "guardrails": [],
        "objectives": [],
        "error_level": 0.05,
        "moved_by": "ratchet",
        "edited": False,
        "recovery": None,
        "description": "Answers and notes draw on a search that understands questions.",
        "flag_key": name,
        "attempt": 1,
        "plan": [{"stage": s, "percentage": p, "groups": g} for s, p, g in PLAN],
        "phases": passed,
    } | changes


def recovery(finding: str = "recovered", reason: str = "failure_rate is back within its margin") -> dict[str, Any]:
    """Return what came of a roll back."""
    since = (DAY - timedelta(days=5)).isoformat()
    return {"since": since, "finding": finding, "reason": reason, "guardrails": [], "objectives": []}


def rollouts(found: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """Return rollouts.json with a rollout of each verdict."""
    useful = guardrail("answer_useful", "safe", lift(0.011, 0.04), "increase")
    share = {"value": 0.93, "n": 214, "low": 0.887, "high": 0.957}
    objective = {"name": "success_rate", "target": 0.9, "critical": 0.75, "wanted": 0.9, "share": share, "met": True}
    usual = [
        rollout(
            "smart_search",
            "advance",
            "72 hours, and no guardrail is worse by more than its margin: failure_rate -1.2% (-9.0% to +6.6%)",
            phases([12, 9, 5]),
            guardrails=[guardrail("failure_rate", "safe", lift(-0.012, 0.078)), useful],
            next_stage="most",
            next_percentage=75.0,
        ),
        rollout(
            "instant_preview",
            "hold",
            "failure_rate is not shown to be at most 10% worse: +3.1% (-8.3% to +14.5%), about 4 more days if it is "
            "harmless; 24 of 48 hours in this stage",
            phases([6, 4, 1]),
            guardrails=[
                guardrail("failure_rate", "open", lift(0.031, 0.114)),
                guardrail("cost_usd", "not computable", none("no unit has a value")),
            ],
            edited=True,
        ),
        rollout(
            "bulk_export",
            "roll back",
            "failure_rate is worse by more than the 0.1 that is tolerable: +24.0% (+13.1% to +34.9%)",
            phases([7, 5]),
            guardrails=[guardrail("failure_rate", "harm", lift(0.24, 0.109))],
            next_stage="off",
            next_percentage=0.0,
            moved_by="application",
        ),
        rollout(
            "team_spaces",
            "hold",
            "12 of 24 hours in this stage",
            phases([1]),
            objectives=[objective | {"is_critical": False}],
            sample_ratio_p=None,
        ),
        rollout(
            "old_editor", "done", "it was rolled back; to begin again, raise `attempt` in its file",
            phases([14, 12, 10], until=6), stage="off", percentage=0.0, phase=0, hours=0.0, recovery=recovery(),
        ),
        rollout("dark_launch", "advance", "it is planned and has not started", [], next_stage="internal",
                next_percentage=0.0, sample_ratio_p=None, units_on=0, units_off=0),
    ]  # fmt: skip
    return {
        "artifact": "rollouts",
        "as_of": DAY.isoformat(),
        "reason": "",
        "rollouts": usual if found is None else found,
        "definitions": {
            "advance": "time, sample and sample ratio are right, and every guardrail is shown to keep its margin",
            "hold": "something is still missing; the reason says what",
            "roll back": "a guardrail is shown to be worse by more than its margin",
            "no data": "nobody was seen in this stage yet",
            "done": "the last stage is reached, or it was rolled back",
            "lift": "with against without the feature, relative; bounds hold on all nights together",
            "phase": "the time at one percentage; units and outcomes of two phases are never pooled",
            "sample_ratio_p": "chi-square of the units per variant; below 0.001 nothing advances",
        },
        "problems": [],
    } | changes
