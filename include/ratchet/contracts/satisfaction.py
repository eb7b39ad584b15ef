"""What a night says about satisfaction: the records behind `feedback.json`.

How they are found belongs to `analyze/feedback.py`, the tasks that follow to `generate/tasks.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from ratchet.contracts.estimates import Estimate, as_record


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
class Word:
    """A word, in how many texts of the group and of the others it stands, and how far it stands out."""

    word: str
    texts: int
    texts_elsewhere: int
    z: float


@dataclass(frozen=True, slots=True)
class Pattern:
    """An intent that people are not satisfied with, within the longest window that shows it."""

    intent: str
    window_days: int
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
