"""Tasks from patterns: what fails after the same steps, and what code and answers show again and again (R67).

What a pattern is belongs to `analyze/`; errors, gaps and low scores have proposals of their own, and a pattern that
leads to none of them says why in `patterns.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ratchet.contracts.improvements import Improvement, ImprovementType, Priority
from ratchet.contracts.names import in_words
from ratchet.contracts.settings import LearningSettings
from ratchet.generate.evidence import counted, first_state, out_of_ten

KEY = "failing_sequence"
CODE_KEY = "learning_pattern"
_FAILED = " (failed)"


def propose_pattern_tasks(
    patterns: Mapping[str, Any], settings: LearningSettings, as_of: date, precision: float
) -> list[Improvement]:
    """Return a task for each action that fails after the same steps, and for each frequent sign of the catalogue.

    The confidence of a sequence is the lower 95 % bound of its own, that of a sign the catalogue's precision.

    Args:
        patterns: the content of `patterns.json`.
        settings: the threshold of confidence.
        as_of: the night's day.
        precision: lower 95 % bound of the share of signs that are right, measured on labelled texts.
    """
    signs = [f for f in patterns["frequent"] if f["kind"] == "learning pattern" and f["leads_to"]]
    failing = [s for s in patterns["sequences"] if s["leads_to"] == ImprovementType.FEEDBACK_TASK.value]
    first: dict[str, Mapping[str, Any]] = {}
    for sequence in failing:
        first.setdefault(sequence["actions"][-1], sequence)
    return [_task(s, settings, as_of, str(patterns["definitions"].get("sequence", ""))) for s in first.values()] + [
        _sign(f, settings, as_of, precision, str(patterns["definitions"].get("frequent", ""))) for f in signs
    ]


def _task(sequence: Mapping[str, Any], settings: LearningSettings, as_of: date, threshold: str) -> Improvement:
    *steps, last = sequence["actions"]
    name = in_words(last.removesuffix(_FAILED))
    before, confidence = " → ".join(in_words(step) for step in steps), sequence["confidence"]
    share = out_of_ten(confidence["value"]).capitalize()
    state, reason = first_state(confidence["low"], settings.improvement_confidence_threshold)
    return Improvement(
        type=ImprovementType.FEEDBACK_TASK,
        target=last.removesuffix(_FAILED),
        key=KEY,
        title=f"Mend {name} where it fails after the same steps",
        why=f"{share} of the sessions with “{before}” go on to fail at “{name}”.",
        evidence={
            "mart": "mart_sequences",
            "window_days": 7,
            "occurrences": sequence["sessions"],
            "actions": sequence["actions"],
            "support": sequence["support"],
            "confidence": confidence,
            "lift": sequence["lift"],
            "q": sequence["q"],
            "samples": [],
            "sample_event_ids": [],
            "threshold": threshold,
            "judged_by": f"failure rate of requests for “{name}”",
        },
        priority=Priority.MEDIUM,
        confidence=confidence["low"],
        expected_effect=f"up to {counted(sequence['sessions'], 'session')} a week would not end there",
        proposed_on=as_of,
        effect=max(0.0, 1 - 1 / sequence["lift"]),
        reach=sequence["sessions"],
        suggested_action=f"Look at what “{before}” hands over to “{name}”.",
        state=state,
        state_reason=reason,
    )


def _sign(
    found: Mapping[str, Any], settings: LearningSettings, as_of: date, precision: float, threshold: str
) -> Improvement:
    name, remedy, now = found["name"], found["because"], found["trend"]["now"]
    state, reason = first_state(precision, settings.improvement_confidence_threshold)
    return Improvement(
        type=ImprovementType.FEEDBACK_TASK,
        target=name,
        key=CODE_KEY,
        title=f"{remedy[:1].upper()}{remedy[1:]} ({name})",
        why=f"Answers, findings or errors showed “{name}” {counted(now, 'time')} in 7 days.",
        evidence={
            "mart": "mart_pattern_days",
            "window_days": 7,
            "occurrences": now,
            "trend": found["trend"],
            "samples": [],
            "sample_event_ids": [],
            "threshold": threshold,
            "judged_by": f"texts a week that show “{name}”",
        },
        priority=Priority.MEDIUM if found["course"] in ("new", "rising") else Priority.LOW,
        confidence=precision,
        expected_effect=f"up to {counted(now, 'text')} a week would not show it",
        proposed_on=as_of,
        effect=0.0,  # what it would bring is not known: it comes after what is
        reach=now,
        suggested_action=f"{remedy[:1].upper()}{remedy[1:]}, in the prompts of the agents that write such code first.",
        state=state,
        state_reason=reason,
    )
