"""What a person says about an improvement: approve, reject, snooze or assign it, on the command line or in Airflow.

Whoever comes first settles it. What a night approves by itself belongs to `deployments.py`, how decisions are kept and
folded to `decisions.py`, what a question looks like to `report/question.py`.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ratchet.contracts.improvements import State
from ratchet.contracts.names import in_words
from ratchet.deploy.decisions import HOUR, NIGHT, Decision, Kind, Standing, append, closed_nights, fold, read
from ratchet.errors import AnswerError, SettledError
from ratchet.home import Home

SNOOZE_DAYS, LONGEST_SNOOZE_DAYS = 7, 365
SHORTEST_PREFIX = 4
LONGEST_REASON = 500
LONGEST_NAME = 80
NOBODY = "nobody"
_OVER = (State.REJECTED, State.EXPIRED, State.SUPERSEDED, State.KEPT, State.ROLLED_BACK, State.UNMEASURABLE)
_URGENCY = ("high", "medium", "low")
_SEE = "see what waits: ratchet status"


class Answer(StrEnum):
    """What a person may say."""

    APPROVE = "approve"
    REJECT = "reject"
    SNOOZE = "snooze"


_DECIDED = {Answer.APPROVE: Kind.APPROVED, Answer.REJECT: Kind.REJECTED, Answer.SNOOZE: Kind.SNOOZED}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of one person.

    Attributes:
        improvement_id: its id, or a beginning of at least four characters that no other id has.
        answer: what is to happen.
        actor: who says so.
        reason: why, in words.
        days: for how many nights nobody is asked; only of a snooze, which has 7 without it.
        until: the day from which on somebody is asked again, in place of `days`.
        revision: which coming of it was asked about, None for the present one.
    """

    improvement_id: str
    answer: Answer
    actor: str
    reason: str = ""
    days: int | None = None
    until: date | None = None
    revision: int | None = None


def record(home: Home, reply: Reply, approvers: Collection[str], wait_s: float = 0.0) -> Decision:
    """Record an answer, in force from the first day that is not yet reported.

    Args:
        home: whose improvement it is.
        reply: what was said.
        approvers: the setting; empty is anybody.
        wait_s: how long to wait for another process that writes to the home.

    Raises:
        AnswerError: if it cannot be taken; nothing is recorded then. A `SettledError` where another answer came first.
        HomeBusyError: if another process went on writing.
    """
    check(home, reply, approvers)  # a home that is none is not made into one by its lock
    with home.lock(wait_s):
        decision = check(home, reply, approvers)
        append(home.decisions, [decision])
    return decision


def check(home: Home, reply: Reply, approvers: Collection[str]) -> Decision:
    """Return the decision that an answer would be, and record nothing.

    Raises:
        AnswerError: if it cannot be taken.
    """
    return decide(read(home.decisions, date.max), reported_days(home), reply, approvers)


def reported_days(home: Home) -> list[date]:
    """Return the days whose report is written."""
    found = (path.name for path in home.root.glob("artifacts/????-??-??"))
    return sorted(day for name in found if (day := _day(name)) is not None)


def decide(
    recorded: Iterable[Decision], reported: Iterable[date], reply: Reply, approvers: Collection[str]
) -> Decision:
    """Return the decision that an answer is.

    Args:
        recorded: every decision, in the order of `decisions.read`.
        reported: the days whose report is written.
        reply: what was said.
        approvers: who may say it; empty is anybody.

    Raises:
        AnswerError: if it cannot be taken.
    """
    known = tuple(recorded)
    _require_approver(reply.actor, approvers)
    standing = find(fold(known, date.max), reply.improvement_id)
    _require_waiting(standing, reply.revision)
    last = max(d.effective_date for d in known if d.improvement_id == standing.improvement_id)
    day = max(_first_open_day({*reported, *closed_nights(known)}), last)
    return Decision(
        standing.improvement_id,
        standing.revision,
        _DECIDED[reply.answer],
        day,
        reply.actor,
        in_words(reply.reason, LONGEST_REASON) or f"{_DECIDED[reply.answer]} by {reply.actor}",
        _facts(reply, day),
    )


def find(standings: Mapping[str, Standing], name: str) -> Standing:
    """Return the improvement of an id or of its beginning.

    Raises:
        AnswerError: naming the nearest ids if there is none, or all that begin so.
    """
    wanted = name.strip().lower()
    begin = [i for i in standings if i.startswith(wanted)] if len(wanted) >= SHORTEST_PREFIX else []
    if wanted in standings or len(begin) == 1:
        return standings[wanted if wanted in standings else begin[0]]
    if begin:
        raise AnswerError(f"{len(begin)} improvements begin with {wanted!r}", way_out=f"say which: {_named(begin)}")
    near = difflib.get_close_matches(wanted, standings, n=3, cutoff=0.5)
    way_out = f"did you mean {_named(near)}?" if near else _SEE
    if wanted and len(wanted) < SHORTEST_PREFIX:
        way_out = f"give at least {SHORTEST_PREFIX} characters of its id; {_SEE}"
    raise AnswerError(f"no improvement {in_words(name, 40)!r} is known in this home", way_out=way_out)


def waiting(standings: Mapping[str, Standing], day: date) -> list[Standing]:
    """Return what waits for a person on a day, the most urgent and the oldest first."""
    found = [s for s in standings.values() if _waits(s) and not (s.snoozed_until and s.snoozed_until > day)]
    return sorted(found, key=lambda s: (_urgency(s), s.proposed_on, s.improvement_id))


