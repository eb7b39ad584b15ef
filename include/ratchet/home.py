"""Where a home keeps what: one property a folder, and the lock that lets one process write at a time.

How files are written belongs to `files.py`, what is in the warehouse to `warehouse.py`.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ratchet.errors import HomeBusyError, StorageError


@dataclass(frozen=True, slots=True)
class Home:
    """A Ratchet home; the layout is documented in docs/architecture.md."""

    root: Path

    @property
    def landing(self) -> Path:
        """Where logs land when no other landing zone is set."""
        return self.root / "landing"

    @property
    def bronze(self) -> Path:
        """`<stream>/event_date=E/landed=L.parquet`."""
        return self.root / "bronze"

    @property
    def quarantine(self) -> Path:
        """`landed=L.parquet` (refused lines) and `duplicates/landed=L.parquet`."""
        return self.root / "quarantine"

    @property
    def loads(self) -> Path:
        """`L.json`: the load report of each landing day, written last, so that its presence is the commit."""
        return self.root / "bronze" / "_loads"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.root / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """What the AI application reads: a link to one whole version."""
        return self.root / "published"

    @property
    def decisions(self) -> Path:
        """Ratchet's own events, `<effective date>.jsonl`."""
        return self.root / "decisions"

    @property
    def fix_repository(self) -> Path:
        """A mirror of the repository that fixes are committed to; it can be made again."""
        return self.root / "fix_repository.git"

    @property
    def apis(self) -> Path:
        """What was seen of connected APIs, `<name>/<day>/`."""
        return self.root / "apis"

    @property
    def packages(self) -> Path:
        """What was read of users' own packages, `<name>/<day>.json`."""
        return self.root / "packages"

    @property
    def folds(self) -> Path:
        """Return the folder of states that nights hand to the next: one file a day."""
        return self.root / "folds"

    @property
    def notices(self) -> Path:
        """What was sent to people, one file each, so that nothing is sent twice."""
        return self.root / "notices"

    @property
    def health(self) -> Path:
        """What the hourly check found: `latest.json`, `hours/` with the counts that no night has yet, `heard.json`."""
        return self.root / "health"

    @property
    def latest(self) -> Path:
        """A link to the artifacts of the last night that passed its gates."""
        return self.root / "artifacts" / "latest"

    @property
    def marts_page(self) -> Path:
        """A page about the marts, for those who asked for it with `ratchet docs --marts`."""
        return self.root / "artifacts" / "dbt.html"

    def artifacts(self, day: date) -> Path:
        """Return the folder of what a night publishes."""
        return self.root / "artifacts" / day.isoformat()

    def snapshot(self, day: date) -> Path:
        """Return the folder of a night's marts as Parquet, one file a mart."""
        return self.root / "snapshots" / day.isoformat()

    def work(self, day: date) -> Path:
        """Return the folder of a night's step results, which the report is drawn from."""
        return self.root / "work" / day.isoformat()

    @contextmanager
    def lock(self, wait_s: float = 0.0) -> Iterator[None]:
        """Hold the home for writing.

        Raises:
            HomeBusyError: if another process holds it for longer than `wait_s` seconds.
            StorageError: if the home cannot be written.
        """
        handle = _open_lock(self.root)
        try:
            _acquire(handle, self.root, wait_s)
            os.truncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(handle)


def _open_lock(root: Path) -> int:
    try:
        root.mkdir(parents=True, exist_ok=True)
        return os.open(root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorageError(
            f"the home cannot be written: {error.strerror}", where=str(root), way_out="set RATCHET_HOME or --home"
        ) from error


def _acquire(handle: int, root: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                owner = os.pread(handle, 32, 0).decode() or "unknown"
                raise HomeBusyError(
                    f"process {owner} is writing to this home",
                    where=str(root),
                    way_out="wait for it, or work in another --home",
                ) from None
            time.sleep(0.2)
        else:
            return
