"""How often the detectors of health cried wolf over the history, and how often they would have missed (R88).

Every night of the history is judged as it was then, once as it was and once with a fault planted in its last day;
for each detector the threshold is sought that keeps the wanted false-alarm rate. Reading the history belongs to
`backtests.py` one level up, the checks themselves to `season_checks.py` and `burns.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ratchet.analyze import burns, season_checks
from ratchet.analyze.hours import Changes, Hours, hours_of
from ratchet.contracts.burn_rates import BurnRate
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.errors import NotComputable
from ratchet.objectives import Metric, Objective
from ratchet.statistics.arrays import Array
from ratchet.statistics.proportions import wilson
from ratchet.statistics.seasons import MIN_DAYS, against_season

DAY = 24
LEVELS = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0001, 0.00001)  # of the season's p-value, the loosest first
TIMES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)  # of a burn rate


@dataclass(frozen=True, slots=True)
class Reading:
    """One detector at one threshold.

    Attributes:
        threshold: p-value below which, or burn rate from which on, it speaks.
        false_alarms: share of the nights without a known incident on which it spoke.
        misses: share of the same nights with a planted fault on which it did not.
    """

    threshold: float
    false_alarms: Estimate
    misses: Estimate


@dataclass(frozen=True, slots=True)
class Backtest:
    """One detector of one objective over the history.

    Attributes:
        detector: `season` or `burn over N hours`.
        objective: which.
        now: at today's threshold.
        wanted: at the most sensitive threshold that keeps the wanted false-alarm rate, None where none does.
    """

    detector: str
    objective: str
    now: Reading
    wanted: Reading | None


@dataclass(frozen=True, slots=True)
class Backtests:
    """Every detector over the history.

    Attributes:
        first, last: the nights that were judged; None without any.
        nights: how many, those of known incidents left out.
        wanted: the wanted false-alarm rate.
        planted: how many times too fast the budget burns in a planted fault.
        detectors: each of them.
        reason: why there are none.
    """

    first: date | None
    last: date | None
    nights: int
    wanted: float
    planted: float
    detectors: tuple[Backtest, ...]
    reason: str

    def as_record(self) -> dict[str, Any]:
        """Return what the command prints as JSON."""
        record: dict[str, Any] = as_record(self)
        return record


def backtest(
    hourly: pd.DataFrame, objectives: Iterable[Objective], wanted: float, planted: float, changes: Changes = ()
) -> Backtests:
    """Judge every night of a history that has a season before it.

    A real fault that nobody logged as an incident counts as a false alarm: the rate is an upper bound. A planted fault
    adds `planted` times the allowed share of bad events to every hour of the night's day.

    Args:
        hourly: rows of `mart_health_hourly`, each hour and service once; only all services together are judged.
        objectives: what is judged.
        wanted: the false-alarm rate that thresholds are sought for, a night.
        planted: see above.
        changes: `change` events; nights of incidents are left out, and their hours leave the season.
    """
    whole = hourly[hourly["service"] == ""]
    nights = [hours for hours in _nights(whole, list(changes)) if hours.is_usual[0, -DAY:].all()]
    ends = [(hours.end - timedelta(days=1)).date() for hours in nights]
    found = [b for o in objectives for b in _of_objective(nights, o, wanted, planted)] if nights else []
    reason = "" if found else f"no night has {MIN_DAYS} days with events in the four weeks before it"
    return Backtests(
        first=ends[0] if ends else None,
        last=ends[-1] if ends else None,
        nights=len(nights),
        wanted=wanted,
        planted=planted,
        detectors=tuple(found),
        reason=reason,
    )


def _nights(whole: pd.DataFrame, changes: list[Any]) -> Iterator[Hours]:
    days = sorted(set(pd.to_datetime(whole["metric_hour"]).dt.date))
    for at, day in enumerate(days):
        before = [d for d in days[:at] if d >= day - timedelta(days=28)]
        if len(before) >= MIN_DAYS:
            yield hours_of(whole, (), datetime.combine(day, time(0)) + timedelta(days=1), changes)


def _of_objective(nights: Sequence[Hours], o: Objective, wanted: float, planted: float) -> list[Backtest]:
    if nights[0].parts(o) is None or not o.allowed:
        return []
    clean, faulty = ([_parts(hours, o, extra) for hours in nights] for extra in (0.0, planted))
    level = season_checks.NIGHT_LEVEL
    found = [_season(nights, o, clean, faulty, level, wanted)]
    return [*found, *(_burn(nights, o, rate, clean, faulty, wanted) for rate in o.burns)]


def _parts(hours: Hours, o: Objective, planted: float) -> tuple[Array, Array]:
    bad, n = (part.copy() for part in hours.parts(o) or ())
    more = np.round(planted * o.allowed * n[:, -DAY:])
    bad[:, -DAY:] += more
    return (np.minimum(bad, n) if o.is_share else bad), n


def _season(
    nights: Sequence[Hours], o: Objective, clean: list[Any], faulty: list[Any], level: float, wanted: float
) -> Backtest:
    scores = [[_p(hours, o, *parts) for hours, parts in zip(nights, each, strict=True)] for each in (clean, faulty)]
    return _chosen(
        "season", o.metric, [_reading(a, *[np.array(s) < a for s in scores]) for a in (*LEVELS, level)], wanted
    )


def _p(hours: Hours, o: Objective, bad: Array, n: Array) -> float:
    """Return the p-value of the day, 1 where there is no season or what it adds matters to nobody."""
    found = against_season(bad, n, hours.is_usual, DAY, is_share=o.is_share)
    total, expected = float(n[:, -DAY:].sum()), float(found.span_expected[0])
    if total < o.floor or not expected >= 0:
        return 1.0
    more = float(bad[:, -DAY:].sum()) - expected
    return float(found.span_p[0]) if more > season_checks.MATTERS * o.allowed * total else 1.0


def _burn(
    nights: Sequence[Hours], o: Objective, rate: BurnRate, clean: list[Any], faulty: list[Any], wanted: float
) -> Backtest:
    readings = []
    for times in (*TIMES, 1.0):
        tried = replace(rate, rate=rate.rate * times)
        if o.is_share and tried.rate * o.allowed >= 1:
            continue  # failures alone never burn so fast
        spoke = [
            np.array([burns.fires(hours, o, tried, parts, DAY) for hours, parts in zip(nights, each, strict=True)])
            for each in (clean, faulty)
        ]
        readings.append(_reading(tried.rate, *spoke))
    return _chosen(f"burn over {rate.hours} h", o.metric, readings, wanted)


def _reading(threshold: float, clean: Any, faulty: Any) -> Reading:
    return Reading(threshold, _share(clean), _share(~np.asarray(faulty)))


def _share(hits: Any) -> Estimate:
    n, k = len(hits), int(np.sum(hits))
    if not n:
        return Estimate(NotComputable("no night"), 0)
    found = wilson([k], [n])
    return Estimate(float(found.value[0]), n, float(found.low[0]), float(found.high[0]))


def _chosen(name: str, metric: Metric, readings: Sequence[Reading], wanted: float) -> Backtest:
    """Return a detector from its readings, the most sensitive threshold first and today's last."""
    *tried, now = readings
    keeps = [r for r in tried if (r.false_alarms.number or 0.0) <= wanted]
    return Backtest(name, metric.value, now, keeps[0] if keeps else None)
