"""The stages of a rollout over time, as the report draws them.

What is said about the rollout belongs to `rollouts.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from ratchet.report import numbers
from ratchet.report.numbers import count
from ratchet.report.results import Row, rows
from ratchet.report.sections.lifts import short_name
from ratchet.report.trial_view import Span, SpanState

OFF, NOT_STARTED = "off", "not started"
SHOWN_STAGES, _SHOWN_GROUPS = 7, 3


def spans(entry: Row, as_of: str) -> tuple[Span, ...]:
    """Return the stages of a rollout: those that were, the present one, and those that are planned."""
    phases = rows(entry, "phases")[-SHOWN_STAGES:]
    start = _instant(phases[0].get("starts_at")) if phases else None
    tonight = datetime.combine(datetime.fromisoformat(as_of).date() + timedelta(days=1), time(0), UTC)
    past = tuple(_past(p, start or tonight, tonight) for p in phases)
    return _new_groups((*past, *_off(entry, start, tonight), *_planned(entry)))


def _new_groups(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the stages with only those groups that the one before did not have."""
    before = ((), *(s.groups for s in spans))
    return tuple(
        replace(s, groups=tuple(g for g in s.groups if g not in b)) for s, b in zip(spans, before, strict=False)
    )


def _off(entry: Row, start: datetime | None, tonight: datetime) -> tuple[Span, ...]:
    """Return the time since a roll back."""
    ended = _instant((rows(entry, "phases") or [{}])[-1].get("ends_at"))
    if entry.get("stage") != OFF or start is None or ended is None:
        return ()
    begins, ends = ((at - start) / timedelta(hours=1) for at in (ended, max(ended, tonight)))
    since = f"since {numbers.short_day(ended.date())}"
    return (Span("off", 0.0, (), SpanState.PRESENT, since, begins, ends),)


def _past(phase: Row, start: datetime, tonight: datetime) -> Span:
    begins, ends = _instant(phase.get("starts_at")) or tonight, _instant(phase.get("ends_at"))
    hours = float(phase.get("hours") or 0.0)
    since, until = numbers.short_day(str(phase.get("starts_at"))), ends and _last_day(ends)
    when = f"{since} to {numbers.short_day(until)}" if until and numbers.short_day(until) != since else since
    if ends is None:
        when = f"since {since}" if begins < tonight else f"from {since} on"
    return Span(
        stage=short_name(phase.get("stage")),
        percentage=float(phase.get("percentage") or 0.0),
        groups=groups(phase),
        state=SpanState.PRESENT if ends is None else SpanState.PAST,
        when=f"{when}, {count(round(hours), 'hour')}" if hours else when,
        start=(begins - start) / timedelta(hours=1),
        end=(max(begins, min(ends or tonight, tonight)) - start) / timedelta(hours=1),
    )


def _last_day(end: datetime) -> str:
    return (end - timedelta(microseconds=1)).date().isoformat()


def _planned(entry: Row) -> tuple[Span, ...]:
    """Return the stages that are still to come; none after a roll back."""
    plan = rows(entry, "plan")
    names = [p.get("stage") for p in plan]
    stage = entry.get("stage")
    if stage != NOT_STARTED and stage not in names:
        return ()
    coming = plan if stage == NOT_STARTED else plan[names.index(stage) + 1 :]
    return tuple(
        Span(short_name(p.get("stage")), float(p.get("percentage") or 0.0), groups(p), SpanState.PLANNED, "planned")
        for p in coming[:SHOWN_STAGES]
    )


def groups(row: Row) -> tuple[str, ...]:
    """Return the first groups that have the feature whatever their hash."""
    return tuple(short_name(g) for g in (row.get("groups") or ())[:_SHOWN_GROUPS])


def _instant(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
