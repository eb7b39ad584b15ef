"""What a night says about satisfaction: the records behind `feedback.json` and the meaning of their figures.

How they are found belongs to `feedback.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.settings import LearningSettings
from ratchet.statistics.words import Word

FLOOR = 5
LOW = 5.0
TOP_SCORE = 10.0
MACHINES = ("evaluator",)


class Sign(StrEnum):
    """What makes an intent a pattern of low satisfaction."""

    WORSE_THAN_REST = "worse than the rest"
    LOW_ON_THE_SCALE = "low on the scale"


@dataclass(frozen=True, slots=True)
class Overall:
    """Satisfaction within one window."""

    window_days: int
    feedback: int
    scored: int
    mean: Estimate
    low_share: Estimate
    response_rate: Estimate


@dataclass(frozen=True, slots=True)
class Source:
    """One form of feedback by one kind of rater; scores of all forms are on the scale of 0 to 10."""

    kind: str
    rater: str
    feedback: int
    scored: int
    unknown_action: int
    mean: Estimate
    low_share: Estimate
    raw_rating: Estimate | None


@dataclass(frozen=True, slots=True)
class IntentFeedback:
    """What people think of one intent; `units` is a lower bound, the largest of its sources."""

    intent: str
    feedback: int
    scored: int
    low: int
    units: int
    mean: Estimate
    shrunk_mean: Estimate
    low_share: Estimate
    lift: Estimate
    lift_q: float | None
    response_rate: Estimate
    low_by_kind: dict[str, int]


@dataclass(frozen=True, slots=True)
class Pattern:
    """An intent that people are not satisfied with."""

    intent: str
    signs: tuple[Sign, ...]
    feedback: IntentFeedback
    rest_low_share: float | None
    words: tuple[Word, ...]
    samples: tuple[str, ...]
    sample_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResponseRate:
    """How many requests were answered with feedback."""

    intent: str
    agent_tier: str
    requests: int
    requests_with_feedback: int
    rate: Estimate


@dataclass(frozen=True, slots=True)
class Ungrouped:
    """Scores that no intent could be judged by, and why."""

    reason: str
    intents: int
    scored: int


@dataclass(frozen=True, slots=True)
class FeedbackResult:
    """Satisfaction as of a night."""

    as_of: date
    reason: str
    window_days: int
    overall: tuple[Overall, ...]
    patterns: tuple[Pattern, ...]
    intents: tuple[IntentFeedback, ...]
    sources: tuple[Source, ...]
    response: tuple[ResponseRate, ...]
    below_floor: Ungrouped
    without_intent: Ungrouped
    definitions: dict[str, str] = field(default_factory=dict)

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `feedback.json`."""
        return {"artifact": "feedback", **as_record(self)}


def definitions(s: LearningSettings) -> dict[str, str]:
    """Return what every figure of `feedback.json` means under the settings in force."""
    return {
        "score": (
            "0 to 10, whatever it was given as: rating r is 2.5 (r - 1), thumb 10 or 0, score linear between its "
            "bounds, behaviour by the contract's table; unknown behaviour has no score and is counted"
        ),
        "raters": "users and experts; evaluators (machines) are listed under sources and stand in no other figure",
        "low": f"a score below {LOW:g}",
        "mean": "plain average with an interval that holds for any spread of scores",
        "shrunk_mean": "average drawn toward that of all intents by its uncertainty (empirical Bayes, normal)",
        "low_share": "low of all scores, with Wilson's 95 % interval",
        "lift": (
            "low share over that of all other intents together; Fisher's exact test, false discovery rate held at 5 % "
            "(Benjamini–Hochberg)"
        ),
        "pattern": (
            f"at least {FLOOR} low scores in {s.suggestion_window_days} days, and either a low share above the rest "
            f"beyond chance or a shrunk mean whose upper bound is below {LOW:g}; nothing is judged below "
            f"{s.min_feedback_count} scores in all"
        ),
        "response_rate": "requests with feedback of all requests: those who answer may differ from those who do not",
        "units": "at least so many distinct units gave feedback",
        "words": (
            "words that low comments hold more often than those on other intents (log-odds with an informative "
            "Dirichlet prior, z at least 1.96), counted once a comment"
        ),
        "samples": f"redacted comments with low scores, where at least {s.k_anonymity} units gave feedback",
    }
