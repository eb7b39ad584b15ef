"""How many calls of an API to make a minute, and how many of them at once (R42): as many as the log shows it to take.

A bucket that gains P tokens a minute and holds B lets at most P + B calls through in any minute. P + B is the highest
number of calls in a minute of which surely at most 2 % were throttled, and at most a tenth of it comes at once. Where
an API minds the second, so that more is let through among calls with few others in theirs, no second has more.
Calls are counted from the log: those of the API in the second and in the minute before each one.

A call waits for its token as long as the window asks that fills the bucket most: `max over w of (N(w) - B - P w) / P`,
here over a second and a minute; where more is called than the API takes for many minutes, calls would wait longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from ratchet.analyze.tuning.fits import FEWEST_DAYS, UNDECIDED, Fitted, Rows
from ratchet.contracts.adaptive import Defaults, Numbers, Setting
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import Array, column
from ratchet.statistics.proportions import wilson

LOSS = "seconds that calls wait to be let through, and a minute for each call that is throttled"
THROTTLED_COSTS_S = 60.0
THROTTLED_AT_MOST = 0.02  # of calls, by the upper end of Wilson's interval
FEWEST_CALLS = 30  # at a rate
AT_ONCE_SHARE = 10  # at most one part in so many of a minute's calls may come at once


def fit(rows: Rows, today: Numbers, defaults: Defaults) -> Fitted:
    """Return the bucket of the highest rate, within the bounds, at which calls are surely seldom throttled."""
    if not rows.failed.any():
        return Fitted(NotComputable("no call was throttled"))
    looked = [(_curve(rows.level, rows, rows.at_once <= cap), cap) for cap in (np.inf, *_most_first(rows.at_once))]
    (everyone, _), shown = looked[0], looked[0][0].shown("in a minute")
    if not len(everyone.rate):
        return Fitted(NotComputable(f"no number of calls in a minute was seen {FEWEST_CALLS} times"))
    if everyone.is_let_through.all():
        why = f"hardly a call is throttled with up to {everyone.rate[-1]:g} in a minute: the log names no limit"
        return Fitted(NotComputable(why), shown)
    most, cap = max((curve.most, cap) for curve, cap in looked)
    if not most or everyone.low[-1] <= THROTTLED_AT_MOST:
        return Fitted(NotComputable(_why_not(everyone)), shown)
    second = _curve(rows.at_once, rows, (rows.level <= most) & (rows.at_once <= cap))
    low, high = defaults.bounds(Setting.RATE_LIMIT)
    burst, per_minute = _bucket(most, cap, second.most)
    numbers = {"per_minute": min(max(per_minute, low), high), "burst": burst}
    return Fitted(numbers, (*shown, *second.shown("in a second")))


def losses(rows: Rows, numbers: Numbers, defaults: Defaults) -> Array:
    """Return what each day would have lost in seconds; without a limit nothing waits.

    A call that waits is throttled as often as those that the limit would not have held back.
    """
    failed, n = rows.failed.astype(float), rows.n
    wait_s = _wait_s(rows, numbers) if numbers else np.zeros(len(n))
    free = wait_s <= 0
    calls = float(n[free].sum())
    share = float((n * failed)[free].sum()) / calls if calls else 0.0
    lost_s = n * (np.where(free, failed, share) * THROTTLED_COSTS_S + wait_s)
    return np.bincount(rows.day, lost_s, len(rows.dates)).astype(float)


def measured(rows: Rows, since: NDArray[np.bool_]) -> tuple[str, str]:
    """Judge by the share of calls that is throttled: what is held back is not in the log any more.

    More than before takes the limit back at once, as much as before after seven days; surely less keeps it then.
    """
    now, before = _share(rows, since[rows.day]), _share(rows, ~since[rows.day])
    if not now.n or not before.n:
        return UNDECIDED
    days = len(np.unique(rows.day[since[rows.day]]))
    said = f"{now.hits:,} of {now.n:,} calls were throttled since, {before.hits:,} of {before.n:,} before"
    if now.low > before.high or (days >= FEWEST_DAYS and now.hits / now.n >= before.hits / before.n):
        return "rolled_back", said
    return ("kept", said) if days >= FEWEST_DAYS and now.high < before.low else UNDECIDED


@dataclass(frozen=True, slots=True)
class _Curve:
    """Which share of calls was throttled by how many came in a time, one entry a number that was seen often enough.

    Attributes:
        rate: how many calls.
        n, hits: calls at it, and those that were throttled.
        share: made monotone; levels of one share are taken together.
        low, high: Wilson's interval of that share.
    """

    rate: Array
    n: Array
    hits: Array
    share: Array
    low: Array
    high: Array

    @property
    def is_let_through(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.high <= THROTTLED_AT_MOST
        return found

    @property
    def most(self) -> float:
        """Return the highest number that is let through, 0 where none is."""
        return float(self.rate[self.is_let_through].max(initial=0.0))

    def shown(self, time: str) -> tuple[Mapping[str, Any], ...]:
        columns = (c.tolist() for c in (self.rate, self.n, self.hits, self.share, self.low, self.high))
        names = ("n", "throttled", "share", "share_low", "share_high")
        return tuple(
            {"name": f"{rate:g} {time}", **dict(zip(names, (int(n), int(hits), *numbers), strict=True))}
            for rate, n, hits, *numbers in zip(*columns, strict=True)
        )


def _curve(level: Array | NDArray[np.int64], rows: Rows, among: NDArray[np.bool_] | None = None) -> _Curve:
    part = np.ones(len(rows.n), dtype=bool) if among is None else among
    rates, place = np.unique(level[part], return_inverse=True)
    n = column(np.bincount(place, rows.n[part], len(rates)))
    hits = column(np.bincount(place, (rows.n * rows.failed)[part], len(rates)))
    kept = n >= FEWEST_CALLS
    rates, n, hits = column(rates[kept]), n[kept], hits[kept]
    share = column(isotonic_regression(hits / n, weights=n).x) if len(n) else n
    block = np.unique(share, return_inverse=True)[1]
    together = wilson(np.bincount(block, hits)[block], np.bincount(block, n)[block]) if len(n) else wilson(hits, n)
    return _Curve(rates, n, hits, share, together.low, together.high)


def _most_first(at_once: Array) -> list[float]:
    found: list[float] = np.unique(at_once)[::-1].tolist()
    return found


def _bucket(most: float, cap: float, at_once: float) -> tuple[float, float]:
    """Return how many at once and a minute, so that no minute has more than `most` and no second more than `cap`."""
    if np.isinf(cap):
        burst = max(1.0, min(at_once, most // AT_ONCE_SHARE))
        return burst, max(1.0, most - burst)
    burst = max(1.0, min(cap // 2, most // AT_ONCE_SHARE))
    return burst, max(1.0, min(most - burst, 60 * max(1.0, cap - burst)))


def _why_not(curve: _Curve) -> str:
    if curve.low[0] > THROTTLED_AT_MOST:
        first = f"even with {curve.rate[0]:g} in a minute {curve.share[0]:.0%} are throttled"
        return f"{first}: it is not the number of calls"
    place = -1 if curve.low[-1] <= THROTTLED_AT_MOST else 0
    low, high, rate = curve.low[place], curve.high[place], curve.rate[place]
    return f"not enough data: with {rate:g} in a minute {low:.1%} to {high:.1%} of calls are throttled"


def _wait_s(rows: Rows, numbers: Numbers) -> Array:
    a_second, burst = numbers["per_minute"] / 60, numbers["burst"]
    beyond = np.maximum(rows.level - burst - 60 * a_second, rows.at_once - burst - a_second)
    waits: Array = np.maximum(beyond, 0.0) / a_second
    return waits


@dataclass(frozen=True, slots=True)
class _Share:
    hits: int
    n: int
    low: float
    high: float


def _share(rows: Rows, among: NDArray[np.bool_]) -> _Share:
    hits, n = (int(each[among].sum()) for each in (rows.n * rows.failed, rows.n))
    found = wilson([hits], [n])
    return _Share(hits, n, float(found.low[0]), float(found.high[0]))
