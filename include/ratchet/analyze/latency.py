"""How many requests were within a time limit, read between logged quantiles, so that a limit needs no histogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ratchet.statistics.arrays import Array


def share_within(median: ArrayLike, p95: ArrayLike, p99: ArrayLike, limit_ms: float) -> Array:
    """Return the share within a limit, in the shape of the quantiles.

    Linear from 0 to the median, then linear in the logarithm between median, 95th and 99th percentile; beyond the last
    it is taken as 99 %. Where all three are equal, everything is within a limit that reaches them.
    """
    low50, low95, low99 = (np.maximum(np.asarray(q, dtype=np.float64), 1e-9) for q in (median, p95, p99))
    share = np.where(limit_ms >= low99, 0.99, 0.0)
    for low, high, start, end in ((low50, low95, 0.5, 0.95), (low95, low99, 0.95, 0.99)):
        here = (limit_ms >= low) & (limit_ms < high)
        step = np.log(max(limit_ms, 1e-9) / low) / np.log(np.where(here, high / low, np.e))
        share = np.where(here, start + (end - start) * step, share)
    share = np.where(limit_ms < low50, 0.5 * limit_ms / low50, share)
    found: Array = np.where((low50 == low99) & (limit_ms >= low99), 1.0, share)
    return found
