"""Distances between two samples, and how large chance alone makes them.

Both distances are those that Evidently draws; they are computed here so that a verdict repeats to the last digit
(Evidently adds up shares in the order of a set). Verdicts belong to `drift.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.spatial import distance

Values = npt.NDArray[np.float64]
DIGITS = 6
_LEAST_SPREAD = 0.001  # Evidently's guard: a constant reference has no spread to norm by


def wasserstein(current: Values, reference: Values) -> float:
    """Return the earth mover's distance in standard deviations of the reference."""
    return round(float(stats.wasserstein_distance(reference, current)) / _spread(reference), DIGITS)


def wasserstein_floor(current: Values, reference: Values, level: float) -> float:
    r"""Return what the normed distance exceeds by chance in at most about `level` of comparisons.

    The distance is the area between two cumulative shares. Where the pooled share is F, the difference of the two
    sides has the standard error sqrt(F (1 - F) (1/n + 1/m)); the floor is the area under z times that error,
    z = the two-sided normal quantile of `level`. It is exact where all mass moves together (two values) and
    conservative elsewhere; no shape is assumed. Simulated in tests/unit/quality/test_drift_simulation.py.
    """
    pooled = np.sort(np.concatenate([current, reference]))
    share = np.arange(1, len(pooled)) / len(pooled)
    area = float((np.sqrt(share * (1 - share)) * np.diff(pooled)).sum())
    z = float(stats.norm.isf(level / 2))
    return z * area * math.sqrt(1 / len(current) + 1 / len(reference)) / _spread(reference)


def jensenshannon(current: Values, reference: Values) -> float:
    """Return the Jensen-Shannon distance (natural logarithm) of two lists of counts over the same categories."""
    found = distance.jensenshannon(reference / reference.sum(), current / current.sum())
    return 0.0 if math.isnan(found) else round(float(found), DIGITS)


def jensenshannon_floor(current: Values, reference: Values, level: float) -> float:
    """Return what the distance exceeds by chance in about `level` of comparisons.

    Under equal shares the squared distance is chi-square with k - 1 degrees of freedom, times (1/n + 1/m) / 8
    (second-order expansion; Lin 1991, Divergence measures based on the Shannon entropy). Rare values are to be
    joined before, see `grouped`.
    """
    if len(current) < 2:
        return 0.0
    size = 1 / current.sum() + 1 / reference.sum()
    return math.sqrt(float(stats.chi2.isf(level, len(current) - 1)) * float(size) / 8)


def _spread(reference: Values) -> float:
    return max(float(np.std(reference)), _LEAST_SPREAD)


def grouped(
    current: pd.Series[Any], reference: pd.Series[Any], most: int, min_expected: float, rest: str
) -> Mapping[str, str]:
    """Return the label under which each value is counted: itself, or `rest` when it is rare.

    A value is kept when it is among the `most` frequent of both sides together (ties by name) and at least
    `min_expected` rows of it are expected in the current sample if nothing changed.
    """
    counts = pd.concat([current, reference]).value_counts()
    expected = counts * len(current) / (len(current) + len(reference))
    ranked = sorted(counts.index, key=lambda value: (-int(counts[value]), str(value)))
    kept = {value for value in ranked[:most] if expected[value] >= min_expected}
    return {value: value if value in kept else rest for value in ranked}
