"""The key figures of a day with their uncertainty, and whether they changed (R87).

What a figure is belongs to `contracts/key_figures.py`; causes belong to diagnosis, effects to impact.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from ratchet import frames
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.key_figures import FIGURES, MISSING, QUANTILES, Figure, Kind
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import LEVEL, Intervals, divide
from ratchet.statistics.comparisons import against_days, between_days, difference
from ratchet.statistics.means import bounded_mean_interval
from ratchet.statistics.proportions import design_effect, wilson
from ratchet.statistics.rates import dispersion, rate_interval

CHANGE_LEVEL = 0.99  # some thirty comparisons a night: at 95 % one or two of them would be false alarms
SERIES_DAYS = 28
TOP_SCORE = 10.0
_NOTHING = "nothing was logged"
_TOO_FEW = "too few requests for its limits"


class Verdict(StrEnum):
    """What a change means; only an interval that leaves out zero says anything."""

    GOOD = "good"
    BAD = "bad"
    CHANGED = "changed"
    NO_CHANGE = "no clear change"
    UNKNOWN = "not enough data"


@dataclass(frozen=True, slots=True)
class Change:
    """A day against earlier ones.

    Attributes:
        against: the day compared with; None where it is the average of several.
        days: how many days are compared with.
        reference: their value.
        difference: today's value minus the reference, with its 99 % interval.
        verdict: what it means.
    """

    against: date | None
    days: int
    reference: float | None
    difference: Estimate
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Point:
    """One day of a figure."""

    day: date
    value: float | None
    n: int


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One key figure of the day and of the week that ends with it."""

    figure: Figure
    value: Estimate
    week: Estimate
    week_before: Change
    trailing: Change
    series: tuple[Point, ...]

    def as_flat(self) -> dict[str, Any]:
        """Return the figure's own fields beside the values."""
        found = asdict(self.figure) | {name: getattr(self, name) for name in ("value", "week", "week_before")}
        return found | {"trailing": self.trailing, "series": self.series}


