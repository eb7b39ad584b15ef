"""What the hourly check tells people: incidents when they begin and when they are over, and what it rolled back.

Airflow says where to and when: the task of `dags/hourly_health.py` calls `send_alerts`. How a notice is sent belongs to
`notices.py`; what was sent is remembered beside theirs in `<home>/notices/`, so that nothing is said twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ratchet import files
from ratchet.deploy import decisions, incidents
from ratchet.night import Night
from ratchet.notices import Connection, Notice, send

URGENT = ("medium", "high", "critical")
TITLES = {  # of every kind of incident; the runbook has an entry for each
    "burn": "An error budget burns",
    "season": "Worse than its season",
    "silence": "Nothing is logged",
    "source": "A source cannot be read",
    "stale": "No night has run",
}


def alerts(night: Night) -> list[Notice]:
    """Return what is to be said of incidents: that they began, and of those that were told of that they are over.

    One that is over before anybody was told of it is not told of any more; nor is one of low severity.
    """
    found = []
    for (alert, since), facts in incidents.known(decisions.read(night.home.decisions, date.max)).items():
        if facts["severity"] not in URGENT:
            continue
        key, what = f"incident {alert} {since}", _what(facts)
        if facts["ended"] is None:
            said = f"{facts['severity']}, since {since}: {facts['reason']}"
            found.append(Notice(key, what, f"{said}. What to do: docs/runbook.md, {facts['kind']}"))
        elif _mark(night, key).exists():
            found.append(Notice(f"{key} over", f"Over: {what}", f"from {since} to {facts['ended']}"))
    return found


def send_alerts(night: Night, connection: Connection, failure: str = "") -> list[str]:
    """Send what the hourly check has to say and was not sent before, and return its titles.

    Args:
        night: home and settings.
        connection: where to.
        failure: why the check itself failed, empty where it did not; told once a day.

    Raises:
        RatchetError: if the receiver cannot be reached or refuses.
    """
    said = alerts(night) + _stopped(night)
    if failure:
        said.append(Notice(f"hourly failed {night.today}", "The hourly check failed", failure))
    return _sent(night, connection, said)


def _sent(night: Night, connection: Connection, said: Iterable[Notice]) -> list[str]:
    sent = []
    for notice in said:
        mark = _mark(night, notice.key)
        if not mark.exists():
            send(connection, notice)
            files.write_json(mark, {"key": notice.key, "title": notice.title, "day": night.day.isoformat()})
            sent.append(notice.title)
    return sent


def _mark(night: Night, key: str) -> Path:
    return night.home.notices / f"{files.digest(key)[:16]}.json"


def _what(facts: Mapping[str, Any]) -> str:
    of = " of ".join(str(facts[name]) for name in ("objective", "service") if facts[name])
    return f"{TITLES[str(facts['kind'])]}{f': {of}' if of else ''}"


def _stopped(night: Night) -> list[Notice]:
    """Return the roll backs that the hourly check has published."""
    own = [d for d in decisions.read(night.home.decisions, date.max) if d.actor == decisions.HOUR]
    why = {d.improvement_id: d.reason for d in own if d.decision is decisions.Kind.PROPOSED}
    return [
        Notice(
            f"stopped {d.improvement_id} {d.revision}",
            f"{d.facts['rollout_id']} is rolled back within the hour",
            f"{why.get(d.improvement_id, '')} What to do: docs/runbook.md, rollback",
        )
        for d in own
        if d.decision is decisions.Kind.DEPLOYED and "rollout_id" in d.facts
    ]
