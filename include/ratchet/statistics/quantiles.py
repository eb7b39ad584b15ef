"""Quantiles of arms from histograms, with the variance that lets them be compared like means.

The histograms' buckets are those of the dbt macros `bucket_of` and `value_of_bucket`: each bound is 1.01 / 0.99 times
the one before, and what is not above 0 lies in a bucket of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ratchet.statistics.arrays import LEVEL, Array, column, divide
from ratchet.statistics.moments import Moments

GROWTH = 1.01 / 0.99
ZERO_BUCKET = -1_000_000
FEWEST_BEYOND = 5.0  # units on the thinner side of a quantile below which its interval is not to be trusted


def quantile_moments(bucket: ArrayLike, count: ArrayLike, group: ArrayLike, share: ArrayLike) -> Moments:
    """Return each group's quantile with the variance of one unit.

    The standard error is `(Q(q + z s) - Q(q - z s)) / 2z` with `s = sqrt(q(1-q)/n)` and the 95 % z: the binomial
    interval of order statistics (Conover 1999, 3.2) read as a normal one (Woodruff 1952; Deng, Knoblich & Lu 2018,
    4.1). NaN variance where fewer than five units are expected on one side of the quantile.

    Args:
        bucket: bucket numbers, any order.
        count: units in the bucket.
        group: whose histogram the row belongs to, whole numbers from 0.
        share: the quantile of each group, between 0 and 1.
    """
    wanted = column(share)
    edges, running, start, n = _running(bucket, count, np.atleast_1d(np.asarray(group)), len(wanted))
    z = stats.norm.ppf((1 + LEVEL) / 2)
    reach = z * np.sqrt(divide(wanted * (1 - wanted), n))
    low, middle, high = (
        _at(edges, running, start, n, np.clip(q, 0, 1)) for q in (wanted - reach, wanted, wanted + reach)
    )
    enough = n * np.minimum(wanted, 1 - wanted) >= FEWEST_BEYOND
    error = np.where(enough, (high - low) / (2 * z), np.nan)
    return Moments(middle, error**2 * n, n)


def _running(
    bucket: ArrayLike, count: ArrayLike, group: NDArray[np.int64], groups: int
) -> tuple[NDArray[np.int64], Array, NDArray[np.int64], Array]:
    """Return buckets in order, counts running over all groups, where each group starts, and the groups' totals."""
    buckets, counts = np.atleast_1d(np.asarray(bucket, dtype=np.int64)), column(count)
    order = np.lexsort((buckets, group))
    n: Array = np.bincount(group, counts, groups).astype(np.float64)
    start = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=groups))]).astype(np.int64)
    return buckets[order], np.cumsum(counts[order]), start, n


def _at(edges: NDArray[np.int64], running: Array, start: NDArray[np.int64], n: Array, share: Array) -> Array:
    """Return the value below which a share of each group lies, straight within a bucket."""
    before = np.concatenate([[0.0], running])[start[:-1]]
    wanted = before + np.nan_to_num(share) * n
    found = np.full(len(n), np.nan)
    known = np.flatnonzero(n > 0)
    cell = np.searchsorted(running, wanted[known] * (1 - 1e-15), side="left")
    cell = np.clip(cell, start[:-1][known], start[1:][known] - 1)
    under = np.where(cell > 0, running[cell - 1], 0.0)
    inside = np.clip(divide(wanted[known] - under, running[cell] - under), 0, 1)
    number = np.where(edges[cell] == ZERO_BUCKET, 0, edges[cell]).astype(np.float64)
    top = GROWTH**number
    found[known] = np.where(edges[cell] == ZERO_BUCKET, 0.0, top / GROWTH + inside * (top - top / GROWTH))
    return found
