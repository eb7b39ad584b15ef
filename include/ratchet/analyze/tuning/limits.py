"""How many calls of a service to let run at once (R73): where the gradient limit settles on the logged latencies.

The limit follows latency as TCP Vegas follows round-trip times (Brakmo & Peterson 1995), in the form of Netflix's
concurrency-limits: `L <- L clip(1.5 t(1) / t(L), 0.5, 1) + sqrt(L)`, smoothed. `t` is the mean time of a call that
began with so many in flight, made monotone (isotonic regression). What a limit costs is replayed by Little's law.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from ratchet.analyze.tuning.fits import UNDECIDED, Fitted, Rows
from ratchet.contracts.adaptive import Defaults, Numbers, Setting
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import Array, column, divide

LOSS = "seconds that calls take, waiting for a slot included, and those of timed-out calls once more"
FEWEST_CALLS = 30  # that began at a level
FEWEST_LEVELS = 3
TOLERANCE = 1.5  # latency may grow so far before the limit gives way
SMOOTHING = 0.2
STEPS = 500  # more than it takes to settle from anywhere
LIMITS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512, 1000)  # as in dbt


def fit(rows: Rows, today: Numbers, defaults: Defaults) -> Fitted:
    """Return the limit at which the gradient settles, a number of `LIMITS` within the bounds."""
    levels, calls, seconds = (part[0] for part in _tables(rows, pooled=True))
    kept = calls >= FEWEST_CALLS
    levels, calls, seconds = levels[kept], calls[kept], seconds[kept]
    if len(levels) < FEWEST_LEVELS:
        why = f"fewer than {FEWEST_LEVELS} levels of concurrency were seen {FEWEST_CALLS} times"
        return Fitted(NotComputable(why))
    mean = divide(seconds, calls)
    curve = np.asarray(isotonic_regression(mean, weights=calls).x, dtype=np.float64)
    settled = _settled(levels, curve, min(today["limit"], float(levels[-1])))
    shown = tuple(
        {"name": f"{level:g} at once", "n": int(n), "mean_s": float(m), "fitted_s": float(t), "settles_at": settled}
        for level, n, m, t in zip(levels, calls, mean, curve, strict=True)
    )
    if settled >= levels[-1]:
        why = f"calls take hardly longer with up to {levels[-1]:g} at once: the log names no limit"
        return Fitted(NotComputable(why), shown)
    low, high = defaults.bounds(Setting.CONCURRENCY)
    limit = max(size for size in LIMITS if size <= max(1.0, settled))
    return Fitted({"limit": float(min(max(limit, low), high))}, shown)


def losses(rows: Rows, numbers: Numbers, defaults: Defaults) -> Array:
    """Return what each day would have lost in seconds.

    A call that began with `l` in flight beyond the limit `K` would have been among `l` served at the rate `K / t(K)`:
    by Little's law it takes `l t(K) / K`. `t(K)` is the day's own at the highest level up to K that it saw.
    """
    levels, calls, seconds = _tables(rows)
    mean = divide(seconds, calls)
    seen, limit = calls > 0, numbers["limit"]
    place = np.where(seen & (levels <= limit), np.arange(levels.shape[1]), -1).max(axis=1)
    place = np.where(place < 0, np.argmax(seen, axis=1), place)[:, None]
    served, at = np.take_along_axis(mean, place, 1), np.take_along_axis(levels, place, 1)
    waiting = calls * levels * served / np.maximum(at, 1)
    lost: Array = np.where(levels <= np.maximum(limit, at), seconds, waiting).sum(axis=1)
    return lost


def measured(rows: Rows, since: NDArray[np.bool_]) -> tuple[str, str]:
    """Leave the verdict open: the replay is the objective."""
    return UNDECIDED


def _settled(levels: Array, curve: Array, start: float) -> float:
    limit, unloaded = start, float(curve[0])
    for _ in range(STEPS):
        slowdown = float(np.interp(limit, levels, curve)) / unloaded
        gradient = min(1.0, max(0.5, TOLERANCE / slowdown))
        limit += SMOOTHING * (limit * gradient + math.sqrt(limit) - limit)
        limit = min(max(1.0, limit), float(levels[-1]))
    return round(limit, 3)


def _tables(rows: Rows, *, pooled: bool = False) -> tuple[Array, Array, Array]:
    """Return levels, calls and seconds, one row a day (or one for all) and one column a level."""
    sizes, place = np.unique(rows.level, return_inverse=True)
    day = np.zeros_like(rows.day) if pooled else rows.day
    shape = (1 if pooled else len(rows.dates), len(sizes))
    cell = day * len(sizes) + place
    cost = rows.n * rows.value_s * np.where(rows.failed, 2.0, 1.0)
    calls = column(np.bincount(cell, rows.n, shape[0] * shape[1])).reshape(shape)
    seconds = column(np.bincount(cell, cost, shape[0] * shape[1])).reshape(shape)
    return np.broadcast_to(sizes.astype(np.float64), shape), calls, seconds
