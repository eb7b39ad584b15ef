"""What every setting is fitted with: its rows, a round value, and the replay of two values.

Which values are tried, and what a day loses with one, belongs to the module of the setting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet.contracts.adaptive import Numbers, ReplayDay
from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import Array
from ratchet.statistics.proportions import wilson

FEWEST_DAYS = 7  # on which two values must differ before one is called better
LEAST_GAIN = 0.05  # of what is lost today
UNDECIDED = ("", "")  # the verdict on a value in force that nothing but its replay says anything about
_ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)


@dataclass(frozen=True, slots=True)
class Rows:
    """One target's rows of `mart_tuning` as columns.

    Attributes:
        dates: every date with rows.
        day: position in `dates`.
        level: as the mart says.
        failed: as the mart says.
        value_s: the upper end of the duration in seconds, NaN for runs.
        n: calls.
        first_ms, last_ms: of a run, in ms since midnight.
        at_once: of a rate, calls within the last second, NaN for others.
        cut: calls that were not kept.
    """

    dates: tuple[date, ...]
    day: NDArray[np.int64]
    level: NDArray[np.int64]
    failed: NDArray[np.bool_]
    value_s: Array
    n: Array
    first_ms: Array
    last_ms: Array
    at_once: Array
    cut: int

    @classmethod
    def of(cls, columns: Mapping[str, NDArray[Any]], part: slice) -> Rows:
        """Return the rows of one target, which lie together in the columns of `columns_of`."""
        dates, day = np.unique(columns["event_date"][part], return_inverse=True)
        n = columns["n"][part]
        return cls(
            tuple(dates.astype("datetime64[D]").tolist()),
            day,
            columns["level"][part].astype(np.int64),
            columns["failed"][part].astype(bool),
            columns["upper_ms"][part] / 1000,
            n,
            columns["first_ms"][part],
            columns["last_ms"][part],
            columns["at_once"][part],
            max(0, int(np.nansum(columns["day_calls"][part]) - n.sum())),  # 0 for histograms, which have no such count
        )

    @property
    def calls(self) -> int:
        """Return the number of calls."""
        return int(self.n.sum())


def columns_of(frame: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Return the columns of `mart_tuning` that fits read; a missing number is NaN."""
    numbers = ("level", "failed", "upper_ms", "n", "first_ms", "last_ms", "at_once", "day_calls")
    found = {name: frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in numbers}
    return {**found, "event_date": pd.to_datetime(frame["event_date"]).to_numpy()}


@dataclass(frozen=True, slots=True)
class Fitted:
    """A value that may be better, and what it was fitted to, one row a level."""

    numbers: Numbers | NotComputable
    levels: tuple[Mapping[str, Any], ...] = ()


def round_up(value: float) -> float:
    """Return the next round number of two digits at most, such as 1.2, 15 or 400; never below the value."""
    scale = 10.0 ** math.floor(math.log10(value))
    steps = [step * scale for step in (*_ROUND, 10.0)]
    return float(f"{next(step for step in steps if step >= value * (1 - 1e-12)):.6g}")


def round_down(value: Array) -> Array:
    """Return the round number before each round number; 0 before the first one, 10 ms."""
    scale = 10.0 ** np.floor(np.log10(np.maximum(value, 1e-9) * (1 + 1e-9)))
    place = np.searchsorted(np.array(_ROUND), value / scale * (1 - 1e-9))
    before: Array = np.array([0.8, *_ROUND])[place] * scale
    return np.where(value <= 0.01 * (1 + 1e-9), 0.0, before)


def round_values(low: float, high: float) -> list[float]:
    """Return the round numbers from one to another, both ends among them."""
    found = [low]
    while (following := round_up(found[-1] * (1 + 1e-9))) < high:
        found.append(following)
    return [*found, high] if high > low else [low]


def replay(dates: tuple[date, ...], today: Array, proposed: Array) -> tuple[tuple[ReplayDay, ...], Estimate]:
    """Return the replay day by day, and on which share of the days that differ the proposed value wins."""
    days = tuple(ReplayDay(d, float(t), float(p)) for d, t, p in zip(dates, today, proposed, strict=True))
    differ = int(np.sum(proposed != today))
    if not differ:
        return days, Estimate(NotComputable("the two values act alike on every day"), 0)
    share = wilson(int(np.sum(proposed < today)), differ)
    return days, Estimate(float(share.value[0]), differ, float(share.low[0]), float(share.high[0]))
