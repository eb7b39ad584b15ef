"""The key figures: what each is, what it is counted from, and which way is better.

Their values and changes belong to `measure/kpis.py`, where they are going to `analyze/trends.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a figure's uncertainty is computed."""

    SHARE = "share"
    RATE = "rate"
    SCORE = "score"
    COUNT = "count"
    DAILY = "daily"


class Unit(StrEnum):
    """What a figure is written in."""

    COUNT = "count"
    SHARE = "share"
    SCORE = "score"
    RATIO = "ratio"
    MS = "ms"
    USD = "usd"


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure; `higher_is_better` is None where a change is neither good nor bad by itself."""

    metric: str
    label: str
    kind: Kind
    unit: Unit
    higher_is_better: bool | None
    counted: str
    definition: str


FIGURES: tuple[Figure, ...] = (
    Figure("requests", "Requests", Kind.COUNT, Unit.COUNT, None, "requests", "what users asked (root interactions)"),
    Figure(
        "active_users",
        "Active users",
        Kind.COUNT,
        Unit.COUNT,
        True,
        "users",
        "distinct users of the day, else sessions, else traces",
    ),
    Figure(
        "success_rate",
        "Success rate",
        Kind.SHARE,
        Unit.SHARE,
        True,
        "requests with a known outcome",
        "successes of the requests with a known outcome",
    ),
    Figure(
        "unknown_rate",
        "Unknown outcomes",
        Kind.SHARE,
        Unit.SHARE,
        False,
        "requests",
        "requests that say neither success nor failure",
    ),
    Figure("error_rate", "Errors per request", Kind.RATE, Unit.RATIO, False, "requests", "error events a request"),
    Figure("feedback_rate", "Feedback rate", Kind.SHARE, Unit.SHARE, True, "requests", "requests with feedback"),
    Figure(
        "satisfaction",
        "Satisfaction",
        Kind.SCORE,
        Unit.SCORE,
        True,
        "scores",
        "average score of all raters on the scale of 0 to 10, whatever it was given as",
    ),
    Figure(
        "low_satisfaction_rate",
        "Low scores",
        Kind.SHARE,
        Unit.SHARE,
        False,
        "scores",
        "scores below 5 of all scores by all raters",
    ),
    Figure(
        "p50_ms",
        "Median duration",
        Kind.DAILY,
        Unit.MS,
        False,
        "timed requests",
        "median duration of the root requests with a real clock",
    ),
    Figure(
        "p95_ms",
        "Duration, 95th percentile",
        Kind.DAILY,
        Unit.MS,
        False,
        "timed requests",
        "95th percentile of the duration of root requests, real clocks only",
    ),
    Figure(
        "p99_ms",
        "Duration, 99th percentile",
        Kind.DAILY,
        Unit.MS,
        False,
        "timed requests",
        "99th percentile of the duration of root requests, real clocks only",
    ),
    Figure(
        "api_failure_rate",
        "API failures",
        Kind.SHARE,
        Unit.SHARE,
        False,
        "API calls",
        "API calls that failed of all API calls",
    ),
    Figure(
        "uptime_heartbeat",
        "Uptime",
        Kind.SHARE,
        Unit.SHARE,
        True,
        "heartbeats",
        "heartbeats that say up of all heartbeats; silence is unknown, not up",
    ),
    Figure(
        "cost_per_success_usd",
        "Cost per success",
        Kind.DAILY,
        Unit.USD,
        False,
        "successes",
        "logged cost over successful requests",
    ),
    Figure(
        "tokens_per_request",
        "Tokens per request",
        Kind.DAILY,
        Unit.COUNT,
        None,
        "requests",
        "input and output tokens over requests",
    ),
)
