"""Which daily series move together, and with which delay: rank correlation, tested against shuffled weeks.

Whether one of them is the other's cause is never said here. What a series is belongs to `analyze/correlations.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ratchet.statistics.arrays import Array
from ratchet.statistics.series import WEEK, season

LONGEST_LAG = 3
LEAST_DAYS = 42
_LEVEL_DAYS = 14
_MOST_MISSING = 0.1
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Pair:
    """Two series that move together.

    Attributes:
        first: row of the series that moves first, or of either where the lag is 0.
        second: row of the other.
        lag: days by which the second follows.
        rho: Spearman's rank correlation at that lag, the strongest of all lags.
        days: pairs of days behind it.
        p: chance that any pair at any lag is as strong where weeks are shuffled (Westfall & Young 1993).
    """

    first: int
    second: int
    lag: int
    rho: float
    days: int
    p: float


def changes(values: Array) -> Array | None:
    """Return how far each day was from the level of the two weeks before and its weekday; None where too short.

    What is left of two series that grow is not their growth: else anything that grows moves together. A day that is
    not known, up to a tenth of all, counts as an ordinary one.
    """
    if len(values) < LEAST_DAYS:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(values, _LEVEL_DAYS)[:-1]
    known = (~np.isnan(windows)).sum(axis=1)
    level = np.where(known >= WEEK, np.nansum(windows, axis=1) / np.maximum(known, 1), np.nan)
    rest: Array = values[_LEVEL_DAYS:] - level
    found = season(rest)
    if found is None or np.isnan(rest).mean() > _MOST_MISSING:
        return None
    rest = rest - found.of(np.arange(len(rest)))
    if np.nanmax(np.abs(rest), initial=0.0) <= 1e-12 * np.nanmax(np.abs(values), initial=1.0):
        return None
    return np.nan_to_num(rest)


def pairs(rows: Array, threshold: float, strongest: Array) -> list[Pair]:
    """Return the pairs of series whose rank correlation reaches the threshold at any lag, each at its strongest.

    A pair's p-value compares it with the strongest of all pairs and lags of every copy with shuffled weeks, which pays
    for having looked at all of them, more strictly than a false discovery rate would.

    Args:
        rows: series x days, as `changes` returns them.
        threshold: the least absolute correlation.
        strongest: of each copy, as `shuffled` returns it.
    """
    if not len(strongest):
        return []
    found, lags = _strongest(stats.rankdata(rows, axis=1)[None])
    first, second = np.nonzero(np.triu(np.abs(found[0]) >= threshold, 1))
    made = []
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        rho, lag = float(found[0, a, b]), int(lags[0, a, b])
        p = p_of(rho, strongest)
        made.append(Pair(*((a, b) if lag >= 0 else (b, a)), abs(lag), rho, rows.shape[1] - abs(lag), p))
    return sorted(made, key=lambda pair: (pair.p, -abs(pair.rho), pair.first, pair.second))


def p_of(rho: float, strongest: Array) -> float:
    """Return the chance that any pair at any lag is as strong where weeks are shuffled."""
    return float(1 + (strongest >= abs(rho) - 1e-12).sum()) / (len(strongest) + 1)


def strongest_pair(rows: Array) -> float:
    """Return the strongest absolute rank correlation of any two rows at any lag."""
    found, _ = _strongest(stats.rankdata(rows, axis=1)[None])
    return float(np.abs(found[0][np.triu_indices(len(rows), 1)]).max())


def _strongest(ranks: Array) -> tuple[Array, Array]:
    """Return for every pair the correlation of the strongest lag, and the lag; positive where the row leads."""
    days = ranks.shape[2]
    by_lag = []
    for lag in range(LONGEST_LAG + 1):
        lead = _standard(ranks[:, :, : days - lag])
        follow = _standard(ranks[:, :, lag:]) if lag else lead
        by_lag.append(lead @ follow.swapaxes(1, 2) / (days - lag))
    both = np.stack([*by_lag, *(table.swapaxes(1, 2) for table in by_lag[1:])])
    lag_of = np.array([*range(LONGEST_LAG + 1), *(-lag for lag in range(1, LONGEST_LAG + 1))])
    best = np.abs(both).round(12).argmax(axis=0)  # of equals the shortest lag
    return np.take_along_axis(both, best[None], axis=0)[0], lag_of[best]


def _standard(ranks: Array) -> Array:
    centred = ranks - ranks.mean(axis=2, keepdims=True)
    scale = np.sqrt(np.einsum("...d,...d->...", centred, centred) / ranks.shape[2])[..., None]
    standard: Array = centred / np.where(scale > 0, scale, 1.0)
    return standard


def shuffled(rows: Array, shuffles: int, rng: np.random.Generator) -> Array:
    """Return the strongest correlation of each copy with shuffled weeks; nothing where the series are too few or short.

    Weeks of every series are put in another order, each series by itself, which keeps the days of a week together: what
    follows by chance from days that resemble the day before stays in.

    Args:
        rows: series x days, as `changes` returns them.
        shuffles: how many copies.
        rng: where the orders come from.
    """
    if len(rows) < 2 or rows.shape[1] < LEAST_DAYS - _LEVEL_DAYS:
        return np.zeros(0)
    ranks = stats.rankdata(rows, axis=1)
    series, days = ranks.shape
    weeks = -(-days // WEEK)
    highest = []
    for begin in range(0, shuffles, _CHUNK):
        n = min(_CHUNK, shuffles - begin)
        order = rng.permuted(np.tile(np.arange(weeks), (n * series, 1)), axis=1)
        places = (order[:, :, None] * WEEK + np.arange(WEEK)).reshape(n, series, -1)
        places = places[places < days].reshape(n, series, days)
        made, _ = _strongest(np.take_along_axis(np.broadcast_to(ranks, (n, series, days)), places, axis=2))
        upper = np.triu_indices(series, 1)
        highest.append(np.abs(made[:, upper[0], upper[1]]).max(axis=1))
    return np.concatenate(highest)
