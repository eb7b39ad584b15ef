"""Pairs: the same task, user or document seen by both arms, so that what makes it hard cancels out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ratchet.statistics.arrays import Array, column
from ratchet.statistics.differences import Difference
from ratchet.statistics.moments import Moments, mean_moments


@dataclass(frozen=True, slots=True)
class Pairs:
    """Differences within pairs, one comparison a row.

    Attributes:
        difference: mean of treatment - control over pairs, its freedom being pairs - 1.
        n: pairs.
        covariance: of the two arms' means, for their relative lift.
    """

    difference: Difference
    n: Array
    covariance: Array


def paired(total: ArrayLike, squares: ArrayLike, n: ArrayLike, control: Moments, treatment: Moments) -> Pairs:
    """Compare arms pair by pair: `scipy.stats.ttest_rel` from sums.

    Mean difference Σd/n with standard error `sqrt(s²_d / n)`. The covariance of the two means is
    `(v_c + v_t - v_d) / 2`, which lets a relative lift use the pairing as well.

    Args:
        total: sums of the differences treatment - control of complete pairs.
        squares: sums of their squares.
        n: complete pairs.
        control: the control's values over the same pairs.
        treatment: the treatment's.
    """
    found = mean_moments(total, squares, n)
    error = found.error_squared
    covariance = (control.error_squared + treatment.error_squared - error) / 2
    return Pairs(Difference(found.value, np.sqrt(error), found.n - 1), found.n, covariance)


def mcnemar_p(only_treatment: ArrayLike, only_control: ArrayLike) -> Array:
    """Return McNemar's exact two-sided p-values of discordant pairs; 1 where there are none.

    Twice the smaller tail of a binomial with probability ½, at most 1 (McNemar 1947):
    `statsmodels.stats.contingency_tables.mcnemar(exact=True)`, row by row.

    Args:
        only_treatment: pairs in which only the treatment hit.
        only_control: pairs in which only the control hit.
    """
    first, second = np.broadcast_arrays(column(only_treatment), column(only_control))
    p: Array = 2 * stats.binom.cdf(np.minimum(first, second), first + second, 0.5)
    return np.minimum(1.0, p)
