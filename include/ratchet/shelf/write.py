"""Brings the pages of the shelf up to date in the folder of artifacts, after a night has put its own in place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from ratchet import files
from ratchet.deploy import decisions
from ratchet.home import Home
from ratchet.shelf import pages
from ratchet.shelf.cards import cards
from ratchet.shelf.periods import Kind, Period

INDEX_FILE = "index.html"


def write(home: Home, day: date) -> Path:
    """Write the index, and the pages of the weeks and months that a night touches; return the index.

    A period's page compares it with the one before and links to both neighbours, so those of the neighbours are written
    too: whatever the order of the nights, the pages end up the same.

    Args:
        home: under its lock.
        day: the night that has run.
    """
    found, folder = cards(home), home.root / "artifacts"
    told = decisions.read(home.decisions, date.max)
    there = {Period.of(kind, card.day) for kind in Kind for card in found}
    touched = {near for kind in Kind for near in _around(there, Period.of(kind, day))}
    for period in sorted(there):
        if period in touched or not (folder / period.path).exists():  # nights of an older version have left none
            files.write_text(folder / period.path, pages.period(period, found, told))
    files.write_text(folder / INDEX_FILE, pages.index(found, has_marts=home.marts_page.exists()))
    return folder / INDEX_FILE


def forget(home: Home, days: Iterable[date]) -> None:
    """Take away the pages of the weeks and months of nights that are gone; `write` draws anew what is left of them."""
    for path in {Period.of(kind, day).path for kind in Kind for day in days}:
        (home.root / "artifacts" / path).unlink(missing_ok=True)


def _around(there: set[Period], here: Period) -> set[Period]:
    """Return a period and its nearest neighbours that have nights."""
    alike = [p for p in there if p.kind is here.kind]
    before, after = [p for p in alike if p < here], [p for p in alike if p > here]
    return {here, max(before, default=here), min(after, default=here)}
