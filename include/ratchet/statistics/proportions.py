"""Shares: their intervals, one group against all the others, and how far days scatter more than chance.

Counts over time belong to `rates.py`, scores to `means.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from ratchet.statistics.arrays import LEVEL, Array, Intervals, column, divide, masked


@dataclass(frozen=True, slots=True)
class Lift:
    """Each group's share against the share of all the other groups together.

    Attributes:
        rest: share of the others.
        ratio: share / rest with its interval; NaN where the others have no hit.
        p: two-sided p-value of Fisher's exact test.
    """

    rest: Array
    ratio: Intervals
    p: Array


def wilson(hits: ArrayLike, n: ArrayLike, level: float = LEVEL) -> Intervals:
    """Return shares hits / n with Wilson's score interval.

    `(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)` (Wilson 1927; Brown, Cai & DasGupta 2001), by
    `statsmodels.stats.proportion.proportion_confint`.

    Args:
        hits: 0 to n; may be fractional where n is an effective sample size.
        n: NaN comes back where it is 0.
        level: confidence level.
    """
    hits, n = np.broadcast_arrays(column(hits), column(n))
    known = n > 0
    low, high = proportion_confint(
        np.where(known, hits, 0), np.where(known, n, 1), alpha=1 - level, method="wilson"
    )  # the row of a zero n is masked below
    low, high = np.where(hits == 0, 0.0, low), np.where(hits == n, 1.0, high)  # exact where rounding leaves 1e-17
    return Intervals(divide(hits, n), *masked(known, low, high))


def clopper_pearson(hits: ArrayLike, n: ArrayLike, level: float = LEVEL) -> Intervals:
    """Return shares hits / n with the exact interval, which covers at least `level` whatever the share.

    Its bounds are the quantiles `B(α/2; k, n - k + 1)` and `B(1 - α/2; k + 1, n - k)` of the beta distribution (Clopper
    & Pearson 1934), by `statsmodels.stats.proportion.proportion_confint`.

    Args:
        hits: 0 to n.
        n: NaN comes back where it is 0.
        level: confidence level.
    """
    hits, n = np.broadcast_arrays(column(hits), column(n))
    known = n > 0
    low, high = proportion_confint(np.where(known, hits, 0), np.where(known, n, 1), alpha=1 - level, method="beta")
    low, high = np.where(hits == 0, 0.0, low), np.where(hits == n, 1.0, high)
    return Intervals(divide(hits, n), *masked(known, low, high))


def against_rest(hits: ArrayLike, n: ArrayLike) -> Lift:
    """Compare each group's share with that of all the other groups together.

    The ratio has the log interval with 0.5 added to hits and n (Walter 1975), by
    `statsmodels.stats.proportion.confint_proportions_2indep`; the p-value is Fisher's exact test, two-sided as twice
    the smaller tail of the hypergeometric distribution (Agresti 2002, 3.5). NaN where the group or the rest is empty.

    Args:
        hits: one entry a group.
        n: one entry a group.
    """
    hits, n = column(hits), column(n)
    other_hits, other_n = hits.sum() - hits, n.sum() - n
    known = (n > 0) & (other_n > 0)
    safe_n, safe_other = np.where(known, n, 1), np.where(known, other_n, 1)
    safe_hits, safe_other_hits = np.where(known, hits, 0), np.where(known, other_hits, 0)
    low, high = confint_proportions_2indep(
        safe_hits, safe_n, safe_other_hits, safe_other, compare="ratio", method="log-adjusted"
    )
    total, all_hits = safe_n + safe_other, safe_hits + safe_other_hits
    below = stats.hypergeom.cdf(safe_hits, total, all_hits, safe_n)
    above = stats.hypergeom.sf(safe_hits - 1, total, all_hits, safe_n)
    p = np.minimum(1.0, 2 * np.minimum(below, above))
    rest = divide(other_hits, other_n)
    ratio = divide(divide(hits, n), rest)
    return Lift(rest, Intervals(*masked(known, ratio, low, high)), *masked(known, p))


def design_effect(hits: ArrayLike, n: ArrayLike) -> float:
    """Return how many times the shares of days scatter more than independent requests would make them.

    Pearson's chi-square over its degrees of freedom, at least 1 (McCullagh & Nelder 1989, 4.5): dividing n by it gives
    the effective sample size. 1 where fewer than three days hold anything.
    """
    hits, n = column(hits), column(n)
    hits, n = hits[n > 0], n[n > 0]
    expected = n * divide(hits.sum(), n.sum())
    variance = expected * (1 - divide(hits.sum(), n.sum()))
    if len(n) < 3 or not np.all(variance > 0):
        return 1.0
    return max(1.0, float(np.sum((hits - expected) ** 2 / variance)) / (len(n) - 1))
