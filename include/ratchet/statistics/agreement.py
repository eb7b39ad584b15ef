"""Agreement between raters beyond chance, with an interval. Who rated what belongs to `analyze/raters.py`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from scipy import stats

from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import LEVEL, Array

LEAST_ITEMS = 10


class Distance(StrEnum):
    """How far two ratings are apart: by the square of their difference, or as equal and unequal."""

    INTERVAL = "interval"
    NOMINAL = "nominal"


def krippendorff_alpha(ratings: Sequence[Sequence[float]], items: Sequence[int], distance: Distance) -> Estimate:
    """Return Krippendorff's alpha: 1 is full agreement, 0 is chance, with a jackknife interval over items.

    alpha = 1 - observed / expected disagreement; of an item with m ratings the observed one is the sum of the
    distances of all its ordered pairs over m - 1, the expected one is that of all pairs of all ratings
    (Krippendorff, Content Analysis, 4th ed. 2018, chapter 12). With two ratings an item and equality for distance it
    is Scott's pi, with three or more nearly Fleiss' kappa, corrected for small samples.

    Args:
        ratings: of one item each, two at least; different sets only.
        items: how many items have just these ratings.
        distance: how far two ratings are apart.
    """
    counts = np.asarray(items, dtype=np.float64)
    n = int(counts.sum())
    if n < LEAST_ITEMS:
        return Estimate(NotComputable(f"fewer than {LEAST_ITEMS} things were judged by several raters"), n)
    values = np.unique(np.concatenate([np.asarray(r, dtype=np.float64) for r in ratings]))
    if len(values) == 1:
        return Estimate(NotComputable("all ratings are the same, so that chance cannot be told from agreement"), n)
    held = np.array([[np.count_nonzero(np.asarray(r) == v) for v in values] for r in ratings], dtype=np.float64)
    apart = (values[:, None] - values[None, :]) ** 2 if distance is Distance.INTERVAL else 1.0 - np.eye(len(values))
    size = held.sum(axis=1)
    own = np.einsum("pi,ij,pj->p", held, apart, held) / (size - 1)
    value = _alpha(np.array([counts @ own]), np.array([counts @ size]), (counts @ held)[None, :], apart)[0]
    without = _alpha(counts @ own - own, counts @ size - size, counts @ held - held, apart)
    return _jackknifed(float(value), without, counts, n)


def _alpha(observed: Array, ratings: Array, of_values: Array, apart: Array) -> Array:
    """Return alpha of each row of sums: observed disagreement, number of ratings, ratings by value."""
    expected = np.einsum("ri,ij,rj->r", of_values, apart, of_values) / (ratings - 1)
    found: Array = 1.0 - observed / np.where(expected > 0, expected, np.nan)
    return found


def _jackknifed(value: float, without: Array, counts: Array, n: int) -> Estimate:
    mean = float(counts @ without) / n
    error = np.sqrt((n - 1) / n * float(counts @ (without - mean) ** 2))
    if not np.isfinite(error):
        return Estimate(value, n, note="one item decides, so that no interval can be told")
    half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * error
    return Estimate(value, n, value - half, min(value + half, 1.0))
