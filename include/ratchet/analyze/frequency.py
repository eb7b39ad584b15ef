"""What happens often, and more or less often than before (R63); intents on unusual days (R66).

Whether what fails is a gap belongs to `gaps.py`, what an error is to `errors.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from ratchet import frames
from ratchet.analyze.day_tests import Days, DayTests, day_tests
from ratchet.contracts.estimates import Estimate, Trend
from ratchet.statistics.arrays import ALPHA, Array
from ratchet.statistics.comparisons import benjamini_hochberg
from ratchet.statistics.corrections import holm
from ratchet.statistics.rates import dispersion, rate_ratio
from ratchet.statistics.series import Surprise, surprise

DAYS = 56  # as mart_pattern_days
WEEK, BEFORE = 7, 28
LEAST = 5
INTENT_ALPHA = 0.005  # on a night without any unusual intent, the chance that one is called so
LEAST_A_DAY = 5.0
BACKTEST_DAYS = 7
_JUDGED = 20
_ALL, _INTENT = "all", "intent"
_LEAST_CHANGE = 0.2
Key = tuple[str, str]


class Course(StrEnum):
    """How often something happens against before."""

    NEW = "new"
    RISING = "rising"
    FALLING = "falling"
    STEADY = "no clear change"
    UNKNOWN = "no days before"


@dataclass(frozen=True, slots=True)
class Frequent:
    """Something that happened at least five times in the last seven days.

    Attributes:
        kind: intent, failed intent, error or learning pattern (an indicator of the catalogue).
        name: which one.
        key: what it is called elsewhere, such as an error's fingerprint; else its name.
        course: what its rate does.
        trend: rate of the week over that of the four weeks before.
        dispersion: how many times more than chance its days scatter; the counts behind the test are divided by it.
    """

    kind: str
    name: str
    key: str
    course: Course
    trend: Trend
    dispersion: float


@dataclass(frozen=True, slots=True)
class UnusualIntent:
    """An intent that was asked for unusually often, or seldom, on the night's day."""

    intent: str
    is_high: bool
    requests: int
    expected: Estimate
    adjusted_p: float


