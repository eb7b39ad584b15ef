"""Puts a landing day's new files in the place of its old ones, so that a killed run leaves the old day or the new one.

The new files lie complete in a folder of their own before a journal names every move; from then on the day is the new
one, and whoever comes next finishes the moves. How the files are made belongs to `bronze.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import ratchet.files as files
from ratchet.home import Home


def work_folder(home: Home) -> Path:
    """Return the folder in which days are prepared; nothing in it outlives a run but what a journal names."""
    return home.root / "work" / "ingest"


def commit(home: Home, landed: date, folder: Path, written: Sequence[Path], report: Mapping[str, Any]) -> None:
    """Replace everything of a landing day.

    Args:
        home: the home.
        landed: the landing day.
        folder: where the new files lie, below the home.
        written: their paths below it, which are those they get below the home.
        report: the load report, written last.

    Raises:
        StorageError: if a file cannot be written or moved.
    """
    old = {path.relative_to(home.root) for path in day_files(home, landed)}
    journal = {
        "landed_date": landed.isoformat(),
        "folder": folder.relative_to(home.root).as_posix(),
        "put": [path.as_posix() for path in written],
        "remove": [path.as_posix() for path in sorted(old - set(written))],
        "report": report,
    }
    path = _journal(home, landed)
    files.write_json(path, journal)
    _finish(home, path)


def recover(home: Home) -> None:
    """Finish what a killed run had committed and clear away what it had not.

    Raises:
        StorageError: if a file cannot be written or moved.
    """
    for path in sorted(home.loads.glob(".pending-*.json")):
        _finish(home, path)
    shutil.rmtree(work_folder(home), ignore_errors=True)


def day_files(home: Home, landed: date) -> list[Path]:
    """Return the Parquet files that a landing day has in the home."""
    name = f"landed={landed}.parquet"
    return sorted(
        [*home.bronze.glob(f"*/event_date=*/{name}"), *home.quarantine.glob(name), *home.quarantine.glob(f"*/{name}")]
    )


def _journal(home: Home, landed: date) -> Path:
    return home.loads / f".pending-{landed}.json"


def _finish(home: Home, path: Path) -> None:
    journal = files.read_json(path)
    folder = home.root / journal["folder"]
    try:
        for name in journal["put"]:
            _move(folder / name, home.root / name)
        for name in journal["remove"]:
            _remove(home.root / name)
    except OSError as error:
        raise files.storage_error(error, home.root) from error
    files.write_json(home.loads / f"{journal['landed_date']}.json", journal["report"])
    path.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _move(fresh: Path, place: Path) -> None:
    if fresh.exists():  # else it was moved before the run was killed
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.replace(place)


def _remove(stale: Path) -> None:
    stale.unlink(missing_ok=True)
    if stale.parent.name.startswith("event_date=") and not any(stale.parent.iterdir()):
        stale.parent.rmdir()
