"""Which questions Airflow has to put to people, what they say, and what becomes of an answer.

Airflow itself, which shows them, is spoken to in `dags/deploy_improvements.py`. What an answer may be belongs to
`deploy/approvals.py`, the words of a question to `report/question.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from ratchet.deploy import approvals, decisions, fixes
from ratchet.deploy.approvals import Answer, Reply
from ratchet.errors import AnswerError, SettledError
from ratchet.night import Night

if TYPE_CHECKING:
    from ratchet.report.question import Question

LOCK_WAIT_S = 600.0
MOST_QUESTIONS = 100  # of one run; Airflow maps a task over at most 1,024 values
OPTIONS = {"Approve": Answer.APPROVE, "Reject": Answer.REJECT, "Snooze": Answer.SNOOZE}
_OVER = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})


def new_questions(open_keys: Collection[str]) -> list[str]:
    """Return the keys, `<improvement id>/<revision>`, of what waits for a person and is not asked about already."""
    home = Night.from_environment().home
    found = [f"{s.improvement_id}/{s.revision}" for s in approvals.waiting_in(home)]
    return [key for key in found if key not in open_keys][:MOST_QUESTIONS]


def unanswered(states: Mapping[str, Mapping[str, str | None]], task_id: str) -> dict[str, list[int] | None]:
    """Return the runs with questions that are still open, and which of theirs those are.

    Args:
        states: run -> task (of a mapped one: `<task>_<index>`) -> state, as Airflow tells it.
        task_id: the task that asks.

    Returns:
        Run -> indexes of its open questions, None where Airflow has not counted them yet.
    """
    found: dict[str, list[int] | None] = {}
    for run, tasks in states.items():
        mine = {name: state for name, state in tasks.items() if name == task_id or name.startswith(f"{task_id}_")}
        open_ones = [name.removeprefix(task_id) for name, state in mine.items() if state not in _OVER]
        if open_ones:
            found[run] = None if "" in open_ones else sorted(int(index[1:]) for index in open_ones)
    return found


def open_keys(asked: Iterable[tuple[Sequence[str], Sequence[int] | None]]) -> set[str]:
    """Return the keys of the open questions: of each run what it asked, and which of these are open."""
    return {keys[i] for keys, indexes in asked for i in (range(len(keys)) if indexes is None else indexes)}


def question(key: str) -> Question | None:
    """Return the question of a key, None where it was settled or its evidence has vanished since."""
    from ratchet.report.question import question as put

    name, _, revision = key.partition("/")
    night = Night.from_environment()
    found = {(s.improvement_id, s.revision): s for s in approvals.waiting_in(night.home)}
    standing = found.get((name, int(revision)))
    if standing is None:
        return None
    in_force = fixes.in_force(decisions.read(night.home.decisions, date.max), date.max)
    return put(fixes.asked(standing, in_force), standing.revision, standing.proposed_on, night.settings.approvers)


def reply(key: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer that Airflow brought, once it is known that it can be taken.

    Args:
        key: what was asked about.
        event: Airflow's: `chosen_options`, `params_input`, `responded_by_user`.

    Raises:
        AnswerError: if it cannot be taken: the wrong person, or a number of days that is none.
        SettledError: if another answer came first.
    """
    name, _, revision = key.partition("/")
    said, user = event.get("params_input") or {}, event.get("responded_by_user") or {}
    answer = OPTIONS[event["chosen_options"][0]]
    found = {
        "improvement_id": name,
        "revision": int(revision),
        "answer": answer.value,
        "actor": str(user.get("name") or user.get("id") or ""),
        "reason": str(said.get("reason") or ""),
        "days": _days(said.get("days")) if answer is Answer.SNOOZE else None,
    }
    night = Night.from_environment()
    approvals.check(night.home, _reply(found), night.settings.approvers)
    return found


def record(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Record an answer that `reply` returned; one that came second changes nothing and says so."""
    night = Night.from_environment()
    try:
        made = approvals.record(night.home, _reply(answer), night.settings.approvers, LOCK_WAIT_S)
    except SettledError as error:
        mine = _recorded(night, answer)
        return {"recorded": mine is not None, "effective_date": mine, "said": str(error)}
    return {"recorded": True, "effective_date": made.effective_date.isoformat(), "said": made.reason}


def _recorded(night: Night, answer: Mapping[str, Any]) -> str | None:
    """Return since when this very answer is recorded: the task that did it may have ended before it could say so."""
    kind = {"approve": "approved", "reject": "rejected"}.get(answer["answer"])
    about = (answer["improvement_id"], answer["revision"], answer["actor"], kind)
    for d in decisions.read(night.home.decisions, date.max):
        if (d.improvement_id, d.revision, d.actor, d.decision) == about:
            return d.effective_date.isoformat()
    return None


def _reply(found: Mapping[str, Any]) -> Reply:
    return Reply(**{**found, "answer": Answer(found["answer"])})


def _days(value: Any) -> int | None:
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise AnswerError(f"{str(value)[:40]!r} is not a number of days", way_out="give a whole number from 1 up")
    return int(value)
