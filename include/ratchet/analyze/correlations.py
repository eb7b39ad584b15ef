"""Which key figures move together from day to day, and with which delay (R65): never more than that, never a cause.

The statistics belong to `statistics/correlations.py`, what a figure is to `contracts/key_figures.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ratchet.analyze.figure_series import FigureSeries
from ratchet.contracts.estimates import Estimate
from ratchet.statistics.arrays import Array
from ratchet.statistics.correlations import Pair, changes, pairs, shuffled

THRESHOLD = 0.6
ALPHA = 0.0025  # on a night on which nothing moves together, the chance that any pair is said to
SHUFFLES = 999
_SEED = 65
_BY_DEFINITION = (  # figures that say much the same: that they move together is no news
    {"requests", "active_users"},
    {"success_rate", "error_rate"},
    {"satisfaction", "low_satisfaction_rate"},
    {"p50_ms", "p95_ms", "p99_ms"},
    {"cost_per_success_usd", "tokens_per_request"},
    {"cost_per_success_usd", "success_rate"},
)


@dataclass(frozen=True, slots=True)
class Correlation:
    """Two figures that move together.

    Attributes:
        first: the figure that moves first, or either where the lag is 0.
        second: the other.
        lag_days: by how many days the second follows.
        rho: Spearman's correlation at that lag; n counts days; its interval is Fisher's.
        adjusted_p: by shuffled weeks, for all pairs and lags.
    """

    first: str
    second: str
    lag_days: int
    rho: Estimate
    adjusted_p: float


@dataclass(frozen=True, slots=True)
class CorrelationsResult:
    """What moves together.

    Attributes:
        series: figures that were long enough to be looked at.
        found: the pairs.
        rows: the figures as they were looked at, figures x days.
        strongest: of all pairs, in each copy with shuffled weeks.
    """

    series: int
    found: tuple[Correlation, ...]
    rows: Array = field(default_factory=lambda: np.zeros((0, 0)), compare=False)
    strongest: Array = field(default_factory=lambda: np.zeros(0), compare=False)


def find_correlations(figures: Sequence[FigureSeries]) -> CorrelationsResult:
    """Return the pairs of key figures that move together.

    Args:
        figures: their days, the night's own last.
    """
    moved = [(s.figure.label, s.figure.metric, changes(s.values)) for s in figures]
    known = [(label, metric, values) for label, metric, values in moved if values is not None]
    if not known:
        return CorrelationsResult(0, ())
    rows = np.array([values for _, _, values in known])
    strongest = shuffled(rows, SHUFFLES, np.random.default_rng(_SEED))
    found = pairs(rows, THRESHOLD, strongest)
    told = [
        _correlation(pair, [label for label, _, _ in known])
        for pair in found
        if pair.p <= ALPHA and not _same({known[pair.first][1], known[pair.second][1]})
    ]
    return CorrelationsResult(len(known), tuple(told), rows, strongest)


def _same(metrics: set[str]) -> bool:
    return any(metrics <= group for group in _BY_DEFINITION)


def _correlation(pair: Pair, labels: Sequence[str]) -> Correlation:
    half = 1.96 * np.sqrt(1.06 / (pair.days - 3))  # Fieller, Hartley & Pearson 1957
    middle = np.arctanh(np.clip(pair.rho, -0.999999, 0.999999))
    low, high = (float(np.tanh(middle + side * half)) for side in (-1, 1))
    rho = Estimate(pair.rho, pair.days, low, high)
    return Correlation(labels[pair.first], labels[pair.second], pair.lag, rho, pair.p)
