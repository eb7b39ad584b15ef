"""How fast an error budget may burn, over which windows: the usual four, or an objective's own.

A burn rate of 1 spends exactly the budget in the time it is meant for. What burns is computed in `analyze/burns.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

LONGEST_HOURS = 168
FAST_HOURS = 6  # what burns over so few hours wants somebody now, over more hours today


@dataclass(frozen=True, slots=True)
class BurnRate:
    """An alarm: the budget burns at least `rate` times too fast over `hours`, and still does in its last twelfth.

    Two windows, so that it goes out soon after the fault does (Beyer et al., The Site Reliability Workbook, 2018, 5).
    """

    hours: int
    rate: float

    @property
    def short_hours(self) -> int:
        """Return the window that says whether it still burns."""
        return max(1, self.hours // 12)

    @property
    def is_fast(self) -> bool:
        """Return whether somebody should look now."""
        return self.hours <= FAST_HOURS


STANDARD = (BurnRate(1, 14.4), BurnRate(6, 6.0), BurnRate(24, 3.0), BurnRate(72, 1.0))


def reachable(allowed: float, is_share: bool) -> tuple[BurnRate, ...]:
    """Return the usual burn rates for an objective that allows this share to be bad.

    Where nothing but failures would not reach a rate, half of what they reach stands for it; without a budget there is
    nothing to burn.
    """
    if not 0 < allowed < 1:
        return STANDARD if allowed and not is_share else ()
    highest = 0.5 / allowed if is_share else float("inf")
    return tuple(BurnRate(b.hours, min(b.rate, highest)) for b in STANDARD if min(b.rate, highest) >= 1)


def parse(found: Any, allowed: float, is_share: bool, budget_days: int) -> tuple[BurnRate, ...]:
    """Return an objective's own burn rates from a mapping of hours to rate.

    Raises:
        ValueError: naming the window that cannot be used and what could.
    """
    if not isinstance(found, Mapping) or not found:
        raise ValueError("burn_rates must map hours to rates, such as {1: 14.4, 6: 6}")
    longest = min(LONGEST_HOURS, 24 * budget_days)
    for hours, rate in found.items():
        if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= longest:
            raise ValueError(f"burn_rates: {str(hours)[:20]} must be a whole number of hours from 1 to {longest}")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < float("inf"):
            raise ValueError(f"burn_rates: the rate over {hours} hours must be a number above 0")
        if not allowed or (is_share and rate * allowed > 1):
            most = f"at most {1 / allowed:.4g}" if allowed else "nothing: it allows no failure, so it has no budget"
            raise ValueError(
                f"burn_rates: {rate:g} over {hours} hours can never be reached, failures alone burn {most}"
            )
    ordered = tuple(BurnRate(hours, float(found[hours])) for hours in sorted(found))
    if any(later.rate > earlier.rate for earlier, later in pairwise(ordered)):
        raise ValueError("burn_rates: a longer window must not have a higher rate than a shorter one")
    return ordered
