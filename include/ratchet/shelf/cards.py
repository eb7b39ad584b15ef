"""What is known of each night of a home: its `summary.json`, or what an older night has instead.

How nights are shown belongs to `index.py` and `periods.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ratchet import files
from ratchet.contracts.estimates import Estimate
from ratchet.home import Home
from ratchet.report.logtext import LoggedProse, prose, shortened
from ratchet.report.results import Row, estimate, rows, total
from ratchet.report.summary import summary
from ratchet.report.view import Change, Status, Tone

SUMMARY_FILE = "summary.json"
_LINE, _LABEL = 140, 40  # characters
PAGES = {
    "docs/index.html": "docs",
    "drift.html": "drift",
    "data_docs/raw/index.html": "raw checks",
    "data_docs/marts/index.html": "mart checks",
}


@dataclass(frozen=True, slots=True)
class Card:
    """A night on the shelf.

    Attributes:
        day: the night's day.
        status: how it stood.
        label: the word for it.
        headline: the night in a sentence or two.
        waiting: how many things wait for a person.
        figures: the key figures of its first screen.
        services: name -> status and success rate of the services that were judged.
        fixes: id and title of each fix.
        pages: path and name of the pages beside the report that are there.
    """

    day: date
    status: Status
    label: str
    headline: LoggedProse
    waiting: int = 0
    figures: tuple[Row, ...] = ()
    services: Mapping[str, tuple[str, Estimate]] | None = None
    fixes: tuple[tuple[str, LoggedProse], ...] = ()
    pages: tuple[tuple[str, str], ...] = ()

    @property
    def line(self) -> LoggedProse:
        """Return the headline, short enough for a table of hundreds of nights."""
        return LoggedProse(shortened(self.headline, _LINE))

    def figure(self, metric: str) -> Row | None:
        """Return a key figure, None where this night has none of that name."""
        return next((f for f in self.figures if f.get("metric") == metric), None)

    def value(self, metric: str) -> Estimate:
        """Return a key figure's estimate."""
        return estimate((self.figure(metric) or {}).get("estimate"))


def cards(home: Home) -> list[Card]:
    """Return the nights of a home, oldest first."""
    found = [(_day(path.name), path) for path in sorted((home.root / "artifacts").glob("????-??-??"))]
    return [card(day, path) for day, path in found if day is not None and (path / "report.html").is_file()]


def card(day: date, folder: Path) -> Card:
    """Return a night as its folder tells it; one that cannot be read says so and spares the others."""
    try:
        return _card(day, _summary(folder), folder)
    except (OSError, ValueError, TypeError, AttributeError):  # of an older version, or damaged
        return Card(day, Status.UNKNOWN, "Not known", prose("The data of this night cannot be read; its page can."))


def _summary(folder: Path) -> Row:
    if (folder / SUMMARY_FILE).exists():
        found: Row = files.read_json(folder / SUMMARY_FILE)
        return found
    return summary(*(_artifact(folder, name) for name in ("report", "health", "fixes")))


def _artifact(folder: Path, name: str) -> Row:
    path = folder / f"{name}.json"
    found = files.read_json(path) if path.exists() else {}
    return found if isinstance(found, Mapping) else {}


def _card(day: date, record: Row, folder: Path) -> Card:
    state = str(record.get("status"))
    return Card(
        day=day,
        status=Status(state) if state in set(Status) else Status.UNKNOWN,
        label=shortened(prose(record.get("label"), "Not known"), _LABEL),
        headline=prose(record.get("headline"), "This night left no headline."),
        waiting=total(record.get("needs") or {}, "total"),
        figures=tuple(rows(record, "figures")),
        services={prose(s.get("service")): _service(s) for s in rows(record, "services")},
        fixes=tuple((str(f.get("fix_id")), prose(f.get("title"))) for f in rows(record, "fixes")),
        pages=tuple((page, name) for page, name in PAGES.items() if (folder / page).is_file()),
    )


def _service(service: Row) -> tuple[str, Estimate]:
    return str(service.get("status")), estimate(service.get("success"))


def change_of(figure: Row) -> Change:
    """Return what a night says about the change of a figure against a week before."""
    said = figure.get("change") or {}
    tone = str(said.get("tone"))
    return Change(
        value=said.get("value"),
        verdict=prose(said.get("verdict"), "nothing to compare with"),
        tone=Tone(tone) if tone in set(Tone) else Tone.MUTED,
        low=said.get("low"),
        high=said.get("high"),
    )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None
