"""All that a night says about health: the judgement, uptime, who failed, and why the failure rate changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd

from ratchet import frames
from ratchet.analyze.backtest import DEFINITION, WANTED, Backtest
from ratchet.analyze.contributions import Diagnosis, diagnose
from ratchet.analyze.failure_classes import Failures, Rule, classified, failures_of_day
from ratchet.analyze.health import HealthResult, judge
from ratchet.analyze.health_backtest import PLANTED, health_backtests
from ratchet.analyze.hours import hours_of
from ratchet.analyze.uptime import Uptime, uptimes
from ratchet.contracts.estimates import as_record
from ratchet.objectives import Objective

MARTS = ("mart_health_daily", "mart_health_hourly", "mart_failures_hourly", "mart_usage")


@dataclass(frozen=True, slots=True)
class NightHealth:
    """Health as of a night, and what it is made of."""

    judged: HealthResult
    uptime: tuple[Uptime, ...]
    failures: Failures
    diagnosis: Diagnosis
    backtests: tuple[Backtest, ...] = ()

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `health.json`."""
        found = self.judged.as_artifact()
        definitions = found.pop("definitions")
        return found | {
            "uptime": as_record(self.uptime),
            "failure_classes": as_record(self.failures.services),
            "failure_kinds": as_record(self.failures.kinds),
            "diagnosis": as_record(self.diagnosis),
            "backtests": as_record(self.backtests),
            "definitions": definitions | _DEFINITIONS,
        }


def health_of_night(
    marts: Mapping[str, pd.DataFrame],
    objectives: Sequence[Objective],
    rules: Sequence[Rule],
    as_of: date,
    changes: Sequence[Mapping[str, Any]],
) -> NightHealth:
    """Return how the application is as of a night.

    Args:
        marts: those of `MARTS`, by name.
        objectives: what is judged.
        rules: the setting `failure_classes`.
        as_of: the night.
        changes: `change` events that had landed.
    """
    daily, hourly, failures, usage = (marts[name] for name in MARTS)
    end = datetime.combine(as_of, time(0)) + timedelta(days=1)
    shown = frames.rows_of(hourly, as_of, ("service",))
    classed = classified(frames.rows_of(failures, as_of, ("metric_hour", "service", "error_kind")), rules)
    own_days = frames.rows_of(daily, as_of, ("metric_date", "service"))
    hours = hours_of(shown, set(own_days["service"]), end, changes)
    return NightHealth(
        judged=judge(daily, hourly, objectives, as_of, changes),
        uptime=uptimes(hours, classed),
        failures=failures_of_day(classed, own_days, as_of),
        diagnosis=diagnose(usage, changes, as_of),
        backtests=tuple(health_backtests(shown, objectives, WANTED, PLANTED, changes)),
    )


_DEFINITIONS = {
    "backtest": DEFINITION,
    "availability": (
        "by request: the share of requests with a known outcome that the infrastructure did not fail; by minute: the "
        "share of the known minutes that were not down (both Wilson). A minute is up where a heartbeat said so or a "
        "request was answered, down where a heartbeat said so or the infrastructure failed a request and nothing was "
        "up; a minute of which the log says nothing is unknown, not up"
    ),
    "failure_class": (
        "who failed: the first rule of the setting failure_classes that is found in an error's text; what the agent "
        "could have answered are successes and its own failures"
    ),
    "diagnosis": (
        "a value adds to a change of the failure rate by failing at another rate and by being another part of all "
        "requests (Kitagawa 1955), the day against the 29 days before; what was changed just before is no proof"
    ),
}
