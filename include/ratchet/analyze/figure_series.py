"""Key figures as daily series on a scale on which their changes can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
        counting: standard deviation of the last day by counting alone, on the same scale.
    """

    figure: Figure
    values: Array
    counting: float

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

    def original(self, values: Array | float) -> Array:
        """Return values on the figure's own scale, within its bounds."""
        found = np.exp(values) if self.relative else np.asarray(values, dtype=np.float64)
        highest = {Kind.SHARE: 1.0, Kind.SCORE: 10.0}.get(self.figure.kind, np.inf)
        bounded: Array = np.clip(found, 0.0, highest)
        return bounded


def figure_series(kpis: pd.DataFrame, figures: Sequence[Figure], as_of: date) -> list[FigureSeries]:
    """Return every figure's series.

    Args:
        kpis: mart_kpis_daily.
        figures: which ones, in this order.
        as_of: the night's day.
    """
    rows = frames.rows_of(kpis, as_of, ("window_days", "metric", "metric_date"))
    daily = rows[rows["window_days"] == 1].assign(metric_date=lambda r: pd.to_datetime(r["metric_date"]).dt.date)
    dates = [as_of - timedelta(days=back) for back in reversed(range(DAYS))]
    return [_series(f, daily[daily["metric"] == f.metric].set_index("metric_date").reindex(dates)) for f in figures]


def _series(figure: Figure, rows: pd.DataFrame) -> FigureSeries:
    n = np.nan_to_num(rows["n"].to_numpy(dtype=float))
    below = np.where(n > 0, rows["denominator"].to_numpy(dtype=float), 0.0)
    values = divide(rows["numerator"].to_numpy(dtype=float), below)
    if figure.kind in _RELATIVE:
        values = np.log(np.where(values > 0, values, np.nan))
    return FigureSeries(figure, values, _counting(figure.kind, values, n))


def _counting(kind: Kind, values: Array, n: Array) -> float:
    """Return the binomial or Poisson standard deviation of the last day; half an event is added, so it is never 0."""
    value, size = float(np.nan_to_num(values[-1])), float(max(n[-1], 1.0))
    if kind is Kind.SHARE:
        share = (value * size + 0.5) / (size + 1)
        return float(np.sqrt(share * (1 - share) / size))
    if kind is Kind.RATE:
        return float(np.sqrt((value * size + 0.5) / size**2))
    return float(1 / np.sqrt(size)) if kind is Kind.COUNT else 0.0
