"""A series of days that something interrupts: by how much its level changes, and by how much it was moving before.

Neighbouring days resemble each other, so that standard errors are those of Newey & West (1987), by
`statsmodels.regression.linear_model.WLS` with `cov_type="HAC"`, and never below those of independent days: of two or
three days after an interruption the former know next to nothing. Which days and which series belongs to `measure/`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ratchet.statistics.arrays import ALPHA, Array, column
from ratchet.statistics.confidence_sequences import always_valid_p, information, multiplier

FEWEST = 4  # days below which no standard error is computed


@dataclass(frozen=True, slots=True)
class Change:
    """A coefficient with its standard error and Student's degrees of freedom; NaN where there are too few days."""

    value: float
    error: float
    freedom: float

    @property
    def p(self) -> float:
        """Return the two-sided p-value of Student's t, for a single look."""
        if not self.error > 0:
            return float("nan")
        return float(2 * special.stdtr(self.freedom, -abs(self.value / self.error)))

    def at_least(self, error: float) -> Change:
        """Return the same with a standard error that is no smaller than a given one."""
        return Change(self.value, max(self.error, error), self.freedom)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A change as it may be looked at every night: the bounds of its confidence sequence, and the p-value of none."""

    value: float
    low: float
    high: float
    p: float


def level_change(values: ArrayLike, weights: ArrayLike, after: ArrayLike, *, trend: bool = False) -> Change:
    """Return by how much the level of a series changes: `y = a + b·after (+ c·t)`, b.

    Args:
        values: one a day, in order.
        weights: how much each day is worth, such as its attempts.
        after: whether a day comes after the interruption.
        trend: whether the days move in a straight line besides, before and after alike.
    """
    mask = np.asarray(after, dtype=bool)
    columns = [np.ones(len(mask)), mask.astype(float)]
    if trend:
        columns.append(np.arange(len(mask)) - len(mask) / 2)
    if mask.all() or not mask.any():
        return Change(*(float("nan"),) * 3)
    return _coefficient(column(values), column(weights), np.column_stack(columns))


def slope(values: ArrayLike, weights: ArrayLike) -> Change:
    """Return by how much a series moves from one day to the next: `y = a + b·t`, b."""
    days = np.arange(len(column(values)), dtype=float)
    return _coefficient(column(values), column(weights), np.column_stack([np.ones(len(days)), days - days.mean()]))


def _coefficient(values: Array, weights: Array, columns: NDArray[np.float64]) -> Change:
    n, k = columns.shape
    if n < max(FEWEST, k + 2):
        return Change(float("nan"), float("nan"), float("nan"))
    found: Any = _least_squares()(values, columns, weights=weights).fit()
    robust: Any = found.get_robustcov_results("HAC", maxlags=lags(n), use_correction=True)
    variance = max(float(found.cov_params()[1, 1]), float(robust.cov_params()[1, 1]), 0.0)
    return Change(float(found.params[1]), math.sqrt(variance), float(n - k))


@cache
def _least_squares() -> Any:
    from statsmodels.regression.linear_model import WLS

    return WLS


def lags(n: int) -> int:
    """Return over how many days neighbours may resemble each other: `⌊4 (n/100)^(2/9)⌋` (Newey & West 1994)."""
    return int(4 * (n / 100) ** (2 / 9))


def every_night(change: Change, before: int, after: int, horizon: int, alpha: float = ALPHA) -> Sequence:
    """Return the confidence sequence of a level change that is looked at every night.

    The days before stay what they are, so that estimates of later nights are a process of independent increments in the
    information `b k / (b + k)` of b days before and k after: that is what the sequence runs on, tuned for the horizon.
    Few days have Student's tails: each bound lies where Student's t has the tail that the sequence's multiple has under
    the normal distribution.

    Args:
        change: tonight's.
        before: days before.
        after: days after so far.
        horizon: days after at the last look.
        alpha: error level over all nights.
    """
    if not (change.error > 0 and after > 0 and before > 0):
        return Sequence(change.value, *(float("nan"),) * 3)
    now, planned = (before * k / (before + k) for k in (after, max(horizon, after)))
    u = information(now, planned, alpha)
    reach = float(-special.stdtrit(change.freedom, special.ndtr(-multiplier(u, alpha)))[0])
    z = -float(special.ndtri(special.stdtr(change.freedom, -abs(change.value / change.error))))
    p = float(always_valid_p(z, u)[0])
    return Sequence(change.value, change.value - reach * change.error, change.value + reach * change.error, p)
