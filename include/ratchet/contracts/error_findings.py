"""What is found of an error: the record that `analyze/errors.py` makes and that fixes and reports read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from ratchet.contracts.estimates import Estimate, Trend, as_record


class ErrorState(StrEnum):
    """Where an error is going."""

    NEW = "new"
    ESCALATING = "escalating"
    REGRESSED = "regressed after fix"
    ONGOING = "ongoing"
    RESOLVED = "resolved"
    UNKNOWN = "not enough data"


@dataclass(frozen=True, slots=True)
class Introduction:
    """The change that may have brought an error: one that came before it, which is no proof.

    Attributes:
        change_id: the `change` event.
        kind: release, prompt, model, configuration or feature.
        target: what was changed.
        before: its value before.
        after: its value after.
        at: when, UTC.
        hours_before: how long before the first occurrence.
    """

    change_id: str
    kind: str
    target: str
    before: str | None
    after: str | None
    at: str
    hours_before: float


@dataclass(frozen=True, slots=True)
class ErrorFinding:
    """One kind of error; counts are those of the last week unless their name says otherwise."""

    fingerprint: str
    fingerprint_version: int
    error_type: str
    message_template: str
    frames: tuple[str, ...]
    culprit: str
    kinds: int
    state: ErrorState
    occurrences: int
    previous_occurrences: int
    occurrences_total: int
    units: int
    unit_kind: str
    interactions: int
    days: int
    handled: Estimate
    trend: Trend
    score: Estimate
    first_seen: date | None
    last_seen: date | None
    returned_on: date | None
    fixed_on: date | None
    introduced_by: Introduction | None
    apis: tuple[str, ...]
    http_statuses: tuple[int, ...]
    sample_message: str | None
    sample_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BelowFloor:
    """Errors too rare to be judged."""

    reason: str
    errors: int
    occurrences: int


@dataclass(frozen=True, slots=True)
class ErrorsResult:
    """All frequent errors of a night, those that hit most units first."""

    as_of: date
    reason: str
    kinds: int
    occurrences: int
    previous_occurrences: int
    states: dict[str, int]
    errors: tuple[ErrorFinding, ...]
    below_floor: BelowFloor
    definitions: dict[str, str] = field(default_factory=dict)

    def as_artifact(self, impact: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """Return the content of `errors.json`; `impact` are the minutes each fingerprint cost."""
        return {"artifact": "errors", **as_record(self), "impact": list(impact)}
