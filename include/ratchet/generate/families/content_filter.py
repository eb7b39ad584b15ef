"""Content filters: an answer that was filtered may pass on a second try; a question that was filtered never does."""

from __future__ import annotations

from ratchet.contracts.fixes import Declined, NoFix
from ratchet.generate.families.base import Draft, Evidence, Family
from ratchet.generate.families.repetition import Repeats, fit

_HOW = Repeats(
    what="the answer is held back by a content filter",
    words=("filter", "policy"),
    budget_s=20.0,
    own_only=True,
)
_OF_THE_QUESTION = ("prompt was filtered", "input was filtered", "prompt triggered", "request was filtered")


def _knows(evidence: Evidence) -> bool:
    return evidence.says("contentfilter", "content_filter", "content filter", "content policy", "was filtered")


def _fit(evidence: Evidence) -> Draft | NoFix:
    if evidence.says(*_OF_THE_QUESTION):
        said = "the question was filtered: the same question would be again"
        return evidence.declined(Declined.NOT_FITTED, said)
    return fit(evidence, _HOW)


FAMILY = Family("content_filter", _knows, _fit, ("operation", "idempotent", "a later success of the same call"))
