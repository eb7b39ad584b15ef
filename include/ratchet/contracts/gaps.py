"""What a night says about gaps: the records behind `features.json`.

How they are found belongs to `analyze/gaps.py`, what is proposed because of them to `generate/features.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from ratchet.contracts.estimates import Estimate, Trend, as_record
from ratchet.contracts.improvements import Priority


class GapStatus(StrEnum):
    """Where a gap is going."""

    NEW = "new"
    GROWING = "growing"
    SHRINKING = "shrinking"
    FIXED = "fixed"
    STABLE = "stable"
    UNKNOWN = "not enough data"


@dataclass(frozen=True, slots=True)
class GapError:
    """One of the errors that a gap's failed requests ended with, masked."""

    error: str
    failures: int
    units: int
    sample_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """A gap within one window, and whether it stands out there."""

    requests: int
    failures: int
    unknown: int
    units: int
    failing_units: int
    failure_rate: Estimate
    rest_failure_rate: float | None
    lift: Estimate
    lift_q: float | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is asked for and fails.

    The first three fields are those of the source document; counts outside `windows` are those of the long window.
    """

    feature: str
    demand: int
    priority: Priority
    status: GapStatus
    units: int
    failing_units: int
    unit_kind: str
    requests: int
    unsupported: int
    previous_demand: int
    failure_rate: Estimate
    trend: Trend
    score: Estimate
    windows: dict[str, Window]
    first_seen: date | None
    last_seen: date | None
    errors: tuple[GapError, ...]
    samples: tuple[str, ...]
    sample_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ordinary:
    """An intent above the floor that fails no more often than the others do."""

    feature: str
    failures: int
    failure_rate: Estimate


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Requests that no gap could be made of, and why."""

    reason: str
    intents: int
    requests: int
    failures: int


@dataclass(frozen=True, slots=True)
class GapsResult:
    """All gaps of a night, the largest first, and what was left out of them."""

    as_of: date
    reason: str
    gap_window_days: int
    suggestion_window_days: int
    requests: int
    failures: int
    unknown: int
    failure_rate: Estimate
    features: tuple[Gap, ...]
    ordinary: tuple[Ordinary, ...]
    not_computable: tuple[Uncounted, ...]
    below_floor: Uncounted
    definitions: dict[str, str] = field(default_factory=dict)

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `features.json`."""
        return {"artifact": "features", **as_record(self)}
