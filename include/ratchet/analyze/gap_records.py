"""What a night says about gaps: the records behind `features.json` and the meaning of their figures.

How they are found belongs to `gaps.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from ratchet.analyze.change import TEST, Trend
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.improvements import Priority
from ratchet.contracts.settings import LearningSettings


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


def definitions(s: LearningSettings) -> dict[str, str]:
    """Return what every figure of `features.json` means under the settings in force."""
    rest = s.suggestion_window_days - s.gap_window_days
    return {
        "feature": "the logged intent of what users asked (root interactions)",
        "demand": f"failed requests in the last {s.suggestion_window_days} days",
        "priority": f"high above {s.high_priority_demand} failed requests, low once fixed, else medium",
        "gap": (
            f"more than {s.gap_floor_events} failed requests by at least {s.gap_floor_units} units in "
            f"{s.suggestion_window_days} days, and in that window or the last {s.gap_window_days} days it fails more "
            "often than all other intents together (Fisher's exact test, Benjamini–Hochberg), or at least half of the "
            f"time (lower bound), or more than {s.gap_floor_events} times for want of support"
        ),
        "failure_rate": "failed of the requests with a known outcome, with Wilson's 95 % interval",
        "unsupported": "failed requests whose error says that the thing is not supported",
        "trend": (
            f"failed requests per request of any kind in the last {s.gap_window_days} days over the {rest} days "
            f"before; {TEST}"
        ),
        "status": (
            "new: a rise from nothing; growing, shrinking: beyond chance; fixed: fallen to nothing while others "
            "succeed; stable: a doubling and a halving are both ruled out; else not enough data"
        ),
        "score": "units that asked x failure rate x trend, the trend drawn toward 1 by its uncertainty; for ranking",
        "samples": f"redacted texts of failed requests, where at least {s.k_anonymity} units failed",
    }
