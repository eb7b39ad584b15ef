"""What is said of the course of a key figure: its trend, its day, its outlook.

How it is found belongs to `trends.py`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from ratchet.analyze.backtest import Backtest
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.key_figures import Figure


class Direction(StrEnum):
    """What a trend means."""

    IMPROVING = "improving"
    DECLINING = "declining"
    RISING = "rising"
    FALLING = "falling"
    NONE = "no clear trend"
    UNKNOWN = "not enough data"


class Standing(StrEnum):
    """What is said of the night's own day."""

    HIGH = "unusually high"
    LOW = "unusually low"
    USUAL = "as usual"
    UNKNOWN = "not enough data"


@dataclass(frozen=True, slots=True)
class FigureTrend:
    """Change a week over the last four weeks.

    Attributes:
        direction: what it means.
        per_week: change a week, relative where `relative`; n counts days.
        relative: whether changes are shares of the level.
        adjusted_p: Mann-Kendall, Holm over all figures.
    """

    direction: Direction
    per_week: Estimate
    relative: bool
    adjusted_p: float | None


@dataclass(frozen=True, slots=True)
class UnusualDay:
    """The night's day against what its past led one to expect.

    Attributes:
        standing: what it means.
        value: of the day.
        expected: with the interval that all figures of a night leave by chance with `ANOMALY_ALPHA`; n counts days.
        adjusted_p: Holm over all figures.
        backtest_days: earlier days that were tested in the same way.
        backtest_unusual: how many of them would have been called unusual.
    """

    standing: Standing
    value: float | None
    expected: Estimate
    adjusted_p: float | None
    backtest_days: int
    backtest_unusual: int


@dataclass(frozen=True, slots=True)
class Coming:
    """What is to be expected of a day to come."""

    day: date
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """The next days; shown only where the forecast beat the week before in a backtest.

    Attributes:
        reason: why there is none, empty where there is one.
        days: the coming days with their 90 % interval.
        error: mean absolute error of the backtest.
        naive_error: that of repeating the week before.
        origins: nights of the backtest.
        breaks_on: the first day on which the trend, if it goes on, breaks the figure's objective; within four weeks.
    """

    reason: str
    days: tuple[Coming, ...] = ()
    error: float | None = None
    naive_error: float | None = None
    origins: int = 0
    breaks_on: date | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """One key figure: its trend, its day, its outlook."""

    figure: Figure
    days: int
    trend: FigureTrend
    day: UnusualDay
    outlook: Outlook

    def as_flat(self) -> dict[str, Any]:
        """Return the figure's own fields beside the findings."""
        return asdict(self.figure) | {name: getattr(self, name) for name in ("days", "trend", "day", "outlook")}


@dataclass(frozen=True, slots=True)
class TrendsResult:
    """The course of every key figure that was logged."""

    as_of: date
    reason: str
    figures: tuple[Course, ...]
    backtests: tuple[Backtest, ...] = ()
    definitions: dict[str, str] = field(default_factory=dict)

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `trends.json`."""
        head: dict[str, Any] = as_record({"as_of": self.as_of, "reason": self.reason})
        figures = [as_record(course.as_flat()) for course in self.figures]
        return {
            "artifact": "trends",
            **head,
            "figures": figures,
            "backtests": as_record(self.backtests),
            "definitions": self.definitions,
        }
