"""Timeouts: an operation that may be repeated is called again."""

from __future__ import annotations

from ratchet.contracts.fixes import NoFix
from ratchet.generate.families.base import Draft, Evidence, Family
from ratchet.generate.families.repetition import Repeats, fit

_HOW = Repeats(
    what="it takes longer than its time limit", words=("timed out", "timeout", "deadline exceeded"), budget_s=90.0
)


def _knows(evidence: Evidence) -> bool:
    named = evidence.is_called("timeout", "timedout", "deadlineexceeded")
    return named or evidence.says("timed out", "deadline exceeded") or {408, 504} >= _statuses(evidence) > set()


def _statuses(evidence: Evidence) -> set[int]:
    return set(evidence.finding.http_statuses)


def _fit(evidence: Evidence) -> Draft | NoFix:
    return fit(evidence, _HOW)


FAMILY = Family("timeout", _knows, _fit, ("operation", "idempotent", "a later success of the call or of the operation"))