@dataclass(frozen=True, slots=True)
class IntentsResult:
    """The unusual intents of a day, how many were judged, and how the days before would have fared.

    `tests` holds each of these days with its p-value, None where nothing was judged.
    """

    judged: int = 0
    backtest_days: int = 0
    backtest_unusual: int = 0
    found: tuple[UnusualIntent, ...] = ()
    tests: DayTests | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each thing happened on the days that were logged; `seen` says which of the last days were."""

    days: Mapping[Key, Array]
    seen: Array


def counts_of(days: pd.DataFrame, as_of: date) -> Counts:
    """Return the counts of each thing by day, the night's own last.

    Args:
        days: mart_pattern_days.
        as_of: the night's day.
    """
    rows = frames.rows_of(days, as_of, ("kind", "name", "event_date"))
    first = as_of - timedelta(days=DAYS - 1)
    at = (pd.to_datetime(rows["event_date"]) - pd.Timestamp(first)).dt.days.to_numpy(dtype=int)
    made: dict[Key, Array] = {}
    grouped: Mapping[Any, Any] = rows.groupby(["kind", "name"], sort=True).indices
    for (kind, name), places in grouped.items():
        values = np.zeros(DAYS)
        values[at[places]] = rows["n"].to_numpy(dtype=float)[places]
        made[str(kind), str(name)] = values
    seen = made.pop((_ALL, ""), np.zeros(DAYS)) > 0
    return Counts(made, seen.astype(float))


def find_frequent(counts: Counts, errors: pd.DataFrame, as_of: date) -> list[Frequent]:
    """Return what happened at least five times in a week, what changed first.

    Rates of the week and of the four weeks before by the exact conditional test of two Poisson rates; where days
    scatter more than Poisson's, by Pearson's statistic, counts are divided by that factor (quasi-Poisson: the variance
    of a negative binomial with that mean). Benjamini-Hochberg over everything frequent.

    Args:
        counts: by day.
        errors: mart_errors.
        as_of: the night's day.
    """
    rows = [_counted(key, values, counts.seen) for key, values in counts.days.items()]
    rows += _errors(frames.rows_of(errors, as_of, ("fingerprint",)))
    often = [row for row in rows if row[3] >= LEAST]
    if not often:
        return []
    now, exposed, before, exposed_before, phi = (
        np.array(column, dtype=float) for column in [*zip(*often, strict=True)][3:]
    )
    test = rate_ratio(now / phi, exposed, before / phi, exposed_before)
    q = benjamini_hochberg(test.p)
    made = []
    for n, (kind, name, key, *_) in enumerate(often):
        ratio = test.ratio.estimate(n, int(now[n] + before[n]), "nothing happened before")
        trend = Trend(ratio, int(now[n]), int(before[n]), frames.number(q[n]))
        made.append(Frequent(kind, name, key, _course(trend, exposed_before[n]), trend, float(phi[n])))
    return sorted(made, key=_rank)


Row = tuple[str, str, str, float, float, float, float, float]


def _counted(key: Key, values: Array, seen: Array) -> Row:
    now, before = values[-WEEK:].sum(), values[-WEEK - BEFORE : -WEEK].sum()
    exposed, exposed_before = seen[-WEEK:].sum(), seen[-WEEK - BEFORE : -WEEK].sum()
    phi = dispersion(values[-WEEK - BEFORE : -WEEK], seen[-WEEK - BEFORE : -WEEK]) if before else 1.0
    return (*key, key[1], now, exposed, before, exposed_before, phi)


def _errors(rows: pd.DataFrame) -> list[Row]:
    return [
        (
            "error",
            f"{row['error_type']}: {row['message_template']}"[:200],
            str(row["fingerprint"]),
            float(row["occurrences"]),
            float(row["exposure_days"]),
            float(row["previous_occurrences"]),
            float(row["previous_exposure_days"]),
            1.0,
        )
        for row in frames.records(rows)
    ]


def _course(trend: Trend, exposed_before: float) -> Course:
    if not exposed_before:
        return Course.UNKNOWN
    if trend.q is None or trend.q > ALPHA:
        return Course.STEADY
    if not trend.before:
        return Course.NEW
    return Course.RISING if (trend.ratio.number or 1.0) > 1 else Course.FALLING


def _rank(found: Frequent) -> tuple[bool, float, int, str, str]:
    still = found.course in (Course.STEADY, Course.UNKNOWN)
    return still, found.trend.q if found.trend.q is not None else 1.0, -found.trend.now, found.kind, found.key


def find_unusual_intents(counts: Counts) -> IntentsResult:
    """Return the intents that were asked for unusually often or seldom on the night's day.

    As for key figures: the day against its weekday and the two weeks before, on the scale of square roots; the most
    frequent intents with at least five requests a day; Holm over all that were judged.

    Args:
        counts: by day.
    """
    known = {name: values for (kind, name), values in counts.days.items() if kind == _INTENT}
    often = [name for name, values in known.items() if _daily(values, counts.seen) >= LEAST_A_DAY]
    judged = sorted(often, key=lambda name: (-known[name].sum(), name))[:_JUDGED]
    scaled = [np.where(counts.seen > 0, 2 * np.sqrt(known[name] + 0.375), np.nan) for name in judged]
    tonight = _judge(scaled)
    told = [
        _unusual(name, known[name], day, p)
        for name, values, (day, p) in zip(judged, scaled, tonight, strict=True)
        if day is not None and p <= INTENT_ALPHA and _matters(values[-1], day.expected)
    ]
    tests = day_tests([Days(values, np.ones(DAYS), _matters) for values in scaled], BACKTEST_DAYS, DAYS)
    tested, called = int((~np.isnan(tests.p)).sum()), int((tests.adjusted() <= INTENT_ALPHA).sum())
    told.sort(key=lambda found: (found.adjusted_p, found.intent))
    known_tonight = sum(day is not None for day, _ in tonight)
    return IntentsResult(known_tonight, tested, called, tuple(told), tests if judged else None)


def _daily(values: Array, seen: Array) -> float:
    before = seen[:-1].sum()
    return float(values[:-1].sum() / before) if before else 0.0


def _judge(series: list[Array]) -> list[tuple[Surprise | None, float]]:
    found = [surprise(values, 1.0) for values in series]
    if not found:
        return []
    p = holm([float("nan") if f is None else f.p for f in found], np.zeros(len(found)))
    return [(day, float(adjusted)) for day, adjusted in zip(found, p, strict=True)]


def _matters(root: float, expected: float) -> bool:
    usual = _requests(expected)
    return bool(abs(_requests(root) - usual) >= _LEAST_CHANGE * max(usual, 1.0))


def _requests(root: float) -> float:
    return max((root / 2) ** 2 - 0.375, 0.0) if root > 0 else 0.0


def _unusual(name: str, values: Array, day: Surprise, p: float) -> UnusualIntent:
    half = day.half_width(INTENT_ALPHA)
    usual, low, high = (_requests(day.expected + side * half) for side in (0, -1, 1))
    return UnusualIntent(name, bool(values[-1] > usual), int(values[-1]), Estimate(usual, day.days, low, high), p)
