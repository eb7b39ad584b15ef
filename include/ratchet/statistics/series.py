"""Daily series: their weekly season, how far a day is from what its past leads one to expect, and where they are going.

A series is an array of consecutive days, oldest first, NaN where nothing is known. Weekdays are positions modulo 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from ratchet.statistics.arrays import Array

WEEK = 7
LEVEL_DAYS = 14
_CLIP = 3.5  # scaled MADs beyond which a day says nothing about its weekday
_LEAST_A_WEEKDAY = 3
_LEAST_OF_LEVEL = 7


@dataclass(frozen=True, slots=True)
class Season:
    """The weekly season of a series.

    Attributes:
        effects: the mean of each weekday over the days that were used, by position modulo 7.
        used: the days that it stands on: known, and no outliers.
    """

    effects: Array
    used: NDArray[np.bool_]

    def of(self, positions: NDArray[np.intp]) -> Array:
        """Return the effect of each position."""
        found: Array = self.effects[positions % WEEK]
        return found


def season(values: Array) -> Season | None:
    """Return the weekly season, None where a weekday has fewer than three days.

    A one-step estimate: days further than 3.5 scaled MADs from the median of their weekday are left out of its mean,
    which keeps the mean's precision and survives bad days (Hampel's rejection rule, Huber & Ronchetti 2009, 1.4).
    """
    positions = np.arange(len(values))
    known = ~np.isnan(values)
    if np.bincount(positions[known] % WEEK, minlength=WEEK).min() < _LEAST_A_WEEKDAY:
        return None
    medians = _medians(values, WEEK)
    away = np.abs(values - medians[positions % WEEK])
    scale = _scaled(away, known, WEEK)
    used = known & (away <= _CLIP * scale if scale > 0 else known)
    weekday = positions[used] % WEEK
    n = np.bincount(weekday, minlength=WEEK)
    sums = np.bincount(weekday, weights=values[used], minlength=WEEK)
    return Season(np.where(n > 0, sums / np.maximum(n, 1), medians), used)


def scaled_mad(values: Array, period: int) -> float:
    """Return the median absolute deviation from the median of each place in a cycle, as a standard deviation.

    For places fitted from the same values it grows by the root of `n / (n - period)`; NaN where too little is known.
    """
    known = ~np.isnan(values)
    if known.sum() <= period:
        return float("nan")
    away = np.abs(values - _medians(values, period)[np.arange(len(values)) % period])
    return _scaled(away, known, period)


def scatter_between_cycles(values: Array, period: int) -> float:
    """Return how far values at the same place of cycles that follow each other lie apart, as a standard deviation.

    `median |x_t - x_(t - period)| / (z_0.75 √2)`: unlike `scaled_mad` it is not too small where there are only two to
    four cycles, of which medians are fitted. NaN where fewer than a tenth of a cycle's places are known twice.
    """
    apart = np.abs(values[period:] - values[:-period])
    known = apart[~np.isnan(apart)]
    if len(known) < period / 10:
        return float("nan")
    return float(np.median(known) / special.ndtri(0.75) / np.sqrt(2))


def _scaled(away: Array, known: NDArray[np.bool_], period: int) -> float:
    n = known.sum()
    return float(np.median(away[known]) / special.ndtri(0.75) * np.sqrt(n / (n - period)))


def _medians(values: Array, period: int) -> Array:
    """Return the median of each place in a cycle, NaN where nothing is known."""
    rows = np.full(-(-len(values) // period) * period, np.nan)
    rows[: len(values)] = values
    ordered = np.sort(rows.reshape(-1, period), axis=0)  # NaN last
    known = (~np.isnan(ordered)).sum(axis=0)
    place = np.arange(period)
    middle: Array = (ordered[np.maximum(known - 1, 0) // 2, place] + ordered[known // 2 * (known > 0), place]) / 2
    return middle


@dataclass(frozen=True, slots=True)
class Surprise:
    """How far the last day of a series is from what the days before it lead one to expect.

    Attributes:
        expected: the value that was to be expected.
        spread: standard deviation of a day around what was expected of it; at least that of today's counting.
        p: two-sided.
        freedom: degrees of freedom behind the spread.
        days: days it stands on.
    """

    expected: float
    spread: float
    p: float
    freedom: float
    days: int

    def half_width(self, alpha: float) -> float:
        """Return the half width of the interval that a day leaves by chance with probability alpha."""
        return float(stats.t.ppf(1 - alpha / 2, self.freedom) * self.spread)

    def p_of(self, value: float) -> float:
        """Return the two-sided p-value of another value of that day."""
        return float(2 * special.stdtr(self.freedom, -abs(value - self.expected) / self.spread))


def surprise(values: Array, counting: float = 0.0) -> Surprise | None:
    """Compare the last day with its past, which it is no part of; None where the past is too short or never varied.

    What is expected is the level of the two weeks before plus the weekday's effect. Every past day is compared with its
    own past in the same way; these differences give the spread. p is Student's t with half as many degrees of freedom
    as there are differences, since weekdays and levels were fitted from the same days (calibrated in
    benchmarks/bench_trends.py).

    Args:
        values: the series, the day in question last.
        counting: standard deviation of that day by counting alone.
    """
    past = values[:-1]
    found = season(past)
    if found is None or np.isnan(values[-1]):
        return None
    positions = np.arange(len(values))
    level = _levels(values - found.of(positions), np.append(found.used, True))
    missed = (values - found.of(positions) - level)[:-1][found.used]
    missed = missed[~np.isnan(missed)]
    if np.isnan(level[-1]) or len(missed) <= 2 * WEEK:
        return None
    spread = max(float(np.sqrt((missed**2).sum() / (len(missed) - WEEK + 1))), counting)
    if spread <= 1e-12 * max(1.0, abs(float(values[-1]))):
        return None
    expected, freedom = float(level[-1] + found.effects[positions[-1] % WEEK]), len(missed) / 2
    p = 2 * special.stdtr(freedom, -abs(values[-1] - expected) / spread)
    return Surprise(expected, spread, float(p), freedom, int(found.used.sum()))


def _levels(adjusted: Array, used: NDArray[np.bool_]) -> Array:
    """Return for each day the mean of the used days among the `LEVEL_DAYS` before it, NaN below seven."""
    sums = np.concatenate([[0.0], np.cumsum(np.where(used, np.nan_to_num(adjusted), 0.0))])
    counts = np.concatenate([[0], np.cumsum(used)])
    end = np.arange(len(adjusted))
    start = np.maximum(end - LEVEL_DAYS, 0)
    n = counts[end] - counts[start]
    enough = n >= _LEAST_OF_LEVEL
    return np.where(enough, (sums[end] - sums[start]) / np.maximum(n, 1), np.nan)


@dataclass(frozen=True, slots=True)
class Slope:
    """Where a series is going.

    Attributes:
        slope: change a day, Theil-Sen: the median of the slopes between any two days.
        low: lower bound of its interval.
        high: upper bound of its interval.
        p: two-sided, Mann-Kendall, corrected for autocorrelation.
        days: days it stands on.
    """

    slope: float
    low: float
    high: float
    p: float
    days: int


def slope(values: Array, window: int, alpha: float = 0.05) -> Slope | None:
    """Return where the last days of a series are going; None where too little is known.

    The weekly season and the autocorrelation come from the days before the window, so that what happens in the window
    cannot hide itself. Theil-Sen with Sen's interval (1968), Mann-Kendall (Kendall 1975) with the variance of ranks
    that follow each other (Hamed & Rao 1998), the autocorrelation being that of a first-order process.

    Args:
        values: the series.
        window: how many of its last days are asked about.
        alpha: 1 - the level of the interval.
    """
    past, positions = values[:-window], np.arange(len(values))
    found = season(past)
    if found is None:
        return None
    adjusted = (values - found.of(positions))[-window:]
    days = np.flatnonzero(~np.isnan(adjusted))
    if len(days) < 0.75 * window:
        return None
    first, second = _pairs(len(days))
    gaps, rises = days[second] - days[first], adjusted[days[second]] - adjusted[days[first]]
    spread = np.sqrt(_rank_variance(adjusted[days]) * _inflation(_autocorrelation(past, found), len(days)))
    score = float(np.sign(rises).sum())
    p = 2 * special.ndtr(-max(abs(score) - 1, 0.0) / spread) if spread else 1.0
    slopes = np.sort(rises / gaps)
    half = special.ndtri(1 - alpha / 2) * spread
    low, high = (int(np.clip(k, 0, len(slopes) - 1)) for k in ((len(slopes) - half) / 2 - 1, (len(slopes) + half) / 2))
    middle = (slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]) / 2
    return Slope(float(middle), float(slopes[low]), float(slopes[high]), float(p), len(days))


@cache
def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(n, 1)


def _rank_variance(values: Array) -> float:
    """Return the variance of Kendall's score without a trend, with ties."""
    n, (_, ties) = len(values), np.unique(values, return_counts=True)
    return float((n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18)


def _autocorrelation(past: Array, found: Season) -> float:
    """Return the first autocorrelation of the past without season and drift, bias corrected, 0 where it is negative."""
    days = np.flatnonzero(found.used)
    rest = (past - found.of(np.arange(len(past))))[days]
    centred = days - days.mean()
    rest = rest - rest.mean() - centred * float((centred * rest).sum() / (centred**2).sum())
    following = np.diff(days) == 1
    below = float((rest**2).sum())
    if below <= 0 or following.sum() < WEEK:
        return 0.0
    n = len(days)
    r = float((rest[1:] * rest[:-1])[following].sum()) / below * (n - 1) / following.sum()
    r += (2 + 3 * r) / n  # Kendall 1954, and the fitted weekdays
    return float(np.clip(r, 0, 0.9))


def _inflation(r: float, n: int) -> float:
    lags = np.arange(1, n)
    return float(1 + 2 * ((1 - lags / n) * r**lags).sum())
