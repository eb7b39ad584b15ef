"""Two arms compared: the difference, the relative lift, and what an interval around either says.

The arms come from `moments.py`; how wide an interval must be when every night looks belongs to
`confidence_sequences.py`, pairs to `pairs.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ratchet.statistics.arrays import LEVEL, Array, Intervals, column, divide, masked
from ratchet.statistics.moments import Moments


@dataclass(frozen=True, slots=True)
class Difference:
    """Treatment against control, one comparison a row.

    Attributes:
        value: the difference.
        error: its standard error; NaN where there is none, 0 where no unit differs from another.
        freedom: Welch–Satterthwaite's degrees of freedom.
    """

    value: Array
    error: Array
    freedom: Array

    @property
    def z(self) -> Array:
        """Return the difference in standard errors; NaN where the error is 0."""
        return divide(self.value, self.error)

    def p(self) -> Array:
        """Return two-sided p-values of Student's t, for a single look at a planned sample."""
        found: Array = 2 * special.stdtr(self.freedom, -np.abs(self.z))
        return found

    def p_greater(self) -> Array:
        """Return one-sided p-values of Student's t against the treatment being better."""
        found: Array = special.stdtr(self.freedom, -self.z)
        return found

    def interval(self, level: float = LEVEL) -> Intervals:
        """Return the two-sided t interval, for a single look at a planned sample."""
        return self.within(special.stdtrit(self.freedom, (1 + level) / 2))

    def within(self, multiplier: ArrayLike) -> Intervals:
        """Return the interval of so many standard errors on either side; NaN bounds where the error is 0."""
        known = (self.error > 0) & np.isfinite(column(multiplier))
        half = np.where(known, column(multiplier), np.nan) * self.error
        return Intervals(self.value, *masked(known, self.value - half, self.value + half))


def absolute(control: Moments, treatment: Moments, covariance: ArrayLike = 0.0) -> Difference:
    """Return differences of values with the unpooled standard error (Welch 1947).

    `sqrt(s²_c/n_c + s²_t/n_t - 2 cov)`, degrees of freedom after Satterthwaite (1946): those of
    `scipy.stats.ttest_ind_from_stats(equal_var=False)`.

    Args:
        control: one arm a row.
        treatment: the arm compared with it in the same row.
        covariance: of the two values, where the same units or pairs are in both arms.
    """
    first, second = control.error_squared, treatment.error_squared
    freedom = divide((first + second) ** 2, divide(first**2, control.n - 1) + divide(second**2, treatment.n - 1))
    error = np.sqrt(np.maximum(0.0, first + second - 2 * column(covariance)))
    return Difference(treatment.value - control.value, error, freedom)


def relative(control: Moments, treatment: Moments, scale: tuple[ArrayLike, ArrayLike] | None = None) -> Difference:
    """Return relative lifts `(t - c) / |c|` by the delta method; NaN where the control's value is 0.

    Variance `s²_t/(c² n_t) + s²_c t²/(c⁴ n_c)` (Casella & Berger 2002, 5.5.24), the degrees of freedom those of the
    difference: what gbstats reports. For a single look; far from 0 it is lopsided, so verdicts use `lift_interval`.

    Args:
        control: one arm a row.
        treatment: the arm compared with it.
        scale: unadjusted values of control and treatment, where `control` and `treatment` are adjusted.
    """
    c, t = (control.value, treatment.value) if scale is None else (column(scale[0]), column(scale[1]))
    plain = absolute(control, treatment)
    variance = divide(treatment.error_squared, c**2) + divide(control.error_squared * t**2, c**4)
    return Difference(divide(plain.value, np.abs(c)), np.sqrt(variance), plain.freedom)


def lift_interval(
    control: Moments, treatment: Moments, multiplier: ArrayLike, covariance: ArrayLike = 0.0
) -> Intervals:
    """Return relative lifts `(t - c) / |c|` with Fieller's interval at a given number of standard errors.

    All ρ with `(t - ρc)² ≤ k² (v_t + ρ² v_c - 2ρ cov)` (Fieller 1954), minus 1. It leaves out 0 exactly where the
    difference is further than k standard errors from 0, and a margin exactly where `beyond` says so; the delta
    method's interval does neither. The bounds are NaN where the control's value is itself within k standard errors of
    0: no bounded interval exists then.
    """
    k = column(multiplier)
    c, t, k2 = control.value, treatment.value, np.where(np.isfinite(k), k, np.nan) ** 2
    v_c, v_t, cov = control.error_squared, treatment.error_squared, column(covariance)
    square, middle = c**2 - k2 * v_c, c * t - k2 * cov
    root = np.sqrt(np.maximum(0.0, middle**2 - square * (t**2 - k2 * v_t)))
    known = (square > 0) & (v_c + v_t > 0)
    ends = np.sort([divide(middle + sign * root, square) - 1 for sign in (-1, 1)], axis=0)
    low, high = np.where(c < 0, -ends[::-1], ends)
    return Intervals(divide(t - c, np.abs(c)), *masked(known, low, high))


def beyond(control: Moments, treatment: Moments, lift: ArrayLike, covariance: ArrayLike = 0.0) -> Array:
    """Return how many standard errors the treatment lies above a given lift; negative where it lies below.

    `(t - ρc) / sqrt(v_t + ρ² v_c - 2ρ cov)` with `ρ = 1 + lift`: the linear form of a test of a ratio of means (Laster
    & Johnson 2003), which needs no division by the control's value. For a control below 0 a lift is one of its size.
    """
    rho = 1 + column(lift) * np.where(control.value < 0, -1.0, 1.0)
    variance = treatment.error_squared + rho**2 * control.error_squared - 2 * rho * column(covariance)
    return divide(treatment.value - rho * control.value, np.sqrt(np.maximum(0.0, variance)))


def pooled_z(control_hits: ArrayLike, control_n: ArrayLike, hits: ArrayLike, n: ArrayLike) -> Array:
    """Return z of two shares with the pooled variance: `statsmodels.stats.proportion.proportions_ztest`, row by row."""
    a, n_a, b, n_b = np.broadcast_arrays(*map(column, (control_hits, control_n, hits, n)))
    share = divide(a + b, n_a + n_b)
    variance = np.where((share >= 0) & (share <= 1), share * (1 - share), np.nan)
    error = np.sqrt(variance * (divide(1.0, n_a) + divide(1.0, n_b)))
    return divide(divide(b, n_b) - divide(a, n_a), error)
