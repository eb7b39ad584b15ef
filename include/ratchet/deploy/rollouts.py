"""Where each rollout stands: a fold over what was really published, or over what the application says it did itself.

What a stage is belongs to `contracts/rollouts.py`, whether to advance to `measure/rollouts.py`, what the application
reads to `flags.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd

from ratchet.contracts.buckets import Hash
from ratchet.contracts.experiments import Trial, TrialKind
from ratchet.contracts.metrics import Metric
from ratchet.contracts.rollout_states import RolloutState, Step
from ratchet.contracts.rollouts import NOT_STARTED, OFF, Assignment, FlagState, Mover, Phase, Rollout
from ratchet.deploy.decisions import Decision, Kind

CHANGE_KIND = "feature"


def folded(rollout: Rollout, recorded: Iterable[Decision], changes: pd.DataFrame, as_of: date) -> RolloutState:
    """Return where a rollout stands.

    A new attempt has not started; what was published stays in force until it does. A night judges what was in force on
    its day. What it publishes takes effect on the day after, so that the state of
    `flags.json` is folded with the decisions of tonight's publication and that day.

    Args:
        rollout: as its file says tonight.
        recorded: the decisions in force, in the order of `decisions.read`.
        changes: `change` events that had landed: `kind`, `target`, `after`, `occurred_at` (UTC).
        as_of: the last day that counts.
    """
    steps, ignored = _steps(rollout, recorded, changes, as_of)
    if not steps:
        return RolloutState(rollout.id, ignored=ignored)
    last = steps[-1]
    return RolloutState(
        rollout_id=rollout.id,
        stage=NOT_STARTED if last.attempt < rollout.attempt else last.stage,
        percentage=last.percentage,
        groups=last.groups,
        phases=_phases(steps),
        assignment=last.assignment,
        spec_hash=last.spec_hash,
        edited=last.assignment not in (None, rollout.assignment),
        ignored=ignored,
    )


def trials(rollout: Rollout, state: RolloutState, as_of: date, objectives: Sequence[Metric] = ()) -> tuple[Trial, ...]:
    """Return a trial for every phase that had begun by the end of a day; what they count is read from the mart.

    Args:
        rollout: as its file says.
        state: as of the day.
        as_of: the day.
        objectives: what its objectives measure, in the stages that are not random.
    """
    midnight = datetime.combine(as_of + timedelta(days=1), time(0), UTC)
    begun = [phase for phase in state.phases if phase.starts_at < midnight and phase.percentage < 100]
    return tuple(_trial(rollout, phase, objectives) for phase in begun)


def flag_state(rollout: Rollout, state: RolloutState, groups: Mapping[str, Iterable[str]]) -> FlagState | None:
    """Return what `flags.json` says about a rollout's flag, None where the application moves it itself.

    Args:
        rollout: its holdback, and its salt and variants where nothing was published yet.
        state: after tonight's decisions.
        groups: the members of each named group; a group that is no longer there has none.
    """
    if rollout.moved_by is Mover.APPLICATION:
        return None
    return FlagState(
        assignment=state.assignment or rollout.assignment,
        percentage=state.percentage,
        groups=state.groups,
        members=_members(state.groups, groups),
        holdback_pct=rollout.holdback_pct,
    )


def left_behind(
    recorded: Iterable[Decision], known: Collection[str], groups: Mapping[str, Iterable[str]], as_of: date
) -> dict[str, FlagState]:
    """Return the flags, by rollout, that were published and whose file is gone or cannot be used.

    They stay as they were: a slip in a file must not take a feature away from everybody. What was rolled back is left
    out, since a flag that is not there is off.

    Args:
        recorded: as `folded`.
        known: ids of the rollouts that have a file which can be used.
        groups: the members of each named group.
        as_of: the last day that counts.
    """
    last = {str(d.facts["rollout_id"]): d for d in recorded if _is_step(d) and d.effective_date <= as_of}
    kept = {name: d.facts for name, d in last.items() if name not in known and d.facts["stage"] != OFF}
    return {
        name: FlagState(
            assignment=_assignment(facts["assignment"]),
            percentage=float(facts["percentage"]),
            groups=tuple(facts["groups"]),
            members=_members(facts["groups"], groups),
            holdback_pct=float(facts["holdback_pct"]),
        )
        for name, facts in sorted(kept.items())
    }


def _members(names: Iterable[str], groups: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({unit for name in names for unit in groups.get(name, ())}))


def _is_step(decision: Decision) -> bool:
    return decision.decision is Kind.DEPLOYED and "rollout_id" in decision.facts


def _steps(
    rollout: Rollout, recorded: Iterable[Decision], changes: pd.DataFrame, as_of: date
) -> tuple[list[Step], int]:
    if rollout.moved_by is Mover.APPLICATION:
        return _moves(rollout, changes, as_of)
    own = [d for d in recorded if _is_step(d) and d.facts["rollout_id"] == rollout.id]
    return [_published(d) for d in own if d.effective_date <= as_of], 0


def _published(decision: Decision) -> Step:
    facts = decision.facts
    ends, starts = _when(decision)
    return Step(
        ends_at=ends,
        starts_at=starts,
        percentage=float(facts["percentage"]),
        groups=tuple(facts["groups"]),
        stage=str(facts["stage"]),
        assignment=_assignment(facts["assignment"]),
        attempt=int(facts["attempt"]),
        spec_hash=str(facts["spec_hash"]),
    )


def _assignment(facts: Mapping[str, Any]) -> Assignment:
    off, on = facts["variants"]
    return Assignment(facts["flag_key"], (off, on), facts["salt"], facts["unit_type"], Hash(facts["hash"]))


def _when(decision: Decision) -> tuple[datetime, datetime]:
    """Return when the step before surely ended and this one surely held.

    Where the instant was not recorded, it was some time on the day of the decision: that day belongs to no phase, since
    a day with two percentages would look like a broken sample ratio.
    """
    said = decision.facts.get("published_at")
    if said:
        moment = datetime.fromisoformat(str(said)).astimezone(UTC)
        return moment, moment
    begin = datetime.combine(decision.effective_date, time(0), UTC)
    return begin, begin + timedelta(days=1)


def _moves(rollout: Rollout, changes: pd.DataFrame, as_of: date) -> tuple[list[Step], int]:
    own = changes[(changes["kind"] == CHANGE_KIND) & (changes["target"] == rollout.flag_key)]
    at = pd.to_datetime(own["occurred_at"], utc=True)
    share = pd.to_numeric(own["after"], errors="coerce")
    known = share.between(0, 100) & (at < pd.Timestamp(as_of + timedelta(days=1), tz=UTC))
    told = pd.DataFrame({"at": at, "percentage": share})[known].sort_values(["at", "percentage"], kind="stable")
    steps: list[Step] = []
    moments = pd.DatetimeIndex(told["at"]).to_pydatetime()
    for moment, percentage in zip(moments, told["percentage"].tolist(), strict=True):
        steps.append(_moved(rollout, moment.astimezone(UTC), percentage, begun=any(s.percentage for s in steps)))
    return steps, int((~share.between(0, 100)).sum())


def _moved(rollout: Rollout, moment: datetime, percentage: float, begun: bool) -> Step:
    reached = [s for s in rollout.stages if rollout.exposure(s) <= percentage + 1e-9]
    off = not reached or (percentage == 0 and begun)
    groups = () if off else rollout.groups_at(reached[-1])
    name = OFF if begun and off else NOT_STARTED if off else reached[-1].name
    return Step(moment, moment, percentage, groups, name, attempt=rollout.attempt)


def _phases(steps: list[Step]) -> tuple[Phase, ...]:
    moved = [steps[0], *(later for before, later in pairwise(steps) if _differs(before, later))]
    ends = [*(step.ends_at for step in moved[1:]), None]
    numbered = enumerate(zip(moved, ends, strict=True), 1)
    return tuple(
        Phase(number, step.stage, step.percentage, step.groups, step.starts_at, end, step.assignment)
        for number, (step, end) in numbered
        if (step.percentage or step.groups) and (end is None or step.starts_at < end)
    )


def _differs(before: Step, later: Step) -> bool:
    return (before.percentage, before.groups, before.assignment) != (later.percentage, later.groups, later.assignment)


def _trial(rollout: Rollout, phase: Phase, objectives: Sequence[Metric]) -> Trial:
    assignment = phase.assignment or rollout.assignment
    absolute = {m.name: m for m in objectives} if not phase.percentage else {}
    return Trial(
        trial_id=rollout.id,
        kind=TrialKind.ROLLOUT,
        phase=phase.number,
        flag_key=assignment.flag_key,
        unit_type=assignment.unit_type,
        variants=assignment.variants,
        metrics=tuple((absolute | {g.metric.name: g.metric for g in rollout.guardrails}).values()),
        conversion_days=rollout.conversion_days,
        starts_at=phase.starts_at,
        ends_at=phase.ends_at,
        outcomes_until=phase.ends_at,
        reason="SPLIT" if phase.percentage else "TARGETING",
        weights=(100 - phase.percentage, phase.percentage) if phase.randomised else (),
    )
