"""Whether a service is worse than its season, hour by hour and over the whole span that is looked at (R39).

The formula is in `statistics/seasons.py`. Hours of a known incident leave the season, and so do hours in which a budget
burnt as fast as its fastest alarm: an outage must not become what is usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ratchet.analyze.hours import Hours
from ratchet.objectives import Objective
from ratchet.statistics.arrays import Array, divide
from ratchet.statistics.seasons import MIN_DAYS, Seasonal, against_season

NIGHT_LEVEL = 0.01  # at most one night in a hundred raises a false finding, over all objectives and services together
HOUR_LEVEL = 0.001  # at most one hour in a thousand
MATTERS = 0.1  # of what the objective allows: less than this above the season matters to nobody


@dataclass(frozen=True, slots=True)
class SeasonCheck:
    """An objective of a service against its season.

    Attributes:
        bad_share: what was bad in the hours looked at, None where nothing was logged.
        expected_share: what the same hours of the week had in the four weeks before, None where there is no season.
        n: events in the hours looked at.
        p: chance of being as bad or worse, one-sided; None where it cannot be told.
        level: below which it counts; the wanted false-alarm rate over the number of tests.
        is_worse: it counts, and it matters.
        worse_hours: beginnings of the hours that are worse by themselves.
        reason: why there is no verdict, '' where there is one.
    """

    bad_share: float | None
    expected_share: float | None
    n: int
    p: float | None
    level: float
    is_worse: bool
    worse_hours: tuple[str, ...]
    reason: str


def season_checks(hours: Hours, objectives: Sequence[Objective], looks: int) -> list[tuple[SeasonCheck | None, ...]]:
    """Return for each objective the check of every service; None for what has no hours.

    Args:
        hours: up to the moment of the check.
        objectives: what is judged.
        looks: how many of the last hours are held against their season, 24 in a night and 1 in an hour.
    """
    found = [_seasonal(hours, objective, looks) for objective in objectives]
    tests = sum(int(np.sum(f[0].span_expected >= 0)) for f in found if f is not None)
    level = (NIGHT_LEVEL if looks > 1 else HOUR_LEVEL) / max(tests, 1)
    of_hours = HOUR_LEVEL / max(tests, 1)
    return [
        tuple(_check(hours, o, f, row, level, of_hours) for row in range(len(hours.services)))
        if f is not None
        else tuple(None for _ in hours.services)
        for o, f in zip(objectives, found, strict=True)
    ]


def _seasonal(hours: Hours, o: Objective, looks: int) -> tuple[Seasonal, Array, Array] | None:
    parts = hours.parts(o)
    if parts is None:
        return None
    bad, n = parts
    seasonal = against_season(bad, n, hours.is_usual & ~_burnt(o, bad, n), looks, is_share=o.is_share)
    return seasonal, bad[:, -looks:], n[:, -looks:]


def _burnt(o: Objective, bad: Array, n: Array) -> NDArray[np.bool_]:
    if not o.burns or not o.allowed:
        return np.zeros(n.shape, dtype=bool)
    burnt: NDArray[np.bool_] = (n >= o.floor) & (np.nan_to_num(divide(bad, n)) / o.allowed >= o.burns[0].rate)
    return burnt


def _check(
    hours: Hours, o: Objective, found: tuple[Seasonal, Array, Array], row: int, level: float, of_hours: float
) -> SeasonCheck:
    seasonal, all_bad, all_n = found
    bad, n = all_bad[row], all_n[row]
    total, expected = float(n.sum()), float(seasonal.span_expected[row])
    share = float(bad.sum()) / total if total else None
    reason = _no_verdict(o, total, expected, int(seasonal.days[row]))
    if reason or share is None:
        return SeasonCheck(share, None, int(total), None, level, False, (), reason)
    usual, p = expected / total, float(seasonal.span_p[row])
    matters = MATTERS * o.allowed
    worse = (seasonal.hour_p[row] < of_hours) & (n >= o.floor) & (bad - seasonal.expected[row] > matters * n)
    first = hours.is_usual.shape[1] - len(n)
    return SeasonCheck(
        bad_share=share,
        expected_share=usual,
        n=int(total),
        p=p,
        level=level,
        is_worse=p < level and share - usual > matters,
        worse_hours=tuple(hours.at(first + int(at)) for at in np.flatnonzero(worse)),
        reason="",
    )


def _no_verdict(o: Objective, n: float, expected: float, days: int) -> str:
    if n < o.floor:
        return f"{int(n)} events, {o.floor} are needed"
    if days < MIN_DAYS or np.isnan(expected):
        return f"{days} days before hold anything, {MIN_DAYS} of 28 are needed for a season"
    return ""
