"""Whether the application is well: every objective against its interval, for all services and for each (R38–R40).

An objective is breached only beyond chance, and silence is never healthy. What objectives are belongs to
`ratchet.objectives`; burn rates to `burns.py`, seasons to `season_checks.py`, how urgent it is to `grades.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from ratchet import frames
from ratchet.analyze import burns, grades, season_checks
from ratchet.analyze.burns import Budget, Burn
from ratchet.analyze.grades import Alert, Severity
from ratchet.analyze.hours import Changes, Hours, hours_of
from ratchet.analyze.latency import share_within
from ratchet.analyze.season_checks import SeasonCheck
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.names import bounded, in_words
from ratchet.objectives import LONGEST_WINDOW_DAYS, Metric, Objective
from ratchet.statistics.arrays import Array, Intervals
from ratchet.statistics.proportions import wilson
from ratchet.statistics.rates import rate_interval

_SHARES = {  # metric -> (what counts, out of what)
    Metric.SUCCESS_RATE: ("successes", "known"),
    Metric.ERROR_RATE: ("errors", "requests"),
    Metric.SATISFACTION: ("not_low", "scored"),
    Metric.API_FAILURE_RATE: ("api_failures", "api_calls"),
    Metric.UPTIME: ("heartbeats_up", "heartbeats"),
}
_COUNTS = (
    "requests",
    "successes",
    "failures",
    "errors",
    "api_calls",
    "api_failures",
    "heartbeats",
    "heartbeats_up",
    "scored",
    "low",
    "duration_n",
)
LOOKED_AT = 24  # hours of a night in which a budget may have burnt
_QUANTILES = ("duration_p50_ms", "duration_p95_ms", "duration_p99_ms")


class Status(StrEnum):
    """How something is, best first."""

    HEALTHY = "healthy"
    NO_DATA = "no data"
    DEGRADED = "degraded"
    CRITICAL = "critical"


_OF_SEVERITY = {
    Severity.MEDIUM: Status.DEGRADED,
    Severity.HIGH: Status.DEGRADED,
    Severity.CRITICAL: Status.CRITICAL,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One objective of one service.

    Attributes:
        objective: its metric.
        status: the verdict.
        reason: the verdict in words.
        value: what was measured; for a latency the share of requests within the target.
        target: what was wanted.
        critical: the line beyond which a breach is critical.
        wanted_share: for a latency, how many requests should be within the target.
        observed_ms: for a latency, the quantile of the newest day that has one.
        window_days: days counted.
        floor: events below which there is no verdict.
        severity: how urgent it is.
        budget: the error budget, None where nothing may be bad.
        burns: how fast it burns, one a window.
        season: the day against its season, None where an objective has no hours.
    """

    objective: Metric
    status: Status
    reason: str
    value: Estimate
    target: float
    critical: float
    wanted_share: float | None
    observed_ms: float | None
    window_days: int
    floor: int
    severity: Severity = Severity.NONE
    budget: Budget | None = None
    burns: tuple[Burn, ...] = ()
    season: SeasonCheck | None = None


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """One service and its objectives."""

    service: str
    status: Status
    reason: str
    objectives: tuple[Judgement, ...]


