"""What is measured after a trial is over: what a shipped variant then brought, and whether a roll back mended things.

A follow-up is a trial of its own, named after the one it follows. What its numbers mean belongs to
`measure/realised.py` and `measure/recovery.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from ratchet.contracts.experiments import FOLLOW_UP, Design, Experiment, Trial, TrialKind
from ratchet.contracts.metrics import Metric
from ratchet.contracts.rollout_states import RolloutState
from ratchet.contracts.rollouts import OFF, Rollout
from ratchet.phases import Phase

AFTER = f"{FOLLOW_UP}after"
RECOVERY_DAYS = 14  # how long after a roll back its units are looked at


@dataclass(frozen=True, slots=True)
class Shipped:
    """An experiment's decision that was published.

    Attributes:
        phase: that was decided.
        variant: that all get since.
        on: the first day of that.
    """

    phase: int
    variant: str
    on: date


def of_experiments(phases: Iterable[Phase], shipped: Mapping[str, Shipped], as_of: date) -> tuple[Phase, ...]:
    """Return the time after each shipped decision as a phase of control and the variant that was shipped.

    Its units are those of the experiment, all in one arm: a flag that serves one variant to all exposes nobody. It
    begins with the first whole day of the new flag and ends where a later phase begins. The primary metric alone is
    measured, as it is.

    Args:
        phases: of every experiment.
        shipped: by experiment; a roll back is none.
        as_of: a follow-up that begins later is left out.
    """
    found = []
    known = {(p.experiment.id, p.trial.phase): p for p in phases}
    for name, decision in sorted(shipped.items()):
        phase, following = known.get((name, decision.phase)), known.get((name, decision.phase + 1))
        start = _midnight(decision.on + timedelta(days=1))
        if phase is None or start.date() > as_of or decision.variant == phase.experiment.control:
            continue
        end = following.trial.starts_at if following is not None else None
        if end is None or end > start:
            found.append(_followed(phase, decision.variant, start, end))
    return tuple(found)


def of_rollout(rollout: Rollout, state: RolloutState, as_of: date, objectives: Sequence[Metric] = ()) -> Trial | None:
    """Return the days after a roll back for the units of the stage that was rolled back, by what they had there.

    Args:
        rollout: as its file says.
        state: as of the day.
        as_of: a follow-up that begins later is none yet.
        objectives: what its objectives measure, where the stage was not random.
    """
    last = state.phases[-1] if state.phases else None
    if state.stage != OFF or last is None or last.ends_at is None:
        return None
    start = recovers_from(last.ends_at)
    if start.date() > as_of:
        return None
    assignment = last.assignment or rollout.assignment
    absolute = {m.name: m for m in objectives} if not last.percentage else {}
    return Trial(
        trial_id=f"{rollout.id}{AFTER}",
        kind=TrialKind.ROLLOUT,
        phase=last.number,
        flag_key=assignment.flag_key,
        unit_type=assignment.unit_type,
        variants=assignment.variants,
        metrics=tuple((absolute | {g.metric.name: g.metric for g in rollout.guardrails}).values()),
        conversion_days=RECOVERY_DAYS,
        starts_at=start,
        follows=(rollout.id, last.number),
    )


def recovers_from(ended_at: datetime) -> datetime:
    """Return the midnight (UTC) from which a flag that was turned off surely is off."""
    return _midnight(ended_at.astimezone(UTC).date() + timedelta(days=1))


def _followed(phase: Phase, variant: str, start: datetime, end: datetime | None) -> Phase:
    spec = phase.experiment
    arms = tuple(arm for arm in spec.arms if arm.name in (spec.control, variant))
    primary = replace(spec.primary, winsor_share=None, covariate_days=0)
    own: Experiment = replace(
        spec,
        arms=arms,
        primary=primary,
        guardrails=(),
        secondaries=(),
        design=Design.PARALLEL,
        planned_units=None,
        bucket_order=(),
    )
    trial = replace(
        phase.trial,
        trial_id=f"{spec.id}{AFTER}",
        variants=(variant,),
        metrics=(primary,),
        starts_at=start,
        ends_at=end,
        outcomes_until=end,
        weights=(),
        paired=False,
        follows=(spec.id, phase.trial.phase),
    )
    return Phase(own, trial, None, True)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC)
