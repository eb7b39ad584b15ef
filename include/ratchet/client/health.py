"""Reads `health.json` of a published version: how the application was found to be (R40)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from ratchet.client.complaints import Complaints

HEALTH_FILE = "health.json"
STATUSES = ("healthy", "no data", "degraded", "critical")
HOLDS_FOR = timedelta(days=2)  # after its day, as `ratchet status` calls an older one stale
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Health:
    """What the last published night says.

    Attributes:
        status: `healthy`, `no data`, `degraded` or `critical`.
        reason: why, in words; it may hold names from the log.
        as_of: the day it is about.
        services: service -> its own status.
    """

    status: str
    reason: str
    as_of: date
    services: Mapping[str, str] = field(default_factory=dict)

    def holds_on(self, today: date) -> bool:
        """Return whether it still says something about today."""
        return today - self.as_of <= HOLDS_FOR


def load(folder: Path, complaints: Complaints) -> Health | None:
    """Return the health of a version's folder, None where it has none that can be used.

    Args:
        folder: of the version.
        complaints: where it is counted that it cannot be used.
    """
    path = folder / HEALTH_FILE
    try:
        if not path.exists():
            return None
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES:,} bytes")
        said = json.loads(path.read_text("utf-8"))
        services = {str(s["service"]): _status(s["status"]) for s in said["services"]}
        return Health(_status(said["status"]), str(said["reason"]), date.fromisoformat(said["as_of"]), services)
    except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError) as error:
        complaints.note("health_unreadable", f"{path} cannot be used ({error}); nothing is said of health")
        return None


def _status(said: object) -> str:
    if said not in STATUSES:
        raise ValueError("a status that is none")
    return str(said)
