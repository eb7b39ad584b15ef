"""Improvement tasks: what to do about intents that people are not satisfied with (R29), and the list for the teams.

What counts as a pattern belongs to `analyze/feedback.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ratchet.contracts.estimates import as_record
from ratchet.contracts.gaps import Gap, GapsResult
from ratchet.contracts.improvements import Improvement, ImprovementType, Priority, State
from ratchet.contracts.names import in_words
from ratchet.contracts.satisfaction import FeedbackResult, Pattern, Sign
from ratchet.contracts.settings import LearningSettings
from ratchet.generate.evidence import counted, first_state, out_of_ten

KEY = "low_satisfaction"
HIGH_BELOW = 4.0
SAMPLES = 3
_OPEN = (State.PROPOSED, State.VALIDATED, State.APPROVED)
_HANDED_OVER = (ImprovementType.FEEDBACK_TASK, ImprovementType.FEATURE_REQUEST)
_BEHAVIOUR = "behaviour"


def propose_tasks(result: FeedbackResult, gaps: GapsResult | None, settings: LearningSettings) -> list[Improvement]:
    """Return a task for every pattern of low satisfaction.

    The confidence is the lower 95 % bound of the share of low scores.

    Args:
        result: tonight's feedback.
        gaps: tonight's gaps, whose errors say where to begin; None where they are not known.
        settings: the threshold of confidence.
    """
    known = {gap.feature: gap for gap in gaps.features} if gaps else {}
    return [_task(pattern, known.get(pattern.intent), result, settings) for pattern in result.patterns]


def _task(pattern: Pattern, gap: Gap | None, result: FeedbackResult, settings: LearningSettings) -> Improvement:
    feedback = pattern.feedback
    confidence = feedback.low_share.low or 0.0
    state, reason = first_state(confidence, settings.improvement_confidence_threshold)
    mean, share = feedback.shrunk_mean.number or 0.0, feedback.low_share.number or 0.0
    effect = max(0.0, share - (pattern.rest_low_share or 0.0))
    name = in_words(pattern.intent)
    return Improvement(
        type=ImprovementType.FEEDBACK_TASK,
        target=pattern.intent,
        key=KEY,
        title=f"Improve {name} (average score {mean:.1f} of 10)",
        why=(
            f"{out_of_ten(share).capitalize()} of the {counted(feedback.scored, 'score')} given to “{name}” in "
            f"{pattern.window_days} days are low."
        ),
        evidence=_evidence(pattern, result),
        priority=Priority.HIGH if mean < HIGH_BELOW else Priority.MEDIUM,
        confidence=confidence,
        expected_effect=_expected(pattern, effect),
        proposed_on=result.as_of,
        effect=effect,
        reach=feedback.units,
        suggested_action=_action(pattern, gap),
        state=state,
        state_reason=reason,
    )


def _expected(pattern: Pattern, effect: float) -> str:
    fewer = round(effect * pattern.feedback.scored)
    goal = "if it were liked as well as the rest" if pattern.rest_low_share is not None else "if all were satisfied"
    return f"about {counted(fewer, 'fewer low score')} in {pattern.window_days} days {goal}"


def _action(pattern: Pattern, gap: Gap | None) -> str:
    said = []
    error = next((e for e in gap.errors if e.error), None) if gap else None
    if gap and error:
        failed = f"it ends {error.failures:,} of its {gap.demand:,} failed requests"
        said.append(f"Remove the error “{in_words(error.error)}” first: {failed}.")
    if pattern.words:
        said.append(f"Read the low comments about {_listed(w.word for w in pattern.words[:3])}.")
    low = pattern.feedback.low_by_kind
    if low and 2 * low.get(_BEHAVIOUR, 0) > sum(low.values()):
        said.append("Most low scores come from what users did next, such as asking again at once: check first answers.")
    elif Sign.WORSE_THAN_REST in pattern.signs and not said:
        said.append("Compare its answers with those of intents that are liked.")
    return " ".join(said) or "Read the interactions behind the low scores."


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def _evidence(pattern: Pattern, result: FeedbackResult) -> dict[str, Any]:
    feedback = pattern.feedback
    found: dict[str, Any] = as_record(
        {
            "mart": "mart_feedback",
            "window_days": pattern.window_days,
            "occurrences": feedback.low,
            "scored": feedback.scored,
            "units": feedback.units,
            "mean": feedback.mean,
            "shrunk_mean": feedback.shrunk_mean,
            "low_share": feedback.low_share,
            "rest_low_share": pattern.rest_low_share,
            "lift": feedback.lift,
            "lift_q": feedback.lift_q,
            "response_rate": feedback.response_rate,
            "signs": pattern.signs,
            "low_by_kind": feedback.low_by_kind,
            "words": pattern.words,
            "samples": pattern.samples[:SAMPLES],
            "sample_event_ids": pattern.sample_event_ids,
            "threshold": result.definitions.get("pattern", ""),
            "judged_by": f"share of low scores of “{in_words(pattern.intent)}”",
        }
    )
    return found


def tasks_artifact(improvements: Iterable[Improvement], as_of: date) -> dict[str, Any]:
    """Return the content of `tasks.json`: what is open and waits for a team, in the order it was given.

    Args:
        improvements: those of the night, ordered.
        as_of: the night's day; what is snoozed beyond it is left out and counted.
    """
    handed = [i for i in improvements if i.type in _HANDED_OVER and i.state in _OPEN and i.vanished_on is None]
    awake = [i for i in handed if i.snoozed_until is None or i.snoozed_until <= as_of]
    return {
        "artifact": "tasks",
        "as_of": as_of.isoformat(),
        "reason": "" if awake else "no finding of this night asks for a task",
        "tasks": [_entry(i) for i in awake],
        "snoozed": len(handed) - len(awake),
    }


def _entry(i: Improvement) -> dict[str, Any]:
    evidence: Mapping[str, Any] = i.evidence
    return {
        "task_id": i.improvement_id,
        "title": i.title,
        "priority": i.priority.value,
        "evidence": {
            "occurrences": evidence.get("occurrences", evidence.get("demand")),
            "sample_feedback": list(evidence.get("samples", ())),
            "sample_event_ids": list(evidence.get("sample_event_ids", ())),
            "mart": evidence.get("mart"),
            "window_days": evidence.get("window_days"),
            "units": evidence.get("units"),
            "share": evidence.get("low_share", evidence.get("failure_rate")),
        },
        "suggested_action": i.suggested_action,
        "type": i.type.value,
        "target": i.target,
        "why": i.why,
        "metric": evidence.get("judged_by"),
        "state": i.state.value,
        "state_reason": i.state_reason,
        "confidence": i.confidence,
        "revision": i.revision,
        "proposed_on": i.proposed_on.isoformat(),
    }
