"""Improvements: what is proposed, why, on which evidence, how sure, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from ratchet.contracts.improvements import TYPE_RULES, ImprovementType, State
from ratchet.report import charts, numbers
from ratchet.report.logtext import logged, prose, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, evidence, label, rows, total
from ratchet.report.view import Block, Fact, Label, Paragraph, Place, Proposal, Proposals, Tone

SHOWN = 10
_FACTS = 6
_SMALLEST_Q = 0.0001
_STATES = {
    State.VALIDATED.value: Label("waiting for a decision", Tone.WARN),
    State.APPROVED.value: Label("approved", Tone.GOOD),
    State.DEPLOYED.value: Label("deployed", Tone.GOOD),
    State.KEPT.value: Label("kept", Tone.GOOD),
    State.ROLLED_BACK.value: Label("rolled back", Tone.BAD),
}
_AGENTS = Place("agents", "Agents and models")
# the section that shows what the evidence of a type was read from
_FOUND_IN: dict[ImprovementType, Place] = {
    ImprovementType.ERROR_FIX: Place("fixes", "Fixes of errors"),
    ImprovementType.RESOURCE_SETTING: Place("tuning", "Adaptive settings"),
    ImprovementType.EXPERIMENT_DECISION: Place("experiments", "Experiments"),
    ImprovementType.ROLLOUT_STEP: Place("rollouts", "Rollouts"),
    ImprovementType.PROMPT_REFINEMENT: _AGENTS,
    ImprovementType.AGENT_CONFIGURATION: _AGENTS,
    ImprovementType.MODEL_SELECTION: _AGENTS,
    ImprovementType.WORKFLOW_OPTIMIZATION: Place("workflows", "Workflows"),
    ImprovementType.API_CAPABILITY: Place("apis", "Connected APIs"),
    ImprovementType.FEATURE_REQUEST: Place("gaps", "Feature gaps"),
    ImprovementType.FEEDBACK_TASK: Place("feedback", "Feedback"),
}
# evidence that has a better name than its key; evidence of types that come later is shown under its key
_NAMES: dict[str, tuple[str, Unit]] = {
    "demand": ("Failed requests", Unit.COUNT),
    "occurrences": ("Low scores", Unit.COUNT),
    "units": ("Asked by", Unit.COUNT),
    "failing_units": ("Failed for", Unit.COUNT),
    "failure_rate": ("Failed share", Unit.SHARE),
    "rest_failure_rate": ("Of all others", Unit.SHARE),
    "low_share": ("Low share", Unit.SHARE),
    "rest_low_share": ("Of all others", Unit.SHARE),
    "shrunk_mean": ("Average score", Unit.SCORE),
    "lift": ("Against the others", Unit.TIMES),
    "saved": ("Logged failures saved", Unit.SHARE),
    "broken": ("Past successes broken", Unit.SHARE),
    "errors_7_days": ("Errors in 7 days", Unit.COUNT),
    "unreplayable_cases": ("Not replayable", Unit.COUNT),
}
# evidence that stands elsewhere on the card, or is the n of an estimate
_ELSEWHERE = (
    "mart",
    "window_days",
    "threshold",
    "judged_by",
    "unit_kind",
    "status",
    "requests",
    "scored",
    "unknown",
    "unsupported",
    "mean",
    "response_rate",
    "lift_q",
)


def waiting(result: Row) -> list[Row]:
    """Return the improvements that a person has to decide on, in the order of the artifact."""
    return [i for i in rows(result, "improvements") if _group(i, str(result.get("as_of"))) == 0]


def _group(i: Row, as_of: str) -> int:
    if i.get("vanished_on"):
        return 3
    snoozed = str(i.get("snoozed_until") or "") > as_of
    return {State.VALIDATED.value: 1 if snoozed else 0, State.PROPOSED.value: 1}.get(str(i.get("state")), 2)


def improvements(result: Row, tasks: Row, day: date) -> list[Block]:
    """Return the improvements of the night, those that wait for a decision first."""
    found = sorted(rows(result, "improvements"), key=lambda i: _group(i, str(result.get("as_of"))))
    if not found:
        return [
            Paragraph(text(f"Nothing is proposed: {result.get('reason') or 'no finding is strong enough to act on'}."))
        ]
    proposals = tuple(_proposal(i, day) for i in found[:SHOWN])
    shown = Proposals("Improvements", proposals, len(found), "improvements.csv")
    return [Paragraph(text(_lead(found, day))), shown, *_later(result, tasks)]


def _lead(found: list[Row], day: date) -> str:
    new = sum(i.get("proposed_on") == day.isoformat() for i in found)
    named = Counter(_state(i).text for i in found)
    said = ", ".join(f"{count(n)} {name}" for name, n in sorted(named.items(), key=lambda pair: (-pair[1], pair[0])))
    return f"{count(len(found), 'improvement')}, {count(new) if new else 'none'} of them new tonight: {said}."


def _later(result: Row, tasks: Row) -> list[Block]:
    deferred, handed = total(result, "deferred"), len(rows(tasks, "tasks"))
    said = []
    if handed:
        said.append(f"{count(handed, 'open task')} for teams in tasks.json.")
    if deferred:
        said.append(f"{count(deferred)} more found beyond the limits of a night; they are proposed on a later one.")
    return [Paragraph(text(" ".join(said)), Tone.MUTED)] if said else []


def _proposal(i: Row, day: date) -> Proposal:
    kind, proof = str(i.get("type")), i.get("evidence") or {}
    rule = TYPE_RULES[ImprovementType(kind)] if kind in set(ImprovementType) else None
    return Proposal(
        improvement_id=logged(i.get("improvement_id")),
        revision=total(i, "revision") or 1,
        type=kind.replace("_", " ").capitalize(),
        title=prose(i.get("title"), "(no title)"),
        why=prose(i.get("why")),
        action=prose(i.get("suggested_action")),
        priority=label(i.get("priority")),
        state=_state(i),
        state_reason=prose(_standing(i, day)),
        confidence=i.get("confidence"),
        expected_effect=prose(str(i.get("expected_effect") or "").rstrip("."), "not stated"),
        proposed_on=str(i.get("proposed_on") or ""),
        judged_by=prose(proof.get("judged_by") or (rule.judged_by if rule else None), "not stated"),
        is_new=i.get("proposed_on") == day.isoformat(),
        facts=_facts(proof),
        source=prose(_source(proof)),
        evidence=evidence(proof),
        found_in=_FOUND_IN[ImprovementType(kind)] if rule else None,
    )


def _standing(i: Row, day: date) -> str:
    """Return why it stands where it stands, who looks after it, and until when nobody is asked."""
    asleep, owner = str(i.get("snoozed_until") or ""), i.get("assigned_to")
    said = (
        str(i.get("state_reason") or ""),
        f"assigned to {owner}" if owner else "",
        f"snoozed until {asleep}" if asleep > day.isoformat() else "",
    )
    return "; ".join(filter(None, said))


def _state(i: Row) -> Label:
    state = str(i.get("state"))
    if i.get("vanished_on"):
        return Label("no longer found", Tone.PLAIN)
    return _STATES.get(state, label(state))


def _source(proof: Row) -> str:
    days, q = total(proof, "window_days"), proof.get("lift_q")
    said = (
        str(proof.get("mart") or ""),
        count(days, "day") if days else "",
        "" if q is None else "q < 0.0001" if q < _SMALLEST_Q else f"q = {numbers.number(q, Unit.RATIO)}",
        str(proof.get("threshold") or ""),
    )
    return "; ".join(filter(None, said))


def _facts(proof: Row) -> tuple[Fact, ...]:
    """Return counts and estimates of an improvement's evidence, in the order in which they are stored."""
    found = (_fact(key, value, proof) for key, value in proof.items() if key not in _ELSEWHERE)
    return tuple(fact for fact in found if fact is not None)[:_FACTS]


def _fact(key: str, value: Any, proof: Row) -> Fact | None:
    name, unit = _NAMES.get(
        key, (key.replace("_", " ").capitalize(), Unit.COUNT if isinstance(value, int) else Unit.RATIO)
    )
    if isinstance(value, Mapping) and "value" in value:
        known = estimate(value)
        return Fact(name, known.number, unit, None, charts.uncertainty_in_words(known, unit))
    if isinstance(value, int | float) and not isinstance(value, bool):
        kind = f"{proof['unit_kind']}s" if key in ("units", "failing_units") and proof.get("unit_kind") else ""
        return Fact(name, value, unit, None, kind)
    return None
