"""The words in which a rollout's verdict gives its reasons.

The verdict itself belongs to `rollouts.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ratchet.contracts.rollout_verdicts import Finding, GuardrailResult, ObjectiveResult
from ratchet.contracts.rollouts import Rollout, Stage
from ratchet.measure.verdicts import percent, share


def units(n: int) -> str:
    """Return a number of units."""
    return f"{n:,} unit" if n == 1 else f"{n:,} units"


def exposes(rollout: Rollout, stage: Stage) -> str:
    """Return who gets the feature in a stage."""
    groups = ", ".join(rollout.groups_at(stage))
    return f"stage “{stage.name}” gives it to {rollout.exposure(stage):g}%" + (f" and to {groups}" if groups else "")


def harm(g: GuardrailResult) -> str:
    """Return what a guardrail shows to be worse."""
    return f"{g.metric} is worse than its margin of {share(g.margin)} allows: {_lift(g)}"


def back(g: GuardrailResult) -> str:
    """Return that a guardrail is shown to be back within its margin."""
    return f"{g.metric} is back within its margin of {share(g.margin)}: {_lift(g)}"


def still_open(g: GuardrailResult) -> str:
    """Return what is not yet shown about a guardrail."""
    if g.finding is Finding.NOT_COMPUTABLE:
        return f"{g.metric} cannot be judged: {g.lift.as_record()['reason']}"
    more = f", about {math.ceil(g.more_days):,} more days if it is harmless" if g.more_days else ""
    return f"{g.metric} is not yet shown to keep its margin of {share(g.margin)}: {_lift(g)}{more}"


def safe(hours: float, guardrails: Sequence[GuardrailResult]) -> str:
    """Return why a stage is passed."""
    shown = "; ".join(f"{g.metric} {_lift(g)}" for g in guardrails)
    return f"{round(hours, 1):g} hours, and no guardrail is worse by more than its margin: {shown}"


def _lift(g: GuardrailResult) -> str:
    if g.lift.low is None or g.lift.high is None:
        return percent(g.lift.number or 0)
    return f"{percent(g.lift.number or 0)} ({percent(g.lift.low)} to {percent(g.lift.high)})"


def breach(o: ObjectiveResult, how: str) -> str:
    """Return how an objective is breached."""
    kept = f"{share(o.share.number or 0)} of {o.share.n:,}"
    if o.target > 1:
        kept += f" took no longer than {o.target:,.0f} ms"
    return f"objective {o.name} is {how}: {kept}, wanted {share(o.wanted)}"


def below_floor(o: ObjectiveResult) -> str:
    """Return that an objective cannot be judged yet."""
    return f"objective {o.name} has too few observations: {o.share.n:,}"
