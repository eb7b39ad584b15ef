"""Intervals that may be looked at every night: they hold at all nights together, not at one chosen before.

Asymptotic confidence sequences after Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit theory
and asymptotic confidence sequences" (Annals of Statistics 52, 2024; arXiv 2103.06476). They are no part of scipy or
statsmodels. Which effect they find in how many days belongs to `power.py`.

Everything is a function of the information `u = n ρ²`: ρ says at which sample the sequence is narrowest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ratchet.statistics.arrays import ALPHA, Array, Intervals, column, divide, masked


def tuned_information(alpha: ArrayLike) -> Array:
    """Return the information at which the two-sided sequence is narrowest: `u = -W₋₁(-α²/e) - 1`.

    The minimum of `multiplier` over u solves `u - log(u+1) = -2 log α` (section 3.5 and appendix B.2 there, which also
    give the approximation `-2 log α + log(-2 log α + 1)` that gbstats uses). 8.2 at α = 0.05.
    """
    found: Array = -special.lambertw(-(column(alpha) ** 2) / np.e, -1).real - 1
    return found


def information(n: ArrayLike, planned: ArrayLike, alpha: ArrayLike) -> Array:
    """Return `u = n ρ²` of a sequence tuned to be narrowest at the planned sample.

    Args:
        n: units seen so far.
        planned: units at which the sequence is to be narrowest; must not depend on the metric's values.
        alpha: error level the sequence is tuned for.
    """
    return divide(column(n) * tuned_information(alpha), planned)


def multiplier(u: ArrayLike, alpha: ArrayLike) -> Array:
    """Return how many standard errors the two-sided sequence reaches: `sqrt((u+1)/u · log((u+1)/α²))` (theorem 2.2).

    3.04 at the planned sample and α = 0.05, where a single look has 1.96. Infinite at u = 0.
    """
    u = column(u)
    with np.errstate(divide="ignore"):
        found: Array = np.sqrt((u + 1) / u * (np.log(u + 1) - 2 * np.log(column(alpha))))
    return found


def multiplier_one_sided(u: ArrayLike, alpha: ArrayLike) -> Array:
    """Return the same for one bound: `sqrt(2 (u+1)/u · log(1 + sqrt(u+1)/(2α)))` (proposition B.1 there)."""
    u = column(u)
    with np.errstate(divide="ignore"):
        found: Array = np.sqrt(2 * (u + 1) / u * np.log1p(np.sqrt(u + 1) / (2 * column(alpha))))
    return found


def always_valid_p(z: ArrayLike, u: ArrayLike) -> Array:
    """Return two-sided p-values that hold at every look: `min(1, sqrt(u+1) exp(-z² u / (2(u+1))))`.

    The smallest α whose sequence of the same ρ leaves out 0; 1 over the mixture's likelihood ratio (Robbins 1970).
    """
    z, u = np.broadcast_arrays(column(z), column(u))
    found: Array = np.minimum(1.0, np.sqrt(u + 1) * np.exp(-(z**2) * u / (2 * (u + 1))))
    return found


def always_valid_p_greater(z: ArrayLike, u: ArrayLike) -> Array:
    """Return one-sided p-values that hold at every look, small where z is large.

    `multiplier_one_sided` solved for α: `sqrt(u+1) / (2 (exp(z² u / (2(u+1))) - 1))`.
    """
    z, u = np.broadcast_arrays(column(z), column(u))
    exponent = np.maximum(z, 0) ** 2 * u / (2 * (u + 1))
    with np.errstate(divide="ignore", over="ignore"):
        found: Array = np.minimum(1.0, np.sqrt(u + 1) / (2 * np.expm1(exponent)))
    return found


def sequence(
    value: ArrayLike, error: ArrayLike, n: ArrayLike, planned: ArrayLike, alpha: ArrayLike = ALPHA, *, sides: int = 2
) -> Intervals:
    """Return the confidence sequence of estimates at their present sample.

    Args:
        value: estimates.
        error: their standard errors now; the bounds are NaN where one is not above 0.
        n: information so far: units, or 1 / error².
        planned: the same at the sample it is tuned for.
        alpha: error level over all nights.
        sides: 2, or 1 for bounds that each hold with this level by themselves.
    """
    value, error = column(value), column(error)
    if sides == 2:
        reach = multiplier(information(n, planned, alpha), alpha)
    else:  # tuned for 2 α, since only one half of the error is spent (section 3.5 there)
        reach = multiplier_one_sided(information(n, planned, 2 * column(alpha)), alpha)
    known = (error > 0) & np.isfinite(reach)
    half = np.where(known, reach, np.nan) * error
    return Intervals(value, *masked(known, value - half, value + half))
