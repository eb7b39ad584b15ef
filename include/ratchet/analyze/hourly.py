"""Whether the application is well in the last hour: burn rates and season of every objective, and silence (R38-R40).

The hours before come from the last night's mart and from what has landed since; who reads them is `hourly.py` one level
up. A whole day is judged by `health.py`; budgets are counted there by days, here by the same hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from ratchet.analyze import burns, grades, season_checks
from ratchet.analyze.burns import Budget, Burn
from ratchet.analyze.grades import Alert, Severity
from ratchet.analyze.hours import Changes, Hours, hours_of
from ratchet.analyze.season_checks import SeasonCheck
from ratchet.contracts.estimates import as_record
from ratchet.contracts.names import bounded, in_words
from ratchet.objectives import Objective
from ratchet.statistics.arrays import Array
from ratchet.statistics.seasons import WEEK_HOURS, WEEKS

DAY = 24
QUIET_HOURS = 48  # how far back silence is looked for
MISSED_EVENTS = 30  # so many events were expected since the last one, and none came: by chance in no lifetime
HEALTHY, NO_DATA, DEGRADED, CRITICAL = "healthy", "no data", "degraded", "critical"
BY_THE_DAY = "nothing of the last seven days landed within its own day; the night judges it"
ORDER = (HEALTHY, NO_DATA, DEGRADED, CRITICAL)
_OF_SEVERITY = {Severity.MEDIUM: DEGRADED, Severity.HIGH: DEGRADED, Severity.CRITICAL: CRITICAL}
_EVENTS = ("requests", "errors", "api_calls", "heartbeats")


@dataclass(frozen=True, slots=True)
class HourJudgement:
    """One objective of one service in an hour.

    Attributes:
        objective: its metric.
        severity: how urgent it is.
        reason: why, '' where nothing is wrong.
        n: what was counted in the hour.
        day_n: what was counted in the last 24 hours.
        budget: what is left of its error budget, None where nothing may be bad.
        burns: how fast it burns, one a window.
        season: the hour against its season.
    """

    objective: str
    severity: Severity
    reason: str
    n: int
    day_n: int
    budget: Budget | None
    burns: tuple[Burn, ...]
    season: SeasonCheck | None


@dataclass(frozen=True, slots=True)
class ServiceHour:
    """One service in an hour, '' for all of them.

    Attributes:
        service: its name.
        status: healthy, no data, degraded or critical.
        reason: why, in words.
        quiet_since: the hour after its last event, None where it was heard of or nothing was expected.
        objectives: each of them.
    """

    service: str
    status: str
    reason: str
    quiet_since: str | None
    objectives: tuple[HourJudgement, ...]


@dataclass(frozen=True, slots=True)
class HourHealth:
    """How the application was in an hour.

    Attributes:
        hour: its beginning.
        until: its end.
        services: all of them together first.
        alerts: what somebody should know.
        judged: ids of the alerts about which the hour can say anything; of the others it does not know.
    """

    hour: str
    until: str
    services: tuple[ServiceHour, ...]
    alerts: tuple[Alert, ...]
    judged: frozenset[str]

    def as_record(self) -> dict[str, Any]:
        """Return what a file says of the hour."""
        everything = self.services[0]
        record = {"hour": self.hour, "until": self.until, "status": everything.status, "reason": everything.reason}
        return record | {"services": as_record(self.services), "alerts": as_record(self.alerts)}


def judge_hour(
    hourly: pd.DataFrame, objectives: Sequence[Objective], end: datetime, changes: Changes = ()
) -> HourHealth:
    """Judge every objective at the end of an hour.

    Args:
        hourly: rows of `mart_health_hourly` up to the end, each hour and service once.
        objectives: what is judged; those without hours, such as satisfaction, are left to the night.
        end: the end of the hour, UTC without a zone.
        changes: `change` events; incidents among them leave the season.
    """
    hours = hours_of(hourly, set(hourly["service"]), end, changes)
    wanted = [o for o in objectives if hours.parts(o) is not None]
    seasons = season_checks.season_checks(hours, wanted, 1)
    judged = [_judged(hours, o, season) for o, season in zip(wanted, seasons, strict=True)]
    quiet = _quiet(hours)
    hour = hours.at(hours.is_usual.shape[1] - 1)
    services = [_service(name, quiet[row], [j[row] for j in judged], wanted) for row, name in enumerate(hours.services)]
    found = [alert for service in services for alert in _alerts(service, hour)]
    return HourHealth(
        hour=hour,
        until=end.isoformat(timespec="minutes") + "Z",
        services=tuple(services),
        alerts=tuple(sorted(found, key=lambda a: (-list(Severity).index(a.severity), a.service, a.kind, a.objective))),
        judged=frozenset(_answered(services)),
    )


def unheard(health: HourHealth) -> HourHealth:
    """Return the same hour of a log that does not land within its day: nothing is judged, begun or ended by it."""
    services = [replace(s, status=NO_DATA, reason=BY_THE_DAY, quiet_since=None) for s in health.services]
    return replace(health, services=tuple(services), alerts=(), judged=frozenset())


def _judged(hours: Hours, o: Objective, season: Sequence[SeasonCheck | None]) -> list[HourJudgement]:
    bad, n = hours.parts(o) or (np.zeros(hours.is_usual.shape), np.zeros(hours.is_usual.shape))
    span = o.budget_days * DAY
    left = burns.budgets(o, bad[:, -span:].sum(axis=1), n[:, -span:].sum(axis=1))
    burnt = burns.burns(hours, o, 1)
    return [_judgement(o, n[row], left[row], burnt[row], season[row]) for row in range(len(n))]


def _judgement(
    o: Objective, n: Array, budget: Budget | None, burnt: tuple[Burn, ...], season: SeasonCheck | None
) -> HourJudgement:
    said = [grades.burning(b) for b in burnt if b.is_burning][:1]
    said += [grades.unseasonal(season)] if season is not None and season.is_worse else []
    name = o.metric.value.replace("_ms", "").replace("_", " ")
    return HourJudgement(
        objective=o.metric.value,
        severity=grades.severity(budget, burnt, season),
        reason=f"{name}: {'; '.join(said)}" if said else "",
        n=int(n[-1]),
        day_n=int(n[-DAY:].sum()),
        budget=budget,
        burns=burnt,
        season=season,
    )


def _quiet(hours: Hours) -> list[str | None]:
    """Return for each service since when nothing was logged although `MISSED_EVENTS` were expected.

    Expected is the mean of the same hours of up to four weeks before that hold anything.
    """
    total: Array = np.sum([hours.cells[name] for name in _EVENTS], axis=0)
    width, found = total.shape[1], []
    for row in range(len(total)):
        heard = np.flatnonzero(total[row, -QUIET_HOURS:])
        silent = QUIET_HOURS - (int(heard[-1]) + 1 if len(heard) else 0)
        at = np.arange(width - silent, width)
        weeks = np.array([total[row, at - week * WEEK_HOURS] for week in range(1, WEEKS + 1)])
        known = np.maximum((weeks > 0).sum(axis=0), 1)
        expected = float((weeks.sum(axis=0) / known).sum())
        found.append(hours.at(width - silent) if silent and expected >= MISSED_EVENTS else None)
    return found


def _service(name: str, quiet: str | None, judged: list[HourJudgement], objectives: Sequence[Objective]) -> ServiceHour:
    status = max((_OF_SEVERITY.get(j.severity, HEALTHY) for j in judged), key=ORDER.index, default=HEALTHY)
    reason = "; ".join(j.reason for j in judged if j.severity in _OF_SEVERITY)
    too_few = [
        f"{o.metric.value.replace('_', ' ')}: {j.day_n} events in a day, {o.floor} are needed"
        for j, o in zip(judged, objectives, strict=True)
        if o.required and j.day_n < o.floor
    ]
    if status == HEALTHY and (quiet or too_few or not judged):
        status, reason = NO_DATA, silence(quiet) if quiet else "; ".join(too_few) or "no objective has hours"
    elif status == HEALTHY:
        reason = "no budget burns too fast and nothing is worse than its season"
    return ServiceHour(bounded(name), status, in_words(reason, 600), quiet, tuple(judged))


def silence(since: str) -> str:
    """Return in words that nothing was heard."""
    return f"nothing was logged since {since}, at least {MISSED_EVENTS} events were expected"


def _alerts(service: ServiceHour, hour: str) -> list[Alert]:
    found = [
        alert
        for j in service.objectives
        for alert in grades.alerts(service.service, j.objective, j.budget, j.burns, j.season, hour)
    ]
    if service.quiet_since:
        said = silence(service.quiet_since)
        name = grades.alert_id("silence", "", service.service)
        found.append(Alert(name, "silence", service.service, "", Severity.HIGH, service.quiet_since, True, said))
    return found


def _answered(services: Sequence[ServiceHour]) -> set[str]:
    """Return the ids of alerts that are over where they are not raised: there was something to judge them by."""
    found = {grades.alert_id("silence", "", s.service) for s in services if not s.quiet_since}
    for service in services:
        for j in service.objectives:
            kinds = ("burn", "season") if j.n else ()
            found |= {grades.alert_id(kind, j.objective, service.service) for kind in kinds}
    return found
