"""Counts of events against what they were exposed to: how often now, how often before, how sure.

Shares of known outcomes belong to `proportions.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from ratchet.statistics.arrays import LEVEL, Array, Intervals, column, divide, masked

_PRIOR_SD = float(np.log(2))  # before any data a rate is as likely as not to have moved by less than about 1.6 times


@dataclass(frozen=True, slots=True)
class RateRatio:
    """The rate now over the rate before.

    Attributes:
        ratio: with its exact interval; infinite where nothing happened before, NaN where nothing happened at all or one
            of the windows was not observed.
        p: two-sided p-value; below 1 - level exactly where the interval leaves 1 out.
    """

    ratio: Intervals
    p: Array


def rate_interval(count: ArrayLike, exposure: ArrayLike, level: float = LEVEL) -> Intervals:
    """Return rates count / exposure with the exact Poisson interval.

    `chi²(α/2, 2k)/2` to `chi²(1-α/2, 2k+2)/2` over the exposure (Garwood 1936), by
    `statsmodels.stats.rates.confint_poisson`. NaN where the exposure is 0.
    """
    count, exposure = np.broadcast_arrays(column(count), column(exposure))
    known = exposure > 0
    low, high = confint_poisson(np.where(known, count, 0), np.where(known, exposure, 1), "exact-c", alpha=1 - level)
    return Intervals(divide(count, exposure), *masked(known, low, high))


def rate_ratio(
    count: ArrayLike,
    exposure: ArrayLike,
    count_before: ArrayLike,
    exposure_before: ArrayLike,
    level: float = LEVEL,
) -> RateRatio:
    """Compare two Poisson rates by the exact conditional test.

    Given the sum n of both counts, the later one is binomial with `θ = r e / (r e + e₀)`. Clopper–Pearson's bounds of θ
    give those of `r = θ e₀ / ((1-θ) e)`; the p-value is twice the smaller binomial tail at r = 1 (Przyborowski &
    Wilenski 1940; Fay 2010 on why test and interval must be of one kind).

    Args:
        count: events now.
        exposure: days, requests or whatever the events were exposed to now; > 0 where observed.
        count_before: events before.
        exposure_before: the same for the earlier window.
        level: confidence level.
    """
    now, exposed, before, exposed_before = np.broadcast_arrays(
        column(count), column(exposure), column(count_before), column(exposure_before)
    )
    n = now + before
    known = (exposed > 0) & (exposed_before > 0) & (n > 0)
    low, high = proportion_confint(np.where(known, now, 0), np.where(known, n, 1), alpha=1 - level, method="beta")
    scale = divide(exposed_before, exposed)
    value = np.where(before > 0, divide(now, before) * scale, np.inf)
    with np.errstate(divide="ignore"):  # a bound of 1 stands for an infinite ratio
        bounds = [np.where(known, np.nan_to_num(share), 0.5) for share in (low, np.where(before == 0, 1.0, high))]
        low, high = (share / (1 - share) * scale for share in bounds)
    p = _two_sided(np.where(known, now, 0), np.where(known, n, 1), np.where(known, exposed, 1), exposed_before)
    return RateRatio(Intervals(*masked(known, value, low, high)), *masked(known, p))


def _two_sided(count: Array, n: Array, exposure: Array, exposure_before: Array) -> Array:
    share = exposure / (exposure + np.maximum(exposure_before, 0))
    tails: Array = np.minimum(stats.binom.cdf(count, n, share), stats.binom.sf(count - 1, n, share))
    return np.minimum(1.0, 2 * tails)


def shrunk_ratio(
    count: ArrayLike, exposure: ArrayLike, count_before: ArrayLike, exposure_before: ArrayLike
) -> tuple[Array, Array]:
    """Return log rate ratios drawn toward no change by their uncertainty, and their variances: fit for ranking.

    Normal likelihood of `log((k+½)/e) - log((k₀+½)/e₀)` with variance `1/(k+½) + 1/(k₀+½)` (Haldane 1956) and a normal
    prior around 0 with standard deviation log 2 (Gelman et al. 2013, 2.5). Without a window before, what is left is the
    prior: no change, with its variance.
    """
    now, exposed, before, exposed_before = np.broadcast_arrays(
        column(count), column(exposure), column(count_before), column(exposure_before)
    )
    known = (exposed > 0) & (exposed_before > 0)
    safe, safe_before = np.where(known, exposed, 1), np.where(known, exposed_before, 1)
    observed = np.log((now + 0.5) / safe) - np.log((before + 0.5) / safe_before)
    variance = 1 / (now + 0.5) + 1 / (before + 0.5)
    weight = np.where(known, _PRIOR_SD**2 / (_PRIOR_SD**2 + variance), 0.0)
    return weight * observed, (1 - weight) * _PRIOR_SD**2


def dispersion(counts: ArrayLike, exposure: ArrayLike) -> float:
    """Return how many times the counts of days scatter more than a Poisson process would make them.

    Pearson's chi-square over its degrees of freedom, at least 1 (McCullagh & Nelder 1989, 6.2). 1 where fewer than
    three days were observed.
    """
    counts, exposure = np.broadcast_arrays(column(counts), column(exposure))
    counts, exposure = counts[exposure > 0], exposure[exposure > 0]
    expected = exposure * divide(counts.sum(), exposure.sum())
    if len(counts) < 3 or not np.all(expected > 0):
        return 1.0
    return max(1.0, float(np.sum((counts - expected) ** 2 / expected)) / (len(counts) - 1))
