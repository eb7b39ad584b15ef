"""Another model for an intent as an improvement: the draft of an experiment, never a switch (R80).

Which model is better on the log belongs to `analyze/agents/choices.py`; a person files the draft as an experiment.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from ratchet.contracts.agents import Choice
from ratchet.contracts.estimates import as_record
from ratchet.contracts.improvements import Improvement, ImprovementType, Priority
from ratchet.contracts.names import in_words
from ratchet.generate.experiment_drafts import checked, draft


def propose_models(found: Iterable[Choice], as_of: date) -> list[Improvement]:
    """Return an improvement for every intent that another model answers better on the log.

    Args:
        found: tonight's choices.
        as_of: the night's day.
    """
    return [_proposal(choice, as_of) for choice in found if choice.better]


def _proposal(choice: Choice, as_of: date) -> Improvement:
    experiment = _draft(choice)
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


def _draft(choice: Choice) -> dict[str, Any]:
    return draft(
        "model",
        (choice.intent, choice.today, choice.better),
        f"{in_words(choice.better)} is as good as {in_words(choice.today)} and better in cost, time or "
        f"success for {in_words(choice.intent) or 'all intents'}.",
        "candidate",
        {
            "candidate_success": ("success", "increase"),
            "candidate_duration": ("duration_ms", "decrease"),
            "candidate_cost": ("cost_usd", "decrease"),
        },
    )
