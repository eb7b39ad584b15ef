"""Averages of scores: their intervals, and estimates of small groups that borrow strength from all groups.

Shares belong to `proportions.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ratchet.statistics.arrays import LEVEL, Array, Intervals, column, divide, masked
from ratchet.statistics.proportions import wilson


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Means drawn toward the mean of all groups.

    Attributes:
        means: with their intervals.
        center: the mean all are drawn to.
        between: variance between the true means of the groups.
        weight: how much of each group's own mean is left, 0 to 1.
    """

    means: Intervals
    center: float
    between: float
    weight: Array


def mean_interval(total: ArrayLike, squares: ArrayLike, n: ArrayLike, level: float = LEVEL) -> Intervals:
    """Return means with Student's t interval, from sums.

    `m ± t(n-1) sqrt(s²/n)` with `s² = (Σx² - (Σx)²/n) / (n-1)` (Student 1908). The bounds are NaN below two values.

    Args:
        total: sums of the values.
        squares: sums of their squares.
        n: numbers of values.
        level: confidence level.
    """
    total, squares, n = np.broadcast_arrays(column(total), column(squares), column(n))
    mean = divide(total, n)
    known = n > 1
    safe = np.where(known, n, 2)
    variance = np.maximum(0, squares - total * np.nan_to_num(mean)) / (safe - 1)
    half = stats.t.ppf((1 + level) / 2, safe - 1) * np.sqrt(variance / safe)
    return Intervals(mean, *masked(known, mean - half, mean + half))


def bounded_mean_interval(total: ArrayLike, n: ArrayLike, bottom: float, top: float, level: float = LEVEL) -> Intervals:
    """Return means of values between two bounds with an interval that needs no spread.

    A value between 0 and 1 has at most the variance `m(1-m)` of a yes-or-no value with the same mean (Bhatia & Davis
    2000), so Wilson's interval of the rescaled mean is at least wide enough.
    """
    total, n = np.broadcast_arrays(column(total), column(n))
    scaled = wilson(np.clip((total - bottom * n) / (top - bottom), 0, n), n, level)
    low, high = (bottom + (top - bottom) * bound for bound in (scaled.low, scaled.high))
    return Intervals(divide(total, n), low, high)


def pooled_variance(total: ArrayLike, squares: ArrayLike, n: ArrayLike) -> float:
    """Return the variance of single values within groups: squares around each group's mean over Σ(n-1).

    NaN where no group holds two values.
    """
    total, squares, n = column(total), column(squares), column(n)
    within = np.maximum(0, squares - total * np.nan_to_num(divide(total, n)))
    return float(divide(within.sum(), np.maximum(0, n - 1).sum())[0])


def shrink(means: ArrayLike, variances: ArrayLike, level: float = LEVEL) -> Shrunk:
    """Return empirical-Bayes estimates of group means, normal around normal.

    The variance τ² between groups is DerSimonian and Laird's moment estimate (1986), the center the mean weighted by
    `1/(τ²+v)`; group i keeps the weight `w = τ²/(τ²+v)` of its own mean. The posterior variance is
    `w v + (1-w)² var(center)` (Morris 1983), which leaves out that τ² itself is estimated. Statsmodels'
    `combine_effects` gives the same figures, but lets τ² become negative and then divides by zero.

    Args:
        means: at least one, finite.
        variances: sampling variance v of each mean, > 0.
        level: confidence level.
    """
    means, variances = column(means), column(variances)
    between = _between(means, variances)
    precision = 1 / (between + variances)
    center = float(np.sum(precision * means) / np.sum(precision))
    weight = between * precision
    spread = np.sqrt(weight * variances + (1 - weight) ** 2 / np.sum(precision))
    value, half = weight * means + (1 - weight) * center, stats.norm.ppf((1 + level) / 2) * spread
    return Shrunk(Intervals(value, value - half, value + half), center, between, weight)


def _between(means: Array, variances: Array) -> float:
    precision = 1 / variances
    total = np.sum(precision)
    scatter = np.sum(precision * (means - np.sum(precision * means) / total) ** 2)
    scale = total - np.sum(precision**2) / total
    return max(0.0, float((scatter - len(means) + 1) / scale)) if len(means) > 1 else 0.0
