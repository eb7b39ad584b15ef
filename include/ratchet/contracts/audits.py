"""What an audit of assignments finds; how it finds it belongs to `measure/audit.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from ratchet.contracts.buckets import Hash
from ratchet.contracts.estimates import as_record


class AuditVerdict(StrEnum):
    """What the audit of a phase found."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    NOT_COMPUTABLE = "not computable"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A unit that met another variant than its bucket gives it."""

    unit_id: str
    logged: str
    expected: str
    first_exposed_at: str


@dataclass(frozen=True, slots=True)
class TrialAudit:
    """The audit of one phase.

    Attributes:
        trial_id: the experiment or rollout.
        phase: from 1 on.
        hash: the way of bucketing that was held against the log.
        verdict: what was found.
        reason: the same in words.
        checked: units first exposed in the last days whose bucket was computed.
        disagreeing: those of them that met another variant.
        masked: units left out since their ids were masked on arrival, after the assignment.
        fits: the way of bucketing that the log agrees with instead, '' where none was looked for or found.
        samples: disagreements, oldest first.
        units: all units of the phase.
        crossovers: those that met several variants.
        moved: those that lost the variant of an earlier phase although its share did not shrink; in an experiment, all
            whose variant changed with an edit.
        exposed_after_outcome: those with an outcome before they met the flag.
        examples: ids of units of the last days that crossed over, moved, or met the flag after an outcome.
    """

    trial_id: str
    phase: int
    hash: Hash
    verdict: AuditVerdict
    reason: str
    checked: int
    disagreeing: int | None
    masked: int
    fits: str
    samples: tuple[Disagreement, ...]
    units: int
    crossovers: int
    moved: int
    exposed_after_outcome: int
    examples: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The audit of every phase, by trial and phase."""

    as_of: date
    trials: tuple[TrialAudit, ...]

    def as_artifact(self) -> dict[str, Any]:
        """Return the audit's part of the artifacts."""
        return {"artifact": "audit", **as_record(self)}
