"""Every day of the past judged on its own night, as it was and with a shift planted in it (R88).

What the days are of belongs to `figure_backtest.py` and `frequency.py`, how a day is judged to `statistics/series.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ratchet.statistics.arrays import Array
from ratchet.statistics.corrections import holm
from ratchet.statistics.series import WEEK, Surprise, scaled_mad, surprise

SHIFT = 6.0  # scaled MADs that a planted day is off


@dataclass(frozen=True, slots=True)
class Days:
    """One daily series, the night's own day last.

    Attributes:
        values: NaN where nothing is known.
        counting: standard deviation of each day by counting alone.
        matters: of a day's value and of what was to be expected, whether they differ enough.
        side: 1 where a planted shift goes up, -1 where down.
    """

    values: Array
    counting: Array
    matters: Callable[[float, float], bool]
    side: int = 1


@dataclass(frozen=True, slots=True)
class DayTests:
    """p-values, nights x series, the newest night first; 1 for what would not matter, NaN where nothing can be told.

    Attributes:
        p: of the days as they were.
        planted: of the same days with a shift.
    """

    p: Array
    planted: Array

    @property
    def nights(self) -> int:
        """Return on how many nights something could be told."""
        return int((~np.isnan(self.p)).any(axis=1).sum())

    def nightly(self) -> Array:
        """Return the smallest adjusted p-value of each night (Holm), NaN where nothing could be told."""
        return np.array([np.nan if np.isnan(row).all() else np.nanmin(_holm(row)) for row in self.p])

    def adjusted(self) -> Array:
        """Return the p-values as a night adjusts them: Holm over its series."""
        return np.array([_holm(row) for row in self.p]).reshape(self.p.shape)

    def adjusted_planted(self) -> Array:
        """Return the p-values of what was planted, times the series of its night: each is the only one planted."""
        tests = (~np.isnan(self.p)).sum(axis=1, keepdims=True)
        p: Array = np.minimum(self.planted * tests, 1.0)
        return p


def day_tests(series: Sequence[Days], nights: int, longest: int) -> DayTests:
    """Judge the days before the night's own, each on its night.

    Args:
        series: of equal length.
        nights: how many of them at most.
        longest: how many days a night looks back on, its own included.
    """
    length = len(series[0].values) if series else 0
    ends = range(length - 1, max(length - 1 - nights, 0), -1)
    found = np.array([[_day(each, end, longest) for each in series] for end in ends]).reshape(len(ends), len(series), 2)
    return DayTests(found[:, :, 0], found[:, :, 1])


def _day(each: Days, end: int, longest: int) -> tuple[float, float]:
    values = each.values[max(0, end - longest) : end]
    found = surprise(values, float(each.counting[end - 1]))
    if found is None:
        return np.nan, np.nan
    away = each.side * SHIFT * scaled_mad(values[:-1], WEEK)
    return _p(each, found, values[-1]), _p(each, found, values[-1] + away)


def _p(each: Days, found: Surprise, value: float) -> float:
    return found.p_of(value) if each.matters(value, found.expected) else 1.0


def _holm(row: Array) -> Array:
    return holm(row, np.zeros(len(row)))