def waiting_in(home: Home) -> list[Standing]:
    """Return what waits for a person on the first day that is not yet reported."""
    recorded = read(home.decisions, date.max)
    return waiting(fold(recorded, date.max), open_day(home, recorded))


def open_day(home: Home, recorded: Iterable[Decision]) -> date:
    """Return the first day that is not yet reported: from then on counts what is decided now."""
    return _first_open_day({*reported_days(home), *closed_nights(recorded)})


def _first_open_day(reported: Collection[date]) -> date:
    return max(reported) + timedelta(days=1) if reported else date.min


def _facts(reply: Reply, day: date) -> dict[str, str]:
    days = reply.days
    if reply.answer is not Answer.SNOOZE:
        if days is not None or reply.until is not None:
            raise AnswerError("days are for a snooze only", way_out=f"leave them out, or: ratchet {Answer.SNOOZE}")
        return {}
    if reply.until is not None:
        return {"until": _until(reply.until, days, day)}
    days = SNOOZE_DAYS if days is None else days
    if not 1 <= days <= LONGEST_SNOOZE_DAYS:
        raise AnswerError(f"it cannot be snoozed for {days} days", way_out=f"1 to {LONGEST_SNOOZE_DAYS} can be")
    return {"until": (day + timedelta(days=days)).isoformat()}


def _until(until: date, days: int | None, day: date) -> str:
    if days is not None:
        raise AnswerError("both a number of days and a day were given", way_out="leave one of them out")
    first, last = day + timedelta(days=1), day + timedelta(days=LONGEST_SNOOZE_DAYS)
    if not first <= until <= last:
        nearest = first if until < first else last
        raise AnswerError(
            f"it cannot be snoozed until {until}", way_out=f"{first} to {last} can be; nearest: {nearest}"
        )
    return until.isoformat()


def assign(
    home: Home, name: str, to: str, actor: str, approvers: Collection[str], reason: str = "", wait_s: float = 0.0
) -> Decision:
    """Record who looks after an improvement, in force from the first day that is not yet reported.

    Args:
        home: whose improvement it is.
        name: its id or a beginning of it.
        to: a person or a team; `nobody` takes it back.
        actor: who says so.
        approvers: the setting; empty is anybody.
        reason: why, in words.
        wait_s: how long to wait for another process that writes to the home.

    Raises:
        AnswerError: if it cannot be taken; nothing is recorded then.
        HomeBusyError: if another process went on writing.
    """
    _assignment(home, name, to, actor, approvers, reason)  # a home that is none is not made into one by its lock
    with home.lock(wait_s):
        decision = _assignment(home, name, to, actor, approvers, reason)
        append(home.decisions, [decision])
    return decision


def _assignment(home: Home, name: str, to: str, actor: str, approvers: Collection[str], reason: str) -> Decision:
    recorded = read(home.decisions, date.max)
    _require_approver(actor, approvers)
    standing = find(fold(recorded, date.max), name)
    said = in_words(to, LONGEST_NAME)
    if not said:
        raise AnswerError("it is assigned to no name", way_out=f"--to NAME, or --to {NOBODY} to take it back")
    if standing.state in _OVER:
        raise SettledError(
            f"{standing.improvement_id} is {standing.state.value.replace('_', ' ')}: nothing is left to do",
            way_out=_SEE,
        )
    last = max(d.effective_date for d in recorded if d.improvement_id == standing.improvement_id)
    facts = {"to": "" if said == NOBODY else said}
    why = in_words(reason, LONGEST_REASON) or f"assigned to {said} by {actor}"
    day = max(open_day(home, recorded), last)
    return Decision(standing.improvement_id, standing.revision, Kind.ASSIGNED, day, actor, why, facts)


def _require_approver(actor: str, approvers: Collection[str]) -> None:
    if not actor.strip() or actor in (NIGHT, HOUR):
        raise AnswerError(f"{actor!r} is not the name of a person", way_out="answer under a name of your own")
    if approvers and actor not in approvers:
        raise AnswerError(
            f"{in_words(actor, 40)!r} may not decide about improvements",
            where="approvers in settings.yaml",
            way_out=f"ask {', '.join(approvers)}",
        )


def _waits(standing: Standing) -> bool:
    return standing.state is State.VALIDATED and standing.vanished_on is None


def _require_waiting(standing: Standing, revision: int | None) -> None:
    name = standing.improvement_id
    if revision is not None and revision != standing.revision:
        raise SettledError(
            f"revision {revision} of {name} is over, it came back as revision {standing.revision}", way_out=_SEE
        )
    if standing.state is State.PROPOSED:
        raise AnswerError(
            f"{name} is not validated yet: its evidence is still too weak to decide on",
            way_out="it is asked about once a night has validated it",
        )
    if standing.state is not State.VALIDATED:
        said = in_words(standing.reason, 120)
        by = "" if standing.actor == NIGHT or standing.actor in said else f" by {in_words(standing.actor, 40)}"
        raise SettledError(
            f"{name} is {standing.state.value.replace('_', ' ')} already{by} as of {standing.changed_on.isoformat()}"
            f"{f': {said}' if said else ''}",
            way_out="nothing was changed",
        )
    if standing.vanished_on is not None:
        raise AnswerError(
            f"the evidence of {name} is no longer found since {standing.vanished_on.isoformat()}",
            way_out="there is nothing to decide unless it comes back",
        )


def _urgency(standing: Standing) -> int:
    found = standing.record.get("priority")
    return _URGENCY.index(found) if found in _URGENCY else len(_URGENCY)


def _named(ids: Iterable[str]) -> str:
    return ", ".join(sorted(ids))


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None
