"""What people did after an answer, and what they thought of it where they also said so (R24, R25).

Scores that were given belong to `feedback.py`; the thresholds of a retry and of an escalation are settings, applied by
the marts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from ratchet import frames
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.names import bounded
from ratchet.errors import NotComputable
from ratchet.statistics.means import bounded_mean_interval, mean_interval
from ratchet.statistics.proportions import wilson

LEAST_SCORED = 10
TOP_SCORE = 10.0
INTENTS = 100
AGREES, DIFFERS, UNKNOWN = "agrees", "differs", "not enough data"
_SEQUENCE = ("comparable", "rephrased", "followed_failures", "abandoned", "escalated")
DEFINITIONS = {
    "rephrased": (
        "requests that the same unit asked again in much the same words within the settings' time, of all with words, "
        "a unit and a real clock"
    ),
    "abandoned": "failed requests after which the unit asked nothing more in that session, of all failed ones",
    "escalated": "requests within or right after which a person was asked for, by the setting `escalation_intents`",
    "derived": "read from the sequence of requests within a landing day; logged behaviour stands beside it",
    "calibration": (
        "mean of the scores that users and experts gave to the same requests, against the score that the contract's "
        f"table gives to the behaviour; judged from {LEAST_SCORED} such requests on, and people who do both may differ "
        "from those who do not"
    ),
    "calibrated_score": (
        f"that mean where {LEAST_SCORED} requests were scored, else the table's score; nothing where there is neither"
    ),
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What people did after requests of one intent; '' is all of them."""

    intent: str
    requests: int
    rephrased: Estimate
    abandoned: Estimate
    escalated: Estimate


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a behaviour means, by scores of the same requests.

    Attributes:
        signal: the behaviour.
        derived: whether it was read from the sequence of requests.
        seen: requests with it.
        map_score: the score of the contract's table, None where it has none.
        explicit: mean score that people gave to the same requests; n of them.
        verdict: whether the table agrees with that.
        calibrated_score: what is to be believed, None where nothing is known.
    """

    signal: str
    derived: bool
    seen: int
    map_score: float | None
    explicit: Estimate
    verdict: str
    calibrated_score: float | None


@dataclass(frozen=True, slots=True)
class Implicit:
    """Satisfaction by logged behaviour: by the table's scores, and by what people with both said."""

    requests: int
    by_table: float | None
    calibrated: float | None
    unknown: int


def behaviours(response: pd.DataFrame, window_days: int, as_of: date) -> dict[str, Any]:
    """Return what people did next, over all requests and by intent.

    Args:
        response: mart_feedback_response.
        window_days: which of its windows.
        as_of: the night's day.
    """
    rows = frames.rows_of(response, as_of, ("window_days", "intent", "agent_tier"))
    rows = rows[rows["window_days"] == window_days]
    columns = ("requests", *_SEQUENCE)
    rows[list(columns)] = frames.counts(rows, columns)
    totals = frames.sums(rows, ("intent",), columns).reset_index()
    totals = totals.sort_values(["requests", "intent"], ascending=[False, True], ignore_index=True)
    whole = pd.DataFrame([{"intent": "", **totals[list(columns)].sum().to_dict()}])
    return {
        "did_next": as_record(_behaviours(whole)[0]),
        "behaviours": [as_record(b) for b in _behaviours(totals[totals["intent"] != ""].head(INTENTS))],
    }


def _behaviours(totals: pd.DataFrame) -> list[Behaviour]:
    parts = {
        "rephrased": ("rephrased", "comparable", "no request with words, a unit and a real clock"),
        "abandoned": ("abandoned", "followed_failures", "no failed request of a known unit"),
        "escalated": ("escalated", "requests", "no request was logged"),
    }
    shares = {name: wilson(totals[hits], totals[of]) for name, (hits, of, _) in parts.items()}
    return [
        Behaviour(
            intent=bounded(line["intent"]),
            requests=int(line["requests"]),
            **{name: shares[name].estimate(row, int(line[of]), why) for name, (_, of, why) in parts.items()},
        )
        for row, line in enumerate(frames.records(totals))
    ]


def calibration(signals: pd.DataFrame, as_of: date) -> dict[str, Any]:
    """Return what every behaviour means by scores of the same requests, and satisfaction by logged behaviour.

    Args:
        signals: mart_feedback_calibration.
        as_of: the night's day.
    """
    rows = frames.rows_of(signals, as_of, ("is_derived", "signal"))
    found = [_calibration(line) for line in frames.records(rows)]
    found.sort(key=lambda c: (c.derived, -c.seen, c.signal))
    return {"calibration": [as_record(c) for c in found], "implicit": as_record(_implicit(found))}


def _calibration(line: dict[str, Any]) -> Calibration:
    n, table = int(line["scored"]), frames.number(line["map_score"])
    explicit = _explicit(line, n)
    enough = n >= LEAST_SCORED
    return Calibration(
        signal=bounded(str(line["signal"])),
        derived=bool(line["is_derived"]),
        seen=int(line["seen"]),
        map_score=table,
        explicit=explicit,
        verdict=_verdict(explicit, table) if enough else UNKNOWN,
        calibrated_score=explicit.number if enough else table,
    )


def _explicit(line: dict[str, Any], n: int) -> Estimate:
    """Return the mean with Student's interval, or with one that needs no spread where all scores are nearly one."""
    if not n:
        return Estimate(NotComputable("no such request was scored"), 0)
    student = mean_interval(line["score_sum"], line["score_sumsq"], n).estimate(0, n, "")
    if student.low is None or student.high is None or student.high - student.low < 1e-9:
        return bounded_mean_interval(line["score_sum"], n, 0, TOP_SCORE).estimate(0, n, "")
    return Estimate(student.value, n, max(student.low, 0.0), min(student.high, TOP_SCORE))


def _verdict(explicit: Estimate, table: float | None) -> str:
    if table is None or explicit.low is None or explicit.high is None:
        return UNKNOWN
    return AGREES if explicit.low <= table <= explicit.high else DIFFERS


def _implicit(found: list[Calibration]) -> Implicit:
    logged = [c for c in found if not c.derived]
    return Implicit(
        requests=sum(c.seen for c in logged),
        by_table=_weighted((c.map_score, c.seen) for c in logged),
        calibrated=_weighted((c.calibrated_score, c.seen) for c in logged),
        unknown=sum(c.seen for c in logged if c.calibrated_score is None),
    )


def _weighted(parts: Any) -> float | None:
    known = [(score, n) for score, n in parts if score is not None and n]
    total = sum(n for _, n in known)
    return sum(score * n for score, n in known) / total if total else None
