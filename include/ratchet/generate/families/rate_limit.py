"""Rate limits: wait as long as the service asks, or as calls of the log took to be let through again (R10)."""

from __future__ import annotations

from ratchet.contracts.fixes import NoFix
from ratchet.generate.families.base import Draft, Evidence, Family
from ratchet.generate.families.repetition import Repeats, fit

_HOW = Repeats(
    what="it is asked for too often",
    words=("rate limit", "too many requests", "quota", "429"),
    budget_s=120.0,
    refused=True,
)


def _knows(evidence: Evidence) -> bool:
    return 429 in evidence.finding.http_statuses or evidence.says("ratelimit", "rate limit", "too many requests")


def _fit(evidence: Evidence) -> Draft | NoFix:
    return fit(evidence, _HOW)


FAMILY = Family("rate_limit", _knows, _fit, ("operation", "a later success of the call or of the operation"))
