"""What a generated fix is, what it is replayed on, and what the replay found (R10-R13).

Families that make fixes live in `generate/families/`, the sandbox and the replay in `validate/`, their way to the
application in `deploy/` and `client/`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ratchet.contracts.estimates import Estimate
from ratchet.contracts.improvements import Improvement, ImprovementType


class Declined(StrEnum):
    """Why there is no fix for an error."""

    NO_FAMILY = "no_family"  # no family knows this kind of error
    TOO_RARE = "too_rare"  # fewer failing cases than a family needs
    NO_OPERATION = "no_operation"  # the log does not say which operation failed
    NO_CONTEXT = "no_context"  # the context keys that the family replays with were not logged
    NO_SUCCESSES = "no_successes"  # nothing that succeeded to learn from, or to protect
    NOT_FITTED = "not_fitted"  # no parameters would have saved enough
    SEVERAL_OPERATIONS = "several_operations"  # one fingerprint, several operations, none of them dominant
    UNSAFE_TO_REPEAT = "unsafe_to_repeat"  # a retry could do twice what must be done once


class CaseOutcome(StrEnum):
    """What became of one case when it was replayed with the fix."""

    SAVED = "saved"  # failed before, succeeds now
    UNCHANGED = "unchanged"  # as before
    BROKEN = "broken"  # succeeded before, fails now or gives another result
    UNREPLAYABLE = "unreplayable"  # what the replay needs was not logged, or was redacted


@dataclass(frozen=True, slots=True)
class Case:
    """One logged call of an operation, failed or not; all of it is hostile.

    Attributes:
        case_id: event id of the error, or of the call that succeeded.
        failed: whether it failed with the fingerprint.
        operation: which call of the application, as its events name it.
        params: what it was called with.
        context: the error's `context`, with `http_status`, `retry_after_s` and `attempt` where they were logged; for a
            success what its event says of the same keys.
        error_type: '' for a success.
        message: '' for a success.
        recovers_after_s: seconds until the same operation is next logged to succeed, None where it never is.
    """

    case_id: str
    failed: bool
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    error_type: str = ""
    message: str = ""
    recovers_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """A generated fix.

    `source` is a module that an application imports. Its public face, the same for every family:

        FIX_ID, FINGERPRINT, FAMILY, OPERATION: Final[str]; LAYER: Final[int]
        def apply(call, params, acted): ...
        async def apply_async(call, params, acted): ...

    `call` takes one dict of parameters and is the operation, `acted()` is called when the fix does something; an error
    that the fix does not handle is raised as it came. Fixes of one operation are nested by LAYER: 0 changes parameters
    or results, 1 repeats calls.

    Attributes:
        fingerprint: of the error.
        family: which module made it.
        operation: which call of the application it protects.
        source: of `fix.py`.
        test: of `test_fix.py`, which pytest runs beside `fix.py`.
        title: what it does, in a few words.
        why: one sentence for a stakeholder.
        parameters: what was fitted from the log, for people and for the ledger.
        evidence: counts behind the parameters, with sample event ids.
    """

    fingerprint: str
    family: str
    operation: str
    source: str
    test: str
    title: str
    why: str
    parameters: Mapping[str, Any]
    evidence: Mapping[str, Any]

    @property
    def fix_id(self) -> str:
        """Return the id of its improvement."""
        return fix_id(self.fingerprint, self.family)

    @property
    def sha256(self) -> str:
        """Return the hash of its source."""
        return hashlib.sha256(self.source.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class NoFix:
    """Why a frequent error has no fix, with the words for the report."""

    fingerprint: str
    reason: Declined
    said: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What a replay found.

    Attributes:
        fix_id: of the fix.
        sha256: of its source.
        inputs: hash of the set of cases.
        level: which isolation held.
        saved: failing cases that succeed now, with n and the Clopper-Pearson interval.
        broken: past successes that fail now, with n and the Clopper-Pearson interval.
        unchanged: failing cases that still fail.
        unreplayable: cases by what they lack.
        error: why the replay ended early, empty where it did not.
        tests_passed: whether `test_fix.py` passed in the sandbox.
    """

    fix_id: str
    sha256: str
    inputs: str
    level: str
    saved: Estimate
    broken: Estimate
    unchanged: int
    unreplayable: Mapping[str, int]
    error: str = ""
    tests_passed: bool = False

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Proof:
        """Return what `estimates.as_record` has made of a proof."""
        shares = {name: Estimate.from_record(record[name]) for name in ("saved", "broken")}
        return cls(**{**record, **shares})

    @property
    def holds(self) -> bool:
        """Return whether the fix may be used: something saved, nothing broken, its own test passed."""
        return not self.error and self.tests_passed and bool(self.saved.number) and not self.broken.number


def fix_id(fingerprint: str, family: str) -> str:
    """Return the improvement id of a family's fix for an error."""
    return Improvement.id_of(ImprovementType.ERROR_FIX, fingerprint, family)
