"""Erases one unit: its events, and by running the nights that met them again everything that was made of them.

The record of it (`erased.py`) is written first and closed last: one that was interrupted is gone on with by asking
again. How events are found and removed belongs to `log/erasure.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ratchet import nights
from ratchet.deploy import decisions
from ratchet.deploy.approvals import reported_days
from ratchet.erased import Erasure, Ledger
from ratchet.errors import RatchetError, UnitError
from ratchet.home import Home
from ratchet.log import erasure
from ratchet.log.erasure import Found
from ratchet.night import Night
from ratchet.retention import Kept

SHOWN = 10  # files that a message names


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would do.

    Attributes:
        found: what bronze and quarantine hold of the unit.
        landed: files of the home's own landing zone whose lines would be emptied.
        outside: files that hold it and are not Ratchet's to change.
        nights: reported nights that met its events and would be run again.
        lost: those of them that can no longer be run: what was made of them would be deleted.
    """

    found: Found
    landed: tuple[Path, ...]
    outside: tuple[str, ...]
    nights: tuple[date, ...]
    lost: tuple[date, ...]

    def in_words(self) -> str:
        """Return it as lines for a terminal; the id is not in them."""
        streams = ", ".join(f"{n:,} {name}" for name, n in sorted(self.found.streams.items()))
        refused = f", {self.found.refused:,} refused lines" if self.found.refused else ""
        days = sorted(self.found.days)
        when = f"{days[0]}" if len(days) == 1 else f"{len(days)} days, {days[0]} to {days[-1]}" if days else ""
        span = f" that landed on {when}" if days else ""
        lines = [f"{self.found.events:,} events of this unit{span}: {streams or 'none'}{refused}"]
        lines += [f"Landed files whose lines are emptied: {len(self.landed)}"] if self.landed else []
        if self.nights:
            lines.append(f"Nights that are run again: {len(self.nights)}, {self.nights[0]} to {self.nights[-1]}")
        if self.lost:
            lines.append(f"Nights that can no longer be run, whose artifacts are deleted: {len(self.lost)}")
        return "\n".join([*lines, *self._elsewhere()])

    def _elsewhere(self) -> list[str]:
        if not self.outside:
            return []
        more = f" and {len(self.outside) - SHOWN} more" if len(self.outside) > SHOWN else ""
        said = "Not Ratchet's to change, erase it there as well; it is not brought in again"
        return [f"{said}: {', '.join(self.outside[:SHOWN])}{more}"]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an erasure; `left`: files below the home that still name the unit, `failed`: what went wrong."""

    home: Home
    events: int
    record: str
    nights: int
    left: tuple[Path, ...] = ()
    failed: tuple[str, ...] = ()

    def in_words(self) -> str:
        """Return it as lines for a terminal; the id is not in them."""
        lines = [f"Erased {self.events:,} events; {self.nights} nights were run again"]
        lines.append(f"Recorded in {self.home.root / 'erasures.json'} as {self.record[:16]}, without the id")
        lines += [f"  {why}" for why in self.failed]
        if self.failed:
            lines.append("Say it again once that is cured: it goes on where it stopped")
        if self.left:
            named = ", ".join(str(path.relative_to(self.home.root)) for path in self.left[:SHOWN])
            lines.append(f"The id still stands in {len(self.left)} files that other events or people wrote: {named}")
        return "\n".join(lines)


def plan(night: Night, unit: str) -> Plan:
    """Return what erasing a unit would do; changes nothing.

    Raises:
        HomeBusyError: if another process works on the home.
        UnitError: if nothing of it is in the home.
    """
    home, ledger = night.home, Ledger.of(night.home)
    known = ledger.find(unit)
    if not unit.strip():
        raise UnitError("--unit is empty", way_out="name a user, session or trace as it is logged")
    found = Found({}, {})
    if home.bronze.exists():  # a home that is none is not made into one by its lock
        with home.lock():
            found = erasure.find(home, unit, ledger)
    if not found.days and (known is None or known.done):
        was = f"; it was erased on {known.erased_on}" if known else ""
        raise UnitError(
            f"no event of this unit is in the home{was}",
            where=str(home.root),
            way_out="give the user_id, session_id or trace_id exactly as it is logged; if the application hashes ids "
            "before it logs them, the hash",
        )
    first = min([*found.days, *_begun(known)])
    met = [day for day in reported_days(home) if day >= first]
    kept = Kept.of(home).first_night
    own, outside = _files(night, found)
    return Plan(found, own, outside, tuple(d for d in met if d >= kept), tuple(d for d in met if d < kept))


def erase(night: Night, unit: str, wanted: Plan, progress: Callable[[], object]) -> Done:
    """Do it.

    Args:
        night: home, sources and settings; its day is not used.
        unit: the id.
        wanted: of `plan`.
        progress: called after every night.

    Raises:
        HomeBusyError: if another process works on the home.
        StorageError: if the disk is full; asking again goes on.
    """
    home = night.home
    with home.lock():
        ledger = Ledger.of(home).begun(unit, night.today, wanted.found.days, wanted.found.event_ids)
        ledger.write(home)
        for path in wanted.landed:  # before bronze, which knows the lines: an erasure may be interrupted anywhere
            erasure.blank_lines(path, _numbers(night, wanted.found, path), unit)
        erasure.remove(home, unit, ledger)
        decisions.erase(home.decisions, erasure.word(unit))
        _forget(home, wanted)
        failed = [why for day in wanted.nights for why in _again(night, day, progress)]
        if not failed:
            ledger.finished(unit).write(home)
    record = ledger.hash_of(unit)
    left = tuple(erasure.naming(home.root, unit))
    return Done(home, wanted.found.events, record, len(wanted.nights), left, tuple(failed))


def _begun(known: Erasure | None) -> list[date]:
    return [] if known is None or known.done else [date.fromisoformat(day) for day in known.days]


def _files(night: Night, found: Found) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return the landed files that hold the unit: those of native lines in the home, and all others by name."""
    own: list[Path] = []
    outside = []
    for source, name in sorted(found.lines):
        path = night.home.landing / name
        if source == "native" and _lands_here(night) and path.is_file():
            own.append(path)
        else:
            outside.append(f"{source}: {name}")
    return tuple(own), tuple(outside)


