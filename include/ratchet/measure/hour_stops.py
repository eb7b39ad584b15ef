"""Whether a rollout does harm within an hour: the only thing that is decided about it between two nights (R52).

A night judges by confidence sequences over the whole stage and may advance; an hour may only stop what clearly breaks.
Units with the feature are held against all others of the same hours; how they are counted belongs to `log/recent.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from ratchet.contracts.metrics import InteractionColumn
from ratchet.contracts.rollout_states import RolloutState
from ratchet.contracts.rollout_verdicts import RolloutAction, RolloutVerdict
from ratchet.contracts.rollouts import NOT_STARTED, OFF, Mover, Rollout
from ratchet.objectives import Metric, Objective
from ratchet.statistics.proportions import wilson

LEVEL = 0.99999  # of each interval: 24 looks a day at several guardrails are paid for
MIN_UNITS = 30  # with the feature, and without it
_COUNTED = {  # what is bad of the requests, out of which
    InteractionColumn.SUCCESS: ("failures", "known", "failing_units", "known_units"),
    InteractionColumn.FAILURE: ("failures", "known", "failing_units", "known_units"),
    InteractionColumn.TIMED_OUT: ("timeouts", "timed", "timed_out_units", "timed_units"),
}


@dataclass(frozen=True, slots=True)
class _Rule:
    """What must not become bad: which requests, by how much relative to the others, beyond which share at least."""

    name: str
    column: InteractionColumn
    margin: float
    line: float


def stops(
    rollouts: Iterable[Rollout],
    states: Mapping[str, RolloutState],
    arms: pd.DataFrame,
    objectives: Sequence[Objective],
    as_of: date,
) -> list[RolloutVerdict]:
    """Return the rollouts that do harm, each with the verdict to roll it back.

    Harm is established where the share of units that met a failure (or a time-out) lies above that of the others by
    more than the margin, interval against interval, and the share of requests above the line of its rule. Those are:
    every guardrail on success, failure or timed_out of interactions (no line), and for every rollout the objective
    `success_rate`, whose line is the fastest burn rate of its budget.

    Args:
        rollouts: of the settings; those that the application moves itself are left out.
        states: where they stand.
        arms: `Recent.arms`.
        objectives: of the settings.
        as_of: the day it is.
    """
    found = [_judged(r, states[r.id], arms, objectives, as_of) for r in rollouts if _is_out(r, states[r.id])]
    return [verdict for verdict in found if verdict is not None]


def _is_out(rollout: Rollout, state: RolloutState) -> bool:
    return rollout.moved_by is Mover.RATCHET and state.stage not in (OFF, NOT_STARTED) and state.phase is not None


def _judged(
    rollout: Rollout, state: RolloutState, arms: pd.DataFrame, objectives: Sequence[Objective], as_of: date
) -> RolloutVerdict | None:
    assignment = state.assignment or rollout.assignment
    own = arms[arms["flag_key"] == assignment.flag_key]
    with_it = own["variant"] == assignment.variants[1]
    on, rest = (own[chosen].drop(columns=["flag_key", "variant"]).sum() for chosen in (with_it, ~with_it))
    harm = [said for rule in _rules(rollout, objectives) if (said := _harm(rule, on, rest))]
    if not harm:
        return None
    phase = state.phase
    return RolloutVerdict(
        rollout_id=rollout.id,
        verdict=RolloutAction.ROLL_BACK,
        reason="; ".join(harm),
        stage=state.stage,
        next_stage=OFF,
        percentage=state.percentage,
        next_percentage=0.0,
        phase=phase.number if phase else 0,
        hours=phase.hours(as_of) if phase else 0.0,
        units_on=int(on["known_units"]),
        units_off=int(rest["known_units"]),
        sample_ratio_p=None,
        guardrails=(),
        objectives=(),
        error_level=1 - LEVEL,
        moved_by=rollout.moved_by,
        edited=False,
    )


def _rules(rollout: Rollout, objectives: Sequence[Objective]) -> list[_Rule]:
    found = [
        _Rule(g.metric.name, g.metric.column, g.margin, 0.0)
        for g in rollout.guardrails
        if g.metric.column in _COUNTED and g.metric.above is None
    ]
    lines = [o.burns[0].rate * o.allowed for o in objectives if o.metric is Metric.SUCCESS_RATE and o.burns]
    return [*found, *(_Rule("success rate", InteractionColumn.SUCCESS, 0.0, line) for line in lines)]


def _harm(rule: _Rule, on: pd.Series, rest: pd.Series) -> str:
    bad, n, bad_units, units = _COUNTED[rule.column]
    if min(on[units], rest[units]) < MIN_UNITS or on[bad] / on[n] < rule.line:
        return ""
    ours, theirs = (wilson([arm[bad_units]], [arm[units]], LEVEL) for arm in (on, rest))
    if not ours.low[0] > theirs.high[0] * (1 + rule.margin):
        return ""
    return (
        f"{rule.name}: {bad_units.split('_units')[0].replace('_', ' ')} for {ours.value[0]:.1%} of {int(on[units]):,} "
        f"units with the feature and {theirs.value[0]:.1%} of {int(rest[units]):,} others within hours"
    )
