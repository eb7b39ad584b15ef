"""Where the key figures are going: trends, unusual days, and what is to be expected (R66, R69, R70).

What a figure is belongs to `contracts/key_figures.py`, the statistics to `statistics/series.py` and `forecasts.py`; a
cause is never claimed here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from ratchet import frames
from ratchet.analyze.backtest import DEFINITION, WANTED
from ratchet.analyze.courses import Coming, Course, Direction, FigureTrend, Outlook, Standing, TrendsResult, UnusualDay
from ratchet.analyze.day_tests import day_tests
from ratchet.analyze.figure_backtest import day_backtest, days_of, trend_backtest
from ratchet.analyze.figure_series import DAYS, FigureSeries, figure_series
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.key_figures import FIGURES, Figure
from ratchet.errors import NotComputable
from ratchet.objectives import Objective
from ratchet.statistics.arrays import Array
from ratchet.statistics.corrections import holm
from ratchet.statistics.forecasts import HORIZON_DAYS, TREND_DAYS, Forecast, forecast
from ratchet.statistics.series import Slope, Surprise, slope, surprise

TREND_ALPHA = 0.02  # on a night without any trend, the chance that one is claimed of any figure
ANOMALY_ALPHA = 0.015  # on a night without any unusual day, the chance that one is claimed
BACKTEST_DAYS = 28
_SHORT = "needs five weeks of days, three of each weekday before the last four weeks"


def find_trends(
    kpis: pd.DataFrame, objectives: Sequence[Objective], as_of: date, changed: Collection[date] = ()
) -> TrendsResult:
    """Return the course of every key figure.

    Args:
        kpis: mart_kpis_daily.
        objectives: whose breach is foreseen where a trend leads there.
        as_of: the night's day.
        changed: days of logged incidents and changes, for the backtest.
    """
    series = [s for s in figure_series(kpis, FIGURES, as_of) if s.known]
    slopes = [slope(s.values, TREND_DAYS, TREND_ALPHA / max(len(series), 1)) for s in series]
    days = [surprise(s.values, float(s.counting[-1])) for s in series]
    tests = day_tests([days_of(s) for s in series], BACKTEST_DAYS, DAYS)
    tested, called = (~np.isnan(tests.p)).sum(axis=0), (tests.adjusted() <= ANOMALY_ALPHA).sum(axis=0)
    trends = [_trend(s, found, p) for s, found, p in zip(series, slopes, _family(slopes), strict=True)]
    unusual = [
        _unusual(s, found, p, len(series), (int(tested[n]), int(called[n])))
        for n, (s, found, p) in enumerate(zip(series, days, _family(days), strict=True))
    ]
    courses = [
        Course(s.figure, s.known, trend, day, _outlook(s, trend, objectives, as_of))
        for s, trend, day in zip(series, trends, unusual, strict=True)
    ]
    backtests = (
        trend_backtest(series, as_of, changed, TREND_ALPHA, WANTED),
        day_backtest(tests, as_of, changed, ANOMALY_ALPHA, WANTED),
    )
    reason = "" if series else "nothing was logged"
    return TrendsResult(as_of, reason, tuple(courses), backtests if series else (), _definitions())


def _family(found: Sequence[Slope | Surprise | None]) -> list[float]:
    p = [float("nan") if f is None else f.p for f in found]
    return [float(v) for v in holm(p, np.zeros(len(p)))] if p else []


def _trend(series: FigureSeries, found: Slope | None, p: float) -> FigureTrend:
    if found is None:
        return FigureTrend(Direction.UNKNOWN, Estimate(NotComputable(_SHORT), series.known), series.relative, None)
    week = Estimate(7 * found.slope, found.days, low=7 * found.low, high=7 * found.high)
    large = abs(found.slope) * TREND_DAYS >= series.least
    direction = _direction(series.figure, found.slope) if p <= TREND_ALPHA and large else Direction.NONE
    return FigureTrend(direction, week, series.relative, p)


def _direction(figure: Figure, change: float) -> Direction:
    if figure.higher_is_better is None:
        return Direction.RISING if change > 0 else Direction.FALLING
    return Direction.IMPROVING if (change > 0) == figure.higher_is_better else Direction.DECLINING


def _unusual(
    series: FigureSeries, found: Surprise | None, p: float, figures: int, before: tuple[int, int]
) -> UnusualDay:
    today = frames.number(series.original(series.values[-1]))
    if found is None:
        return UnusualDay(Standing.UNKNOWN, today, Estimate(NotComputable(_SHORT), series.known), None, *before)
    half = found.half_width(ANOMALY_ALPHA / figures)
    value, low, high = (float(series.original(found.expected + side * half)) for side in (0, -1, 1))
    away = series.values[-1] - found.expected
    unusual = p <= ANOMALY_ALPHA and abs(away) >= series.least
    standing = (Standing.HIGH if away > 0 else Standing.LOW) if unusual else Standing.USUAL
    return UnusualDay(standing, today, Estimate(value, found.days, low, high), p, *before)


def _outlook(series: FigureSeries, trend: FigureTrend, objectives: Sequence[Objective], as_of: date) -> Outlook:
    has_trend = trend.direction not in (Direction.NONE, Direction.UNKNOWN)
    ahead = forecast(series.values, TREND_DAYS, has_trend=has_trend)
    if ahead is None:
        return Outlook(_SHORT)
    facts = {"error": ahead.error, "naive_error": ahead.naive_error, "origins": ahead.origins}
    if not ahead.beats_naive:
        return Outlook("repeating the week before was closer in the backtest", **facts)  # type: ignore[arg-type]
    coming = tuple(_coming(series, ahead, n, as_of) for n in range(HORIZON_DAYS))
    broken = _breaks_on(series, ahead.values, objectives, as_of) if has_trend else None
    return Outlook("", coming, breaks_on=broken, **facts)  # type: ignore[arg-type]


def _coming(series: FigureSeries, ahead: Forecast, n: int, as_of: date) -> Coming:
    value, low, high = (float(series.original(ahead.values[n] + side * ahead.half_width)) for side in (0, -1, 1))
    return Coming(as_of + timedelta(days=n + 1), value, low, high)


def _breaks_on(series: FigureSeries, ahead: Array, objectives: Sequence[Objective], as_of: date) -> date | None:
    """Return the first coming day beyond the objective of a figure that meets it today."""
    wanted = next((o for o in objectives if series.figure.metric == _OBJECTIVE_OF.get(str(o.metric))), None)
    if wanted is None:
        return None
    values = series.original(ahead)
    beyond = values < wanted.target if wanted.metric.at_least else values > wanted.target
    if beyond.all() or not beyond.any():
        return None
    return as_of + timedelta(days=int(np.argmax(beyond)) + 1)


_OBJECTIVE_OF = {
    "success_rate": "success_rate",
    "error_rate": "error_rate",
    "api_failure_rate": "api_failure_rate",
    "uptime": "uptime_heartbeat",
    "latency_p50_ms": "p50_ms",
    "latency_p95_ms": "p95_ms",
    "latency_p99_ms": "p99_ms",
}


def _definitions() -> dict[str, str]:
    return {
        "trend": (
            f"Theil-Sen slope of the last {TREND_DAYS} days without their weekly season, Mann-Kendall test corrected "
            "for days that resemble the day before; claimed where any figure would be with "
            f"{TREND_ALPHA:.0%} chance on a night without trends (Holm), and where four weeks change enough to matter"
        ),
        "day": (
            "the night's day against the level of the two weeks before it and its weekday's effect; it is no part of "
            f"what it is compared with; called unusual where any figure would be with {ANOMALY_ALPHA:.1%} chance (Holm)"
        ),
        "backtest": DEFINITION,
        "outlook": (
            "the next days with a 90 % interval from the errors of a backtest over four weeks; shown only where it was "
            "closer than repeating the week before"
        ),
        "breaks_on": "the first day within four weeks on which the figure breaks its objective, if its trend goes on",
        "days": f"days of the last {DAYS} that were logged",
    }
