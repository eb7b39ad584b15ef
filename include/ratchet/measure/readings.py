"""Comparisons of arms as records: what a report shows of a metric of an arm, with a reason where there is no number.

The numbers are made by `comparisons.py`; what they mean for the whole experiment belongs to `verdicts.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import numpy as np

from ratchet.contracts.estimates import Estimate
from ratchet.contracts.metrics import Direction, MetricKind
from ratchet.errors import NotComputable
from ratchet.measure.comparisons import Comparisons
from ratchet.measure.terms import Role
from ratchet.measure.verdicts import Outcome
from ratchet.phases import Phase
from ratchet.statistics.arrays import Array, Intervals
from ratchet.statistics.differences import pooled_z
from ratchet.statistics.moments import Moments
from ratchet.statistics.pairs import mcnemar_p

Number = TypeVar("Number", int, float)
_NO_LIFT = "the control's value is 0, nothing is relative to it"
_NEAR_ZERO = "the control's value is too close to 0 for a bounded interval of what is relative to it"


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Complete pairs, and what the pairs say on which the arms disagree.

    Attributes:
        n: complete pairs.
        higher: pairs in which the treatment is higher: of a proportion, those that only the treatment hit.
        lower: pairs in which it is lower.
        mcnemar_p: exact, of higher against lower, for a single look; of means it is the sign test.
        pooled_z: of the two shares as if units were independent; None for means.
    """

    n: int
    higher: int
    lower: int
    mcnemar_p: float
    pooled_z: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of one treatment arm against control.

    Attributes:
        metric: its name.
        kind: what is compared.
        role: primary, guardrail or secondary.
        direction: which way is better.
        margin: of a guardrail, relative.
        arm: the treatment.
        control: the control's value and units.
        treatment: the treatment's.
        difference: treatment - control with its confidence sequence.
        lift: difference over the control's size with its confidence sequence (Fieller's).
        single_look: the lift with the 95 % interval that holds only if nobody looked before (delta method).
        single_look_p: the p-value that goes with it.
        p: two-sided p-value that holds however often one looks.
        adjusted_p: Holm over arms (primary), over an arm's guardrails against harm, BH over secondaries.
        outcome: what follows for this metric alone.
        pairs: of a paired design.
    """

    metric: str
    kind: MetricKind
    role: Role
    direction: Direction
    margin: float | None
    arm: str
    control: Estimate
    treatment: Estimate
    difference: Estimate
    lift: Estimate
    single_look: Estimate
    single_look_p: float | None
    p: float | None
    adjusted_p: float | None
    outcome: Outcome
    pairs: PairCounts | None


@dataclass(frozen=True, slots=True)
class PlannedSample:
    """Units of all arms that the MDE needs; None where the data cannot say.

    Attributes:
        tuned: what the confidence sequence is tuned to.
        single_look: if one looked only once, at the end.
        every_night: looking every night, for a little more than the promised power.
        detectable: the effect that the present sample finds with the promised power.
    """

    tuned: int | None
    single_look: int | None
    every_night: int | None
    detectable: float | None


def comparisons_by_phase(found: Comparisons, phases: Sequence[Phase]) -> list[tuple[Comparison, ...]]:
    """Return the comparisons of each phase as records.

    Args:
        found: the numbers.
        phases: in the order they were compared in.
    """
    rows = _records(found, phases)
    positions = [found.cells[c].position for c in found.cell.tolist()]
    by_position = groupby(zip(positions, rows, strict=True), lambda pair: pair[0])
    grouped = {position: tuple(row for _, row in group) for position, group in by_position}
    return [grouped.get(i, ()) for i in range(len(phases))]


def planned_samples(found: Comparisons, phases: Sequence[Phase]) -> list[PlannedSample]:
    """Return the sample of each phase: that of the arm which needs most, scaled to all arms by their weights."""
    samples = [PlannedSample(None, None, None, None)] * len(phases)
    cells, arms = found.cell.tolist(), found.arm.tolist()
    columns = (found.plan.units, found.plan.fixed, found.plan.sequential, found.plan.detectable)
    for cell, arm, *numbers in zip(cells, arms, *(c.tolist() for c in columns), strict=True):
        it = found.cells[cell]
        if it.role is Role.PRIMARY:
            weights = [a.weight for a in phases[it.position].experiment.arms]
            scale = sum(weights) / (weights[0] + weights[arm])
            tuned, single, nightly = (_whole(n * scale) for n in numbers[:3])
            mine = PlannedSample(tuned, single, nightly, _known(numbers[3]))
            samples[it.position] = _larger(samples[it.position], mine)
    return samples


def _larger(first: PlannedSample, second: PlannedSample) -> PlannedSample:
    return PlannedSample(
        _most(first.tuned, second.tuned),
        _most(first.single_look, second.single_look),
        _most(first.every_night, second.every_night),
        _most(first.detectable, second.detectable),
    )


def _most(first: Number | None, second: Number | None) -> Number | None:
    return max((v for v in (first, second) if v is not None), default=None)


def _records(found: Comparisons, phases: Sequence[Phase]) -> list[Comparison]:
    units = np.stack([found.control_units, found.treatment_units]).astype(np.int64)
    n, both = units.tolist(), units.sum(axis=0).tolist()
    reasons = _reasons(found, phases)
    sides = [_estimates(Intervals(m.value, *_unknown(m.value)), n[i], reasons) for i, m in enumerate(_sides(found))]
    differences = _estimates(found.difference, both, reasons)
    of_lifts = _lift_reasons(reasons, found.control.value.tolist())
    lifts, looks = (_estimates(values, both, of_lifts) for values in (found.lift, found.fixed_lift))
    looks_p, p, adjusted = (v.tolist() for v in (found.fixed_p, found.p, found.adjusted_p))
    pairs = _pair_counts(found)
    result = []
    for i, (number, arm) in enumerate(zip(found.cell.tolist(), found.arm.tolist(), strict=True)):
        cell = found.cells[number]
        result.append(
            Comparison(
                cell.metric.name,
                cell.metric.kind,
                cell.role,
                cell.metric.direction,
                _known(cell.margin),
                phases[cell.position].experiment.arms[arm].name,
                sides[0][i],
                sides[1][i],
                differences[i],
                lifts[i],
                looks[i],
                _known(looks_p[i]),
                _known(p[i]),
                _known(adjusted[i]),
                found.outcome[i],
                pairs[i],
            )
        )
    return result


def _sides(found: Comparisons) -> tuple[Moments, Moments]:
    return found.control, found.treatment


def _unknown(values: Array) -> tuple[Array, Array]:
    nothing = np.full(values.shape, np.nan)
    return nothing, nothing


def _estimates(values: Intervals, n: Sequence[int], reasons: Sequence[str]) -> list[Estimate]:
    """Return estimates; one without a value says why, one without an interval too."""
    rows = zip(values.value.tolist(), values.low.tolist(), values.high.tolist(), n, reasons, strict=True)
    return [
        Estimate(v, count, _known(low), _known(high), "" if math.isfinite(low) else reason)
        if math.isfinite(v)
        else Estimate(NotComputable(reason or "not computable"), count)
        for v, low, high, count, reason in rows
    ]


def _lift_reasons(reasons: Sequence[str], control: Sequence[float]) -> list[str]:
    return [reason or (_NEAR_ZERO if value else _NO_LIFT) for reason, value in zip(reasons, control, strict=True)]


def _reasons(found: Comparisons, phases: Sequence[Phase]) -> list[str]:
    """Say why a comparison is not computable, '' where it is."""
    reasons = [""] * len(found.cell)
    for i in np.flatnonzero(np.isnan(found.difference.low)).tolist():
        arms = phases[found.cells[found.cell[i]].position].experiment.arms
        reasons[i] = _reason(found, i, (arms[0].name, arms[int(found.arm[i])].name))
    return reasons


def _reason(found: Comparisons, i: int, names: tuple[str, str]) -> str:
    for name, units, side in zip(names, (found.control_units, found.treatment_units), _sides(found), strict=True):
        if units[i] < 1:
            return f"{name} has no exposures"
        if units[i] < 2:
            return f"{name} has one unit"
        if not math.isfinite(side.value[i]):
            return f"{name} has no value that can be computed with"
        if not math.isfinite(side.variance[i]):
            return f"{name} has too few values"
    return "no unit differs from another (zero variance)"


def _pair_counts(found: Comparisons) -> list[PairCounts | None]:
    n, higher, lower = (counts.astype(np.int64).tolist() for counts in found.pairs)
    exact = mcnemar_p(*found.pairs[1:]).tolist()
    units = (found.control_units, found.treatment_units)
    hits = [moments.value * count for moments, count in zip(_sides(found), units, strict=True)]
    shares = np.array([found.cells[c].metric.kind is MetricKind.PROPORTION for c in found.cell.tolist()], dtype=bool)
    z = np.where(shares, pooled_z(hits[0], units[0], hits[1], units[1]), np.nan).tolist()
    rows = zip(n, higher, lower, exact, z, strict=True)
    return [PairCounts(pairs, up, down, p, _known(z_of)) if pairs else None for pairs, up, down, p, z_of in rows]


def _whole(value: float) -> int | None:
    return math.ceil(value) if math.isfinite(value) else None


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
