"""The arms of trials as `mart_experiments` holds them, reduced to one form whatever the kind of metric.

How arms are compared belongs to `statistics/differences.py`, what that means to `experiments.py` and `verdicts.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet.contracts.metrics import Metric, MetricKind
from ratchet.statistics.arrays import Array, divide
from ratchet.statistics.moments import (
    Moments,
    adjusted,
    covariance,
    mean_moments,
    proportion_moments,
    ratio_moments,
)
from ratchet.statistics.quantiles import quantile_moments

KEYS = ("trial_id", "phase", "variant", "metric")
SUMS = ("sum_y", "sum_yy", "sum_d", "sum_dd", "sum_yd", "sum_x", "sum_xx", "sum_xy", "sum_xd")
WINSORISED = {"sum_y": "winsor_sum_y", "sum_yy": "winsor_sum_yy", "sum_yd": "winsor_sum_yd", "sum_xy": "winsor_sum_xy"}


def arm_moments(rows: pd.DataFrame, metrics: Iterable[Metric], group: NDArray[np.int64]) -> Moments:
    """Return what each arm says about its metric.

    Winsorised and adjusted for the covariate where the metric asks for it. A missing or infinite sum makes the arm's
    value NaN and leaves all others alone.

    Args:
        rows: columns of mart_experiments, one arm and metric a row.
        metrics: the metric of each row.
        group: which rows are arms of one trial and metric, as whole numbers from 0.
    """
    specs = list(metrics)
    kind = np.array([m.kind.value for m in specs], dtype=object)
    sums = _sums(rows, np.array([m.winsor_share is not None for m in specs], dtype=bool))
    n = counted(rows, "units")
    value, variance = _plain(kind, sums, n)
    found = _with_quantiles(rows, specs, kind, Moments(value, variance, n))
    return _adjusted(found, kind, sums, np.array([m.covariate_days > 0 for m in specs], dtype=bool), group)


def numbers(rows: pd.DataFrame, name: str) -> Array:
    """Return a column as floats, NaN where a number is missing or not finite."""
    if name not in rows:
        return np.full(len(rows), np.nan)
    found = rows[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def counted(rows: pd.DataFrame, name: str) -> Array:
    """Return a column of counts, 0 where nothing was counted."""
    return np.nan_to_num(numbers(rows, name))


def _sums(rows: pd.DataFrame, winsorised: NDArray[np.bool_]) -> dict[str, Array]:
    """Return the sums by name, of the winsorised values where those are asked for."""
    found = {name: numbers(rows, name) for name in SUMS}
    if winsorised.any():
        for name, other in WINSORISED.items():
            found[name] = np.where(winsorised, numbers(rows, other), found[name])
    return found


def _plain(kind: NDArray[np.object_], sums: dict[str, Array], n: Array) -> tuple[Array, Array]:
    """Return values and variances before any adjustment, NaN for quantiles."""
    y, yy, d, dd, yd = (sums[name] for name in SUMS[:5])
    by_kind = {
        MetricKind.PROPORTION: proportion_moments(y, n),
        MetricKind.MEAN: mean_moments(y, yy, n),
        MetricKind.RATIO: ratio_moments(y, yy, d, dd, yd, n),
    }
    value, variance = np.full(len(n), np.nan), np.full(len(n), np.nan)
    for name, moments in by_kind.items():
        value = np.where(kind == name.value, moments.value, value)
        variance = np.where(kind == name.value, moments.variance, variance)
    return value, variance


def _with_quantiles(rows: pd.DataFrame, specs: list[Metric], kind: NDArray[np.object_], plain: Moments) -> Moments:
    """Fill in the rows that are quantiles, whose units are those with a value."""
    where = np.flatnonzero(kind == MetricKind.QUANTILE.value)
    if not len(where):
        return plain
    buckets, counts, owner = _histograms(rows, where)
    shares = [specs[row].quantile or 0.5 for row in where]
    found = quantile_moments(buckets, counts, owner, shares)
    columns = [np.array(column) for column in (plain.value, plain.variance, plain.n)]
    for column, values in zip(columns, (found.value, found.variance, found.n), strict=True):
        column[where] = values
    return Moments(*columns)


def _histograms(rows: pd.DataFrame, where: NDArray[np.intp]) -> tuple[NDArray[np.int64], Array, NDArray[np.int64]]:
    """Return buckets and counts of the given rows end to end, and whose they are."""
    lists = [
        [np.zeros(0) if np.ndim(cell) == 0 else np.asarray(cell, dtype=np.float64) for cell in rows[name].iloc[where]]
        for name in ("histogram_buckets", "histogram_counts")
    ]
    owner = np.repeat(np.arange(len(where)), [len(cell) for cell in lists[0]])
    bucket, count = (np.concatenate([*cells, np.zeros(0)]) for cells in lists)
    return bucket.astype(np.int64), count, owner


def _adjusted(
    plain: Moments,
    kind: NDArray[np.object_],
    sums: dict[str, Array],
    wanted: NDArray[np.bool_],
    group: NDArray[np.int64],
) -> Moments:
    """Adjust for the covariate where the metric asks for it; a quantile has none."""
    wanted = wanted & (kind != MetricKind.QUANTILE.value)
    if not wanted.any():
        return plain
    n, ratio = plain.n, kind == MetricKind.RATIO.value
    joint = covariance(sums["sum_y"], sums["sum_x"], sums["sum_xy"], n)
    below = covariance(sums["sum_d"], sums["sum_x"], sums["sum_xd"], n)
    of_ratio = divide(joint - plain.value * below, divide(sums["sum_d"], n))
    x, xx = (np.where(wanted, sums[name], 0.0) for name in ("sum_x", "sum_xx"))
    return adjusted(plain, np.where(ratio, of_ratio, joint), x, xx, group)
