"""How often the detectors of health cried wolf over the history, and how often they would have missed (R88).

Every night of the history is judged as it was then, once as it was and once with a fault planted in its last day. What
a backtest says is in `backtest.py`, the checks themselves are in `season_checks.py` and `burns.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet.analyze import burns, season_checks
from ratchet.analyze.backtest import AS_LOGGED, LEVELS, Backtest, Spoken, by_p, chosen
from ratchet.analyze.hours import Changes, Hours, hours_of
from ratchet.contracts.burn_rates import BurnRate
from ratchet.objectives import Objective
from ratchet.statistics.arrays import Array
from ratchet.statistics.seasons import MIN_DAYS, against_season

DAY = 24
PLANTED = 3.0  # times too fast that the budget burns on a planted day, unless told otherwise
TIMES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)  # of a burn rate
Parts = tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class _Past:
    """The nights of the history, each a row of `hours`; `clean` are those without a known incident on their day."""

    hours: Hours
    clean: NDArray[np.bool_]
    planted: float
    wanted: float

    def parts(self, o: Objective, planted: float) -> Parts | None:
        """Return what was bad and of how much, with so many times the allowed share of bad events on top."""
        found = self.hours.parts(o)
        if found is None:
            return None
        bad, n = (part.copy() for part in found)
        bad[:, -DAY:] += np.round(planted * o.allowed * n[:, -DAY:])
        return (np.minimum(bad, n) if o.is_share else bad), n

    def of(self, name: str, o: Objective, spoke: int, now: Spoken, tried: Iterable[Spoken]) -> Backtest:
        """Return what is said of a detector; its thresholds come the most sensitive first."""
        said = f"a day on which the budget burns {self.planted:g} times too fast"
        n, subject = len(self.clean), o.metric.value
        return Backtest(name, subject, n, spoke, AS_LOGGED, said, *chosen(now, tried, self.wanted))


def health_backtests(
    hourly: pd.DataFrame,
    objectives: Iterable[Objective],
    wanted: float,
    planted: float = PLANTED,
    changes: Changes = (),
) -> list[Backtest]:
    """Judge every night of a history that has a season before it.

    A real fault that nobody logged as an incident counts as a false alarm: the rate is an upper bound. A planted fault
    adds `planted` times the allowed share of bad events to every hour of the night's day.

    Args:
        hourly: rows of `mart_health_hourly`, each hour and service once; only all services together are judged.
        objectives: what is judged.
        wanted: the false-alarm rate that thresholds are sought for, a night.
        planted: see above.
        changes: `change` events; nights of incidents raise no false alarm, and their hours leave the season.
    """
    nights = list(_nights(hourly[hourly["service"] == ""], list(changes)))
    judged = [o for o in objectives if o.allowed]
    clean = np.array([hours.is_usual[0, -DAY:].all() for hours in nights], dtype=bool)
    if not clean.any():
        what = "without a known incident " if len(nights) else ""
        reason = f"no night {what}has {MIN_DAYS} days with events in the four weeks before it"
        return [Backtest("season", o.metric.value, len(nights), reason=reason) for o in judged]
    past = _Past(_stacked(nights), clean, planted, wanted)
    return [found for o in judged for found in _of_objective(past, o)]


def _nights(whole: pd.DataFrame, changes: list[Any]) -> Iterator[Hours]:
    days = sorted(set(pd.to_datetime(whole["metric_hour"]).dt.date))
    for at, day in enumerate(days):
        before = [d for d in days[:at] if d >= day - timedelta(days=28)]
        if len(before) >= MIN_DAYS:
            yield hours_of(whole, (), datetime.combine(day, time(0)) + timedelta(days=1), changes)


def _stacked(nights: list[Hours]) -> Hours:
    """Return one table whose rows are nights instead of services."""
    first = nights[0]
    return Hours(
        services=tuple(hours.end.date().isoformat() for hours in nights),
        end=first.end,
        cells={name: np.concatenate([h.cells[name] for h in nights]) for name in first.cells},
        minutes={name: np.concatenate([h.minutes[name] for h in nights]) for name in first.minutes},
        is_usual=np.concatenate([h.is_usual for h in nights]),
    )


def _of_objective(past: _Past, o: Objective) -> list[Backtest]:
    clean, faulty = (past.parts(o, planted) for planted in (0.0, past.planted))
    if clean is None or faulty is None:
        return []
    return [_season(past, o, clean, faulty), *(_burn(past, o, rate, clean, faulty) for rate in o.burns)]


def _season(past: _Past, o: Objective, clean: Parts, faulty: Parts) -> Backtest:
    quiet, found = (_p(past.hours, o, *parts) for parts in (clean, faulty))
    level = season_checks.NIGHT_LEVEL
    now, *tried = by_p((level, *LEVELS), quiet[past.clean], found[past.clean])
    return past.of("season", o, int((quiet <= level).sum()), now, tried)


def _p(hours: Hours, o: Objective, bad: Array, n: Array) -> Array:
    """Return the p-value of each day, 1 where there is no season or what it adds matters to nobody."""
    found = against_season(bad, n, hours.is_usual, DAY, is_share=o.is_share)
    total = n[:, -DAY:].sum(axis=1)
    more = bad[:, -DAY:].sum(axis=1) - np.nan_to_num(found.span_expected)
    known = (total >= o.floor) & (found.span_expected >= 0)
    p: Array = np.where(known & (more > season_checks.MATTERS * o.allowed * total), found.span_p, 1.0)
    return p


def _burn(past: _Past, o: Objective, rate: BurnRate, clean: Parts, faulty: Parts) -> Backtest:
    def spoken(tried: BurnRate) -> Spoken:
        quiet, found = (burns.fires(past.hours, o, tried, parts, DAY)[past.clean] for parts in (clean, faulty))
        return Spoken(tried.rate, quiet, found)

    rates = (replace(rate, rate=rate.rate * times) for times in TIMES)
    possible = (r for r in rates if not o.is_share or r.rate * o.allowed < 1)  # failures alone never burn faster
    spoke = int(burns.fires(past.hours, o, rate, clean, DAY).sum())
    return past.of(f"burn over {rate.hours} h", o, spoke, spoken(rate), map(spoken, possible))
