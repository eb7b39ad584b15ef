"""Which days landed, rows of tables included, and whether a night is the newest: the one that decides and publishes."""

from __future__ import annotations

from datetime import date, timedelta

from ratchet.log import landing
from ratchet.log.sources import load_source
from ratchet.night import Night


def land_tables(night: Night, upto: date) -> list[date]:
    """Land the rows of tables up to a day, of days that are over; return the days that were written.

    Raises:
        SourceError: if a table cannot be used.
        UnreachableError: if its database cannot be reached.
    """
    if all(load_source(landed.name).table is None for landed in night.sources):
        return []
    from ratchet.log.tables.land import land

    over = min(upto, night.today - timedelta(days=1))
    return land(night.sources, over, night.connection, night.settings.history_start)


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
