"""Connections that break and servers that fail for a moment: an operation that may be repeated is called again."""

from __future__ import annotations

from ratchet.contracts.fixes import NoFix
from ratchet.generate.families.base import Draft, Evidence, Family
from ratchet.generate.families.repetition import Repeats, fit

_HOW = Repeats(
    what="its server or the network fails for a moment",
    words=("connection", "unavailable", "network", "server error", "reset", "unreachable", "bad gateway"),
    budget_s=60.0,
)


def _knows(evidence: Evidence) -> bool:
    if any(status >= 500 for status in evidence.finding.http_statuses):
        return True
    return evidence.is_called(
        "connectionerror", "connectionreset", "connectionrefused", "serviceunavailable", "servererror", "networkerror"
    ) or evidence.says("connection reset", "connection refused", "temporarily unavailable", "bad gateway")


def _fit(evidence: Evidence) -> Draft | NoFix:
    return fit(evidence, _HOW)


FAMILY = Family(
    "transient", _knows, _fit, ("operation", "idempotent", "a later success of the call or of the operation")
)
