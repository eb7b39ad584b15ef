"""Another model for an intent as an improvement: the draft of an experiment, never a switch (R80).

Which model is better on the log belongs to `analyze/agents/choices.py`; a person files the draft as an experiment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Any

from ratchet import registry
from ratchet.contracts.agents import MARGIN, Choice
from ratchet.contracts.estimates import as_record
from ratchet.contracts.improvements import Improvement, ImprovementType, Priority, State
from ratchet.contracts.names import in_words
from ratchet.errors import SettingsError

HORIZON_DAYS = 28


def propose_models(found: Iterable[Choice], as_of: date) -> list[Improvement]:
    """Return an improvement for every intent that another model answers better on the log.

    Args:
        found: tonight's choices.
        as_of: the night's day.
    """
    return [_proposal(choice, as_of) for choice in found if choice.better]


def _proposal(choice: Choice, as_of: date) -> Improvement:
    experiment = draft(choice)
    state, why = checked(experiment)
    models = {m.model: m for m in choice.models}
    about = f"“{in_words(choice.intent, 40)}”" if choice.intent else "all intents"
    return Improvement(
        type=ImprovementType.MODEL_SELECTION,
        target=choice.intent or "all intents",
        key=f"{choice.today}/{choice.better}",
        title=f"Try {in_words(choice.better, 40)} instead of {in_words(choice.today, 40)} for {about}",
        why=f"With the same cases, {in_words(choice.better, 40)} against {in_words(choice.today, 40)}: "
        f"{choice.reason}.",
        evidence={
            "mart": "mart_agents",
            "sample_event_ids": [],
            "window_days": 30,
            "models": [as_record(models[name]) for name in (choice.today, choice.better)],
            "judged_by": "the primary metric of the experiment",
            "experiment": experiment,
        },
        priority=Priority.MEDIUM,
        confidence=None,
        expected_effect=choice.reason,
        proposed_on=as_of,
        reach=models[choice.today].attempts,
        suggested_action="File the draft under include/config/experiments/ and let the application ask for its flag.",
        state=state,
        state_reason=why,
    )


def draft(choice: Choice) -> dict[str, Any]:
    """Return the experiment that would tell, as its file would hold it."""
    digest = hashlib.sha256("\x1f".join((choice.intent, choice.today, choice.better)).encode()).hexdigest()[:12]
    return {
        "id": f"model-{digest}",
        "hypothesis": f"{in_words(choice.better)} is as good as {in_words(choice.today)} and better in cost, time or "
        f"success for {in_words(choice.intent) or 'all intents'}.",
        "flag_key": f"model-{digest}",
        "arms": [{"name": "control", "weight": 50}, {"name": "candidate", "weight": 50}],
        "hash": "flagd",
        "primary": "candidate_success",
        "guardrails": [{"metric": "candidate_duration", "margin": 0.1}, {"metric": "candidate_cost", "margin": 0.1}],
        "metrics": {
            "candidate_success": _metric("success", "increase"),
            "candidate_duration": _metric("duration_ms", "decrease"),
            "candidate_cost": _metric("cost_usd", "decrease"),
        },
        "mde": MARGIN,
        "horizon_days": HORIZON_DAYS,
    }


def _metric(column: str, direction: str) -> dict[str, Any]:
    return {"kind": "ratio", "direction": direction, "source": "interaction", "column": column}


def checked(experiment: dict[str, Any]) -> tuple[State, str]:
    """Return whether a draft is an experiment that the registry takes: the design check of its type."""
    try:
        registry.parse(experiment, {}, experiment["id"])
    except SettingsError as error:
        return State.PROPOSED, f"its design does not hold: {error}"
    return State.VALIDATED, "its design holds; what it does is told by the experiment alone"
