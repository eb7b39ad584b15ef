"""Series with a cycle, such as hours: is a value further from its cycle than the series' own past makes believable?

Causal: what is said of a value depends on that value and on those before it, never on later ones. Days belong to
`series.py`, counts of bad events against their season to `seasons.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet.statistics.arrays import Array

USUAL = 0.99  # the share of a series' past that is nearer to its cycle than what counts as far
_LEAST_CENTRE = 20
_LEAST_PAST = 50


@dataclass(frozen=True, slots=True)
class Cycle:
    """What a series is held against.

    Attributes:
        period: values a cycle.
        cycles: how many cycles back.
        smooth: how many values are taken together, the last one among them.
        least_share: what is nearer than this share of the level is near, however little the series ever moved.
        least: the same in the units of the series, such as what counting alone explains.
    """

    period: int
    cycles: int
    smooth: int
    least_share: float = 0.0
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Distances:
    """How far each value of a series was from what its past led one to expect.

    Attributes:
        score: distance as a multiple of the one that 99 % of the past stayed within; 0 where the past is too short.
        expected: the median of the same place in the cycles before; NaN where there is none.
        signed: positive where the value was high.
    """

    score: Array
    expected: Array
    signed: Array


def distances(values: Array, cycle: Cycle) -> Distances:
    """Hold every value against the same place in the cycles before it.

    Expected is the median of those places, which one bad cycle does not move. What was missed is averaged over the last
    `smooth` values; the distance of that average to its own running median is held against the 99 % quantile of all
    such distances before: a series with wild days of its own has to be wilder than they were.

    Args:
        values: the series, oldest first, NaN where nothing is known.
        cycle: what to hold it against.
    """
    expected = _expected(values, cycle)
    recent = pd.Series(values - expected).rolling(cycle.smooth, min_periods=1).mean()
    recent = recent.where(~np.isnan(values))
    signed = recent - recent.shift(1).expanding(_LEAST_CENTRE).median()
    away = signed.abs()
    far = away.shift(1).expanding(_LEAST_PAST).quantile(USUAL)
    level = pd.Series(np.abs(values)).shift(1).expanding(1).median()
    floor = np.maximum(cycle.least_share * level.fillna(0.0), max(cycle.least, 1e-12))
    score: Array = (away / np.maximum(far, floor)).fillna(0.0).to_numpy()
    return Distances(score, expected, signed.to_numpy())


def _expected(values: Array, cycle: Cycle) -> Array:
    places = np.full((cycle.cycles, len(values)), np.nan)
    for back in range(1, cycle.cycles + 1):
        if back * cycle.period < len(values):
            places[back - 1, back * cycle.period :] = values[: -back * cycle.period]
    ordered = np.sort(places, axis=0)  # NaN last
    known = (~np.isnan(places)).sum(axis=0)
    column = np.arange(len(values))
    low, high = ordered[np.maximum((known - 1) // 2, 0), column], ordered[np.maximum(known // 2, 0), column]
    middle: Array = (low + high) / 2
    return middle


def alarms(score: Array, threshold: float, quiet: int = 0) -> NDArray[np.bool_]:
    """Return where an alarm begins: at the threshold or above, and then not again for `quiet` values.

    Args:
        score: as `distances` returns it.
        threshold: from which score on.
        quiet: values after an alarm during which no other is raised; 0 for none.
    """
    raised, last = np.zeros(len(score), dtype=bool), -quiet - 1
    for at in np.flatnonzero(score >= threshold):
        if at - last > quiet:
            raised[at], last = True, int(at)
    return raised
