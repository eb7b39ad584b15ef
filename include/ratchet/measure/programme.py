"""What the whole programme of experiments has brought: how many improved anything, and how much of it was real (R37).

The verdict on one experiment belongs to `verdicts.py`, what happened after its decision to impact; both come in here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy import stats

from ratchet.contracts.estimates import Estimate, as_record
from ratchet.errors import NotComputable
from ratchet.measure.experiments import ExperimentResult, ExperimentsResult
from ratchet.measure.realised import errors
from ratchet.measure.terms import Role
from ratchet.measure.verdicts import Verdict
from ratchet.statistics.arrays import LEVEL, column
from ratchet.statistics.differences import lift_interval
from ratchet.statistics.means import shrink
from ratchet.statistics.moments import Moments
from ratchet.statistics.proportions import wilson

FEWEST = 5  # experiments below which how much they differ in truth cannot be told from chance
CONCLUSIVE = (Verdict.SHIP, Verdict.ROLL_BACK, Verdict.INCONCLUSIVE)
_Z = float(stats.norm.ppf((1 + LEVEL) / 2))


@dataclass(frozen=True, slots=True)
class Concluded:
    """An experiment that has ended, its lift signed so that above 0 is better.

    Attributes:
        experiment_id: its id.
        verdict: the last one.
        decided_on: the night that gave it.
        lift: measured relative lift of the arm that was decided about; None where there was none.
        error: its standard error.
        realised: the lift seen after the decision; None where nothing was shipped.
    """

    experiment_id: str
    verdict: Verdict
    decided_on: date
    lift: float | None = None
    error: float | None = None
    realised: Estimate | None = None


@dataclass(frozen=True, slots=True)
class ShrunkLift:
    """One experiment's lift as measured, as it most likely is, and as it was seen after its decision."""

    experiment_id: str
    verdict: Verdict
    measured: float
    expected: Estimate
    realised: Estimate | None