@dataclass(frozen=True, slots=True)
class HealthResult:
    """Health as of a night: over all, and service by service."""

    as_of: date
    status: Status
    reason: str
    objectives: tuple[Judgement, ...]
    services: tuple[ServiceHealth, ...]
    alerts: tuple[Alert, ...] = ()
    definitions: dict[str, str] = field(default_factory=dict)

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `health.json`."""
        return {"artifact": "health", **as_record(self)}


def judge(
    health: pd.DataFrame,
    hourly: pd.DataFrame,
    objectives: Sequence[Objective],
    as_of: date,
    changes: Changes = (),
) -> HealthResult:
    """Judge every objective as of a night, for all services together and for each.

    Args:
        health: `mart_health_daily`.
        hourly: `mart_health_hourly`.
        objectives: what is judged, in the order in which it is shown.
        as_of: the night.
        changes: `change` events that had landed; incidents among them leave the season.
    """
    rows = frames.rows_of(health, as_of, ("metric_date", "service"))
    rows[list(_COUNTS)] = frames.counts(rows, _COUNTS)
    rows["metric_date"] = pd.to_datetime(rows["metric_date"]).dt.date
    rows = rows.assign(known=rows["successes"] + rows["failures"], not_low=rows["scored"] - rows["low"])
    names = ["", *sorted(set(rows["service"]) - {""})]
    shown = frames.rows_of(hourly, as_of, ("service",))
    hours = hours_of(shown, names, datetime.combine(as_of, time(0)) + timedelta(days=1), changes)
    graded = _graded(rows, hours, objectives, names, as_of)
    services = [_service(name, [j[at] for j in graded], objectives) for at, name in enumerate(names)]
    return HealthResult(
        as_of=as_of,
        status=services[0].status,
        reason=services[0].reason,
        objectives=services[0].objectives,
        services=tuple(services[1:]),
        alerts=_alerts(services, f"{as_of.isoformat()}T00:00Z"),
        definitions=_definitions(),
    )


def _graded(
    rows: pd.DataFrame, hours: Hours, objectives: Sequence[Objective], names: list[str], as_of: date
) -> list[list[Judgement]]:
    """Return for each objective its judgement of every service, with budget, burn rates, season and severity."""
    found = []
    seasons = season_checks.season_checks(hours, objectives, LOOKED_AT)
    for objective, season in zip(objectives, seasons, strict=True):
        judged = _judged(rows, objective, names, as_of)
        spent = _budgets(rows, objective, names, as_of)
        burnt = burns.burns(hours, objective, LOOKED_AT)
        found.append([_grade(*parts) for parts in zip(judged, spent, burnt, season, strict=True)])
    return found


def _grade(j: Judgement, budget: Budget | None, burnt: tuple[Burn, ...], season: SeasonCheck | None) -> Judgement:
    severity = grades.severity(budget, burnt, season)
    said = [grades.burning(b) for b in burnt if b.is_burning][:1]
    said += [grades.unseasonal(season)] if season is not None and season.is_worse and severity != Severity.LOW else []
    status = _worse(j.status, _OF_SEVERITY.get(severity, Status.HEALTHY))
    reason = "; ".join([j.reason, *said])
    return replace(j, status=status, reason=reason, severity=severity, budget=budget, burns=burnt, season=season)


def _worse(status: Status, other: Status) -> Status:
    return max(status, other, key=list(Status).index)


def _alerts(services: list[ServiceHealth], began: str) -> tuple[Alert, ...]:
    found = [
        alert
        for service in services
        for j in service.objectives
        for alert in grades.alerts(service.service, j.objective.value, j.budget, j.burns, j.season, began)
    ]
    return tuple(sorted(found, key=lambda a: (not a.is_on, -list(Severity).index(a.severity), a.service, a.objective)))


def _budgets(rows: pd.DataFrame, objective: Objective, names: list[str], as_of: date) -> list[Budget | None]:
    start = as_of - timedelta(days=objective.budget_days)
    window = rows[np.array([start < day <= as_of for day in rows["metric_date"]], dtype=bool)]
    if objective.metric.quantile is not None:
        timed = window[window["duration_n"] > 0]
        n = frames.sums(timed, ("service",), ("duration_n",)).reindex(names, fill_value=0)["duration_n"].to_numpy(float)
        bad = n - np.minimum(_within(timed, objective.target, names), n)
    else:
        above, below = _SHARES[objective.metric]
        totals = frames.sums(window, ("service",), (above, below)).reindex(names, fill_value=0)
        n = totals[below].to_numpy(dtype=float)
        counted = totals[above].to_numpy(dtype=float)
        bad = n - counted if objective.metric.at_least else counted
    return burns.budgets(objective, bad, n)


def _judged(rows: pd.DataFrame, objective: Objective, names: list[str], as_of: date) -> list[Judgement]:
    start = as_of - timedelta(days=objective.window_days)
    window = rows[np.array([start < day <= as_of for day in rows["metric_date"]], dtype=bool)]
    if objective.metric.quantile is not None:
        return _latencies(window, objective, names)
    above, below = _SHARES[objective.metric]
    totals = frames.sums(window, ("service",), (above, below)).reindex(names, fill_value=0)
    interval = rate_interval if objective.metric is Metric.ERROR_RATE else wilson
    found = interval(totals[above], totals[below])
    n = totals[below].to_numpy(dtype=float)
    return [_judgement(objective, found, found, n, at) for at in range(len(names))]


def _latencies(window: pd.DataFrame, objective: Objective, names: list[str]) -> list[Judgement]:
    timed = window[window["duration_n"] > 0]
    n = frames.sums(timed, ("service",), ("duration_n",)).reindex(names, fill_value=0)["duration_n"].to_numpy(float)
    inside, barely = (_within(timed, limit, names) for limit in (objective.target, objective.critical))
    column = f"duration_p{round((objective.metric.quantile or 0) * 100)}_ms"
    newest = timed.groupby("service")[column].last().reindex(names).to_numpy(float)
    found, worst = wilson(np.minimum(inside, n), n), wilson(np.minimum(barely, n), n)
    return [_judgement(objective, found, worst, n, at, frames.number(newest[at])) for at in range(len(names))]


def _within(timed: pd.DataFrame, limit_ms: float, names: list[str]) -> Array:
    """Return how many requests were within a limit, each day's share read between its logged quantiles."""
    median, p95, p99 = (timed[q].to_numpy(dtype=float) for q in _QUANTILES)
    share = share_within(median, p95, p99, limit_ms)
    added = timed.assign(inside=share * timed["duration_n"])
    within: Array = frames.sums(added, ("service",), ("inside",)).reindex(names, fill_value=0)["inside"].to_numpy(float)
    return within


