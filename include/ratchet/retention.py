"""How long raw events are kept: what goes with a landing day that is over, and which nights can still be run.

A landing day is kept for `retention_days`. Then its bronze, its refused lines and its samples go, and so do the pages,
snapshots and step results of its night. What was counted of it (daily statistics, load reports), what was decided and
what is published stay, so that later nights say the same. Landing zones belong to whoever writes them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from ratchet import files
from ratchet.errors import EventsGoneError
from ratchet.home import Home
from ratchet.settings import Settings

_WAY_OUT = "later nights can be run; what was reported of it before is not touched"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a home still holds.

    Attributes:
        events_from: events that landed before are gone, or about to.
        first_night: the first night that finds every event it looks at; landing days before it stay as they are.
        swept: everything that goes with landing days before it is gone.
    """

    events_from: date = date.min
    first_night: date = date.min
    swept: date = date.min

    @classmethod
    def of(cls, home: Home) -> Kept:
        """Return what a home says, everything where nothing was ever deleted."""
        path = _path(home)
        if not path.exists():
            return cls()
        return cls(**{name: date.fromisoformat(day) for name, day in files.read_json(path).items()})

    def require(self, day: date) -> None:
        """Do nothing if a night can be run.

        Raises:
            EventsGoneError: if events that it looks at are gone.
        """
        if day < self.events_from:
            raise EventsGoneError(
                f"the events of {day} are gone: what landed before {self.events_from} was deleted",
                where="retention_days in settings.yaml",
                way_out=f"the first night that can be run is {self.first_night}",
            )
        if day < self.first_night:
            back = (self.first_night - self.events_from).days
            raise EventsGoneError(
                f"the night of {day} can no longer be run: it looks {back} days back, and what landed before "
                f"{self.events_from} was deleted",
                where="retention_days in settings.yaml",
                way_out=_WAY_OUT,
            )


def sweep(home: Home, day: date, settings: Settings) -> list[date]:
    """Delete what is over as of a live night; return the landing days and nights it was of.

    What goes is recorded first: a killed sweep is finished by the next one, and nobody reads what is half deleted. The
    marts of those nights are the warehouse's to forget (`Warehouse.forget_nights`).

    Args:
        home: under its lock.
        day: the live night.
        settings: for `retention_days` and how far a night looks back.

    Raises:
        StorageError: if something cannot be deleted.
    """
    before = Kept.of(home)
    events_from = max(before.events_from, day - timedelta(days=settings.retention_days - 1))
    over = sorted(d for d in _days(home) if before.swept <= d < events_from)
    if not over:
        return []
    kept = Kept(events_from, events_from + timedelta(days=settings.reach_days), before.swept)
    _write(home, kept)
    latest = home.latest.resolve()
    for path in (path for landed in over for path in _paths(home, landed) if path != latest):
        _delete(path)
    for folder in home.bronze.glob("*/event_date=*"):
        if not any(folder.iterdir()):
            folder.rmdir()
    _write(home, Kept(kept.events_from, kept.first_night, events_from))
    return over


def _paths(home: Home, day: date) -> Iterator[Path]:
    """Yield everything that goes with a landing day and its night."""
    name = f"landed={day}.parquet"
    yield from sorted(home.bronze.glob(f"*/event_date=*/{name}"))
    yield from (home.quarantine / name, home.quarantine / "duplicates" / name)
    yield home.root / "snapshots" / "_drift" / name
    yield from (home.snapshot(day), home.work(day), home.artifacts(day))
    yield from sorted(home.folds.glob(f"*/{day}.json"))


def _days(home: Home) -> set[date]:
    """Return every day of which something may be there."""
    loaded = (path.stem for path in home.loads.glob("????-??-??.json"))
    nights = (p.name for place in ("artifacts", "snapshots", "work") for p in home.root.glob(f"{place}/????-??-??"))
    return set(_dates((*loaded, *nights)))


def _dates(names: Iterable[str]) -> Iterator[date]:
    for name in names:
        try:
            yield date.fromisoformat(name)
        except ValueError:
            continue


def _delete(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise files.storage_error(error, path) from error


def _path(home: Home) -> Path:
    return home.root / "retention.json"


def _write(home: Home, kept: Kept) -> None:
    days = {name: getattr(kept, name).isoformat() for name in ("events_from", "first_night", "swept")}
    files.write_json(_path(home), days)
