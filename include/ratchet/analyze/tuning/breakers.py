"""After how many failures in a row an API's circuit opens, and for how long (R76).

The calls of each day are replayed in their order through the breaker of `client/breaker.py`, for every pair of values.
Calls are kept as runs of one outcome; within a run they are taken as evenly spread. A day begins with a closed circuit.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from ratchet.analyze.tuning.fits import UNDECIDED, Fitted, Rows
from ratchet.contracts.adaptive import Defaults, Numbers, Setting
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import Array

GOOD_CALL_COSTS = (
    5.0  # a call that would have worked and was refused, against one that failed and could have been spared
)
LOSS = "failing calls let through, and five for each call refused that would have worked"
FAILURES = (2, 3, 5, 8, 13)
RECOVERY_S = (5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


@dataclass(frozen=True, slots=True)
class Run:
    """Calls in a row with one outcome."""

    failed: bool
    n: int
    first_s: float
    last_s: float

    def at(self, place: int) -> float:
        """Return when the call at a place was made, in seconds of the day."""
        return self.first_s + (self.last_s - self.first_s) * place / max(1, self.n - 1)

    def first_from(self, moment: float) -> int:
        """Return the place of the first call at a moment or later, n if there is none."""
        if self.last_s < moment:
            return self.n
        step = (self.last_s - self.first_s) / max(1, self.n - 1)
        return (
            0
            if moment <= self.first_s or step == 0
            else min(self.n - 1, math.ceil((moment - self.first_s) / step - 1e-9))
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """What a breaker would have refused: calls that failed, and calls that worked."""

    bad: int
    good: int
    opened: int


def fit(rows: Rows, today: Numbers, defaults: Defaults) -> Fitted:
    """Return the pair of values with the least loss; of equals the one nearest to today's."""
    if not rows.failed.any():
        return Fitted(NotComputable("no call failed"))
    low, high = defaults.bounds(Setting.CIRCUIT_BREAKER)
    pairs = [(f, r) for f in FAILURES for r in RECOVERY_S if low <= r <= high]
    by_day = runs_by_day(rows)
    found = {pair: [refused(runs, *pair) for runs in by_day] for pair in pairs}
    loss = {pair: sum(GOOD_CALL_COSTS * r.good - r.bad for r in days) for pair, days in found.items()}
    best = min(pairs, key=lambda pair: (loss[pair], _distance(pair, today)))
    days = found[best]
    numbers = {"failures": float(best[0]), "recovery_s": best[1]}
    sums = {name: sum(getattr(r, name) for r in days) for name in ("bad", "good", "opened")}
    failed = int(rows.n[rows.failed].sum())
    return Fitted(numbers, ({"name": "replay", "n": rows.calls, "failed": failed, **sums},))


def losses(rows: Rows, numbers: Numbers, defaults: Defaults) -> Array:
    """Return what each day would have lost, in calls."""
    failed = np.bincount(rows.day, np.where(rows.failed, rows.n, 0.0), len(rows.dates))
    found = [refused(runs, int(numbers["failures"]), numbers["recovery_s"]) for runs in runs_by_day(rows)]
    spared = np.array([r.bad - GOOD_CALL_COSTS * r.good for r in found])
    lost: Array = failed - spared
    return lost


def measured(rows: Rows, since: NDArray[np.bool_]) -> tuple[str, str]:
    """Leave the verdict open: the replay is the objective."""
    return UNDECIDED


def runs_by_day(rows: Rows) -> list[list[Run]]:
    """Return the runs of each date in the order in which they began; two of one outcome in a row are one."""
    found: list[list[Run]] = [[] for _ in rows.dates]
    columns = (rows.day, rows.failed, rows.n, rows.first_ms / 1000, rows.last_ms / 1000)
    for day, failed, n, first_s, last_s in sorted(
        zip(*(c.tolist() for c in columns), strict=True), key=itemgetter(0, 3)
    ):
        before = found[day][-1] if found[day] else None
        run = Run(failed, int(n), first_s, last_s)
        if before is not None and before.failed == failed:
            run = Run(failed, before.n + run.n, before.first_s, max(before.last_s, last_s))
            found[day].pop()
        found[day].append(run)
    return found


def refused(runs: Sequence[Run], failures: int, recovery_s: float) -> Refused:
    """Replay a day's calls, one after the other, through a circuit breaker.

    Args:
        runs: in the order in which they began, outcomes alternating.
        failures: in a row, after which it opens.
        recovery_s: seconds after which one call is tried.
    """
    tape, spared, opened = _Tape(runs, failures), Counter[bool](), 0
    while (moment := tape.trip()) is not None:
        is_open = True
        while is_open:
            opened += 1
            spared += tape.skip_until(moment + recovery_s)
            trial = tape.call()
            if trial is None:
                break
            is_open, moment = trial
    return Refused(spared[True], spared[False], opened)


class _Tape:
    """A day's calls, played forward; `place` is the next call in the run at `position`."""

    def __init__(self, runs: Sequence[Run], failures: int) -> None:
        self.runs, self.failures, self.position, self.place = runs, failures, 0, 0
        self.trips = [i for i, run in enumerate(runs) if run.failed and run.n >= failures]

    def trip(self) -> float | None:
        """Play to the call that opens a closed circuit and return its moment, None where none does."""
        following = bisect_left(self.trips, self.position)
        if following == len(self.trips):
            return None
        self.position, self.place = self.trips[following], self.failures - 1
        found = self.call()
        return found[1] if found else None

    def call(self) -> tuple[bool, float] | None:
        """Play one call and return whether it failed and its moment, None at the end."""
        if self.position == len(self.runs):
            return None
        run = self.runs[self.position]
        moment = run.at(self.place)
        self._go_to(run, self.place + 1)
        return run.failed, moment

    def skip_until(self, moment: float) -> Counter[bool]:
        """Leave out all calls before a moment and return how many of them failed (True) and worked (False)."""
        left: Counter[bool] = Counter()
        while self.position < len(self.runs):
            run = self.runs[self.position]
            through = max(self.place, run.first_from(moment))
            left[run.failed] += through - self.place
            self._go_to(run, through)
            if through < run.n:
                break
        return left

    def _go_to(self, run: Run, place: int) -> None:
        is_over = place == run.n
        self.position, self.place = self.position + is_over, 0 if is_over else place


def _distance(pair: tuple[int, float], today: Numbers) -> float:
    return abs(math.log(pair[0] / today["failures"])) + abs(math.log(pair[1] / today["recovery_s"]))
