"""The effect of a deployed fix: which estimator, which days, how sure, and whether it can be believed (R81, R82).

What follows from it belongs to `impact_verdicts.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ratchet.contracts.impacts import Check, Estimator
from ratchet.measure.impact_series import Series
from ratchet.statistics.arrays import Array
from ratchet.statistics.interrupted import Change, Sequence, every_night, level_change, slope

PRE_TREND, PLACEBO, REGRESSION = "pre-trend", "placebo dates", "regression to the mean"
CHECK_LEVEL = 0.05
REST_FLOOR = 10  # failures elsewhere below which what is unaffected says nothing about the days
PLACEBO_REACH = 4  # days on either side of a placebo date
TREND_DAYS = 14  # days below which a trend cannot be told from chance
_NO_PLACEBO = Check(PLACEBO, None, "a trend is taken on, which other dates would take for an effect")


@dataclass(frozen=True, slots=True)
class Measured:
    """The effect on one outcome.

    Attributes:
        estimator: how it was estimated.
        change: the difference in failed attempts per attempt.
        nightly: the same with bounds that hold on all nights together.
        expected: what was to be expected without the fix, per attempt.
        has_trend: whether a trend from before was taken on.
        checks: whether it can be believed.
        counted: which days it stands on.
    """

    estimator: Estimator
    change: Change
    nightly: Sequence
    expected: float
    has_trend: bool
    checks: tuple[Check, ...]
    counted: NDArray[np.bool_]

    @property
    def doubts(self) -> tuple[str, ...]:
        """Return why it cannot be believed, in words."""
        return tuple(c.said for c in self.checks if c.passed is False and c.blocks)

    @property
    def was_bad(self) -> str:
        """Return in words that failures were higher than usual when the fix was proposed, '' where they were not."""
        return next((c.said for c in self.checks if c.passed is False and not c.blocks), "")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One outcome of one estimator: what a day says, its weight, and the squared sampling error of a difference."""

    estimator: Estimator
    values: Array
    weights: Array
    hits: Array
    rest_hits: Array | None
    rest_n: Array | None

    def sampling_error(self, after: NDArray[np.bool_]) -> float:
        """Return the standard error that independent attempts alone would have."""
        parts = [_variance(self.hits[m], self.weights[m]) for m in (after, ~after)]
        if self.rest_hits is not None and self.rest_n is not None:
            parts += [_variance(self.rest_hits[m], self.rest_n[m]) for m in (after, ~after)]
        return float(np.sqrt(sum(parts)))


def measure(series: Series, horizon: int, min_days: int, *, all_failures: bool = False) -> Measured | None:
    """Return what a fix did to the failures of its error, None while there are too few days.

    Days for which it was proposed are left out where enough others remain: they were picked for being bad, and what
    follows a bad week is better by itself. The estimator is difference in differences against the unaffected intents
    where those fail often enough and moved alike before, else the interrupted time series of the error alone, with the
    trend from before where there is one.

    Args:
        series: its days.
        horizon: days with the fix at the last look.
        min_days: days without which nothing is left out.
        all_failures: whether failures of any kind are meant.
    """
    counted = _counted(series, min_days)
    known = series.where(counted)
    before, after = int((~known.after).sum()), int(known.after.sum())
    if before < 2 or after < 1:
        return None
    outcome, has_trend, trend_check = _chosen(known, all_failures)
    change = _change(outcome, known.after, has_trend)
    if not np.isfinite(change.value) or not change.error > 0:
        return None
    placebo = _NO_PLACEBO if has_trend else _placebo(outcome, known.after, change)
    checks = (trend_check, placebo, _regression(series, counted, min_days))
    rate = known.failure_rate if all_failures else known.rate
    reached = float(np.average(rate[known.after], weights=known.attempts[known.after]))
    nightly = every_night(change, before, after, horizon)
    return Measured(outcome.estimator, change, nightly, max(0.0, reached - change.value), has_trend, checks, counted)


def _counted(series: Series, min_days: int) -> NDArray[np.bool_]:
    left = ~series.chosen & ~series.after
    return series.after | left if left.sum() >= min_days else np.ones(len(series.days), dtype=bool)


