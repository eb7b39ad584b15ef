"""What is planted and when: a pure function of the arguments, so that every module tells the same story.

The scenario is written as shares of the time, so that it fits any number of days. How an event looks belongs to the
modules that make it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

MEAN_TURNS = 2.9
EVENTS_PER_REQUEST = 5.0  # measured: what one request brings with it, itself included
WEEKDAY_FACTOR = (1.18, 1.22, 1.20, 1.16, 1.04, 0.62, 0.58)
SERVICES, HOSTS = 5, 3
RELEASES = ("2.3.0", "2.3.1", "2.4.0")


@dataclass(frozen=True, slots=True)
class Plan:
    """The arguments of a run and everything that follows from them.

    Attributes:
        end: the last day that is written.
        days: how many days.
        events_per_day: about how many events an average day has.
        seed: any integer; with the other three it decides every byte.
    """

    end: date
    days: int
    events_per_day: int
    seed: int

    @property
    def start(self) -> date:
        """Return the first day."""
        return self.end - timedelta(days=self.days - 1)

    def date_of(self, index: int) -> date:
        """Return the day with this number, the first being 0."""
        return self.start + timedelta(days=index)

    def midnight(self, index: int) -> np.datetime64:
        """Return the instant (UTC) at which a day begins."""
        return np.datetime64(self.date_of(index), "us")

    def rng(self, purpose: str, index: int = 0) -> np.random.Generator:
        """Return the random numbers of one purpose and day; they depend on nothing else."""
        return np.random.default_rng([abs(self.seed), int(self.seed < 0), zlib.crc32(purpose.encode()), index])

    def requests(self, index: int) -> float:
        """Return the number of requests expected on a day, which follows the week."""
        fixed = 24 * 60 / self.beat_minutes * (SERVICES + HOSTS)
        average = max(12.0, (self.events_per_day - fixed) / EVENTS_PER_REQUEST)
        return average * WEEKDAY_FACTOR[self.date_of(index).weekday()]

    @property
    def beat_minutes(self) -> int:
        """Return the minutes between two heartbeats: at most about a fifth of all events may be machines'."""
        steps = (1, 5, 15, 60, 240)
        fits = (m for m in steps if 24 * 60 / m * (SERVICES + HOSTS) <= self.events_per_day * 0.25)
        return next(fits, steps[-1])

    def instant(self, share: float, clock: time = time(0)) -> np.datetime64:
        """Return the moment at a clock time of the day that lies at a share of the period."""
        return np.datetime64(datetime.combine(self.date_of(self.index_at(share)), clock), "us")

    def index_at(self, share: float) -> int:
        """Return the number of the day that lies at a share of the period."""
        return min(self.days - 1, int(share * self.days))

    # The story, in order. Each of them is a `change` event too, see machines.py.
    @property
    def chart_fix(self) -> np.datetime64:
        """Return when release 2.3.1 ended the KeyError of charts."""
        return self.instant(0.30, time(9, 30))

    @property
    def macro_gap(self) -> int:
        """Return the day on which users begin to ask for macros."""
        return self.index_at(0.36)

    @property
    def prompt_change(self) -> np.datetime64:
        """Return when version 4 of the translation prompt made translations worse."""
        return self.instant(0.43, time(8, 0))

    @property
    def degradation(self) -> tuple[np.datetime64, np.datetime64]:
        """Return the interval in which the premium model was slow."""
        begin = self.instant(0.50, time(6, 0))
        return begin, begin + np.timedelta64(36, "h")

    @property
    def ugly_day(self) -> int:
        """Return the day with a truncated file, bytes that are no UTF-8 and many bad lines."""
        return self.index_at(0.50)

    @property
    def model_change(self) -> np.datetime64:
        """Return when the standard tier got a new model."""
        return self.instant(0.57, time(11, 0))

    @property
    def outlook_added(self) -> np.datetime64:
        """Return when the Outlook connector closed its gap."""
        return self.instant(0.60, time(7, 0))

    @property
    def outage(self) -> tuple[np.datetime64, np.datetime64]:
        """Return the interval in which search was down."""
        return self.instant(0.65, time(10, 5)), self.instant(0.65, time(10, 47))

    @property
    def drift_begins(self) -> int:
        """Return the day from which events carry fields that the contract does not know."""
        return self.index_at(0.72)

    @property
    def meeting_bug(self) -> np.datetime64:
        """Return when release 2.4.0 began to forget the time zone of meetings."""
        return self.instant(0.72, time(9, 30))

    def release_codes(self, when: np.ndarray) -> np.ndarray:
        """Return for each instant the position in `RELEASES` of the release in force."""
        return np.searchsorted(np.array([self.chart_fix, self.meeting_bug]), when, side="right")

    def gap_demand(self, role: str, index: int) -> int:
        """Return how many requests of a planted role a day gets, retries aside."""
        if role == "rare":  # at most five in thirty days: below the floor of a gap
            return int((self.days - 1 - index) % 6 == 0)
        if role == "gap_new" and index < self.macro_gap:
            return 0
        share = {"gap_growing": 0.006 + 0.028 * index / max(1, self.days - 1)}.get(role, 0.013)
        return max(2, round(share * self.requests(index)))
