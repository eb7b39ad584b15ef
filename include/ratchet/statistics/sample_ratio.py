"""Whether the arms got the units that their weights promise.

A sample ratio that is off says that assignment or logging is broken, so no other number of the trial can be believed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ratchet.statistics.arrays import Array, column, divide

SMALLEST_EXPECTED = 5.0  # below it the chi-square approximation is not to be trusted (Cochran 1954)


def sample_ratio_p(counts: ArrayLike, weights: ArrayLike, group: ArrayLike) -> Array:
    """Return the p-value of the sample ratio of each group, groups counted from 0.

    Pearson's chi-square `Σ (o - e)² / e` with arms - 1 degrees of freedom: `scipy.stats.chisquare`, group by group
    (Fabijan et al. 2019). NaN where a group has fewer than two arms, or an arm with fewer than 5 expected units.

    Args:
        counts: units of an arm, one arm a row.
        weights: the arm's weight, above 0.
        group: which arms belong together, whole numbers from 0.
    """
    counts, weights, groups = column(counts), column(weights), np.atleast_1d(np.asarray(group))
    size = int(groups.max(initial=-1)) + 1
    total, weight = (np.bincount(groups, values, size) for values in (counts, weights))
    expected = weights * divide(total, weight)[groups]
    statistic = np.bincount(groups, np.nan_to_num(divide((counts - expected) ** 2, expected)), size)
    arms = np.bincount(groups, minlength=size)
    thin = np.bincount(groups, ~(expected >= SMALLEST_EXPECTED), size) > 0
    p: Array = special.chdtrc(np.maximum(1, arms - 1), statistic)
    return np.where((arms > 1) & ~thin, p, np.nan)
