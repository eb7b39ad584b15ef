"""What a night says about requests in vain that ask for the same thing: `clusters` in `features.json`.

How they are found belongs to `analyze/unmet.py`, how texts are grouped to `analyze/gap_clusters.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from ratchet.contracts.estimates import Estimate, Trend, as_record
from ratchet.contracts.improvements import Priority


class WishStatus(StrEnum):
    """Where a cluster is going."""

    NEW = "new"
    GROWING = "growing"
    SHRINKING = "shrinking"
    FIXED = "fixed"
    REGRESSED = "regressed"
    STABLE = "stable"
    UNKNOWN = "not enough data"


class Verdict(StrEnum):
    """What would meet the requests of a cluster."""

    BUILD = "build"
    WRAP = "wrap"
    FIX = "fix"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Wish:
    """Requests in vain that ask for the same thing; the first three fields are those of the source document.

    Attributes:
        id: stays with it from night to night.
        feature: words that enough users used.
        signals: how many requests were in vain for which reason.
        unit_kind: what a unit is, by the weakest among them.
        texts: distinct normalised texts.
        intents: under which it was asked, those of most demand first; '' where none was logged.
        same_as: the gap by intent that says the same already, empty where there is none.
        operation: of a connected API that may serve it, "API: operation", empty where there is none.
        known_since: the first night that saw it.
    """

    feature: str
    demand: int
    priority: Priority
    id: str
    status: WishStatus
    verdict: Verdict
    verdict_reason: str
    units: int
    unit_kind: str
    requests: int
    texts: int
    demand_interval: Estimate
    failure_rate: Estimate
    trend: Trend
    score: Estimate
    signals: dict[str, int]
    intents: tuple[str, ...]
    same_as: str
    operation: str
    known_since: date
    first_seen: date | None
    last_seen: date | None
    samples: tuple[str, ...]
    sample_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason for which a request counts as in vain: how often, among how many where it can be seen at all."""

    signal: str
    requests: int
    of: int
    reason: str


@dataclass(frozen=True, slots=True)
class Grouped:
    """How the requests in vain were divided: texts and requests of each part."""

    part: str
    texts: int
    requests: int


@dataclass(frozen=True, slots=True)
class UnmetResult:
    """All clusters of a night, the largest first, and what is in none."""

    clusters: tuple[Wish, ...]
    signals: tuple[Signal, ...]
    grouped: tuple[Grouped, ...]
    definitions: dict[str, str]

    def as_artifact(self) -> dict[str, Any]:
        """Return what it adds to `features.json`."""
        found: dict[str, Any] = as_record(self)
        return found


@dataclass(frozen=True, slots=True)
class Known:
    """A cluster that an earlier night has seen: its name, where its words point, and whether it was fixed."""

    id: str
    since: date
    was_fixed: bool
    sketch: tuple[int, ...]
