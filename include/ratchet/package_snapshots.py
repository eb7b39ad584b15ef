"""What was read of a user's own package on a day: `<home>/packages/<name>/<day>.json`, written by `ratchet docs`.

A night reads these files and no code, so that it can be run again. Reading code belongs to `document/`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from ratchet import files
from ratchet.contracts.estimates import as_record
from ratchet.contracts.packages import Package
from ratchet.home import Home


def write(home: Home, package: Package) -> Path:
    """Write a look at a package in the place of an earlier one of the same day; it notes what it differs from.

    Raises:
        StorageError: if the disk is full.
    """
    path = _path(home, package.name, package.day)
    known = _before(home, package.name, package.day - timedelta(days=1))
    before = None
    if known is not None:
        before = known.before if _signatures(known) == _signatures(package) else known.day
    files.write_json(path, as_record(replace(package, before=before)))
    return path


def newest(home: Home, day: date) -> list[tuple[Package, Package | None]]:
    """Return the newest look at each package up to a day, and the last one before it that saw other signatures."""
    names = sorted(path.name for path in home.packages.glob("*") if path.is_dir())
    found = [now for name in names if (now := _before(home, name, day)) is not None]
    return [(now, _read(home, now.name, now.before)) for now in found]


def _before(home: Home, name: str, day: date) -> Package | None:
    days = sorted(path.stem for path in (home.packages / name).glob("????-??-??.json") if path.stem <= day.isoformat())
    return _read(home, name, date.fromisoformat(days[-1])) if days else None


def _read(home: Home, name: str, day: date | None) -> Package | None:
    path = _path(home, name, day) if day is not None else None
    return Package.from_record(files.read_json(path)) if path is not None and path.exists() else None


def _path(home: Home, name: str, day: date) -> Path:
    return home.packages / name / f"{day.isoformat()}.json"


def _signatures(package: Package) -> dict[str, str]:
    return {each.name: each.signature for each in package.capabilities}
