"""Tools and functions that a model calls by a name nobody has: call the nearest known one, where only one is near."""

from __future__ import annotations

import difflib

from ratchet.contracts.fix_cases import is_name
from ratchet.contracts.fixes import Declined, NoFix
from ratchet.contracts.tool_names import KEYS, key_of, known_names
from ratchet.generate.families.base import LEAST_CASES, Draft, Evidence, Family
from ratchet.generate.families.templates import tool_not_found, tool_not_found_test

CUTOFF, MARGIN = 0.8, 0.05  # similarity of the nearest name, and how much farther the second nearest must be
MOST_NAMES = 50


def _knows(evidence: Evidence) -> bool:
    named = evidence.is_called("toolnotfound", "functionnotfound", "unknowntool", "unknownfunction", "nosuchtool")
    return named or evidence.says(
        "no tool named", "unknown tool", "unknown function", "is no function", "tool not found"
    )


def _fit(evidence: Evidence) -> Draft | NoFix:
    key = key_of(evidence.failures)
    wrong = sorted({str(case.params[key]) for case in evidence.old_failures if key in case.params})
    known = known_names(evidence.old_failures, evidence.old_successes, key)
    if sum(key in case.params for case in evidence.failures) < LEAST_CASES or not known:
        said = f"log the name that was called ({', '.join(KEYS)}) and those that are known (`known`)"
        return evidence.declined(Declined.NO_CONTEXT, said)
    pairs = [(name, near) for name in wrong if is_name(name) and (near := nearest(name, known))]
    if not pairs:
        return evidence.declined(Declined.NOT_FITTED, f"none of {len(known)} known names is near enough to be meant")
    listed = ", ".join(f"{name} is called for {near}" for name, near in pairs[:5])
    return Draft(
        template=tool_not_found,
        test=tool_not_found_test,
        values={"ERROR_NAME": evidence.error_name, "KEY": key, "RENAMED": pairs[:MOST_NAMES]},
        summary="Call a tool by the name it has.",
        why=f"A model calls tools by names that nobody has, one letter or word off: {listed}.",
        grounds=(f"Of {len(wrong)} unknown names {len(pairs)} have one near neighbour among {len(known)}: {listed}.",),
    )


def nearest(name: str, known: tuple[str, ...]) -> str:
    """Return the known name that is clearly nearest, '' where none is or two are."""
    ratios = sorted(((difflib.SequenceMatcher(None, name, other).ratio(), other) for other in known), reverse=True)
    if not ratios or ratios[0][0] < CUTOFF or name in known:
        return ""
    return ratios[0][1] if len(ratios) == 1 or ratios[0][0] - ratios[1][0] >= MARGIN else ""


FAMILY = Family("tool_not_found", _knows, _fit, ("operation", "params with the name", "known names"))