def _lands_here(night: Night) -> bool:
    zones = {source.name: source.landing for source in night.sources}
    return Path(str(zones.get("native"))).resolve() == night.home.landing.resolve()


def _numbers(night: Night, found: Found, path: Path) -> frozenset[int]:
    return found.lines.get(("native", path.relative_to(night.home.landing).as_posix()), frozenset())


def _forget(home: Home, wanted: Plan) -> None:
    """Delete what was counted and drawn of the unit's events; the first night that runs builds it again."""
    home.warehouse.unlink(missing_ok=True)  # its free blocks keep what was deleted from its tables
    for landed in wanted.found.days:
        (home.root / "snapshots" / "_drift" / f"landed={landed}.parquet").unlink(missing_ok=True)
    first = min([*wanted.found.days, *wanted.nights, *wanted.lost], default=date.max)
    for path in home.folds.glob("*/????-??-??.json"):
        if path.stem >= first.isoformat():
            path.unlink()
    for day in (*wanted.nights, *wanted.lost):
        shutil.rmtree(home.snapshot(day), ignore_errors=True)
        shutil.rmtree(home.work(day), ignore_errors=True)
    for day in wanted.lost:
        shutil.rmtree(home.artifacts(day), ignore_errors=True)


def _again(night: Night, day: date, progress: Callable[[], object]) -> list[str]:
    """Run a night again as one that is not live; return what failed."""
    try:
        outcome = nights.run_night(replace(night, live=False).on(day), lambda *_: None)
    except RatchetError as error:
        return [f"{day}: {error}"]
    finally:
        progress()
    return [f"{day} {name}: {error}" for name, error in outcome.failures.items()]
