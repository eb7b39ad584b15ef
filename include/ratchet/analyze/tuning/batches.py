"""How many tasks to take at once (R75): the knee of throughput against batch size.

The knee is the smallest size whose throughput, items a second over all batches of that size, is within 5 % of the best
one. Its interval is the 95 % percentile interval of a bootstrap over days (Efron & Tibshirani 1993, 13.3), since the
batches of one day resemble each other. The seed is fixed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ratchet.analyze.tuning.fits import UNDECIDED, Fitted, Rows
from ratchet.contracts.adaptive import Defaults, Numbers, Setting
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import Array, column, divide

LOSS = "seconds until a batch is done, and ten for each per cent of throughput lost beyond 5 % of the day's best"
NEAR = 0.05  # of the best throughput
FEWEST_BATCHES = 30
RESAMPLES = 400
PER_CENT_LOST_COSTS = 10.0


def fit(rows: Rows, today: Numbers, defaults: Defaults) -> Fitted:
    """Return the knee, within the bounds; at least two sizes with thirty batches each are needed."""
    low, high = defaults.bounds(Setting.BATCH_SIZE)
    sizes, seconds, batches = _tables(rows)
    kept = (batches.sum(axis=0) >= FEWEST_BATCHES) & (sizes >= low) & (sizes <= high)
    sizes, seconds, batches = sizes[kept], seconds[:, kept], batches[:, kept]
    if len(sizes) < 2:
        return Fitted(NotComputable(f"fewer than two batch sizes were tried {FEWEST_BATCHES} times"))
    throughput = divide(sizes * batches.sum(axis=0), seconds.sum(axis=0))
    knee = float(sizes[_knee(throughput[None, :])[0]])
    picks = np.random.default_rng(0).multinomial(
        len(rows.dates), np.full(len(rows.dates), 1 / len(rows.dates)), RESAMPLES
    )
    again = _knee(divide(sizes * (picks @ batches), picks @ seconds))
    ends = np.quantile(sizes[again], [0.025, 0.975], method="inverted_cdf")
    levels = tuple(
        {
            "name": f"size {size:g}",
            "n": int(n),
            "items_per_s": float(t),
            "knee_low": float(ends[0]),
            "knee_high": float(ends[1]),
        }
        for size, n, t in zip(sizes, batches.sum(axis=0), throughput, strict=True)
    )
    return Fitted({"size": knee}, levels)


def losses(rows: Rows, numbers: Numbers, defaults: Defaults) -> Array:
    """Return what each day would have lost; a size not tried on a day counts as the nearest one below, else above."""
    sizes, seconds, batches = _tables(rows)
    throughput = divide(sizes * batches, seconds)
    tried = batches > 0
    place = np.where(tried & (sizes <= numbers["size"]), np.arange(len(sizes)), -1).max(axis=1)
    place = np.where(place < 0, np.argmax(tried, axis=1), place)
    day = np.arange(len(rows.dates))
    missing = 1 - divide(throughput[day, place], np.nanmax(throughput, axis=1))
    lost: Array = divide(seconds, batches)[day, place] + PER_CENT_LOST_COSTS * 100 * np.maximum(0.0, missing - NEAR)
    return lost


def measured(rows: Rows, since: NDArray[np.bool_]) -> tuple[str, str]:
    """Leave the verdict open: the replay is the objective."""
    return UNDECIDED


def _tables(rows: Rows) -> tuple[Array, Array, Array]:
    """Return the sizes, and the seconds and the batches of each day and size."""
    sizes, place = np.unique(rows.level, return_inverse=True)
    shape = (len(rows.dates), len(sizes))
    cell = rows.day * len(sizes) + place
    seconds = column(np.bincount(cell, rows.n * rows.value_s, shape[0] * shape[1])).reshape(shape)
    batches = column(np.bincount(cell, rows.n, shape[0] * shape[1])).reshape(shape)
    return sizes.astype(np.float64), seconds, batches


def _knee(throughput: Array) -> Array:
    """Return for each row the position of the first size whose throughput is near the best one."""
    known = np.nan_to_num(throughput)
    place: Array = np.argmax(known >= (1 - NEAR) * known.max(axis=1, keepdims=True), axis=1)
    return place
