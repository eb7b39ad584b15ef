"""A small home in which improvements wait for a person, made without running a night."""

from dataclasses import replace
from datetime import date, timedelta

from ratchet.contracts.improvements import Improvement, ImprovementType, Priority, State
from ratchet.deploy.decisions import NIGHT, Decision, Kind, append, fold, read
from ratchet.home import Home

DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
HOSTILE = (
    "{{ 7 * 7 }} <script>alert(1)</script> [click](javascript:alert(1)) ![x](http://x.test/p.png) `rm` **bold** # head"
)


def improvement(target="search", **changed):
    """Return a validated improvement with evidence of every kind that a question shows."""
    made = Improvement(
        type=ImprovementType.ROLLOUT_STEP,
        target=target,
        key="1/1/beta",
        title=f"Bring {target} to stage “beta” (5 %)",
        why="Its guardrails held for 48 hours on 1,204 units.",
        evidence={
            "mart": "mart_experiments",
            "units_on": 1204,
            "failure_rate": {"value": 0.031, "n": 1204, "low": 0.02, "high": 0.04},
            "sample_event_ids": ["e-1", "e-2"],
            "publishes": {"rollout_id": target, "stage": "beta", "percentage": 5.0},
            "judged_by": "its guardrails in the next stage",
        },
        priority=Priority.MEDIUM,
        confidence=0.95,
        expected_effect="5 % of units get the feature by their hash",
        proposed_on=DAY,
        state=State.VALIDATED,
        state_reason="confidence 0.95",
    )
    return replace(made, **changed)


def decision(made, kind, day=DAY, actor=NIGHT, reason="", revision=1, **facts):
    """Return a decision about an improvement."""
    return Decision(made.improvement_id, revision, Kind(kind), day, actor, reason, facts)


def proposed(*improvements, day=DAY):
    """Return what a night decides that has found and validated these."""
    said = [
        d
        for i in improvements
        for d in (decision(i, "proposed", day, reason=i.why, **i.as_record()), decision(i, "validated", day))
    ]
    return [*said, Decision("", 0, Kind.NIGHT_CLOSED, day, NIGHT)]


def home(root, *improvements, day=DAY):
    """Make a home in which these wait; its last report is that of `day`."""
    found = Home(root)
    append(found.decisions, proposed(*improvements, day=day))
    found.artifacts(day).mkdir(parents=True)
    return found


def states(found):
    """Return where each improvement stands once everything recorded is in force."""
    standings = fold(read(found.decisions, date.max), date.max)
    return {name: standing.state.value for name, standing in standings.items()}