def _judgement(
    o: Objective, found: Intervals, worst: Intervals, n: Array, at: int, observed_ms: float | None = None
) -> Judgement:
    seen = int(n[at])
    value = found.estimate(at, seen, "nothing was logged")
    wanted = o.metric.quantile
    target, critical = (o.target, o.critical) if wanted is None else (wanted, wanted)
    status = _status(o, found, worst, at, target, critical) if seen >= o.floor else Status.NO_DATA
    return Judgement(
        objective=o.metric,
        status=status,
        reason=_in_words(o, status, value, seen, target),
        value=value,
        target=o.target,
        critical=o.critical,
        wanted_share=wanted,
        observed_ms=observed_ms,
        window_days=o.window_days,
        floor=o.floor,
    )


def _status(o: Objective, found: Intervals, worst: Intervals, at: int, target: float, critical: float) -> Status:
    if o.metric.at_least or o.metric.quantile is not None:
        breached, badly = found.high[at] < target, worst.high[at] < critical
    else:
        breached, badly = found.low[at] > target, worst.low[at] > critical
    if badly and breached:
        return Status.CRITICAL
    return Status.DEGRADED if breached else Status.HEALTHY


def _in_words(o: Objective, status: Status, value: Estimate, n: int, target: float) -> str:
    name = o.metric.value.replace("_ms", "").replace("_", " ")
    if status is Status.NO_DATA:
        window = "a day" if o.window_days == 1 else f"{o.window_days} days"
        return f"{name}: {n} events in {window}, {o.floor} are needed"
    number = value.number or 0.0
    if o.metric.quantile is not None:
        said = f"{number:.1%} of requests within {o.target:,.0f} ms, {target:.0%} wanted"
    else:
        said = f"{number:.1%}, {'at least' if o.metric.at_least else 'at most'} {target:.1%} wanted"
    worse = number < target if o.metric.at_least or o.metric.quantile is not None else number > target
    chance = " (the difference may be chance)" if worse and status is Status.HEALTHY else ""
    return f"{name}: {said}{chance}"


def _service(name: str, judged: list[Judgement], objectives: Sequence[Objective]) -> ServiceHealth:
    for status in (Status.CRITICAL, Status.DEGRADED):
        broken = [j.reason for j in judged if j.status is status]
        if broken:
            return ServiceHealth(bounded(name), status, "; ".join(broken), tuple(judged))
    silent = [j.reason for j, o in zip(judged, objectives, strict=True) if j.status is Status.NO_DATA and o.required]
    known = [j for j in judged if j.status is not Status.NO_DATA]
    if silent or not known:
        reason = "; ".join(silent) or "no objective has enough data"
        return ServiceHealth(bounded(name), Status.NO_DATA, in_words(reason, 300), tuple(judged))
    reason = f"{len(known)} of {len(judged)} objectives have data and none is breached"
    return ServiceHealth(bounded(name), Status.HEALTHY, reason, tuple(judged))


def _definitions() -> dict[str, str]:
    return {
        "status": (
            "degraded: the 95 % interval of an objective lies wholly beyond its target; critical: wholly beyond its "
            "critical line; no data: fewer events than its floor; healthy: no breach and every required objective has "
            "data; a severity of medium or high makes it degraded, a critical one critical"
        ),
        "severity": (
            "from how fast the error budget burns at the end of the day, whether the day is worse than its season, and "
            "how much of the budget is left; the table is in docs/health.md"
        ),
        "budget": (
            "what is left of the bad events that the objective allows over its days, with the 95 % interval of the "
            "share that is bad; below 0 more than all is spent"
        ),
        "burn": (
            "how many times too fast the budget burns over the last hours of the day: share that is bad over the share "
            "that is allowed; an alarm needs the 95 % interval beyond its rate and the last twelfth of the window too"
        ),
        "season": (
            "the day's bad share against the same hours of the week in the four weeks before, without incidents; "
            "worse counts at one false finding in a hundred nights over all objectives and services"
        ),
        "success_rate": "successes of the root requests with a known outcome (Wilson)",
        "error_rate": "error events a root request (exact Poisson interval)",
        "latency": (
            "share of timed root requests within the target against the share that the quantile asks for, read between "
            "each day's 50th, 95th and 99th percentile (Wilson); real clocks only"
        ),
        "satisfaction": "share of scores of at least 5 on the scale of 0 to 10 (Wilson)",
        "api_failure_rate": "failed of all API calls (Wilson)",
        "uptime": "heartbeats that say up of all heartbeats (Wilson); silence is unknown, not up",
        "window": f"days up to the night, at most {LONGEST_WINDOW_DAYS}",
    }
