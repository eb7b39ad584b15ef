"""Proven fixes as improvements: what each would save, on which evidence, and how sure that is (R14).

How fixes are made belongs to `fixes.py`, whether they hold to `validate/`, who approves them to `deploy/`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from ratchet.contracts.error_findings import ErrorFinding
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.fixes import Fix, Proof
from ratchet.contracts.improvements import TYPE_RULES, Improvement, ImprovementType, Priority, State
from ratchet.contracts.settings import LearningSettings
from ratchet.generate.evidence import counted, first_state

_JUDGED_BY = TYPE_RULES[ImprovementType.ERROR_FIX].judged_by


def propose_error_fixes(
    proven: Iterable[tuple[Fix, Proof]],
    known: Collection[str],
    errors: Mapping[str, ErrorFinding],
    settings: LearningSettings,
    as_of: date,
) -> list[Improvement]:
    """Return an improvement for each fix that holds, and for each known one with what holds it back tonight.

    The confidence is the lower bound of the share of logged failures that it saves.

    Args:
        proven: tonight's fixes with their proofs.
        known: ids of those that were validated before; they stay in sight whatever their proof says tonight.
        errors: tonight's findings, by fingerprint.
        settings: thresholds of confidence and of priority.
        as_of: the night's day.
    """
    return [
        _improvement(fix, proof, errors[fix.fingerprint], settings, as_of)
        for fix, proof in proven
        if fix.fingerprint in errors and (proof.holds or fix.fix_id in known)
    ]


def publication(fix: Fix, layer: int) -> dict[str, Any]:
    """Return what is recorded and published of a fix, byte for byte; its revision is known by the lifecycle."""
    return {
        "fix_id": fix.fix_id,
        "revision": 1,
        "fingerprint": fix.fingerprint,
        "family": fix.family,
        "operation": fix.operation,
        "layer": layer,
        "sha256": fix.sha256,
        "source": fix.source,
        "test": fix.test,
        "title": fix.title,
        "why": fix.why,
        "parameters": dict(fix.parameters),
        "evidence": dict(fix.evidence),
    }


def layer_of(fix: Fix) -> int:
    """Return the LAYER that a fix's source states, 0 where it states none."""
    stated = (line.partition("=")[2].strip() for line in fix.source.splitlines() if line.startswith("LAYER"))
    return next((int(value) for value in stated if value.isdecimal()), 0)


def fails_because(proof: Proof) -> str:
    """Return why a proof does not hold, empty where it does."""
    if proof.holds:
        return ""
    if proof.error:
        return proof.error
    if proof.broken.number:
        return f"it breaks {_hits(proof.broken)} of {counted(proof.broken.n, 'call')} that worked"
    if not proof.saved.number:
        return f"it saves none of {counted(proof.saved.n, 'failure')} that could be replayed"
    return "its own test fails"


def _improvement(fix: Fix, proof: Proof, error: ErrorFinding, settings: LearningSettings, as_of: date) -> Improvement:
    confidence = float(proof.saved.low or 0.0)
    held_back = fails_because(proof)
    state, why = first_state(confidence, settings.improvement_confidence_threshold)
    if held_back:
        state, why = State.PROPOSED, held_back
    is_urgent = error.occurrences > settings.high_priority_demand
    return Improvement(
        type=ImprovementType.ERROR_FIX,
        target=fix.fingerprint,
        key=fix.family,
        title=fix.title,
        why=fix.why,
        evidence=_evidence(fix, proof, error) | ({"held_back": held_back} if held_back else {}),
        priority=Priority.HIGH if is_urgent else Priority.MEDIUM,
        confidence=confidence,
        expected_effect=in_words(proof),
        proposed_on=as_of,
        effect=float(proof.saved.number or 0.0),
        reach=error.units,
        suggested_action=f"Call {fix.operation} through client.fixes: once it is approved, the fix is used there.",
        state=state,
        state_reason=why,
        artifacts=tuple(f"fixes/{fix.fix_id}/{name}" for name in ("fix.py", "test_fix.py", "fix.json")),
    )


def in_words(proof: Proof) -> str:
    """Return what a replay found, in a sentence for a stakeholder."""
    saved, broken = proof.saved, proof.broken
    if saved.number is None or saved.low is None or saved.high is None:
        return "no logged failure could be replayed"
    said = f"{_hits(saved)} of {counted(saved.n, 'logged failure')} would have succeeded ({_share(saved)})"
    if not broken.n:
        return f"{said}; no call that worked could be replayed"
    changed = f"{_hits(broken)} of" if broken.number else "none of"
    return f"{said}; {changed} {counted(broken.n, 'call')} that worked would have failed"


def _share(found: Estimate) -> str:
    return f"{found.number or 0:.0%}, 95 % interval {found.low or 0:.0%} to {found.high or 0:.0%}"


def _hits(found: Estimate) -> int:
    return round((found.number or 0.0) * found.n)


def _evidence(fix: Fix, proof: Proof, error: ErrorFinding) -> dict[str, Any]:
    return {
        "mart": "mart_fix_cases",
        "saved": proof.saved.as_record(),
        "broken": proof.broken.as_record(),
        "first_seen": error.first_seen.isoformat() if error.first_seen else None,
        "errors_7_days": error.occurrences,
        "units": error.units,
        "unit_kind": error.unit_kind,
        "unreplayable_cases": sum(proof.unreplayable.values()),
        "proof": {
            "inputs": proof.inputs,
            "sha256": proof.sha256,
            "unchanged": proof.unchanged,
            "unreplayable": dict(proof.unreplayable),
            "tests_passed": proof.tests_passed,
            "error": proof.error,
        },
        "operation": fix.operation,
        "family": fix.family,
        "parameters": dict(fix.parameters),
        "sample_event_ids": list(fix.evidence.get("sample_event_ids", error.sample_event_ids)),
        "judged_by": _JUDGED_BY,
        "publishes": publication(fix, layer_of(fix)),
    }
