"""Decisions as events: append-only files by effective date, and the fold that says where each improvement stands.

`<home>/decisions/<effective date>.jsonl` is Ratchet's own; a log line can never write there. What a night decides
belongs to `lifecycle.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from ratchet import files
from ratchet.contracts.improvements import TRANSITIONS, State
from ratchet.errors import DecisionsError, LifecycleError

NIGHT = "night"  # the actor of what a night decides
HOUR = "hour"  # the actor of what the hourly check decides
ERASED = "[erased]"  # what stands in a recorded text in the place of a unit
_KEYS = ("improvement_id", "revision", "decision", "effective_date", "actor", "reason", "facts")


class Kind(StrEnum):
    """What was decided: a state, or something that leaves the state as it is."""

    PROPOSED = "proposed"
    VALIDATED = "validated"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    DEPLOYED = "deployed"
    KEPT = "kept"
    ROLLED_BACK = "rolled_back"
    UNMEASURABLE = "unmeasurable"
    SNOOZED = "snoozed"
    ASSIGNED = "assigned"
    VANISHED = "vanished"
    RETURNED = "returned"
    NIGHT_CLOSED = "night_closed"
    SPEC_SEEN = "spec_seen"
    VERDICT_TOLD = "verdict_told"
    TARGET_FAILED = "target_failed"
    INCIDENT = "incident"


_ABOUT_NO_IMPROVEMENT = frozenset(
    {Kind.NIGHT_CLOSED, Kind.SPEC_SEEN, Kind.VERDICT_TOLD, Kind.TARGET_FAILED, Kind.INCIDENT}
)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision.

    Attributes:
        improvement_id: what it is about; '' for `night_closed`, `spec_seen`, `verdict_told`, `target_failed` and
            `incident`.
        revision: which coming of it.
        decision: what was decided.
        effective_date: the first night that honours it.
        actor: `night`, or who decided.
        reason: why.
        facts: what was known: the whole record for `proposed` and `spec_seen`, what may be published for `validated`,
            what was published and in which version for `deployed`, the day `until` for `snoozed`, `to` whom for
            `assigned`.

    Raises:
        ValueError: if a field does not hold what it must.
    """

    improvement_id: str
    revision: int
    decision: Kind
    effective_date: date
    actor: str
    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what the fold relies on."""
        texts = (self.improvement_id, self.actor, self.reason)
        if not all(isinstance(t, str) for t in texts) or not isinstance(self.facts, Mapping):
            raise ValueError("a decision's texts must be texts and its facts a mapping")
        if isinstance(self.revision, bool) or not isinstance(self.revision, int) or self.revision < 0:
            raise ValueError("a decision's revision must be a whole number")
        if self.decision is Kind.SNOOZED and not _is_day(self.facts.get("until")):
            raise ValueError("to snooze needs the day `until`")
        if self.decision is Kind.ASSIGNED and not isinstance(self.facts.get("to"), str):
            raise ValueError("to assign needs the name `to`")

    @property
    def decision_id(self) -> str:
        """Return the first 16 hex digits of the content's hash: the same decision twice is one."""
        return files.digest({key: getattr(self, key) for key in _KEYS})[:16]

    def as_line(self) -> str:
        """Return the decision as one line of JSON."""
        record = {"event_type": "decision", "decision_id": self.decision_id} | {k: getattr(self, k) for k in _KEYS}
        return json.dumps(files.plain(record), ensure_ascii=True, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an improvement stands as of a day.

    Attributes:
        improvement_id: which.
        revision: which coming of it.
        state: where it stands.
        proposed_on: the night that proposed this revision.
        changed_on: since when it stands there.
        actor: who brought it there.
        reason: why.
        record: what its last proposal said.
        snoozed_until: nobody is asked before this day.
        assigned_to: who looks after it, None where nobody was named.
        vanished_on: the first night that no longer found its evidence.
        validated: what was known when it was validated; `publishes` in it is what was approved, byte for byte.
        validated_on: when that was.
        published_version: the version that first carried it.
        measured: what the verdict on its effect said, None before there was one.
    """

    improvement_id: str
    revision: int
    state: State
    proposed_on: date
    changed_on: date
    actor: str
    reason: str
    record: Mapping[str, Any]
    snoozed_until: date | None = None
    assigned_to: str | None = None
    vanished_on: date | None = None
    validated: Mapping[str, Any] = field(default_factory=dict)
    validated_on: date | None = None
    published_version: str | None = None
    measured: Mapping[str, Any] | None = None


def read(folder: Path, as_of: date) -> tuple[Decision, ...]:
    """Return the decisions in force on a day: by effective date, then in the order in which they were recorded.

    Raises:
        DecisionsError: naming the file and the line that cannot be read or was altered.
    """
    found = sorted((day, path) for path in folder.glob("*.jsonl") if (day := _day(path)) is not None)
    return tuple(d for day, path in found if day <= as_of for d in _read_file(path, day))


def append(folder: Path, decisions: Iterable[Decision]) -> int:
    """Record decisions, each file whole or not at all; one that is there already is not recorded again.

    The caller holds the home's lock.

    Returns:
        How many were new.

    Raises:
        LifecycleError: if a decision breaks the order of states; nothing is recorded then.
        StorageError: if the disk is full.
    """
    kept = read(folder, date.max)
    known = {d.decision_id for d in kept}
    fresh = [d for d in {d.decision_id: d for d in decisions}.values() if d.decision_id not in known]
    together = sorted([*kept, *fresh], key=lambda d: d.effective_date)
    fold(together, date.max)
    for day in sorted({d.effective_date for d in fresh}):
        lines = [d.as_line() for d in together if d.effective_date == day]
        files.write_text(folder / f"{day.isoformat()}.jsonl", "\n".join(lines) + "\n")
    return len(fresh)


def erase(folder: Path, pattern: re.Pattern[str]) -> int:
    """Take a word out of every recorded text; return how many decisions named it. The caller holds the home's lock.

    Raises:
        DecisionsError: naming the file and the line that cannot be read or was altered.
    """
    kept = read(folder, date.max)
    changed = {d.decision_id: _without(d, pattern) for d in kept if pattern.search(d.as_line())}
    for day in sorted({d.effective_date for d in changed.values()}):
        lines = [changed.get(d.decision_id, d).as_line() for d in kept if d.effective_date == day]
        files.write_text(folder / f"{day.isoformat()}.jsonl", "\n".join(lines) + "\n")
    return len(changed)


def _without(decision: Decision, pattern: re.Pattern[str]) -> Decision:
    return replace(
        decision,
        actor=decision.actor if decision.actor in (NIGHT, HOUR) else pattern.sub(ERASED, decision.actor),
        reason=pattern.sub(ERASED, decision.reason),
        facts=_said_without(decision.facts, pattern),
    )


def _said_without(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(ERASED, value)
    if isinstance(value, Mapping):
        return {key: _said_without(part, pattern) for key, part in value.items()}
    return [_said_without(part, pattern) for part in value] if isinstance(value, list | tuple) else value


def fold(decisions: Iterable[Decision], as_of: date) -> dict[str, Standing]:
    """Return where each improvement stands on a day.

    Args:
        decisions: in the order of `read`.
        as_of: later ones do not count.

    Raises:
        LifecycleError: if a decision breaks the order of states.
    """
    standings: dict[str, Standing] = {}
    for decision in decisions:
        if decision.effective_date <= as_of and decision.decision not in _ABOUT_NO_IMPROVEMENT:
            standings[decision.improvement_id] = _next(standings.get(decision.improvement_id), decision)
    return dict(sorted(standings.items()))


def closed_nights(decisions: Iterable[Decision]) -> frozenset[date]:
    """Return the nights that have decided and never decide again."""
    return frozenset(d.effective_date for d in decisions if d.decision is Kind.NIGHT_CLOSED)


def _next(now: Standing | None, decision: Decision) -> Standing:
    if decision.decision is Kind.PROPOSED:
        return _proposed(now, decision)
    if now is None or decision.revision != now.revision:
        raise _illegal(decision, "was never proposed in that revision")
    if decision.decision is Kind.SNOOZED:
        return replace(now, snoozed_until=date.fromisoformat(decision.facts["until"]))
    if decision.decision is Kind.ASSIGNED:
        return replace(now, assigned_to=decision.facts["to"] or None)
    if decision.decision in (Kind.VANISHED, Kind.RETURNED):
        gone = decision.effective_date if decision.decision is Kind.VANISHED else None
        return replace(now, vanished_on=gone)
    state = State(decision.decision.value)
    if state is now.state:
        return now
    if state not in TRANSITIONS.get(now.state, frozenset()):
        raise _illegal(decision, f"is {now.state} and cannot become {state}")
    moved = replace(now, state=state, actor=decision.actor, reason=decision.reason, changed_on=decision.effective_date)
    if state is State.VALIDATED:
        return replace(moved, validated=decision.facts, validated_on=decision.effective_date)
    if state is State.DEPLOYED:
        return replace(moved, published_version=decision.facts.get("published_version"))
    return replace(moved, measured=decision.facts) if now.state is State.DEPLOYED else moved


def _proposed(now: Standing | None, decision: Decision) -> Standing:
    if now is not None and decision.revision == now.revision:
        return now
    if decision.revision != (now.revision + 1 if now else 1):
        raise _illegal(decision, "is proposed in a revision that is not the next")
    day = decision.effective_date
    return Standing(
        improvement_id=decision.improvement_id,
        revision=decision.revision,
        state=State.PROPOSED,
        proposed_on=day,
        changed_on=day,
        actor=decision.actor,
        reason=decision.reason,
        record=decision.facts,
    )


def _illegal(decision: Decision, why: str) -> LifecycleError:
    name = f"{decision.improvement_id} revision {decision.revision}"
    where = f"{decision.effective_date.isoformat()}.jsonl"
    return LifecycleError(f"improvement {name} {why}", where=where, way_out="see: ratchet status")


def _day(path: Path) -> date | None:
    return date.fromisoformat(path.stem) if _is_day(path.stem) else None


def _is_day(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value).isoformat() == value)
    except (TypeError, ValueError):
        return False


def _read_file(path: Path, day: date) -> list[Decision]:
    try:
        lines = path.read_bytes().decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, 0, str(error)) from error
    return [_parse(line, path, number, day) for number, line in enumerate(lines, 1) if line.strip()]


def _parse(line: str, path: Path, number: int, day: date) -> Decision:
    try:
        found = json.loads(line)
        decision = Decision(
            **{k: found[k] for k in ("improvement_id", "revision", "actor", "reason", "facts")},
            decision=Kind(found["decision"]),
            effective_date=date.fromisoformat(found["effective_date"]),
        )
        same = decision.decision_id == found["decision_id"]
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, number, f"{type(error).__name__}: {error}") from error
    if not same or decision.effective_date != day:
        raise _unreadable(path, number, "it was altered after it was recorded")
    return decision


def _unreadable(path: Path, number: int, why: str) -> DecisionsError:
    where = f"{path} line {number}" if number else str(path)
    return DecisionsError(f"a decision cannot be read: {why}", where=where, way_out="restore the file from a backup")
