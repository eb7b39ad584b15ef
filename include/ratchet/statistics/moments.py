"""What one arm of a trial says about a metric: a value, the variance of one unit, the number of units.

Every kind of metric ends here (means, shares, ratios, means adjusted for a covariate; quantiles come from
`quantiles.py`), so that the comparison of two arms in `differences.py` knows only one form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratchet.statistics.arrays import Array, column, divide

_ROUNDING = 1e-12  # a variance this small beside the mean square is what subtracting two equal sums leaves


@dataclass(frozen=True, slots=True)
class Moments:
    """Values of arms, one arm a row; NaN where an arm has nothing to compute from.

    Attributes:
        value: the mean, share, ratio or quantile.
        variance: of one unit, so that the squared standard error of `value` is `variance / n`.
        n: units.
    """

    value: Array
    variance: Array
    n: Array

    @property
    def error_squared(self) -> Array:
        """Return the squared standard error of each value."""
        return divide(self.variance, self.n)

    def take(self, rows: ArrayLike) -> Moments:
        """Return the arms at the given positions (or where a mask holds)."""
        index = np.asarray(rows)
        return Moments(self.value[index], self.variance[index], self.n[index])


def mean_moments(total: ArrayLike, squares: ArrayLike, n: ArrayLike) -> Moments:
    """Return means with the sample variance `(Σy² - (Σy)²/n) / (n-1)`; no variance below two units.

    Args:
        total: sums of the units' values.
        squares: sums of their squares.
        n: units.
    """
    total, squares, n = np.broadcast_arrays(column(total), column(squares), column(n))
    return Moments(divide(total, n), covariance(total, total, squares, n, floor=squares), n)


def proportion_moments(hits: ArrayLike, n: ArrayLike) -> Moments:
    """Return shares with the variance `p(1-p)` of one unit."""
    hits, n = np.broadcast_arrays(column(hits), column(n))
    share = divide(hits, n)
    return Moments(share, share * (1 - share), n)


def ratio_moments(
    total: ArrayLike, squares: ArrayLike, below: ArrayLike, below_squares: ArrayLike, product: ArrayLike, n: ArrayLike
) -> Moments:
    """Return ratios Σy / Σd of arms whose units are independent, though their events are not.

    Delta method: `var = (s²_y - 2 r s_yd + r² s²_d) / d̄²` with `r = Σy/Σd` (Deng, Knoblich & Lu 2018, eq. 3).

    Args:
        total: sums of the numerators.
        squares: sums of their squares.
        below: sums of the denominators.
        below_squares: sums of their squares.
        product: sums of numerator times denominator.
        n: units.
    """
    y, yy, d, dd, yd, n = np.broadcast_arrays(*map(column, (total, squares, below, below_squares, product, n)))
    ratio, mean_below = divide(y, d), divide(d, n)
    variance = (
        covariance(y, y, yy, n, floor=yy)
        - 2 * ratio * covariance(y, d, yd, n)
        + ratio**2 * covariance(d, d, dd, n, floor=dd)
    )
    size = divide(yy, n) + ratio**2 * divide(dd, n)
    return Moments(ratio, divide(np.where(variance > _ROUNDING * size, variance, 0.0 * variance), mean_below**2), n)


def adjusted_moments(
    total: ArrayLike,
    squares: ArrayLike,
    covariate: ArrayLike,
    covariate_squares: ArrayLike,
    product: ArrayLike,
    n: ArrayLike,
    group: NDArray[np.int64],
) -> Moments:
    """Return means adjusted for a covariate: `mean_moments`, then `adjusted`.

    Args:
        total: sums of the units' values.
        squares: sums of their squares.
        covariate: sums of the units' covariates; a unit without a past counts as 0.
        covariate_squares: sums of their squares.
        product: sums of value times covariate.
        n: units.
        group: which rows are arms of one trial and metric, as whole numbers from 0.
    """
    joint = covariance(total, covariate, product, n)
    return adjusted(mean_moments(total, squares, n), joint, covariate, covariate_squares, group)


def adjusted(
    plain: Moments, joint: Array, covariate: ArrayLike, covariate_squares: ArrayLike, group: NDArray[np.int64]
) -> Moments:
    """Return values adjusted for a covariate from before the trial (CUPED); as they are where it does not vary.

    `v - θ (x̄ - x̄ of all arms)` with `θ = Σ s_vx / Σ s_xx` over the arms of a group, weighted by their units, and the
    variance `s²_v + θ² s²_x - 2 θ s_vx` (Deng, Xu, Kohavi & Walker 2013, eq. 4–6). A value that is no mean is adjusted
    through what one unit contributes to it.

    Args:
        plain: the values.
        joint: covariance of one unit's contribution with its covariate.
        covariate: sums of the units' covariates; a unit without a past counts as 0.
        covariate_squares: sums of their squares.
        group: which rows are arms of one trial and metric, as whole numbers from 0.
    """
    x, xx, n = *np.broadcast_arrays(column(covariate), column(covariate_squares)), plain.n
    spread = covariance(x, x, xx, n, floor=xx)
    slope = divide(_over(joint * (n - 1), group), _over(spread * (n - 1), group))
    slope = np.where(np.isfinite(slope), slope, 0.0)[group]
    center = divide(_over(x, group), _over(n, group))[group]
    moves = slope != 0
    shift = np.where(moves, slope * (divide(x, n) - center), 0.0)
    variance = plain.variance + np.where(moves, slope**2 * spread - 2 * slope * joint, 0.0)
    left = np.where(variance > _ROUNDING * plain.variance, variance, 0.0 * variance)
    return Moments(plain.value - shift, np.where(moves, left, plain.variance), n)


def covariance(
    first: ArrayLike, second: ArrayLike, product: ArrayLike, n: ArrayLike, floor: ArrayLike | None = None
) -> Array:
    """Return `(Σab - Σa Σb / n) / (n-1)`; one that only rounding keeps from zero is zero.

    Args:
        first: sums of a.
        second: sums of b.
        product: sums of a b.
        n: units.
        floor: sums of squares beside which a variance counts as rounding, None for a covariance.
    """
    n = column(n)
    found = divide(column(product) - divide(column(first) * column(second), n), np.where(n > 1, n - 1, 0))
    return found if floor is None else np.where(found <= _ROUNDING * divide(floor, n), 0.0 * found, found)


def _over(values: Array, group: NDArray[np.int64]) -> Array:
    """Add up by group, leaving out what is not known."""
    totals: Array = np.bincount(group, np.nan_to_num(values), minlength=int(group.max(initial=-1)) + 1).astype(
        np.float64
    )
    return totals