def _chosen(series: Series, all_failures: bool) -> tuple[_Outcome, bool, Check]:
    """Return the outcome of the first estimator that its rule allows, and whether it needs a trend."""
    alone = _alone(series, all_failures)
    for outcome in filter(None, (_beside(series, alone), alone)):
        moving = _moving(outcome, ~series.after)
        if moving is not None and not moving:
            others = "as those of unaffected intents did" if outcome.rest_n is not None else "without a trend"
            return outcome, False, Check(PRE_TREND, True, f"in the days before, failures moved {others}")
    if _moving(alone, ~series.after) is None:
        return alone, False, Check(PRE_TREND, None, "too few days before to tell a trend")
    if (~series.after).sum() >= TREND_DAYS:
        return alone, True, Check(PRE_TREND, True, "failures were moving before; that movement is taken on")
    said = f"failures were moving before, and {TREND_DAYS} days are needed to take that on"
    return alone, False, Check(PRE_TREND, False, said)


def _alone(series: Series, all_failures: bool) -> _Outcome:
    hits, rate = (series.failures, series.failure_rate) if all_failures else (series.failed, series.rate)
    return _Outcome(Estimator.TIME_SERIES, rate, series.attempts, hits, None, None)


def _beside(series: Series, alone: _Outcome) -> _Outcome | None:
    """Return the difference to the unaffected intents, None where they were not there or hardly ever fail."""
    enough = all(series.rest_failures[m].sum() >= REST_FLOOR for m in (series.after, ~series.after))
    if not enough or not np.all(series.rest_attempts > 0):
        return None
    rest = (series.rest_failures, series.rest_attempts)
    return _Outcome(Estimator.DIFFERENCES, alone.values - series.rest_rate, alone.weights, alone.hits, *rest)


def _moving(outcome: _Outcome, before: NDArray[np.bool_]) -> bool | None:
    values, weights = outcome.values[before], outcome.weights[before]
    n = len(values)
    days = np.arange(n) - (n - 1) / 2
    chance = np.sqrt(_variance(outcome.hits[before], weights) * n / (days @ days)) if n > 1 else float("nan")
    p = slope(values, weights).at_least(float(chance)).p
    return None if np.isnan(p) else bool(p < CHECK_LEVEL)


def _change(outcome: _Outcome, after: NDArray[np.bool_], trend: bool) -> Change:
    found = level_change(outcome.values, outcome.weights, after, trend=trend)
    return found.at_least(outcome.sampling_error(after))


def _placebo(outcome: _Outcome, after: NDArray[np.bool_], change: Change) -> Check:
    """Try every day before on which nothing was deployed; the same method should find no drop as large there."""
    n = int((~after).sum())
    dates = range(PLACEBO_REACH, n - PLACEBO_REACH + 1)
    if not dates:
        return Check(PLACEBO, None, "too few days before to try other dates")
    values, weights = outcome.values[~after], outcome.weights[~after]
    drops = [_drop(values, weights, date) for date in dates]
    as_large = sum(drop <= change.value for drop in drops)
    tried = f"{len(dates)} dates on which nothing was deployed"
    if change.value < 0 and as_large:
        return Check(PLACEBO, False, f"at {as_large} of {tried} the same method finds a drop as large")
    return Check(PLACEBO, True, f"at none of {tried} does the same method find a change as good")


def _drop(values: Array, weights: Array, date: int) -> float:
    return float(np.average(values[date:], weights=weights[date:]) - np.average(values[:date], weights=weights[:date]))


def _regression(series: Series, counted: NDArray[np.bool_], min_days: int) -> Check:
    before = series.where(~series.after)
    if not before.chosen.any():
        return Check(REGRESSION, True, "none of the days before was one for which it was proposed")
    if counted[series.chosen].all():
        said = f"fewer than {min_days} days before were not among those for which it was proposed"
        return Check(REGRESSION, False, f"{said}: what follows a bad week is better by itself")
    alone = _alone(before, all_failures=False)
    excess = _change(alone, before.chosen, trend=False)
    left_out = "the days for which it was proposed are left out"
    if excess.value > 0 and excess.p < CHECK_LEVEL:
        said = f"failures were higher than usual when it was proposed; {left_out}"
        return Check(REGRESSION, False, said, blocks=False)
    return Check(REGRESSION, True, f"failures were as usual when it was proposed; {left_out}")


def _variance(hits: Array, n: Array) -> float:
    """Return the variance of a share, kept above 0 by half a failure on either side."""
    total = float(n.sum())
    share = (float(hits.sum()) + 0.5) / (total + 1)
    return share * (1 - share) / total if total else float("nan")
