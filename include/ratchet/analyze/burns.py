"""How fast error budgets burn, hour by hour, and what of them is left (R38).

Which rates over which windows are too fast belongs to `contracts/burn_rates.py`, what follows from it to `grades.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ratchet.analyze.hours import Hours
from ratchet.contracts.burn_rates import BurnRate
from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable
from ratchet.objectives import Objective
from ratchet.statistics.arrays import Array, Intervals, divide
from ratchet.statistics.proportions import wilson
from ratchet.statistics.rates import rate_interval

Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Budget:
    """An error budget.

    Attributes:
        days: over which it is counted.
        allowed: bad events that it allows, for as many events as there were.
        bad: bad events that there were.
        left: the share of it that is left, below 0 when more than all is spent.
    """

    days: int
    allowed: float
    bad: float
    left: Estimate


@dataclass(frozen=True, slots=True)
class Burn:
    """One window of one objective.

    Attributes:
        hours: its length.
        rate: from which on it burns too fast.
        now: how many times too fast the budget burns at the end; 1 would spend exactly all of it.
        peak: the highest point estimate among the hours looked at, None without enough events.
        fired: hours looked at in which it burnt too fast beyond chance, and still did.
        since: the first of them, None where there is none.
        until: the last of them.
        is_burning: whether the last hour is one of them.
        is_fast: whether somebody should look now.
    """

    hours: int
    rate: float
    now: Estimate
    peak: float | None
    fired: int
    since: str | None
    until: str | None
    is_burning: bool
    is_fast: bool


def interval(objective: Objective, bad: Array, n: Array) -> Intervals:
    """Return the share that is bad with its 95 % interval: Wilson's, for errors a request the exact Poisson one."""
    return wilson(np.minimum(bad, n), n) if objective.is_share else rate_interval(bad, n)


def budgets(objective: Objective, bad: Array, n: Array) -> list[Budget | None]:
    """Return what is left of the budget of each service, None where the objective allows nothing to be bad."""
    allowed = objective.allowed
    if not allowed:
        return [None] * len(n)
    found = interval(objective, bad, n)
    left = Intervals(*(1 - bound / allowed for bound in (found.value, found.high, found.low)))
    return [
        Budget(objective.budget_days, allowed * float(n[row]), float(bad[row]), _estimate(objective, left, row, n[row]))
        for row in range(len(n))
    ]


def burns(hours: Hours, objective: Objective, looks: int) -> tuple[tuple[Burn, ...], ...]:
    """Return every window of an objective, for each service.

    Args:
        hours: up to the moment of the check.
        objective: what is judged.
        looks: at how many of the last hours a window may have fired.
    """
    parts = hours.parts(objective)
    if parts is None or not objective.burns:
        return tuple(() for _ in hours.services)
    found = [_window(hours, objective, rate, parts, looks) for rate in objective.burns]
    return tuple(tuple(window[row] for window in found) for row in range(len(hours.services)))


def fires(hours: Hours, objective: Objective, rate: BurnRate, parts: tuple[Array, Array], looks: int) -> Flags:
    """Return for each service whether a window would have fired in one of the last hours, whatever its rate.

    Args:
        hours: up to the moment of the check.
        objective: what is judged.
        rate: the window and its rate, which need not be one of the objective's.
        parts: what was bad and of how much, as `Hours.parts` says it.
        looks: at how many of the last hours.
    """
    return np.asarray(_fired(objective, rate, parts, looks)[0].any(axis=1), dtype=np.bool_)


def _fired(o: Objective, rate: BurnRate, parts: tuple[Array, Array], looks: int) -> tuple[Flags, Array, Array, Array]:
    """Return where a window burns too fast beyond chance, how many times too fast, what was bad and of how much."""
    bad, n = (_moving(part, rate.hours, looks) for part in parts)
    short = divide(*(_moving(part, rate.short_hours, looks) for part in parts)) / o.allowed
    times = np.where(n >= o.floor, divide(bad, n) / o.allowed, np.nan)
    return _beyond_chance(o, bad, n, rate.rate, (times >= rate.rate) & (short >= rate.rate)), times, bad, n


def _window(hours: Hours, o: Objective, rate: BurnRate, parts: tuple[Array, Array], looks: int) -> list[Burn]:
    fired, times, bad, n = _fired(o, rate, parts, looks)
    seen = interval(o, bad[:, -1], n[:, -1])
    now = Intervals(*(bound / o.allowed for bound in (seen.value, seen.low, seen.high)))
    return [_burn(hours, rate, _estimate(o, now, row, n[row, -1]), times[row], fired[row]) for row in range(len(bad))]


def _estimate(o: Objective, found: Intervals, row: int, n: float) -> Estimate:
    reason = f"{int(n)} events, {o.floor} are needed"
    return found.estimate(row, n, reason) if n >= o.floor else Estimate(NotComputable(reason), int(n))


def _beyond_chance(o: Objective, bad: Array, n: Array, rate: float, suspected: Flags) -> Flags:
    sure = np.zeros(suspected.shape, dtype=bool)
    if suspected.any():
        sure[suspected] = interval(o, bad[suspected], n[suspected]).low / o.allowed > rate
    return sure


def _burn(hours: Hours, rate: BurnRate, now: Estimate, times: Array, fired: Flags) -> Burn:
    at = np.flatnonzero(fired)
    offset = hours.is_usual.shape[1] - len(fired)
    return Burn(
        hours=rate.hours,
        rate=rate.rate,
        now=now,
        peak=None if np.isnan(times).all() else float(np.nanmax(times)),
        fired=len(at),
        since=hours.at(offset + int(at[0])) if len(at) else None,
        until=hours.at(offset + int(at[-1])) if len(at) else None,
        is_burning=bool(fired[-1]),
        is_fast=rate.is_fast,
    )


def _moving(values: Array, window: int, looks: int) -> Array:
    """Return the sums over the last `window` hours at the end of each of the last `looks` hours."""
    summed = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    width = values.shape[1]
    ends = np.arange(width - looks + 1, width + 1)
    moved: Array = summed[:, ends] - summed[:, np.maximum(ends - window, 0)]
    return np.maximum(moved, 0.0)
