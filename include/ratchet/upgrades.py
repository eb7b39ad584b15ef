"""A warehouse of an older version is built again from bronze, and takes the old one's place when it is whole.

The new file grows in a folder of its own: a killed or failed rebuild leaves the old file as it was, and the next one
starts again. What a build does belongs to `marts.py` and dbt_project/; which version a file has to `warehouse.py`.
"""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ratchet import files, marts
from ratchet.home import Home
from ratchet.night import Night
from ratchet.retention import Kept
from ratchet.warehouse import Warehouse

_LOG = logging.getLogger(__name__)
BATCH_DAYS = 28  # landing days a build: one costs about as much as a night, whatever it holds


def rebuild(night: Night, why: str) -> int:
    """Build the home's warehouse again from bronze, in order; return how many landing days it holds.

    Days whose events are gone (`retention.py`) are not in it: its history begins with the first day that is kept.

    Args:
        night: home, under its lock, and settings.
        why: said before it begins.

    Raises:
        StepFailedError: if a model or a test fails; the old file stays.
        StorageError: if the disk is full; the old file stays.
    """
    home = night.home
    hashes = _load_hashes(home)
    first = max(night.settings.history_start or date.min, Kept.of(home).events_from)
    days = [day for day in sorted(hashes) if day >= first]
    _LOG.warning("%s; building it again from bronze: %d landing days", why, len(days))
    beside = _beside(home)
    try:
        for batch in _shown(days):
            _build(beside, night, hashes, batch)
        with Warehouse.open(beside):  # a home without a landing day has an empty one
            pass
        beside.warehouse.replace(home.warehouse)
    except OSError as error:
        raise files.storage_error(error, beside.warehouse) from error
    finally:
        shutil.rmtree(beside.root, ignore_errors=True)
    return len(days)


def _beside(home: Home) -> Home:
    """Return a fresh home that has the bronze of another one and nothing else of it."""
    beside = Home(home.root / "upgrade")
    shutil.rmtree(beside.root, ignore_errors=True)
    beside.root.mkdir(parents=True)
    for shared in (home.bronze, home.root / "retention.json"):
        if shared.exists():
            (beside.root / shared.name).symlink_to(shared.absolute())
    return beside


def _build(beside: Home, night: Night, hashes: dict[date, str], batch: list[date]) -> None:
    with Warehouse.open(beside) as warehouse:
        pending = warehouse.pending(hashes, batch[-1])
        warehouse.prepare(batch[-1], pending, night.settings)
        marts.build(beside, batch[-1])
        warehouse.mark_built(hashes, pending)
        warehouse.forget_nights(date.max)  # no night has run: its trials were not told


def _shown(days: list[date]) -> Iterator[list[date]]:
    """Yield the days in batches, with a progress bar where somebody watches."""
    from tqdm import tqdm

    with tqdm(total=len(days), unit="day", desc="warehouse", disable=not sys.stderr.isatty(), leave=False) as bar:
        for at in range(0, len(days), BATCH_DAYS):
            batch = days[at : at + BATCH_DAYS]
            yield batch
            bar.update(len(batch))


def _load_hashes(home: Home) -> dict[date, str]:
    paths: list[Path] = sorted(home.loads.glob("????-??-??.json"))
    return {date.fromisoformat(path.stem): str(files.read_json(path)["input_hash"]) for path in paths}
