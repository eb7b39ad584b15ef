"""Says how the application and the pipeline are, for `ratchet status` and whatever watches it.

Silence is never healthy: no night, an old night, or a night without data each have a status of their own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from ratchet import files, steps
from ratchet.errors import LandingError
from ratchet.night import Night


@dataclass(frozen=True, slots=True)
class Status:
    """What `published/health.json` says, and whether it is fresh.

    Attributes:
        status: healthy, degraded, critical, no data, or stale.
        reason: why, in one sentence.
        day: the day that is published, None before the first.
        newest_landed: the newest landed day, None where nothing has landed.
        version: the published version.
    """

    status: str
    reason: str
    day: str | None = None
    newest_landed: str | None = None
    version: str | None = None

    @property
    def well(self) -> bool:
        """Return whether nobody needs to act: healthy and fresh."""
        return self.status == "healthy"

    def as_dict(self) -> dict[str, Any]:
        """Return the status as JSON values."""
        return asdict(self)

    def in_words(self) -> str:
        """Return one line for a terminal."""
        shown = f" (day {self.day}, version {self.version})" if self.day else ""
        return f"{self.status}: {self.reason}{shown}"


def read(night: Night) -> Status:
    """Return the status as of `night.today`."""
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
