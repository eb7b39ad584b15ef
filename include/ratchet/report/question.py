"""One question to a person, as Markdown: what is proposed, why, on which evidence, and what each answer does.

Words from a log are escaped and bounded, so that they stay text wherever Markdown is drawn. Who is asked, and what
becomes of the answer, belongs to `deploy/approvals.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ratchet.contracts.improvements import TYPE_RULES, ImprovementType
from ratchet.report import numbers
from ratchet.report.logtext import code_line, logged, prose
from ratchet.report.markdown_text import fact, say
from ratchet.report.numbers import Unit
from ratchet.report.sections.improvements import improvements
from ratchet.report.view import Proposal, Proposals

DIFF_LINES, DIFF_WIDTH = 200, 300
_TITLE = 120
_JOINER = "\N{WORD JOINER}"  # cannot be seen
_ADDRESS = re.compile(r"\\?:(?=//)|www(?=\\?\.)|\\?@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked.

    Attributes:
        subject: the question on one line, plain text.
        body: what is needed to answer it, Markdown.
    """

    subject: str
    body: str


def question(record: Mapping[str, Any], revision: int, as_of: date, approvers: Collection[str] = ()) -> Question:
    """Return the question about an improvement.

    Args:
        record: `Improvement.as_record` as it was proposed.
        revision: which coming of it.
        as_of: the day it was proposed on.
        approvers: who may answer; empty is anybody.
    """
    stored = {**record, "revision": revision, "proposed_on": as_of.isoformat()}
    blocks = improvements({"as_of": as_of.isoformat(), "improvements": [stored]}, {}, as_of)
    found = next(block for block in blocks if isinstance(block, Proposals)).proposals[0]
    title = prose(record.get("title"), "(no title)")
    subject = title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
    evidence = record.get("evidence")
    diff = evidence.get("diff") if isinstance(evidence, Mapping) else None
    parts = [*_what(found), *_evidence(found), *_diff(diff), *_answers(record, found, approvers)]
    return Question(subject, "\n\n".join(parts))


def _text(value: str) -> str:
    """Return a text escaped, in which an address is no link: Airflow makes links even of escaped ones."""
    return _ADDRESS.sub(lambda found: f"{found[0]}{_JOINER}", say(value))


def _what(p: Proposal) -> list[str]:
    sure = "none yet" if p.confidence is None else numbers.number(p.confidence, Unit.SHARE)
    return [
        f"**Why:** {_text(p.why) or 'not stated'}",
        f"**Expected effect:** {_text(p.expected_effect)}. It is judged by {_text(p.judged_by)}.",
        f"{p.type}, {p.priority.text} priority, confidence {sure}, proposed {numbers.day(p.proposed_on)}.",
    ]


def _evidence(p: Proposal) -> list[str]:
    lines = [f"- {fact(each)}" for each in p.facts]
    if p.evidence.event_ids:
        lines.append(f"- sample events: {', '.join(_text(i) for i in p.evidence.event_ids)}")
    if p.source:
        lines.append(f"- source: {_text(p.source)}")
    return ["**Evidence**", "\n".join(lines)] if lines else []


def _diff(diff: Any) -> list[str]:
    if not isinstance(diff, str) or not diff.strip():
        return []
    lines = [code_line(line, DIFF_WIDTH) for line in diff.splitlines()]
    more = [f"… {numbers.count(len(lines) - DIFF_LINES)} more lines"] if len(lines) > DIFF_LINES else []
    shown = "\n".join([*lines[:DIFF_LINES], *more])
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", shown)), default=0))
    return ["**What changes**", f"{fence}diff\n{shown}\n{fence}"]


def _answers(record: Mapping[str, Any], p: Proposal, approvers: Collection[str]) -> list[str]:
    kind = str(record.get("type"))
    handed = kind in set(ImprovementType) and TYPE_RULES[ImprovementType(kind)].handed_over
    done = "it is accepted as a task for the team" if handed else "the next live night that passes its gates deploys it"
    who = [f"Who may answer: {', '.join(_text(logged(name)) for name in approvers)}."] if approvers else []
    return [
        f"**Approve:** {done}. **Reject:** it is never asked again in this revision. "
        "**Snooze:** nobody is asked for so many nights.",
        *who,
        f"The same on the command line: `ratchet approve {p.improvement_id}` (or `reject`, `snooze`).",
    ]
