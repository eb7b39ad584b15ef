"""Key figures as daily series on a scale on which their changes can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from ratchet import frames
from ratchet.contracts.key_figures import Figure, Kind
from ratchet.statistics.arrays import Array, divide

DAYS = 84
_RELATIVE = (Kind.COUNT, Kind.DAILY)
_LEAST = {Kind.SHARE: 0.01, Kind.SCORE: 0.2, Kind.RATE: 0.01, Kind.COUNT: 0.05, Kind.DAILY: 0.05}


@dataclass(frozen=True, slots=True)
class FigureSeries:
    """One figure over the last days, the night's own last.

    Attributes:
        figure: what it is.
        values: NaN where nothing was logged; logarithms where changes are relative.
        counting: standard deviation of each day by counting alone, on the same scale.
    """

    figure: Figure
    values: Array
    counting: Array

    @property
    def relative(self) -> bool:
        """Return whether changes are shares of the level."""
        return self.figure.kind in _RELATIVE

    @property
    def least(self) -> float:
        """Return the smallest change that matters."""
        return _LEAST[self.figure.kind]

    @property
    def known(self) -> int:
        """Return how many days were logged."""
        return int((~np.isnan(self.values)).sum())

    def last(self, days: int) -> FigureSeries:
        """Return the same of its last days alone."""
        return replace(self, values=self.values[-days:], counting=self.counting[-days:])

    def original(self, values: Array | float) -> Array:
        """Return values on the figure's own scale, within its bounds."""
        found = np.exp(values) if self.relative else np.asarray(values, dtype=np.float64)
        highest = {Kind.SHARE: 1.0, Kind.SCORE: 10.0}.get(self.figure.kind, np.inf)
        bounded: Array = np.clip(found, 0.0, highest)
        return bounded


def figure_series(kpis: pd.DataFrame, figures: Sequence[Figure], as_of: date, days: int = DAYS) -> list[FigureSeries]:
    """Return every figure's series.

    Args:
        kpis: mart_kpis_daily.
        figures: which ones, in this order.
        as_of: the night's day.
        days: how many, the night's own included.
    """
    rows = frames.rows_of(kpis, as_of, ("window_days", "metric", "metric_date"))
    daily = rows[rows["window_days"] == 1].assign(metric_date=lambda r: pd.to_datetime(r["metric_date"]).dt.date)
    dates = [as_of - timedelta(days=back) for back in reversed(range(days))]
    return [_series(f, daily[daily["metric"] == f.metric].set_index("metric_date").reindex(dates)) for f in figures]


def _series(figure: Figure, rows: pd.DataFrame) -> FigureSeries:
    n = np.nan_to_num(rows["n"].to_numpy(dtype=float))
    below = np.where(n > 0, rows["denominator"].to_numpy(dtype=float), 0.0)
    values = divide(rows["numerator"].to_numpy(dtype=float), below)
    if figure.kind in _RELATIVE:
        values = np.log(np.where(values > 0, values, np.nan))
    return FigureSeries(figure, values, _counting(figure.kind, values, n))


def _counting(kind: Kind, values: Array, n: Array) -> Array:
    """Return the binomial or Poisson standard deviation of each day; half an event is added, so it is never 0."""
    value, size = np.nan_to_num(values), np.maximum(n, 1.0)
    if kind is Kind.SHARE:
        share = (value * size + 0.5) / (size + 1)
        variance: Array = share * (1 - share) / size
    elif kind is Kind.RATE:
        variance = (value * size + 0.5) / size**2
    else:
        variance = 1 / size if kind is Kind.COUNT else np.zeros(len(values))
    return np.sqrt(variance, dtype=np.float64)
