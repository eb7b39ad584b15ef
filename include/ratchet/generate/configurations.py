"""A configuration that does better on the same cases as an improvement: the draft of an experiment (R78).

How configurations are compared belongs to `analyze/agents/league.py`; a person files the draft as an experiment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby
from typing import Any

from ratchet.contracts.improvements import Improvement, ImprovementType, Priority
from ratchet.contracts.names import in_words
from ratchet.generate.experiment_drafts import checked, draft

LEAST_GAIN = 0.03  # of success over all configurations; less is not worth a change
_SURE = 0.05
Row = Mapping[str, Any]


def propose_configurations(league: Iterable[Row], as_of: date) -> list[Improvement]:
    """Return an improvement for every agent whose best configuration is surely better and not the one used most.

    Args:
        league: the table `league` of `agents.json`.
        as_of: the night's day.
    """
    own = sorted((r for r in league if r["dimension"] == "config_hash"), key=lambda r: (r["group"], -r["attempts"]))
    found = [(agent, list(rows)) for agent, rows in groupby(own, key=lambda r: str(r["group"]))]
    best = [(agent, rows[0], next((r for r in rows if r["rank"] == 1), None)) for agent, rows in found]
    return [
        _proposal(agent, used, top, as_of) for agent, used, top in best if top is not None and _is_better(top, used)
    ]


def _is_better(top: Row, used: Row) -> bool:
    if top["name"] == used["name"] or top["q"] is None or top["q"] > _SURE:
        return False
    return bool(top["adjusted"]["value"] - top["mean"] >= LEAST_GAIN)


def _proposal(agent: str, used: Row, top: Row, as_of: date) -> Improvement:
    experiment = _draft(agent, str(used["name"]), str(top["name"]))
    state, why = checked(experiment)
    name, other = in_words(str(top["name"]), 40), in_words(str(used["name"]), 40)
    return Improvement(
        type=ImprovementType.AGENT_CONFIGURATION,
        target=agent or "agents without a name",
        key=f"{used['name']}/{top['name']}",
        title=f"Try configuration {name} for {in_words(agent, 40) or 'agents without a name'}",
        why=f"With the same cases it succeeds in {top['adjusted']['value']:.1%} of {top['adjusted']['n']:,} attempts, "
        f"all configurations together in {top['mean']:.1%}; {other} is used most.",
        evidence={
            "mart": "mart_agents",
            "sample_event_ids": [],
            "window_days": 30,
            "configurations": [
                {"name": row["name"], "attempts": row["attempts"], "adjusted": row["adjusted"], "q": row["q"]}
                for row in (used, top)
            ],
            "judged_by": "the primary metric of the experiment",
            "experiment": experiment,
        },
        priority=Priority.MEDIUM,
        confidence=None,
        expected_effect=f"{top['adjusted']['value'] - top['mean']:+.1%} of success, if the comparison holds",
        proposed_on=as_of,
        effect=float(top["adjusted"]["value"] - top["mean"]),
        reach=int(used["attempts"]),
        suggested_action="File the draft under include/config/experiments/ and let the application ask for its flag.",
        state=state,
        state_reason=why,
    )


def _draft(agent: str, used: str, better: str) -> dict[str, Any]:
    return draft(
        "configuration",
        (agent, used, better),
        f"Configuration {in_words(better)} succeeds more often than {in_words(used)}.",
        "candidate",
        {"configured_success": ("success", "increase"), "configured_duration": ("duration_ms", "decrease")},
    )