@dataclass(frozen=True, slots=True)
class ProgrammeResult:
    """What all experiments together say.

    Attributes:
        as_of: the night's day.
        verdicts: experiments by last verdict.
        improved: share of the conclusive experiments that shipped.
        lifts: measured and shrunk, in the order they came.
        overstated: mean measured lift of what shipped minus its mean shrunk lift: the winner's curse.
        realised: seen after the decision over predicted (shrunk) lift of what shipped; 1 is all of it.
    """

    as_of: date
    verdicts: dict[str, int]
    improved: Estimate
    lifts: tuple[ShrunkLift, ...]
    overstated: Estimate
    realised: Estimate

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `programme` in `experiments.json`."""
        found: dict[str, Any] = as_record(self)
        return found


def concluded(result: ExperimentResult, decided_on: date) -> Concluded:
    """Return an ended experiment as the programme counts it: the arm that shipped, else the best one.

    Args:
        result: as of the night that decided.
        decided_on: that night.
    """
    sign = result.experiment.primary.direction.sign
    rows = [c for c in result.comparisons if c.role is Role.PRIMARY and c.single_look.low is not None]
    mine = [c for c in rows if c.arm == result.judgement.arm] or rows
    best = max(mine, key=lambda c: (sign * (c.lift.number or 0.0), c.arm), default=None)
    if best is None or best.single_look.number is None:
        return Concluded(result.experiment.id, result.judgement.verdict, decided_on)
    low, high = best.single_look.low, best.single_look.high
    error = ((high or 0.0) - (low or 0.0)) / (2 * _Z)
    return Concluded(result.experiment.id, result.judgement.verdict, decided_on, sign * best.single_look.number, error)


def programme_of(
    result: ExperimentsResult, decided: Mapping[str, date], seen: Mapping[str, Estimate] = MappingProxyType({})
) -> ProgrammeResult:
    """Return what a night's experiments say together: each one's last phase, once it is conclusive and over.

    Args:
        result: the night's.
        decided: the day on which a decision was published, by experiment; without one it is over when it ends.
        seen: what was seen after the decision of those that shipped, by experiment.
    """
    ended = {e.experiment.id: decided.get(e.experiment.id, e.ends_on) for e in result.experiments}
    last = {e.experiment.id: e for e in sorted(result.experiments, key=lambda e: e.phase)}
    over = ((e, day) for name, e in last.items() if (day := ended[name]) is not None and day <= result.as_of)
    ended_well = [concluded(e, day) for e, day in over if e.judgement.verdict in CONCLUSIVE]
    found = [replace(e, realised=seen.get(e.experiment_id)) for e in ended_well]
    return programme(found, result.as_of)


def programme(experiments: Iterable[Concluded], as_of: date) -> ProgrammeResult:
    """Return what all experiments that had ended by a night have brought.

    Lifts are shrunk toward the mean of all of them, shipped or not, by normal-normal empirical Bayes (`means.shrink`).
    The posterior does not depend on which of them were picked out, so that it takes the winner's curse away (Efron
    2011; Azevedo, Deng, Montiel Olea & Weyl 2019).

    Args:
        experiments: ended ones; later ones than the night do not count.
        as_of: the night's day.
    """
    known = sorted((e for e in experiments if e.decided_on <= as_of), key=lambda e: (e.decided_on, e.experiment_id))
    lifts = _shrunk([e for e in known if e.verdict in CONCLUSIVE and e.lift is not None and e.error])
    return ProgrammeResult(
        as_of=as_of,
        verdicts=dict(sorted(Counter(e.verdict.value for e in known).items())),
        improved=_improved(known),
        lifts=lifts,
        overstated=_overstated(lifts),
        realised=_realised(known, lifts),
    )


def _improved(known: Sequence[Concluded]) -> Estimate:
    ended = [e for e in known if e.verdict in CONCLUSIVE]
    shipped = sum(e.verdict is Verdict.SHIP for e in ended)
    return wilson(shipped, len(ended)).estimate(0, len(ended), "no experiment has ended with a verdict")


def _shrunk(known: Sequence[Concluded]) -> tuple[ShrunkLift, ...]:
    """Return shrunk lifts; below `FEWEST` experiments none is shrunk and each says so."""
    measured = [e.lift or 0.0 for e in known]
    if len(known) < FEWEST:
        few = NotComputable(f"fewer than {FEWEST} experiments have ended")
        return tuple(_lift(e, m, Estimate(few, len(known))) for e, m in zip(known, measured, strict=True))
    means = shrink(measured, [(e.error or 0.0) ** 2 for e in known]).means
    return tuple(
        _lift(e, m, means.estimate(i, len(known), "")) for i, (e, m) in enumerate(zip(known, measured, strict=True))
    )


def _lift(experiment: Concluded, measured: float, expected: Estimate) -> ShrunkLift:
    return ShrunkLift(experiment.experiment_id, experiment.verdict, measured, expected, experiment.realised)


def _overstated(lifts: Sequence[ShrunkLift]) -> Estimate:
    shipped = [
        x.measured - x.expected.number for x in lifts if x.verdict is Verdict.SHIP and x.expected.number is not None
    ]
    if not shipped:
        return Estimate(NotComputable("too few experiments have ended, or none of them shipped"), 0)
    return Estimate(float(np.mean(shipped)), len(shipped), note="an average of shrunk estimates has no interval here")


def _realised(known: Sequence[Concluded], lifts: Sequence[ShrunkLift]) -> Estimate:
    """Return Σ realised / Σ predicted with Fieller's 95 % interval, the errors of both sides included."""
    shipped = {e.experiment_id: e.realised for e in known if e.verdict is Verdict.SHIP and e.realised is not None}
    later = errors(shipped, _Z)
    rows = [(x.expected, x.experiment_id) for x in lifts if x.experiment_id in later and x.expected.number is not None]
    if not rows:
        few = len(lifts) < FEWEST and later
        return Estimate(
            NotComputable("fewer than 5 experiments have ended" if few else "no shipped lift was seen yet"), 0
        )
    predicted = _total([(p.number or 0.0, ((p.high or 0.0) - (p.low or 0.0)) / (2 * _Z)) for p, _ in rows])
    realised = _total([later[name] for _, name in rows])
    found = lift_interval(predicted, realised, _Z)
    ratio = [1 + float(bound[0]) for bound in (found.value, found.low, found.high)]
    if not math.isfinite(ratio[1]):
        return Estimate(ratio[0], len(rows), note="the predicted lift is too close to 0 for an interval")
    return Estimate(ratio[0], len(rows), ratio[1], ratio[2])


def _total(values: Sequence[tuple[float, float]]) -> Moments:
    return Moments(column(sum(v for v, _ in values)), column(sum(e**2 for _, e in values)), column(1.0))
