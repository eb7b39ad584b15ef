"""Says how the application and the pipeline are, for `ratchet status` and whatever watches it.

Silence is never healthy: no night, an old night, or a night without data each have a status of their own.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ratchet import files, steps
from ratchet.contracts.names import in_words
from ratchet.deploy import approvals
from ratchet.deploy.decisions import Standing
from ratchet.errors import LandingError
from ratchet.home import Home
from ratchet.night import Night

SHOWN = 20
ORDER = ("healthy", "no data", "stale", "degraded", "critical")  # the worst last


@dataclass(frozen=True, slots=True)
class Waiting:
    """An improvement that waits for a person, and the command that approves it."""

    improvement_id: str
    revision: int
    type: str
    priority: str
    title: str
    proposed_on: str
    command: str
    assigned_to: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What `published/health.json` says, and whether it is fresh.

    Attributes:
        status: healthy, degraded, critical, no data, or stale.
        reason: why, in one sentence.
        day: the day that is published, None before the first.
        newest_landed: the newest landed day, None where nothing has landed.
        version: the published version.
        hour: the hour that was checked last, None where that is too long ago.
        waiting: the improvements that wait for a person, the most urgent first; they do not make it unwell.
    """

    status: str
    reason: str
    day: str | None = None
    newest_landed: str | None = None
    version: str | None = None
    hour: str | None = None
    waiting: tuple[Waiting, ...] = ()

    @property
    def well(self) -> bool:
        """Return whether nobody needs to act: healthy and fresh."""
        return self.status == "healthy"

    def as_dict(self) -> dict[str, Any]:
        """Return the status as JSON values."""
        return asdict(self)

    def in_words(self) -> str:
        """Return one line for a terminal, and one for each improvement that waits."""
        shown = f" (day {self.day}, version {self.version})" if self.day else ""
        return "\n".join([f"{self.status}: {self.reason}{shown}", *self._questions()])

    def _questions(self) -> list[str]:
        total = len(self.waiting)
        if not total:
            return []
        head = f"{total} improvement{'s wait' if total > 1 else ' waits'} for a decision (approve, reject or snooze):"
        lines = [
            f"  {w.command}  # {w.priority}, since {w.proposed_on}{_owned(w)}: {w.title}" for w in self.waiting[:SHOWN]
        ]
        more = [f"  and {total - SHOWN} more, all in: ratchet status --json"] if total > SHOWN else []
        return [head, *lines, *more]


def read(night: Night, now: datetime | None = None) -> Status:
    """Return the status as of `night.today`, made worse by what the newest hourly check says at `now`.

    Raises:
        DecisionsError: if a recorded decision cannot be read.
    """
    waiting = tuple(_waiting(s, night.home) for s in approvals.waiting_in(night.home))
    return replace(_with_hour(_health(night), night.home, now or datetime.now(UTC)), waiting=waiting)


def _with_hour(known: Status, home: Home, now: datetime) -> Status:
    """Return the worse of a night's status and the hour's; an hour that has expired says only that it did.

    An hour with too few events to judge, of which no more were expected, leaves the night's word as it is.
    """
    path = home.health / "latest.json"
    if not path.exists():
        return known
    hour = files.read_json(path)
    if datetime.fromisoformat(hour["expires_at"]) < now:
        return replace(known, reason=f"{known.reason}; the newest hourly check is that of {hour['hour']}")
    is_mute = hour["status"] == "no data" and not any(alert["kind"] == "silence" for alert in hour["alerts"])
    if is_mute or ORDER.index(hour["status"]) <= ORDER.index(known.status):
        return replace(known, hour=None if is_mute else hour["hour"])
    return replace(known, status=hour["status"], reason=f"since {hour['hour']}: {hour['reason']}", hour=hour["hour"])


def _owned(waiting: Waiting) -> str:
    return f", {waiting.assigned_to}" if waiting.assigned_to else ""


def _waiting(standing: Standing, home: Home) -> Waiting:
    record = standing.record
    usual = Path(os.environ.get("RATCHET_HOME") or "home").absolute()
    other = "" if home.root == usual else f" --home {shlex.quote(str(home.root))}"
    return Waiting(
        improvement_id=standing.improvement_id,
        revision=standing.revision,
        type=in_words(str(record.get("type"))),
        priority=in_words(str(record.get("priority"))),
        title=in_words(str(record.get("title")), 120),
        proposed_on=standing.proposed_on.isoformat(),
        command=f"ratchet approve {standing.improvement_id}{other}",
        assigned_to=in_words(standing.assigned_to, 80) if standing.assigned_to else None,
    )


def _health(night: Night) -> Status:
    landed = _landed(night)
    newest = landed[-1].isoformat() if landed else None
    path = night.home.published / "health.json"
    if not path.exists():
        return Status("no data", "no night has been published yet; run: ratchet run", newest_landed=newest)
    health = files.read_json(path)
    version = (night.home.published / "version").read_text("utf-8").strip()
    known = {"day": health["as_of"], "newest_landed": newest, "version": version}
    if reason := _stale(date.fromisoformat(health["as_of"]), landed, night.today):
        return Status("stale", reason, **known)
    return Status(health["status"], health["reason"], **known)


def _landed(night: Night) -> list[date]:
    try:
        return steps.landed_days(night)
    except LandingError:  # a zone that is not there holds nothing
        return []


def _stale(day: date, landed: list[date], today: date) -> str | None:
    waiting = [d for d in landed if day < d < today]
    if waiting:
        return f"{len(waiting)} landed days wait for their night, the newest is {waiting[-1]}; run: ratchet run"
    if today - day > timedelta(days=2):
        return f"the newest published day is {(today - day).days} days old and nothing newer has landed"
    return None
