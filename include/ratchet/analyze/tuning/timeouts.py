"""After how many seconds a call is given up (R74).

The least value is a distribution-free upper bound of the 95th percentile: the k-th smallest of n durations, with the
smallest k for which P(Binomial(n, 0.95) < k) >= 0.95 (Wilks 1941; Hahn & Meeker 1991, 5.3). It exists from n = 59 on. A
call that ran into its time limit would have taken longer, nobody knows how long: it counts as the longest of all. At or
above that bound the value is taken that loses the fewest seconds on the log.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ratchet.analyze.tuning.fits import UNDECIDED, Fitted, Rows, round_down, round_up, round_values
from ratchet.contracts.adaptive import COMPLEXITY_BINS, Defaults, Numbers, Setting, complexity_name
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import Array
from ratchet.statistics.proportions import wilson

LOSS = "seconds lost: waiting for calls that are given up, and doing again those that would have come"
SHARE, SURE = 0.95, 0.95
FEWEST_CALLS = 59
POOLED = "all_s"


def fit(rows: Rows, today: Numbers, defaults: Defaults) -> Fitted:
    """Return the time limit of all calls, and of each quarter of complexity with enough of them."""
    whole = np.ones(len(rows.n), dtype=bool)
    names = [POOLED, *(_name(level) for level in range(COMPLEXITY_BINS))]
    chosen = [whole, *(rows.level == level for level in range(COMPLEXITY_BINS))]
    found = [_level(name, rows, among, today, defaults) for name, among in zip(names, chosen, strict=True)]
    if found[0]["value_s"] is None:
        return Fitted(NotComputable(str(found[0]["reason"])), tuple(found[:1]))
    numbers = {str(level["name"]): float(level["value_s"]) for level in found if level["value_s"] is not None}
    return Fitted(numbers, tuple(level for level in found if level["n"]))


def losses(rows: Rows, numbers: Numbers, defaults: Defaults) -> Array:
    """Return the seconds that each day would have lost: the limit for each call given up, and its time if it came."""
    limits = np.array([_limit(numbers, level) for level in range(-1, COMPLEXITY_BINS)])
    return np.bincount(rows.day, _lost(rows, limits[rows.level + 1]), len(rows.dates)).astype(np.float64)


def measured(rows: Rows, since: NDArray[np.bool_]) -> tuple[str, str]:
    """Take the value back where it breaks its objective: surely more than 5 % of calls are given up.

    What was cut short cannot be replayed with a longer limit, so the log itself is asked.
    """
    among = since[rows.day]
    given_up, n = float(rows.n[among & rows.failed].sum()), float(rows.n[among].sum())
    share = wilson(given_up, n)
    if n and share.low[0] > 1 - SHARE:
        return "rolled_back", f"{given_up:,.0f} of {n:,.0f} calls were given up, more than {1 - SHARE:.0%}"
    return UNDECIDED


def upper_bound(value: Array, n: Array, came: NDArray[np.bool_]) -> tuple[float | None, str]:
    """Return the 95/95 upper bound of durations, or None and why not.

    Args:
        value: upper ends of buckets; any order.
        n: calls in them.
        came: False where they ran into their time limit.
    """
    total = int(n.sum())
    rank = int(stats.binom.ppf(SURE, total, SHARE)) + 1
    if total < FEWEST_CALLS or rank > total:
        return None, f"{total} of the {FEWEST_CALLS} calls that a bound needs"
    order = np.argsort(value[came], kind="stable")
    running = np.cumsum(n[came][order])
    place = int(np.searchsorted(running, rank))
    if place == len(running):
        return (
            None,
            f"{total - int(n[came].sum()):,} of {total:,} calls ran into their time limit: how long is not known",
        )
    return float(value[came][order][place]), ""


def _level(name: str, rows: Rows, among: NDArray[np.bool_], today: Numbers, defaults: Defaults) -> dict[str, Any]:
    part = {"name": name, "n": int(rows.n[among].sum()), "given_up": int(rows.n[among & rows.failed].sum())}
    bound, reason = upper_bound(rows.value_s[among], rows.n[among], ~rows.failed[among])
    if bound is None:
        return part | {"bound_s": None, "value_s": None, "reason": reason}
    low, high = defaults.bounds(Setting.TIMEOUT)
    least = min(max(round_up(max(bound, 1e-3)), low), high)
    now = today.get(name, today[POOLED])
    tried = round_values(least, high)
    lost = [float(_lost(rows, np.full(len(rows.n), limit))[among].sum()) for limit in tried]
    best = min(range(len(tried)), key=lambda i: (round(lost[i], 6), abs(np.log(tried[i] / now))))
    return part | {"bound_s": bound, "value_s": tried[best], "reason": ""}


def _lost(rows: Rows, limit_s: Array) -> Array:
    """Return the seconds lost by the calls of each row; in a bucket that the limit divides they are spread evenly."""
    before = round_down(rows.value_s)
    share = np.where(rows.failed, 1.0, np.clip((rows.value_s - limit_s) / (rows.value_s - before), 0.0, 1.0))
    again_s = np.where(rows.failed, 0.0, rows.value_s)
    lost: Array = rows.n * share * (limit_s + again_s)
    return lost


def _limit(numbers: Numbers, level: int) -> float:
    return numbers.get(_name(level), numbers[POOLED]) if level >= 0 else numbers[POOLED]


def _name(level: int) -> str:
    return complexity_name((level + 0.5) / COMPLEXITY_BINS)
