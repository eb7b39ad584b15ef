"""What the specs ask of each comparison: metric, role, direction, margin, error levels and planned units, as arrays.

The comparisons themselves belong to `comparisons.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ratchet.contracts.experiments import Design, Experiment
from ratchet.contracts.metrics import Metric, MetricKind
from ratchet.phases import Phase
from ratchet.statistics.arrays import Array
from ratchet.statistics.power import RESERVE, fixed_drift, sequential_drift

MOST_POWER = 0.99


class Role(StrEnum):
    """What a metric is for."""

    PRIMARY = "primary"
    GUARDRAIL = "guardrail"
    SECONDARY = "secondary"


@dataclass(frozen=True, slots=True)
class Cell:
    """One metric of one phase: where it stands and what it is for."""

    position: int
    metric: Metric
    role: Role
    margin: float


def cells_of(phases: Sequence[Phase]) -> Iterator[Cell]:
    """Return every metric of every phase: the primary, the guardrails, the secondaries."""
    for position, phase in enumerate(phases):
        spec = phase.experiment
        yield Cell(position, spec.primary, Role.PRIMARY, np.nan)
        for guardrail in spec.guardrails:
            yield Cell(position, guardrail.metric, Role.GUARDRAIL, guardrail.margin)
        for metric in spec.secondaries:
            yield Cell(position, metric, Role.SECONDARY, np.nan)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the specs say of each comparison, one a row.

    Attributes:
        position: which phase.
        arm: position of the treatment among its arms.
        role: of the metric, as text.
        sign: 1 where more is better, else -1.
        margin: of a guardrail, NaN for others.
        alpha: error level of the experiment.
        arm_alpha: the same divided by its treatments.
        mde: relative.
        planned: units of both arms as the spec plans them, NaN where it does not.
        drifts: of a single look, of the plan, and of the promised power.
        pairable: whether it may be compared pair by pair; a ratio only where each unit has one value.
    """

    position: NDArray[np.int64]
    arm: NDArray[np.int64]
    role: NDArray[np.object_]
    sign: Array
    margin: Array
    alpha: Array
    arm_alpha: Array
    mde: Array
    planned: Array
    drifts: tuple[Array, Array, Array]
    pairable: NDArray[np.bool_]


def terms_of(phases: Sequence[Phase], cells: Sequence[Cell], cell: NDArray[np.int64], arm: NDArray[np.int64]) -> Terms:
    """Return the terms of each comparison.

    Args:
        phases: those compared.
        cells: their metrics.
        cell: the metric of each comparison.
        arm: its treatment.
    """
    by_cell = {
        "position": np.array([c.position for c in cells], dtype=np.int64),
        "role": np.array([c.role.value for c in cells], dtype=object),
        "sign": np.array([c.metric.direction.sign for c in cells], dtype=np.float64),
        "margin": np.array([c.margin for c in cells], dtype=np.float64),
        "pairable": np.array([_pairable(phases, c) for c in cells], dtype=bool),
    }
    found = {name: values[cell] for name, values in by_cell.items()}
    specs = [phase.experiment for phase in phases]
    numbers_of = np.array([_numbers(spec) for spec in specs], dtype=np.float64).reshape(len(specs), 6)
    alpha, arm_alpha, mde, *drifts = numbers_of[found["position"]].T
    planned = _planned(specs, found["position"], arm)
    return Terms(
        arm=arm, alpha=alpha, arm_alpha=arm_alpha, mde=mde, planned=planned,
        drifts=(drifts[0], drifts[1], drifts[2]), **found,
    )  # fmt: skip


def _pairable(phases: Sequence[Phase], cell: Cell) -> bool:
    paired_design = phases[cell.position].experiment.design is Design.PAIRED
    return paired_design and cell.metric.kind is not MetricKind.QUANTILE


def _numbers(spec: Experiment) -> tuple[float, float, float, float, float, float]:
    """Return α, α of an arm, MDE, and the drifts of a single look, of the plan, and of the promised power."""
    alpha = spec.alpha / (len(spec.arms) - 1)
    plan = min(MOST_POWER, spec.power + RESERVE)
    sequential, promised = (sequential_drift(power, alpha, spec.horizon_days) for power in (plan, spec.power))
    return spec.alpha, alpha, spec.mde, fixed_drift(plan, alpha), sequential, promised


def _planned(specs: Sequence[Experiment], position: NDArray[np.int64], arm: NDArray[np.int64]) -> Array:
    """Return the units that control and treatment get of those the spec plans, NaN where it plans none."""
    shares = [
        np.array([(spec.arms[0].weight + a.weight) / sum(x.weight for x in spec.arms) for a in spec.arms])
        * (np.nan if spec.planned_units is None else spec.planned_units)
        for spec in specs
    ]
    return np.array([shares[p][a] for p, a in zip(position, arm, strict=True)], dtype=np.float64)
