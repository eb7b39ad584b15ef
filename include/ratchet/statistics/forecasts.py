"""Forecasts of daily series, and whether they deserve to be believed.

The series and its weekly season are those of `series.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ratchet.statistics.arrays import Array
from ratchet.statistics.series import LEVEL_DAYS, WEEK, season

HORIZON_DAYS = 7
TREND_DAYS = 28
_ORIGINS = 28
_LEAST_ORIGINS = 14


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next days of a series.

    Attributes:
        values: one a day, the first one is tomorrow.
        half_width: of the 90 % interval of a day, from the errors of the backtest (split conformal: Lei et al. 2018);
            nothing is assumed of their shape.
        error: mean absolute error of the backtest.
        naive_error: that of the seasonal-naive forecast, which repeats the week before, on the same days.
        origins: nights on which the backtest stood.
    """

    values: Array
    half_width: float
    error: float
    naive_error: float
    origins: int

    @property
    def beats_naive(self) -> bool:
        """Return whether it was closer than repeating the week before."""
        return self.error < self.naive_error


def forecast(values: Array, days: int = HORIZON_DAYS, *, has_trend: bool = False) -> Forecast | None:
    """Forecast by level, weekday and trend, and test it on the last four weeks; None where too little is known.

    The backtest stands on each of the last nights and knows what was known then.

    Args:
        values: the series.
        days: how many days ahead.
        has_trend: whether the Theil-Sen slope of the last four weeks goes on.
    """
    ahead = _ahead(values, days, has_trend)
    last = len(values)
    errors, naive = [], []
    for origin in range(last - _ORIGINS - HORIZON_DAYS + 1, last - HORIZON_DAYS + 1):
        known = values[:origin]
        guess = _ahead(known, HORIZON_DAYS, has_trend) if origin >= 3 * WEEK else None
        if guess is not None:
            truth = values[origin : origin + HORIZON_DAYS]
            errors.append(np.abs(truth - guess))
            naive.append(np.abs(truth - known[-WEEK:]))
    if ahead is None or len(errors) < _LEAST_ORIGINS:
        return None
    ours, other = np.concatenate(errors), np.concatenate(naive)
    both = ~np.isnan(ours) & ~np.isnan(other)
    if both.sum() < _LEAST_ORIGINS:
        return None
    half = float(np.quantile(ours[both], min(1.0, 0.9 * (1 + 1 / both.sum())), method="higher"))
    return Forecast(ahead, half, float(ours[both].mean()), float(other[both].mean()), len(errors))


def _ahead(values: Array, days: int, has_trend: bool) -> Array | None:
    found = season(values[:-TREND_DAYS] if has_trend else values)  # a trend would make outliers of its own days
    if found is None:
        return None
    positions = np.arange(len(values))
    adjusted = values - found.of(positions)
    coming = np.arange(len(values), len(values) + days)
    if has_trend:
        recent = np.flatnonzero(~np.isnan(adjusted) & (positions >= len(values) - TREND_DAYS))
        drift, level, *_ = stats.theilslopes(adjusted[recent], recent) if len(recent) > WEEK else (0.0, np.nan)
        ahead: Array = level + drift * coming + found.of(coming)
    else:
        ahead = adjusted[found.used][-LEVEL_DAYS:].mean() + found.of(coming)
    return ahead
