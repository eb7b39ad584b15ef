"""How far the detectors of trends and of unusual days can be trusted on the home's own figures (R88).

Unusual days are judged night by night as they were. Trends are not: nights that follow each other share nearly all of
their four weeks, so that four weeks of them say next to nothing. Their false alarms are counted on weeks put into
random order, in which nothing goes anywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

import numpy as np

from ratchet.analyze.backtest import AS_LOGGED, LEVELS, Backtest, by_p, chosen
from ratchet.analyze.day_tests import SHIFT, Days, DayTests
from ratchet.analyze.figure_series import DAYS, FigureSeries
from ratchet.contracts.key_figures import Kind
from ratchet.statistics.arrays import Array
from ratchet.statistics.forecasts import TREND_DAYS
from ratchet.statistics.series import WEEK, slope

COPIES = 28
SHUFFLED = "weeks in random order"
_A_DAY, _RAMP_DAYS = 0.01, 14
_SEED = 69
_ANY = "any key figure"


def days_of(series: FigureSeries) -> Days:
    """Return a figure as days to be judged; shares above a half and scores are shifted down, all others up."""
    high = series.figure.kind is Kind.SHARE and np.nanmedian(series.values) > 0.5
    side = -1 if high or series.figure.kind is Kind.SCORE else 1
    return Days(series.values, series.counting, lambda value, usual: abs(value - usual) >= series.least, side)


def day_backtest(tests: DayTests, as_of: date, changed: Collection[date], alpha: float, wanted: float) -> Backtest:
    """Return how the detector of unusual days did.

    Args:
        tests: of the days before the night's own.
        as_of: the night's day.
        changed: days of logged incidents and changes, which raise no false alarm.
        alpha: today's threshold.
        wanted: the wanted rate of false alarms.
    """
    nightly, planted = tests.nightly(), tests.adjusted_planted()
    clean = clean_nights(len(nightly), as_of, changed) & ~np.isnan(nightly)
    if not clean.any():
        return Backtest("unusual day", _ANY, tests.nights, reason="needs five weeks of days")
    now, *tried = by_p((alpha, *LEVELS), nightly[clean], planted[clean])
    said = f"a day {SHIFT:g} scaled MADs off in one figure"
    spoke = int((nightly <= alpha).sum())
    found = chosen(now, tried, wanted, int(clean.sum()))
    return Backtest("unusual day", _ANY, tests.nights, spoke, AS_LOGGED, said, *found)


def clean_nights(nights: int, as_of: date, changed: Collection[date]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which of the nights before, the newest first, had no logged incident or change on their day."""
    return np.array([as_of - timedelta(days=back) not in changed for back in range(1, nights + 1)], dtype=bool)


def trend_backtest(
    series: Sequence[FigureSeries], as_of: date, changed: Collection[date], alpha: float, wanted: float
) -> Backtest:
    """Return how the detector of trends did: on a night of every week as logged, and on copies with shuffled weeks.

    Args:
        series: every figure that was logged.
        as_of: the night's day.
        changed: days of logged incidents and changes, which are taken out before weeks are shuffled.
        alpha: today's threshold.
        wanted: the wanted rate of false alarms.
    """
    length = len(series[0].values) if series else 0
    logged = [_night(series, end) for end in range(length, WEEK, -WEEK)]
    logged = [p for p in logged if not np.isnan(p)]
    days = [as_of - timedelta(days=length - 1 - at) for at in range(length)]
    quiet = np.array([day not in changed for day in days], dtype=bool)
    copies = [_copy(series, quiet, n) for n in range(COPIES)] if logged else []
    clean, planted = (np.array([pair[k] for pair in copies]) for k in (0, 1))
    if not len(clean) or np.isnan(clean).all():
        return Backtest("trend", _ANY, len(logged), reason="needs seven weeks of days")
    now, *tried = by_p((alpha, *LEVELS), clean, planted)
    said = f"{_A_DAY:.0%} a day for {_RAMP_DAYS} days in one figure that changes in per cent"
    spoke = sum(p <= alpha for p in logged)
    return Backtest("trend", _ANY, len(logged), spoke, SHUFFLED, said, *chosen(now, tried, wanted))


def _night(series: Sequence[FigureSeries], end: int) -> float:
    """Return the smallest adjusted p-value of a night; Bonferroni and Holm agree on whether there is any."""
    p = [_p(s, s.values[max(0, end - DAYS) : end]) for s in series]
    return _smallest(np.array(p))


def _copy(series: Sequence[FigureSeries], quiet: Array, n: int) -> tuple[float, float]:
    """Return the p-value of a night of shuffled weeks, and that of a trend planted in one of its figures in turn."""
    length = len(quiet)
    order = np.random.default_rng((_SEED, n)).permutation(length // WEEK)[: DAYS // WEEK]
    places = (length % WEEK + order[:, None] * WEEK + np.arange(WEEK)).ravel()
    shuffled = [np.where(quiet, s.values, np.nan)[places] for s in series]
    p = np.array([_p(s, values) for s, values in zip(series, shuffled, strict=True)])
    relative = [at for at, s in enumerate(series) if s.relative and not np.isnan(p[at])]
    if not relative:
        return _smallest(p), np.nan
    at = relative[n % len(relative)]
    ramp = np.log1p(_A_DAY) * np.maximum(np.arange(len(places)) - len(places) + _RAMP_DAYS + 1, 0)
    return _smallest(p), min(_p(series[at], shuffled[at] + ramp) * int((~np.isnan(p)).sum()), 1.0)


def _p(series: FigureSeries, values: Array) -> float:
    found = slope(values, TREND_DAYS)
    if found is None:
        return np.nan
    return found.p if abs(found.slope) * TREND_DAYS >= series.least else 1.0


def _smallest(p: Array) -> float:
    known = p[~np.isnan(p)]
    return float(min(known.min() * len(known), 1.0)) if len(known) else np.nan
