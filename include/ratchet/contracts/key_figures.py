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
    Figure(
        "retry_rate",
        "Retries",
        Kind.SHARE,
        Unit.SHARE,
        False,
        "requests that could be followed",
        "requests that the same unit soon asked again in much the same words (settings `rephrase_window_s`, "
        "`rephrase_similarity`), of those with words, a unit and a real clock",
    ),
    Figure(
        "abandonment_rate",
        "Given up",
        Kind.SHARE,
        Unit.SHARE,
        False,
        "failed requests that could be followed",
        "failed requests after which the unit asked nothing more in that session",
    ),
    Figure(
        "escalation_rate",
        "Escalations",
        Kind.SHARE,
        Unit.SHARE,
        False,
        "requests",
        "requests within or right after which a person was asked for (setting `escalation_intents`)",
    ),
    Figure(
        "feature_utilisation",
        "Users of named features",
        Kind.SHARE,
        Unit.SHARE,
        True,
        "users",
        "units that used anything logged with a `feature`, of all units",
    ),
    Figure(
        "tickets_per_request",
        "Support tickets per request",
        Kind.RATE,
        Unit.RATIO,
        False,
        "requests",
        "support tickets opened a request",
    ),
    Figure(
        "minutes_saved",
        "Minutes saved",
        Kind.DAILY,
        Unit.COUNT,
        True,
        "outcomes",
        "sum of the outcomes with the metric `minutes_saved`, which only the application can know; not below 0",
    ),
    Figure(
        "retention_7",
        "Back after 7 days",
        Kind.SHARE,
        Unit.SHARE,
        True,
        "new users",
        "of users whose first day was 13 to 26 days ago, those who were there on any of the days 7 to 13 after it; a "
        "first day is one after at least 14 days of logs",
    ),
    Figure(
        "retention_30",
        "Back after 30 days",
        Kind.SHARE,
        Unit.SHARE,
        True,
        "new users",
        "of users whose first day was 36 to 49 days ago, those who were there on any of the days 30 to 36 after it; a "
        "first day is one after at least 14 days without them",
    ),
)

QUANTILES = ("p50_ms", "p95_ms", "p99_ms")  # the figures that are quantiles, lowest first

# why a figure could not be computed, where "nothing was logged" would say too little
MISSING: dict[str, str] = {
    "retry_rate": "no request has words, a unit and a real clock",
    "abandonment_rate": "no failed request has a unit and a real clock",
    "feature_utilisation": "no interaction names a `feature`",
    "tickets_per_request": "no `support_ticket` was ever logged",
    "minutes_saved": "no `outcome` with the metric `minutes_saved` was logged",
    "retention_7": "nobody with a `user_id` was new 13 to 26 days ago, after at least 14 days of logs",
    "retention_30": "nobody with a `user_id` was new 36 to 49 days ago, after at least 14 days of logs",
}
