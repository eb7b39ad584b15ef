"""Incidents: each alert of the hourly check from its first hour to its recovery, as events among the decisions.

They count from the first day that is not yet reported, so that a night that is run again knows what it knew. What an
alert is belongs to `analyze/grades.py`, telling people to `notices.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Protocol

from ratchet.contracts.rollouts import CHANGE_FIELDS
from ratchet.deploy.decisions import HOUR, Decision, Kind

CHANGE_KIND = "incident"
_FACTS = ("alert_id", "kind", "service", "objective", "severity", "since", "reason")
LEAVE_THE_SEASON = ("burn", "silence")  # one that is only unusual must become usual, or it would be told of for ever


class Alert(Protocol):
    """What an hour raises; `analyze/grades.py` makes them."""

    @property
    def alert_id(self) -> str:
        """Return the id of what it is about."""

    @property
    def is_on(self) -> bool:
        """Return whether it was still so at the end of the hour."""

    @property
    def reason(self) -> str:
        """Return what is wrong, in words."""


def known(recorded: Iterable[Decision]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return every incident by its alert and the hour in which it began, as it was last recorded."""
    facts = (d.facts for d in recorded if d.decision is Kind.INCIDENT)
    return {(str(f["alert_id"]), str(f["since"])): f for f in facts}


def under_way(recorded: Iterable[Decision]) -> dict[str, Mapping[str, Any]]:
    """Return the incidents that are not over, by alert."""
    return {alert: facts for (alert, _), facts in known(recorded).items() if facts["ended"] is None}


def news(
    recorded: Iterable[Decision], alerts: Iterable[Alert], judged: Collection[str], until: str, day: date
) -> list[Decision]:
    """Return what an hour records: incidents that began, and those that are over.

    Args:
        recorded: every decision, in the order of `decisions.read`.
        alerts: what the hour raises.
        judged: alerts about which the hour can say something; the others stay as they are.
        until: the end of the hour.
        day: from which on it counts.
    """
    now, raised = under_way(recorded), {alert.alert_id: alert for alert in alerts if alert.is_on}
    begun = [
        _decision(day, a.reason, {name: getattr(a, name) for name in _FACTS} | {"ended": None})
        for a in raised.values()
        if a.alert_id not in now
    ]
    over = [
        _decision(day, "it is as it should be again", {**facts, "ended": until})
        for name, facts in now.items()
        if name not in raised and name in judged
    ]
    return [*begun, *over]


def changes(recorded: Iterable[Decision], until: str) -> list[dict[str, Any]]:
    """Return incidents as `change` events, so that their hours leave the season.

    Args:
        recorded: the decisions in force.
        until: the end of those that are not over.
    """
    return [
        dict.fromkeys(CHANGE_FIELDS)
        | {
            "kind": CHANGE_KIND,
            "target": facts["objective"] or facts["kind"],
            "service": facts["service"] or None,
            "occurred_at": since,
            "ended_at": facts["ended"] or until,
        }
        for (_, since), facts in known(recorded).items()
        if facts["kind"] in LEAVE_THE_SEASON
    ]


def of_day(recorded: Iterable[Decision], day: date) -> list[dict[str, Any]]:
    """Return the incidents of a day: those that began, were on or were over on it, the first to begin first.

    Args:
        recorded: the decisions in force on the day.
        day: UTC.
    """
    shown = ("kind", "service", "objective", "severity", "since", "ended", "reason")
    began_by, over_from = f"{day + timedelta(days=1)}", f"{day}"
    found = [
        {name: facts[name] for name in shown}
        for facts in known(recorded).values()
        if str(facts["since"]) < began_by and (facts["ended"] is None or str(facts["ended"]) >= over_from)
    ]
    return sorted(found, key=lambda f: tuple(str(f[name]) for name in ("since", "kind", "service", "objective")))


def stopped(recorded: Iterable[Decision], day: date) -> list[dict[str, str]]:
    """Return the rollouts that the hourly check rolled back, by the day from which that counts."""
    own = [d for d in recorded if d.actor == HOUR]
    why = {d.improvement_id: d.reason for d in own if d.decision is Kind.PROPOSED}
    return [
        {"rollout_id": str(d.facts["rollout_id"]), "reason": why.get(d.improvement_id, "")}
        for d in own
        if d.decision is Kind.DEPLOYED and "rollout_id" in d.facts and d.effective_date == day
    ]


def _decision(day: date, reason: str, facts: Mapping[str, Any]) -> Decision:
    return Decision("", 0, Kind.INCIDENT, day, HOUR, reason, dict(facts))
