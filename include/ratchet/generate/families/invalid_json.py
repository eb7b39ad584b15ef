"""JSON that a model wrote with a comma or a bracket too few: repair it within limits, and make nothing up."""

from __future__ import annotations

from ratchet.contracts.fix_cases import json_text
from ratchet.contracts.fixes import Declined, NoFix
from ratchet.generate.families.base import LEAST_CASES, Draft, Evidence, Family
from ratchet.generate.families.templates import invalid_json, invalid_json_test

MOST_EDITS = 12


def _knows(evidence: Evidence) -> bool:
    return evidence.is_called("jsondecode", "jsonparse") or evidence.says("invalid json")


def _fit(evidence: Evidence) -> Draft | NoFix:
    texts = [text for case in evidence.old_failures if (text := json_text(case)) is not None]
    logged = sum(json_text(case) is not None for case in evidence.failures)
    if logged < LEAST_CASES:
        said = f"the text that could not be parsed was logged (`raw_output`) with {logged} of {len(evidence.failures)}"
        return evidence.declined(Declined.NO_CONTEXT, said)
    if evidence.error_name != "JSONDecodeError":
        return evidence.declined(Declined.NOT_FITTED, "only errors of Python's own parser carry the text to repair")
    repaired = [found[1] for text in texts if (found := invalid_json.repaired(text)) and found[1] <= MOST_EDITS]
    if not repaired:
        said = f"none of {len(texts)} texts becomes JSON with {MOST_EDITS} commas and brackets changed"
        return evidence.declined(Declined.NOT_FITTED, said)
    longest = max(1000, 2 * max(len(text) for text in texts))
    return Draft(
        template=invalid_json,
        test=invalid_json_test,
        values={"MOST_EDITS": max(repaired), "MOST_CHARACTERS": longest},
        summary="Repair JSON that a model wrote, within limits.",
        why=f"“{evidence.operation}” fails on JSON with a comma or a bracket missing, which can be put right.",
        grounds=(f"{len(repaired)} of {len(texts)} texts become JSON with at most {max(repaired)} marks changed.",),
    )


FAMILY = Family("invalid_json", _knows, _fit, ("operation", "params with the text, or raw_output"))
