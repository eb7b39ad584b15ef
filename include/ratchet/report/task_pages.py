"""Tasks as Markdown that can be pasted into an issue tracker, one file a task.

What a task says belongs to `generate/tasks.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ratchet.report import charts
from ratchet.report.logtext import logged, prose
from ratchet.report.markdown_text import say
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, rows

FOLDER = "tasks"
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def task_pages(tasks: Mapping[str, Any] | None) -> dict[str, str]:
    """Return `tasks/<task_id>.md` of every open task, name -> text.

    Args:
        tasks: the content of `tasks.json`; None where the night has none.
    """
    found = rows(dict(tasks), "tasks") if tasks else []
    return {f"{FOLDER}/{t['task_id']}.md": _page(t) for t in found if _ID.fullmatch(t.get("task_id") or "")}


def _page(task: Row) -> str:
    evidence = task.get("evidence") or {}
    parts = [
        f"# {say(logged(task.get('title')))}",
        say(prose(task.get("why"))),
        f"**What to do.** {say(prose(task.get('suggested_action'), 'Read the interactions behind it.'))}",
        _list("Evidence", _evidence(task, evidence)),
        _list("What people said", [f"> {say(prose(s))}" for s in evidence.get("sample_feedback") or ()]),
        _list("Sample events", [say(logged(e)) for e in evidence.get("sample_event_ids") or ()]),
        f"**Done when** {say(prose(task.get('metric'), 'its metric'))} has improved; each night measures it.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _evidence(task: Row, evidence: Row) -> list[str]:
    share = estimate(evidence.get("share"))
    seen, days, units = (int(evidence.get(name) or 0) for name in ("occurrences", "window_days", "units"))
    said = [
        f"Priority: {say(logged(task.get('priority')))}, {say(logged(task.get('state')))}",
        f"Task: {say(logged(task.get('task_id')))}, first proposed {say(logged(task.get('proposed_on')))}",
        f"Occurrences: {count(seen)} in {count(days, 'day')}",
        f"Units: {count(units)}",
        f"Mart: {say(logged(evidence.get('mart')))}",
    ]
    if share.number is not None:
        said.append(f"Share: {share.number:.1%} ({charts.uncertainty_in_words(share, Unit.SHARE)})")
    return said


def _list(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    return "\n".join([f"**{title}**", "", *(line if line.startswith(">") else f"- {line}" for line in lines)])
