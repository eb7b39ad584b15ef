"""Rolls a rollout back between two nights, through the same lifecycle and the same publication as a night would.

Whether it does harm is judged in `measure/hour_stops.py`; nothing here advances anything. What is decided is in force
at once: from the first day that is not yet reported, with the instant of its publication.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from ratchet import files, inputs
from ratchet.contracts.rollout_verdicts import RolloutsResult, RolloutVerdict
from ratchet.deploy import decisions, lifecycle, publish
from ratchet.deploy.decisions import Decision, Kind
from ratchet.deploy.deployments import judgements
from ratchet.deploy.flags import FLAGS_FILE
from ratchet.generate.decisions import propose_rollout_steps
from ratchet.measure.hour_stops import stops
from ratchet.night import Night

if TYPE_CHECKING:
    import pandas as pd

    from ratchet.trials import Trials


def roll_back(last: Night, arms: pd.DataFrame, day: date, now: datetime) -> list[str]:
    """Roll back the rollouts that do harm and return their ids; the caller holds the home's lock.

    Args:
        last: the newest night, whose marts and changes are known.
        arms: `Recent.arms`.
        day: from which on it counts.
        now: when it is published.
    """
    if not (last.home.published / FLAGS_FILE).exists() or _is_night_under_way(last):
        return []
    known = inputs.trials(last, day)
    found = stops(known.registered.rollouts, known.states, arms, known.registered.objectives, day)
    made = _decisions(last, known, found, day, now) if found else []
    if not made:
        return []
    version = publish.amend(last.home, FLAGS_FILE, inputs.trials(last, day, made).flags())
    decisions.append(last.home.decisions, [_in(version, d) for d in made])
    return [verdict.rollout_id for verdict in found]


def _is_night_under_way(last: Night) -> bool:
    """Return whether a night has decided and not published yet: it would undo this; the next hour looks again."""
    closed = decisions.closed_nights(decisions.read(last.home.decisions, date.max))
    published = str(files.read_json(last.home.published / "health.json")["as_of"])
    return bool(closed) and max(closed).isoformat() > published


def _decisions(last: Night, known: Trials, found: list[RolloutVerdict], day: date, now: datetime) -> list[Decision]:
    opened = lifecycle.open_night(last.home.decisions, day, last.settings.suggestion_window_days)
    phases = {r.id: known.states[r.id].phases for r in known.registered.rollouts}
    result = RolloutsResult(day, tuple(found), phases, {r.id: r for r in known.registered.rollouts})
    made: list[Decision] = []
    for improvement in propose_rollout_steps(result, last.settings):
        facts = {**improvement.evidence["publishes"], "published_at": now.astimezone(UTC).isoformat()}
        made += lifecycle.stop(opened, improvement, decisions.HOUR, facts)
    stopped = {verdict.rollout_id for verdict in found}
    undone = [
        replace(d, actor=decisions.HOUR)
        for d in judgements(found, opened.standings, day)
        if opened.standings[d.improvement_id].record.get("target") in stopped
    ]
    return [*undone, *made] if made else []


def _in(version: str, decision: Decision) -> Decision:
    if decision.decision is not Kind.DEPLOYED:
        return decision
    return replace(decision, facts={"published_version": version, **decision.facts})
