"""Which days landed, and whether a night is the newest of them: the one that decides and publishes."""

from __future__ import annotations

from datetime import date

from ratchet.log import landing
from ratchet.night import Night


def landed_days(night: Night) -> list[date]:
    """Return the landed days of all sources, oldest first, from `history_start` on."""
    start = night.settings.history_start
    return [day for day in landing.landed_days(night.sources) if start is None or day >= start]


def is_live(night: Night) -> bool:
    """Return whether this night decides and publishes: the newest landed day that is over, unless it is told."""
    if night.live is not None:
        return night.live
    over = [day for day in landed_days(night) if day < night.today]
    return bool(over) and over[-1] == night.day
