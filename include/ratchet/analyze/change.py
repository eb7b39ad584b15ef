"""Whether something happens more or less often than before, for many things at once.

What a rise or a fall is called belongs to the finding (`gaps.py`, `errors.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratchet.contracts.estimates import Trend
from ratchet.frames import number
from ratchet.statistics.arrays import ALPHA, Array, column
from ratchet.statistics.comparisons import benjamini_hochberg
from ratchet.statistics.rates import RateRatio, rate_ratio, shrunk_ratio

TEST = (
    "exact conditional Poisson test of the two rates, false discovery rate held at 5 % over all that were compared "
    "(Benjamini–Hochberg)"
)


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of many rates, one a row.

    Attributes:
        now: events now.
        before: events before.
        test: rate ratios and p-values.
        q: adjusted p-values.
        factor: log rate ratio drawn toward no change, for ranking.
        factor_variance: its variance.
    """

    now: Array
    before: Array
    test: RateRatio
    q: Array
    factor: Array
    factor_variance: Array

    @property
    def up(self) -> NDArray[np.bool_]:
        """Return where the rate has risen beyond chance."""
        return (self.q <= ALPHA) & (self.test.ratio.low > 1)

    @property
    def down(self) -> NDArray[np.bool_]:
        """Return where the rate has fallen beyond chance."""
        return (self.q <= ALPHA) & (self.test.ratio.high < 1)

    @property
    def steady(self) -> NDArray[np.bool_]:
        """Return where the interval leaves out both a doubling and a halving, and nothing changed beyond chance."""
        return ~self.up & ~self.down & (self.test.ratio.low > 0.5) & (self.test.ratio.high < 2)

    def trend(self, row: int) -> Trend:
        """Return one row in full."""
        now, before = int(self.now[row]), int(self.before[row])
        why = "nothing happened before" if now else "nothing happened in either window"
        reason = why if np.isfinite(self.test.ratio.low[row]) or not (now + before) else "there is no window before"
        return Trend(self.test.ratio.estimate(row, now + before, reason), now, before, number(self.q[row]))


def changes(now: Any, exposure: ArrayLike, before: Any, exposure_before: ArrayLike) -> Changes:
    """Compare rates now and before.

    Args:
        now: events now, one entry a row.
        exposure: what they were exposed to now.
        before: events before.
        exposure_before: what they were exposed to before; 0 where nothing was observed.
    """
    now, before = column(now), column(before)
    test = rate_ratio(now, exposure, before, exposure_before)
    factor, variance = shrunk_ratio(now, exposure, before, exposure_before)
    return Changes(now, before, test, benjamini_hochberg(test.p), factor, variance)
