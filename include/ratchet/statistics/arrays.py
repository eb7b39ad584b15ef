"""What every statistic returns: a column of values with the bounds of their intervals.

The formulas are in the modules beside this one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable

Array = NDArray[np.float64]
LEVEL = 0.95
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Intervals:
    """Values with the bounds of their intervals, one a row; NaN where there is nothing to compute from."""

    value: Array
    low: Array
    high: Array

    def estimate(self, row: int, n: float, reason: str) -> Estimate:
        """Return one row as an estimate.

        Args:
            row: its position.
            n: what the value was computed from.
            reason: why there is no value, used where it is NaN or infinite.
        """
        value = float(self.value[row])
        known = value if math.isfinite(value) else NotComputable(reason)
        return Estimate(known, int(n), _finite(self.low[row]), _finite(self.high[row]))


def column(values: ArrayLike) -> Array:
    """Return values as an array of floats of at least one dimension."""
    return np.atleast_1d(np.asarray(values, dtype=np.float64))


def divide(above: ArrayLike, below: ArrayLike) -> Array:
    """Divide where the divisor is not zero, else NaN."""
    first, second = np.broadcast_arrays(column(above), column(below))
    quotient: Array = np.divide(first, second, out=np.full(first.shape, np.nan), where=second != 0)
    return quotient


def masked(known: NDArray[np.bool_], *columns: Any) -> tuple[Array, ...]:
    """Return the columns with NaN where a row is not known."""
    return tuple(np.where(known, column(c), np.nan) for c in columns)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
