"""What holds for any estimate: the interval of a difference, and the correction for looking at many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ratchet.statistics.arrays import Array, Intervals, column


def difference(first: Intervals, second: Intervals) -> Intervals:
    """Return first - second with an interval built from the two intervals.

    `d - sqrt((a-l₁)² + (u₂-b)²)` to `d + sqrt((u₁-a)² + (b-l₂)²)`: Newcombe's hybrid score interval (1998, method 10)
    when both are Wilson's, and the method of variance estimates recovery (Zou & Donner 2008) for any others.
    """
    value = first.value - second.value
    below = np.hypot(first.value - first.low, second.high - second.value)
    above = np.hypot(first.high - first.value, second.value - second.low)
    return Intervals(value, value - below, value + above)


def benjamini_hochberg(p: ArrayLike) -> Array:
    """Return p-values adjusted for the false discovery rate; a NaN stays NaN and does not count as a test.

    `min over j ≥ i of p(j) m / j` (Benjamini & Hochberg 1995), by `scipy.stats.false_discovery_control`.
    """
    values = column(p)
    adjusted = np.full(values.shape, np.nan)
    known = ~np.isnan(values)
    if known.any():
        adjusted[known] = stats.false_discovery_control(values[known], method="bh")
    return adjusted


def against_days(value: float, days: ArrayLike, level: float) -> Intervals:
    """Compare a day with earlier days by how much these scatter.

    The difference to their mean with the t prediction interval `± t(k-1) s sqrt(1 + 1/k)` (Hahn & Meeker 1991, 4.7),
    which needs no model of what happens within a day. NaN below three earlier days.
    """
    known = column(days)
    known = known[~np.isnan(known)]
    if len(known) < 3:
        return Intervals(*(np.full(1, np.nan) for _ in range(3)))
    change = np.full(1, value - known.mean())
    half = stats.t.ppf((1 + level) / 2, len(known) - 1) * known.std(ddof=1) * np.sqrt(1 + 1 / len(known))
    return Intervals(change, change - half, change + half)


def between_days(first: float, second: float, days: ArrayLike, level: float) -> Intervals:
    """Compare two days by how much earlier days scatter.

    The difference with `± t(k-1) s sqrt(2)`, s being the standard deviation of the k earlier days: both are draws from
    it. A weekly season widens s, never narrows it. NaN below three earlier days.
    """
    known = column(days)
    known = known[~np.isnan(known)]
    change = np.full(1, first - second)
    if len(known) < 3:
        return Intervals(change, *(np.full(1, np.nan) for _ in range(2)))
    half = stats.t.ppf((1 + level) / 2, len(known) - 1) * known.std(ddof=1) * np.sqrt(2)
    return Intervals(change, change - half, change + half)
