"""Counts of bad events against the same hours of the weeks before: is an hour, or a day, worse than its season?

The hours that are tested are never part of what they are held against. Which hours are usual is the caller's to say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ratchet.statistics.arrays import Array, divide

WEEK_HOURS = 168
WEEKS = 4
DAY_HOURS = 24
PRIOR = 30  # events' worth of the overall share in the pool of an hour, so that few events make no season
MIN_DAYS = 14  # of the 28 before must hold something, else there is no season yet


@dataclass(frozen=True, slots=True)
class Seasonal:
    """Tested hours against their season, one row a series.

    Attributes:
        expected: bad events expected in each tested hour; NaN where there is no season.
        hour_p: chance of as many bad events or more in the hour, one-sided; NaN as above.
        span_expected: bad events expected in all tested hours together.
        span_p: chance of as many or more in all of them together, one-sided.
        days: days before that hold anything, one a series.
    """

    expected: Array
    hour_p: Array
    span_expected: Array
    span_p: Array
    days: Array


def against_season(bad: Array, n: Array, usual: NDArray[np.bool_], tested: int, *, is_share: bool) -> Seasonal:
    """Hold the last hours of each series against the same hours of the week, an hour to either side, in four weeks.

    The expected share of an hour is `q = (B + kQ) / (N + k)` over its pool, with Q the share of all four weeks. Bad
    events scatter φ times more than binomial (for counts, Poisson) ones, with φ Pearson's statistic of the weeks before
    (McCullagh & Nelder 1989, 4.5), once for hours and once for days, at least 1. The variance is
    `φ n q (1-q) (1 + n/N)`: that of the count and that of q. N is here of the hour itself, without its neighbours: what
    a day has of its own, they share. The p-value is the larger tail of a negative binomial with that mean and variance,
    which holds for few events, and of Student's t with the degrees of freedom of φ, which is itself an estimate.

    Args:
        bad: series x hours, the oldest hour first.
        n: out of how many, in the same shape.
        usual: False where an hour must not become part of the season.
        tested: how many of the last hours are tested.
        is_share: at most everything can be bad; else bad events are counts.
    """
    first = bad.shape[1] - tested
    start = first - WEEKS * WEEK_HOURS
    if start < 0:
        raise ValueError(f"{bad.shape[1]} hours hold no {WEEKS} weeks before the last {tested}")
    b, m = (np.where(usual, values, 0.0)[:, start:first] for values in (bad, n))
    own, pool = _weekly(m), _smooth(_weekly(m))
    overall = (b.sum(axis=1, keepdims=True) + 0.5) / (m.sum(axis=1, keepdims=True) + 1)
    q = (_smooth(_weekly(b)) + PRIOR * overall) / (pool + PRIOR)
    spread = q * (1 - q) if is_share else q
    days = (m.reshape(len(m), -1, DAY_HOURS).sum(axis=2) > 0).sum(axis=1).astype(np.float64)
    hour_phi, day_phi = _dispersions(b, m, q, spread, own)
    slot = np.arange(tested) % WEEK_HOURS
    now, seen = n[:, first:], bad[:, first:]
    known = (days[:, None] >= MIN_DAYS) & (pool[:, slot] > 0)
    expected = now * q[:, slot] * known
    variance = now * spread[:, slot] * (1 + now / np.maximum(own[:, slot], 1)) * known
    freedom = np.maximum(days - 7, 1)
    hour_p = _tail(seen, expected, hour_phi[:, None] * variance, freedom[:, None])
    span_p = _tail((seen * known).sum(axis=1), expected.sum(axis=1), day_phi * variance.sum(axis=1), freedom)
    any_known = known.any(axis=1)
    return Seasonal(
        expected=np.where(known, expected, np.nan),
        hour_p=np.where(known, hour_p, np.nan),
        span_expected=np.where(any_known, expected.sum(axis=1), np.nan),
        span_p=np.where(any_known, span_p, np.nan),
        days=days,
    )


def _weekly(values: Array) -> Array:
    total: Array = values.reshape(len(values), WEEKS, WEEK_HOURS).sum(axis=1)
    return total


def _smooth(slots: Array) -> Array:
    return slots + np.roll(slots, 1, axis=1) + np.roll(slots, -1, axis=1)


def _dispersions(b: Array, m: Array, q: Array, spread: Array, own: Array) -> tuple[Array, Array]:
    """Return how many times more than chance hours and days scatter around the season they are part of."""
    q, spread, own = (np.tile(values, WEEKS) for values in (q, spread, own))
    left, chance = b - m * q, m * spread * (1 - _part(m, own))
    daily_left, daily_chance = (values.reshape(len(b), -1, DAY_HOURS).sum(axis=2) for values in (left, chance))
    return _ratio(left**2, chance), _ratio(daily_left**2, daily_chance)


def _part(values: Array, whole: Array) -> Array:
    return np.nan_to_num(divide(values, whole))


def _ratio(squares: Array, variances: Array) -> Array:
    above, below = squares.sum(axis=1), variances.sum(axis=1)
    return np.maximum(1.0, np.where(below > 0, divide(above, below), 1.0))


def _tail(seen: Array, mean: Array, variance: Array, freedom: Array) -> Array:
    mean = np.maximum(mean, 1e-9)
    wide = np.maximum(variance, mean * (1 + 1e-6))
    few = stats.nbinom.sf(np.ceil(seen) - 1, mean**2 / (wide - mean), mean / wide)
    many = stats.t.sf((seen - mean) / np.sqrt(np.maximum(variance, 1e-12)), freedom)
    tail: Array = np.maximum(few, many)
    return tail
