"""Whether a rollout advances tonight: by time, sample, sample ratio and guardrails, and never by anything else.

Guardrails are judged in `guardrails.py`. Where a rollout stands is folded in `deploy/rollouts.py`; what a verdict
leads to belongs to `generate/decisions.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from ratchet.contracts.rollout_states import RolloutState
from ratchet.contracts.rollout_verdicts import (
    SAMPLE_RATIO_LEVEL,
    Finding,
    ObjectiveResult,
    Recovery,
    RolloutAction,
    RolloutsResult,
    RolloutVerdict,
)
from ratchet.contracts.rollouts import NOT_STARTED, OFF, Phase, Rollout, Stage
from ratchet.follow_ups import AFTER, recovers_from
from ratchet.measure import rollout_words as words
from ratchet.measure.guardrails import judge_guardrails
from ratchet.measure.recovery import recovery_of
from ratchet.objectives import Objective
from ratchet.statistics.proportions import wilson
from ratchet.statistics.sample_ratio import sample_ratio_p


def judge_rollouts(
    rollouts: Sequence[Rollout],
    states: Mapping[str, RolloutState],
    facts: pd.DataFrame,
    units: pd.DataFrame,
    objectives: Sequence[Objective],
    as_of: date,
) -> RolloutsResult:
    """Judge every rollout.

    Args:
        rollouts: of the night.
        states: where each stood when the night began, by id.
        facts: rows of `mart_experiments`.
        units: rows of `mart_experiment_units`.
        objectives: those that a stage may name.
        as_of: the night's day.
    """
    verdicts = tuple(judge(r, states[r.id], _of(r, facts), _of(r, units), objectives, as_of) for r in rollouts)
    return RolloutsResult(as_of, verdicts, {r.id: states[r.id].phases for r in rollouts}, {r.id: r for r in rollouts})


def judge(
    rollout: Rollout,
    state: RolloutState,
    facts: pd.DataFrame,
    units: pd.DataFrame,
    objectives: Sequence[Objective],
    as_of: date,
) -> RolloutVerdict:
    """Judge one rollout by the facts of its present phase; those of other phases are not looked at.

    Args:
        rollout: as its file says.
        state: where it stood when the night began.
        facts: its rows of `mart_experiments`.
        units: its rows of `mart_experiment_units`.
        objectives: as `judge_rollouts`.
        as_of: the night's day.
    """
    look = _Look(rollout, state, as_of)
    if state.stage == OFF:
        recovery = _recovery(look, facts, objectives)
        reason = "it was rolled back; to begin again, raise `attempt` in its file"
        return look.says(RolloutAction.DONE, reason, recovery=recovery)
    if state.stage == NOT_STARTED:
        return look.says(
            RolloutAction.ADVANCE, f"it is planned and has not started; {words.exposes(rollout, rollout.stages[0])}"
        )
    phase = state.phase
    if phase is None:
        return look.says(RolloutAction.NO_DATA, "nobody has it")
    stage = rollout.stage(state.stage) or Stage(name=state.stage, percentage=state.percentage)
    if phase.hours(as_of) <= 0:
        return look.says(RolloutAction.NO_DATA, "this stage is published and has not been in force for a day yet")
    if phase.percentage >= 100:
        return look.says(
            RolloutAction.DONE, "everyone has it; without a holdback this is before against after, not judged"
        )
    variants = (phase.assignment or rollout.assignment).variants
    own = [rows[rows["trial_id"] == rollout.id] for rows in (units, facts)]
    counts, arms = _units(variants, own[0], phase), _arms(variants, own[1], phase)
    if phase.randomised:
        return _randomised(look, stage, arms, counts)
    return _internal(look, stage, arms, counts, objectives)


@dataclass(frozen=True, slots=True)
class _Look:
    rollout: Rollout
    state: RolloutState
    as_of: date

    @property
    def hours(self) -> float:
        return self.state.phase.hours(self.as_of) if self.state.phase else 0.0

    def says(self, verdict: RolloutAction, reason: str, **known: Any) -> RolloutVerdict:
        rollout, state = self.rollout, self.state
        following = rollout.after(state.stage) if verdict is RolloutAction.ADVANCE else None
        moves = {
            RolloutAction.ADVANCE: rollout.exposure(following) if following else None,
            RolloutAction.ROLL_BACK: 0.0,
        }
        on, off = known.pop("counts", (0, 0))
        return RolloutVerdict(
            rollout_id=rollout.id,
            verdict=verdict,
            reason=reason,
            stage=state.stage,
            next_stage=following.name if following else OFF if verdict is RolloutAction.ROLL_BACK else None,
            percentage=state.percentage,
            next_percentage=moves.get(verdict),
            phase=state.phase.number if state.phase else 0,
            hours=self.hours,
            units_on=on,
            units_off=off,
            **{"sample_ratio_p": None, "guardrails": (), "objectives": (), **known},
            error_level=rollout.alpha,
            moved_by=rollout.moved_by,
            edited=state.spec_hash not in (None, rollout.spec_hash),
        )


def _randomised(
    look: _Look, stage: Stage, arms: tuple[pd.DataFrame, pd.DataFrame], counts: tuple[int, int]
) -> RolloutVerdict:
    rollout, percentage = look.rollout, look.state.percentage
    on, off = counts
    if not on or not off:
        nobody = "with" if not on else "without"
        return look.says(RolloutAction.NO_DATA, f"no unit {nobody} the feature was seen in this stage", counts=counts)
    p = float(sample_ratio_p([off, on], [100 - percentage, percentage], [0, 0])[0])
    known: dict[str, Any] = {"counts": counts, "sample_ratio_p": p if math.isfinite(p) else None}
    if min(on, off) < stage.min_units:
        side = "with" if on < off else "without"
        reason = f"{words.units(min(on, off))} {side} the feature, {stage.min_units:,} are needed"
        return look.says(RolloutAction.HOLD, reason, **known)
    known["guardrails"] = judge_guardrails(rollout.guardrails, *arms, rollout.alpha, look.hours / 24)
    harm = [g for g in known["guardrails"] if g.finding is Finding.HARM]
    if harm:
        return look.says(RolloutAction.ROLL_BACK, "; ".join(words.harm(g) for g in harm), **known)
    missing = _missing(look, stage, known)
    if missing:
        return look.says(RolloutAction.HOLD, "; ".join(missing), **known)
    if rollout.after(stage.name) is None:
        return look.says(
            RolloutAction.DONE, f"full exposure is safe beside a holdback of {100 - percentage:g}%", **known
        )
    return look.says(RolloutAction.ADVANCE, words.safe(look.hours, known["guardrails"]), **known)


def _recovery(look: _Look, facts: pd.DataFrame, objectives: Sequence[Objective]) -> Recovery | None:
    rollout, phases = look.rollout, look.state.phases
    ended = phases[-1].ends_at if phases else None
    if ended is None:
        return None
    phase, since = phases[-1], recovers_from(ended).date()
    after = facts[facts["trial_id"] == f"{rollout.id}{AFTER}"]
    arms = _arms((phase.assignment or rollout.assignment).variants, after, phase)
    wanted = () if phase.randomised else [o for o in objectives if o.metric.value in rollout.objectives]
    judged = [_objective(o, arms[1]) for o in wanted]
    return recovery_of(rollout, phase, arms, judged, since, look.as_of)


def _missing(look: _Look, stage: Stage, known: Mapping[str, Any]) -> list[str]:
    """Return in words what an advance still lacks."""
    found = _file_and_time(look, stage)
    p = known["sample_ratio_p"]
    if p is not None and p < SAMPLE_RATIO_LEVEL:
        on, off = known["counts"]
        found.append(
            f"the sample ratio is broken (p = {p:.1g}): {on:,} units with the feature and {off:,} without do not fit "
            f"{look.state.percentage:g}%, so nothing else can be believed"
        )
    return found + [words.still_open(g) for g in known["guardrails"] if g.finding is not Finding.SAFE]


def _internal(
    look: _Look,
    stage: Stage,
    arms: tuple[pd.DataFrame, pd.DataFrame],
    counts: tuple[int, int],
    objectives: Sequence[Objective],
) -> RolloutVerdict:
    on = counts[0]
    if not on:
        return look.says(RolloutAction.NO_DATA, "no member of its groups was seen with the feature", counts=counts)
    wanted = {o.metric.value: o for o in objectives if o.metric.value in look.rollout.objectives}
    results = tuple(_objective(wanted[name], arms[1]) for name in look.rollout.objectives if name in wanted)
    known: dict[str, Any] = {"counts": counts, "objectives": results}
    critical = [o for o in results if o.is_critical]
    if critical:
        return look.says(RolloutAction.ROLL_BACK, "; ".join(words.breach(o, "critical") for o in critical), **known)
    missing = _file_and_time(look, stage)
    if on < stage.min_units:
        missing.append(f"{words.units(on)} with the feature, {stage.min_units:,} are needed")
    missing += [words.breach(o, "breached") if o.met is False else words.below_floor(o) for o in results if not o.met]
    missing += [f"objective {name} is not set" for name in look.rollout.objectives if name not in wanted]
    if missing:
        return look.says(RolloutAction.HOLD, "; ".join(missing), **known)
    judged = "no objective is breached" if results else "no objective is set for it, so only time and sample count"
    return look.says(
        RolloutAction.ADVANCE, f"{judged}; its members are few and not random, so nothing is compared", **known
    )


def _file_and_time(look: _Look, stage: Stage) -> list[str]:
    """Return in words what the file or the clock holds against an advance; harm is looked for all the same."""
    found = []
    if look.state.edited:
        found.append("its file now assigns units otherwise; raise `attempt` in it to begin anew so")
    if look.rollout.stage(stage.name) is None:
        found.append(f"its file has no stage “{stage.name}” any more")
    if look.hours < stage.min_hours:
        found.append(f"{round(look.hours, 1):g} of {stage.min_hours:g} hours in this stage")
    return found


def _objective(bound: Objective, treatment: pd.DataFrame) -> ObjectiveResult:
    """Judge an objective by the share of requests that keep it: successes, or those that take no longer than it says.

    A quantile q keeps its line where at least a share q of the requests does.
    """
    q, names = bound.metric.quantile, [m.name for m in bound.trial_metrics]
    rows = treatment.reindex(index=names, columns=["sum_y", "sum_d"]).fillna(0.0)
    n = rows["sum_d"].to_numpy(dtype=float)
    kept = wilson(rows["sum_y"].to_numpy(dtype=float) if q is None else n - rows["sum_y"].to_numpy(dtype=float), n)
    wanted, least = (bound.target, bound.critical) if q is None else (q, q)
    enough = n[0] >= bound.floor
    breached = bool(enough and kept.high[0] < wanted)
    return ObjectiveResult(
        name=bound.metric.value,
        target=bound.target,
        critical=bound.critical,
        wanted=wanted,
        share=kept.estimate(0, n[0], "nothing was seen"),
        met=not breached if enough else None,
        is_critical=bool(breached and kept.high[-1] < least),
    )


def _of(rollout: Rollout, rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["trial_id"].isin([rollout.id, f"{rollout.id}{AFTER}"])]


def _arms(variants: tuple[str, str], facts: pd.DataFrame, phase: Phase) -> tuple[pd.DataFrame, pd.DataFrame]:
    now = facts[facts["phase"] == phase.number].set_index("metric")
    off, on = variants
    return now[now["variant"] == off], now[now["variant"] == on]


def _units(variants: tuple[str, str], units: pd.DataFrame, phase: Phase) -> tuple[int, int]:
    now = units[(units["phase"] == phase.number) & (units["dimension"] == "all")]
    counted = now.groupby("variant", observed=True)["units"].sum()
    off, on = variants
    return int(counted.get(on, 0)), int(counted.get(off, 0))
