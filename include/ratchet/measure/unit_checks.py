"""Whether the units of an experiment can be believed: sample ratios and units that saw several arms.

Recomputing each assignment from its hash belongs to `audit.py`, what follows from a failed check to `verdicts.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from ratchet import frames
from ratchet.measure.verdicts import Rules, share
from ratchet.phases import Phase
from ratchet.statistics.arrays import Array
from ratchet.statistics.corrections import holm
from ratchet.statistics.proportions import wilson
from ratchet.statistics.sample_ratio import sample_ratio_p

ALL, DAY = "all", "day"
RECENT_DAYS = 7
SHOWN, SHOWN_P = 3, 0.05  # how many slices that stand out are named
_COUNTS = ("units", "crossovers", "rebucketed", "exposed_after_outcome")
_KEYS = ("trial_id", "phase", "dimension", "value", "variant")


@dataclass(frozen=True, slots=True)
class SliceRatio:
    """The sample ratio of one day or segment; `p` is corrected for the number of slices of its dimension."""

    dimension: str
    value: str
    units: tuple[int, ...]
    p: float | None


@dataclass(frozen=True, slots=True)
class UnitChecks:
    """What the units of one phase say about themselves.

    Attributes:
        units: of each arm, in the order of the experiment.
        expected_shares: of each arm.
        sample_ratio_p: overall; None below five expected units in an arm.
        worst_slices: the least likely days and segments, at most three.
        crossovers: units seen in more than one arm; they count in the first.
        rebucketed: units whose arm changed while the flag's definition did.
        exposed_after_outcome: units with an outcome before their first exposure.
        first_day: of the first exposure, None before it.
        units_a_day: over the last seven days with exposures.
        doubt: why nothing of this phase can be believed, '' where it can.
    """

    units: tuple[int, ...]
    expected_shares: tuple[float, ...]
    sample_ratio_p: float | None = None
    worst_slices: tuple[SliceRatio, ...] = ()
    crossovers: int = 0
    rebucketed: int = 0
    exposed_after_outcome: int = 0
    first_day: date | None = None
    units_a_day: float = 0.0
    doubt: str = ""


def unit_checks(units: pd.DataFrame, phases: Sequence[Phase], as_of: date, rules: Rules) -> tuple[UnitChecks, ...]:
    """Return the checks of each phase.

    Args:
        units: mart_experiment_units.
        phases: in the order of the answer.
        as_of: the night's day.
        rules: what invalidates.
    """
    rows = frames.rows_of(units, as_of, _KEYS).merge(_arms(phases), on=["trial_id", "phase", "variant"])
    rows[list(_COUNTS)] = frames.counts(rows, _COUNTS)
    slices = _slices(rows, phases)
    whole = rows[rows["dimension"] == ALL]
    overall = _matrix(whole["position"], whole["arm"], whole["units"], len(phases), _most_arms(phases))
    flaws = whole.groupby("position")[list(_COUNTS[1:])].sum().reindex(range(len(phases)), fill_value=0).to_numpy()
    by_phase = dict(zip(*_first(slices[slices["dimension"] == ALL]), strict=True))
    first_days, rates = _traffic(rows[(rows["dimension"] == DAY) & (rows["units"] > 0)], as_of)
    unlikely = _unlikely(slices)
    found = [
        UnitChecks(
            units=tuple(int(n) for n in overall[i, : len(phase.experiment.arms)]),
            expected_shares=_expected(phase),
            sample_ratio_p=frames.number(by_phase.get(i)),
            worst_slices=unlikely.get(i, ()),
            crossovers=int(flaws[i, 0]),
            rebucketed=int(flaws[i, 1]),
            exposed_after_outcome=int(flaws[i, 2]),
            first_day=first_days.get(i),
            units_a_day=rates.get(i, 0.0),
        )
        for i, phase in enumerate(phases)
    ]
    crossed = wilson([c.crossovers for c in found], [sum(c.units) for c in found]).low
    return tuple(replace(c, doubt=_doubt(c, low, rules)) for c, low in zip(found, crossed, strict=True))


def _arms(phases: Sequence[Phase]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (i, phase.trial.trial_id, phase.trial.phase, number, arm.name)
            for i, phase in enumerate(phases)
            for number, arm in enumerate(phase.experiment.arms)
        ],
        columns=["position", "trial_id", "phase", "arm", "variant"],
    )


def _most_arms(phases: Sequence[Phase]) -> int:
    return max((len(phase.experiment.arms) for phase in phases), default=0)


def _expected(phase: Phase) -> tuple[float, ...]:
    weights = [arm.weight for arm in phase.experiment.arms]
    return tuple(weight / sum(weights) for weight in weights)


def _matrix(row: pd.Series[int], arm: pd.Series[int], units: pd.Series[int], rows: int, arms: int) -> Array:
    """Return units by row and arm, 0 where an arm is missing."""
    found = np.zeros((rows, arms))
    np.add.at(found, (row.to_numpy(), arm.to_numpy()), units.to_numpy(dtype=np.float64))
    return found


def _slices(rows: pd.DataFrame, phases: Sequence[Phase]) -> pd.DataFrame:
    """Return position, dimension, value, units of each arm and corrected p-value of everything that was counted."""
    keys = ["position", "dimension", "value"]
    number = rows.groupby(keys, sort=True).ngroup()
    slices = rows[keys].assign(number=number).drop_duplicates("number").sort_values("number", ignore_index=True)
    counts = _matrix(number, rows["arm"], rows["units"], len(slices), _most_arms(phases))
    weights = np.zeros((len(phases), _most_arms(phases)))
    for i, phase in enumerate(phases):
        weights[i, : len(phase.experiment.arms)] = [arm.weight for arm in phase.experiment.arms]
    mine = weights[slices["position"].to_numpy()]
    which, arm = np.nonzero(mine)
    p = sample_ratio_p(counts[which, arm], mine[which, arm], which) if len(slices) else np.zeros(0)
    family = slices.groupby(["position", "dimension"]).ngroup().to_numpy()
    return slices.assign(p=holm(p, family), counts=list(counts))


def _first(slices: pd.DataFrame) -> tuple[list[int], list[float]]:
    return slices["position"].tolist(), slices["p"].tolist()


def _unlikely(slices: pd.DataFrame) -> dict[int, tuple[SliceRatio, ...]]:
    """Return the least likely days and segments of each phase, at most three, only those that stand out."""
    odd = slices[(slices["dimension"] != ALL) & (slices["p"] < SHOWN_P)].sort_values(["p", "number"])
    shown = odd.groupby("position").head(SHOWN)
    found: dict[int, tuple[SliceRatio, ...]] = {}
    for row in frames.records(shown):
        mine = SliceRatio(row["dimension"], row["value"], tuple(int(n) for n in row["counts"]), float(row["p"]))
        found[row["position"]] = (*found.get(row["position"], ()), mine)
    return found


def _traffic(days: pd.DataFrame, as_of: date) -> tuple[dict[int, date], dict[int, float]]:
    """Return the first day with units and the units a day since then, at most over the last seven days."""
    if not len(days):
        return {}, {}
    when = pd.to_datetime(days["value"], format="%Y-%m-%d")
    first = when.groupby(days["position"]).min()
    ago = (pd.Timestamp(as_of) - when).dt.days
    recent = days["units"].where(ago < RECENT_DAYS, 0).groupby(days["position"]).sum()
    seen = ((pd.Timestamp(as_of) - first).dt.days + 1).clip(1, RECENT_DAYS)
    return {int(str(i)): day.date() for i, day in first.items()}, {int(str(i)): v for i, v in (recent / seen).items()}


def _doubt(checks: UnitChecks, crossed_low: float, rules: Rules) -> str:
    """Say why nothing of this phase can be believed, '' where it can."""
    total = sum(checks.units)
    if checks.sample_ratio_p is not None and checks.sample_ratio_p < rules.sample_ratio_p:
        got = " / ".join(f"{n:,}" for n in checks.units)
        wanted = " / ".join(share(e) for e in checks.expected_shares)
        return f"sample ratio mismatch: {got} units where {wanted} were expected (p = {checks.sample_ratio_p:.1g})"
    for found in checks.worst_slices:
        if found.p is not None and found.p < rules.sample_ratio_p:
            got = " / ".join(f"{n:,}" for n in found.units)
            where = f"{found.dimension} {' '.join(found.value.split())[:80]}"
            return f"sample ratio mismatch within {where}: {got} units (p = {found.p:.1g})"
    if crossed_low > rules.max_crossover_share:
        return (
            f"{checks.crossovers:,} of {total:,} units ({share(checks.crossovers / total)}) were seen in several arms"
        )
    return ""
