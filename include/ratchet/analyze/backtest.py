"""What a backtest says of a detector (R88): how often it spoke, how often in vain, how often it would have missed.

The nights that it looks at and what is planted in them belong to the backtest of each kind: `health_backtest.py`,
`figure_backtest.py`, `pattern_backtest.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratchet.contracts.estimates import Estimate, as_record
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import Array
from ratchet.statistics.proportions import wilson

WANTED = 0.01  # of nights with a false alarm, at most, for which a night's report looks for thresholds
Hits = NDArray[np.bool_]
AS_LOGGED = "nights without a logged incident or change"
LEVELS = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0001, 0.00001)  # of a p-value, the loosest first
DEFINITION = (
    "each detector over the home's own past: on how many nights it spoke, how often in vain, and how often it missed "
    "what was planted there (95 %, Wilson); trouble that nobody logged counts as a false alarm, so that rate is an "
    "upper bound where nights are judged as they were logged"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One detector at one threshold.

    Attributes:
        threshold: p-value up to which, or distance or burn rate from which on it speaks.
        false_alarms: share of nights with nothing to be found on which it spoke.
        misses: share of the same nights with something planted on which it did not.
    """

    threshold: float
    false_alarms: Estimate
    misses: Estimate


@dataclass(frozen=True, slots=True)
class Backtest:
    """One detector over the history.

    Attributes:
        detector: its name.
        subject: what it looks at.
        nights: how many it looked at as they were logged.
        spoke: on how many of them it spoke, of something or of nothing.
        clean: on which nights its false alarms are counted.
        planted: what was planted in them.
        now: at today's threshold, None where there is too little history.
        wanted: at the most sensitive threshold that keeps the wanted false-alarm rate, None where none does.
        reason: why there is nothing to say, else empty.
    """

    detector: str
    subject: str
    nights: int = 0
    spoke: int = 0
    clean: str = ""
    planted: str = ""
    now: Reading | None = None
    wanted: Reading | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Backtests:
    """Every detector over the history, at a wanted rate of false alarms; `first` and `last` are nights of the home."""

    first: str
    last: str
    wanted: float
    detectors: tuple[Backtest, ...]

    def as_record(self) -> dict[str, Any]:
        """Return what the command prints as JSON."""
        record: dict[str, Any] = as_record(self)
        return record


class Spoken(NamedTuple):
    """At a threshold: on which clean nights a detector spoke, and which planted things it found."""

    threshold: float
    clean: Hits
    found: Hits


def by_p(levels: Iterable[float], clean: ArrayLike, planted: ArrayLike) -> Iterator[Spoken]:
    """Return what a detector says that speaks of p-values up to a level, NaN where nothing could be told.

    Args:
        levels: the thresholds.
        clean: one p-value a night with nothing to be found.
        planted: of what was planted, one or several a night.
    """
    quiet, found = (_known(values) for values in (clean, planted))
    return (Spoken(level, quiet <= level, found <= level) for level in levels)


def chosen(
    now: Spoken, tried: Iterable[Spoken], wanted: float, nights: int | None = None
) -> tuple[Reading, Reading | None]:
    """Return today's reading, and the first one that keeps the wanted rate of false alarms.

    Args:
        now: at today's threshold.
        tried: at others, the most sensitive first.
        wanted: share of clean nights.
        nights: how many of the planted things tell something of their own; all if None.
    """
    keeps = next((each for each in tried if not len(each.clean) or each.clean.mean() <= wanted), None)
    return _reading(now, nights), _reading(keeps, nights) if keeps else None


def _reading(each: Spoken, nights: int | None) -> Reading:
    return Reading(each.threshold, share(each.clean), share(~each.found, nights))


def share(hits: ArrayLike, n: int | None = None) -> Estimate:
    """Return the share of hits with Wilson's interval, as of n independent ones where n is given."""
    values = np.ravel(np.asarray(hits, dtype=np.float64))
    size = len(values) if n is None else min(n, len(values))
    if not size:
        return Estimate(NotComputable("no night"), 0)
    found = wilson([float(values.mean()) * size], [size])
    return Estimate(float(found.value[0]), size, float(found.low[0]), float(found.high[0]))


def _known(values: ArrayLike) -> Array:
    found = np.asarray(values, dtype=np.float64)
    known: Array = np.ravel(found[~np.isnan(found)])
    return known