@dataclass(frozen=True, slots=True)
class KpisResult:
    """All key figures as of a night."""

    as_of: date
    reason: str
    kpis: tuple[KeyFigure, ...]
    undefined: tuple[str, ...]
    definitions: dict[str, str] = field(default_factory=dict)

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `kpis.json`."""
        kpis = [as_record(k.as_flat()) for k in self.kpis]
        found: dict[str, Any] = as_record({"as_of": self.as_of, "reason": self.reason})
        return {"artifact": "kpis", **found, "kpis": kpis, "undefined": list(self.undefined)} | {
            "definitions": self.definitions
        }


def key_figures(kpis: pd.DataFrame, as_of: date) -> KpisResult:
    """Return every key figure; one that was not logged is there too and says so.

    Args:
        kpis: mart_kpis_daily.
        as_of: the night's day.
    """
    rows = frames.rows_of(kpis, as_of, ("window_days", "metric", "metric_date"))
    rows[["n"]] = frames.counts(rows, ["n"])
    rows["metric_date"] = pd.to_datetime(rows["metric_date"]).dt.date
    daily, weekly = (rows[rows["window_days"] == days] for days in (1, 7))
    found = tuple(
        _figure(figure, daily[daily["metric"] == figure.metric], weekly[weekly["metric"] == figure.metric], as_of)
        for figure in FIGURES
    )
    return KpisResult(
        as_of=as_of,
        reason="" if found[0].value.number else "no request was logged on this day",
        kpis=found,
        undefined=tuple(sorted(set(rows["metric"]) - {f.metric for f in FIGURES})),
        definitions=_definitions(),
    )


def _figure(figure: Figure, daily: pd.DataFrame, weekly: pd.DataFrame, as_of: date) -> KeyFigure:
    days = _Days(figure, daily, as_of)
    week = _Days(figure, weekly, as_of)
    return KeyFigure(
        figure=figure,
        value=days.estimate(),
        week=week.estimate(),
        week_before=days.against_week_before(),
        trailing=days.against_trailing(),
        series=days.series(),
    )


class _Days:
    """A figure's last days as arrays, the night's own last; a day that was not logged is NaN."""

    def __init__(self, figure: Figure, rows: pd.DataFrame, as_of: date) -> None:
        self.figure = figure
        self.missing = MISSING.get(figure.metric, _NOTHING)
        self.dates = [as_of - timedelta(days=back) for back in reversed(range(SERIES_DAYS))]
        by_day = rows.set_index("metric_date").reindex(self.dates)
        self.above, self.below = (by_day[c].to_numpy(dtype=float) for c in ("numerator", "denominator"))
        self.limits = by_day[["low", "high"]].to_numpy(dtype=float)[-1]
        self.n = np.nan_to_num(by_day["n"].to_numpy(dtype=float))
        self.below = np.where(self.n > 0, self.below, 0.0)  # a silent day is unknown, not a day of nothing
        self.values = divide(self.above, self.below)

    def estimate(self) -> Estimate:
        """Return the night's own value with its 95 % interval."""
        n = int(self.n[-1])
        if self.figure.kind in (Kind.COUNT, Kind.DAILY):
            return self._as_kept(float(self.values[-1]), n)
        above, below = np.nan_to_num([self.above[-1], self.below[-1]])
        return self._interval(above, below, 1.0, LEVEL).estimate(0, n, self.missing)

    def _as_kept(self, value: float, n: int) -> Estimate:
        """Return a value as the mart has it, with the limits that a quantile has there."""
        if np.isnan(value):
            return Estimate(NotComputable(self.missing), n)
        low, high = (float(limit) for limit in self.limits)
        if not np.isnan([low, high]).any():
            return Estimate(value, n, low, high)
        if self.figure.kind is Kind.COUNT:
            return Estimate(value, n, note="a count is complete")
        return Estimate(value, n, note=_TOO_FEW if self.figure.metric in QUANTILES else "only the day's value is kept")

    def against_week_before(self) -> Change:
        """Compare with the same weekday a week before."""
        back = SERIES_DAYS - 8
        return self._change(self.dates[back], np.array([back]))

    def against_trailing(self) -> Change:
        """Compare with the average of all earlier days of the series."""
        return self._change(None, np.flatnonzero(~np.isnan(self.values[:-1])))

    def series(self) -> tuple[Point, ...]:
        """Return every day, oldest first."""
        return tuple(
            Point(day, frames.number(value), int(n))
            for day, value, n in zip(self.dates, self.values, self.n, strict=True)
        )

    def _change(self, against: date | None, rows: Any) -> Change:
        reference = self._reference(rows)
        if np.isnan(reference) or np.isnan(self.values[-1]):
            why = NotComputable(_NOTHING if np.isnan(self.values[-1]) else "nothing was logged then")
            return Change(against, len(rows), frames.number(reference), Estimate(why, 0), Verdict.UNKNOWN)
        found = self._difference(rows, reference)
        estimate = found.estimate(0, int(self.n[-1] + self.n[rows].sum()), _NOTHING)
        return Change(against, len(rows), reference, estimate, _verdict(self.figure, estimate))

    def _reference(self, rows: Any) -> float:
        if not len(rows) or np.isnan(self.values[rows]).all():
            return float("nan")
        if self.figure.kind is Kind.DAILY:
            return float(self.values[rows].mean())
        return float(divide(self.above[rows].sum(), self.below[rows].sum())[0])

    def _difference(self, rows: Any, reference: float) -> Intervals:
        earlier = ~np.isnan(self.values[:-1])
        if self.figure.kind is Kind.DAILY:
            before = self.values[:-1][earlier]
            if len(rows) == 1:
                return between_days(float(self.values[-1]), reference, before, CHANGE_LEVEL)
            return against_days(float(self.values[-1]), before, CHANGE_LEVEL)
        scatter = self._scatter(earlier)
        return difference(
            self._interval(self.above[-1], self.below[-1], scatter, CHANGE_LEVEL),
            self._interval(self.above[rows].sum(), self.below[rows].sum(), scatter, CHANGE_LEVEL),
        )

    def _scatter(self, earlier: Any) -> float:
        above, below = self.above[:-1][earlier], self.below[:-1][earlier]
        if self.figure.kind in (Kind.COUNT, Kind.RATE):
            return dispersion(above, below)
        return design_effect(above / (TOP_SCORE if self.figure.kind is Kind.SCORE else 1.0), below)

    def _interval(self, above: float, below: float, scatter: float, level: float) -> Intervals:
        above, below = above / scatter, below / scatter
        if self.figure.kind is Kind.SHARE:
            return wilson(above, below, level)
        if self.figure.kind is Kind.SCORE:
            return bounded_mean_interval(above, below, 0, TOP_SCORE, level)
        return rate_interval(above, below, level)


def _verdict(figure: Figure, change: Estimate) -> Verdict:
    if change.low is None or change.high is None:
        return Verdict.UNKNOWN
    if change.low <= 0 <= change.high:
        return Verdict.NO_CHANGE
    if figure.higher_is_better is None:
        return Verdict.CHANGED
    return Verdict.GOOD if (change.low > 0) == figure.higher_is_better else Verdict.BAD


def _definitions() -> dict[str, str]:
    return {
        "value": (
            "of the night's day; shares with Wilson's 95 % interval, rates with the exact Poisson interval, scores "
            "with one that holds for any spread, durations with that of the order statistics"
        ),
        "week": "the same over the seven days that end with it",
        "week_before": "against the same weekday a week before",
        "trailing": f"against the days of the {SERIES_DAYS}-day series before it, at most {SERIES_DAYS - 1}",
        "difference": (
            f"with its {CHANGE_LEVEL:.0%} interval, widened by how much earlier days scatter beyond chance; durations, "
            "costs and tokens by that scatter alone"
        ),
        "verdict": "good, bad or changed only where that interval leaves out zero; else no clear change",
    }
