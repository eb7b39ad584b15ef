"""Unusual hours of the night's day (R66): requests, failures, errors and durations against the same hours of the week.

How far is far belongs to `statistics/streams.py`; whether an objective is kept to `health.py`, days to `trends.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from ratchet.analyze.hours import SHOWN_HOURS, Hours, hours_of
from ratchet.contracts.estimates import Estimate
from ratchet.statistics.arrays import Array
from ratchet.statistics.seasons import WEEK_HOURS
from ratchet.statistics.streams import Cycle, Distances, alarms, distances

THRESHOLD = 1.5  # reached by some hour of 20 series without anything on about 1 % of nights (bench_patterns)
QUIET_HOURS = 8
DAY = 24
BACKTEST_DAYS = 14
LEAST_HISTORY = 14 * DAY
LEAST_TIMED = 20
WEEKS = Cycle(WEEK_HOURS, cycles=4, smooth=4)
_COUNTING = 1.5  # what counting alone moves a count, on the scale of square roots, in 99 of 100 hours
_SLOWER = 0.1  # a change of durations by less than a tenth is none
_COUNTS = {"requests": "Requests", "failures": "Failed requests", "errors": "Errors"}
_P95 = "p95_ms"


@dataclass(frozen=True, slots=True)
class UnusualHour:
    """An hour from which on a figure was unusual.

    Attributes:
        figure: what was unusual.
        label: its name.
        hour: when the hour begins, UTC.
        is_high: whether there was more than usual.
        value: of the hour.
        expected: the median of the same hour of the weeks before; n counts those weeks' hours.
        score: distance as a multiple of the one that 99 % of the hours before stayed within.
    """

    figure: str
    label: str
    hour: str
    is_high: bool
    value: float
    expected: Estimate
    score: float


@dataclass(frozen=True, slots=True)
class HourlyFigures:
    """The hourly figures that ever moved, the night's day last.

    Attributes:
        hours: what was logged.
        first: the first hour in which something was.
        series: name -> values on the scale on which they are judged, and what they are held against.
        away: name -> how far each hour was.
    """

    hours: Hours
    first: int
    series: Mapping[str, tuple[Array, Cycle]]
    away: Mapping[str, Distances]


@dataclass(frozen=True, slots=True)
class HoursResult:
    """The unusual hours of a day.

    Attributes:
        series: figures that had two weeks of hours and were looked at.
        reason: why none was, else empty.
        backtest_days: days before that were looked at in the same way, added up over the figures.
        backtest_unusual: how many of them had an unusual hour.
        found: in the order of time.
        looked_at: what they were found in, None where the past is too short.
    """

    series: int = 0
    reason: str = ""
    backtest_days: int = 0
    backtest_unusual: int = 0
    found: tuple[UnusualHour, ...] = ()
    looked_at: HourlyFigures | None = field(default=None, compare=False)


def find_unusual_hours(hourly: pd.DataFrame, as_of: date) -> HoursResult:
    """Return the hours of the night's day that its past does not explain, all services together.

    Args:
        hourly: mart_health_hourly.
        as_of: the night's day.
    """
    looked = hourly_figures(hourly, as_of)
    if looked is None:
        return HoursResult(reason="needs two weeks of hours before the day")
    told = [hour for name, away in looked.away.items() for hour in _told(looked.hours, name, away)]
    tested = [
        (int(np.isfinite(d.signed[day]).any()), int((d.score[day] >= THRESHOLD).any()))
        for d in looked.away.values()
        for day in _days_before(len(d.score))
    ]
    return HoursResult(
        len(looked.series),
        "",
        sum(known for known, _ in tested),
        sum(unusual for _, unusual in tested),
        tuple(sorted(told, key=lambda h: (h.hour, h.figure))),
        looked,
    )


def hourly_figures(hourly: pd.DataFrame, as_of: date, count: int = SHOWN_HOURS) -> HourlyFigures | None:
    """Return what is looked at, None where two weeks and a day of hours are not there.

    Args:
        hourly: mart_health_hourly.
        as_of: the night's day.
        count: how many hours back, the day's own included.
    """
    days = pd.to_datetime(hourly["as_of"]).dt.date
    end = datetime.combine(as_of, datetime.min.time()) + timedelta(days=1)
    hours = hours_of(hourly.loc[(days == as_of).to_numpy()], (), end, count=count)
    seen = np.flatnonzero(hours.cells["requests"][0] + hours.cells["errors"][0])
    if not len(seen) or hours.is_usual.shape[1] - seen[0] < LEAST_HISTORY + DAY:
        return None
    series = _series(hours, int(seen[0]))
    away = {name: distances(values, cycle) for name, (values, cycle) in series.items()}
    return HourlyFigures(hours, int(seen[0]), series, away)


def _series(hours: Hours, first: int) -> dict[str, tuple[Array, Cycle]]:
    """Return the figures that ever moved, on scales on which counting and slowness weigh the same at any level."""
    made = {}
    for name in _COUNTS:
        values = 2 * np.sqrt(hours.cells[name][0] + 0.375)  # Anscombe 1948: a count's standard deviation becomes 1
        values[:first] = np.nan
        if hours.cells[name][0].any():
            made[name] = (values, replace(WEEKS, least=_COUNTING))
    timed = hours.cells["duration_n"][0] >= LEAST_TIMED
    p95 = hours.cells["duration_p95_ms"][0]
    if timed.sum() >= LEAST_HISTORY:
        made[_P95] = (
            np.where(timed & (p95 > 0), np.log(np.maximum(p95, 1e-9)), np.nan),
            replace(WEEKS, least=_SLOWER),
        )
    return made


def _days_before(n: int) -> list[slice]:
    return [slice(n - DAY * (back + 1), n - DAY * back) for back in range(1, BACKTEST_DAYS + 1)]


def _told(hours: Hours, name: str, away: Distances) -> list[UnusualHour]:
    begins = np.flatnonzero(alarms(away.score[-DAY:], THRESHOLD, QUIET_HOURS))
    return [_hour(hours, name, away, len(away.score) - DAY + int(at)) for at in begins]


def _hour(hours: Hours, name: str, away: Distances, at: int) -> UnusualHour:
    is_time = name == _P95
    value = hours.cells["duration_p95_ms" if is_time else name][0, at]
    usual = float(np.exp(away.expected[at]) if is_time else max((away.expected[at] / 2) ** 2 - 0.375, 0.0))
    return UnusualHour(
        figure=name,
        label="Duration, 95th percentile" if is_time else _COUNTS[name],
        hour=hours.at(at),
        is_high=bool(away.signed[at] > 0),
        value=float(value),
        expected=Estimate(usual, min(4, at // WEEK_HOURS)),
        score=float(away.score[at]),
    )
