"""Who failed: the agent, the infrastructure it stands on, or the user, by the rules of the settings (R41).

The first rule whose pattern is found in an error's text names its class; a failure without a text falls to the rule
that matches everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

import pandas as pd

from ratchet import frames
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.names import bounded, in_words
from ratchet.statistics.proportions import wilson

AGENT, INFRASTRUCTURE, USER = "agent", "infrastructure", "user"
SHOWN_KINDS = 20


class Rule(Protocol):
    """A rule of the setting `failure_classes`."""

    @property
    def pattern(self) -> str:
        """Regular expression that is looked for."""

    @property
    def failure_class(self) -> str:
        """Who failed."""


@dataclass(frozen=True, slots=True)
class ClassShare:
    """The failures of one service on the day by class.

    Attributes:
        service: its name, '' for all.
        agent: requests that the agent failed.
        infrastructure: requests that the infrastructure failed.
        user: requests that failed because of what the user asked or did.
        agent_success: successes of what the agent could have answered: the outcomes it is to blame or praised for.
    """

    service: str
    agent: int
    infrastructure: int
    user: int
    agent_success: Estimate


@dataclass(frozen=True, slots=True)
class FailureKind:
    """What failed most on the day, with its class."""

    failure_class: str
    message_template: str
    status_code: str
    sample: str
    failures: int
    first_hour: str
    last_hour: str


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures of the day by class, for each service, and the most frequent kinds."""

    services: tuple[ClassShare, ...]
    kinds: tuple[FailureKind, ...]


def classified(failures: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Return rows of `mart_failures_hourly` with their `failure_class`; each distinct text is looked at once."""
    compiled = [(re.compile(rule.pattern), rule.failure_class) for rule in rules]
    texts = failures["sample_error"].map(frames.text)
    classes = {text: next((c for pattern, c in compiled if pattern.search(text)), AGENT) for text in set(texts)}
    return failures.assign(failure_class=texts.map(classes).astype(object))


def failures_of_day(classed: pd.DataFrame, daily: pd.DataFrame, as_of: date) -> Failures:
    """Return the failures of a day by class.

    Args:
        classed: what `classified` returns.
        daily: rows of `mart_health_daily`.
        as_of: the day.
    """
    hours = pd.to_datetime(classed["metric_hour"])
    begin = pd.Timestamp(as_of)
    today = classed[((hours >= begin) & (hours < begin + timedelta(days=1))).to_numpy()]
    counted = daily[(pd.to_datetime(daily["metric_date"]) == begin).to_numpy()]
    successes = dict(zip(counted["service"].map(frames.text), counted["successes"], strict=True))
    shares = tuple(_share(name, today, float(successes[name])) for name in sorted(successes))
    return Failures(shares, _kinds(today))


def _share(service: str, today: pd.DataFrame, successes: float) -> ClassShare:
    own = today if not service else today[today["service"] == service]
    counts = own.groupby("failure_class")["failures"].sum()
    agent, infrastructure, user = (int(counts.get(name, 0)) for name in (AGENT, INFRASTRUCTURE, USER))
    found = wilson(successes, successes + agent)
    estimate = found.estimate(0, successes + agent, "no request that the agent answered or failed")
    return ClassShare(bounded(service), agent, infrastructure, user, estimate)


def _kinds(today: pd.DataFrame) -> tuple[FailureKind, ...]:
    keys = ["failure_class", "error_kind", "status_code"]
    rows = today.groupby(keys, as_index=False).agg(
        sample=("sample_error", "min"),
        failures=("failures", "sum"),
        first=("metric_hour", "min"),
        last=("metric_hour", "max"),
    )
    rows = rows.sort_values(["failures", *keys], ascending=[False, True, True, True]).head(SHOWN_KINDS)
    return tuple(map(_kind, rows.to_dict("records")))


def _kind(row: Mapping[Any, Any]) -> FailureKind:
    return FailureKind(
        failure_class=str(row["failure_class"]),
        message_template=in_words(row["error_kind"], 200),
        status_code=str(row["status_code"]),
        sample=in_words(row["sample"], 200),
        failures=int(row["failures"]),
        first_hour=_hour(row["first"]),
        last_hour=_hour(row["last"]),
    )


def _hour(value: object) -> str:
    return pd.Timestamp(value).isoformat(timespec="minutes") + "Z"  # type: ignore[arg-type]
