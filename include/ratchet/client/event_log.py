"""Appends lines to a landing folder, whole or not at all, from many threads and processes.

Each process has a file of its own for each UTC day, and a line is one write: a process that is killed can leave at most
its own last line unfinished, and no line of another is ever touched. What was written survives the end of the process;
it is the operating system that brings it to the disk. What a line holds belongs to `records.py`.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from ratchet.client import forks

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")


class EventLog:
    """An open log.

    The landing folder is made when the log is opened; if it is gone later, it is not made again: it may be a disk that
    is not mounted.
    """

    def __init__(self, landing: Path, name: str, clock: Callable[[], datetime] | None = None) -> None:
        """Open nothing yet, and make the landing folder if that can be done.

        Args:
            landing: folder of the `dt=YYYY-MM-DD` folders.
            name: beginning of the files' names, such as the service.
            clock: the time now, UTC.
        """
        self.landing, self.name = landing, _NOT_PLAIN.sub("-", name)[:60]
        self._clock = clock or (lambda: datetime.now(UTC))
        self._lock = threading.RLock()
        self._handle: int | None = None
        self._day: date | None = None
        forks.watch(self)
        with contextlib.suppress(OSError):
            landing.mkdir(parents=True, exist_ok=True)

    def append(self, line: bytes) -> None:
        """Append one line.

        Raises:
            OSError: if it could not be written whole; then nothing of it stays in the file.
        """
        with self._lock:
            handle = self._open(self._clock().astimezone(UTC).date())
            size = os.fstat(handle).st_size
            try:
                written = os.write(handle, line)
                while written < len(line):
                    written += os.write(handle, line[written:])
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(handle, size)
                raise

    def close(self) -> None:
        """Close the file; the next line opens a new one."""
        with self._lock:
            handle, self._handle = self._handle, None
            if handle is not None:
                with contextlib.suppress(OSError):
                    os.close(handle)

    def _open(self, day: date) -> int:
        if self._handle is not None and self._day == day and os.fstat(self._handle).st_nlink:
            return self._handle
        self.close()
        folder = self.landing / f"dt={day.isoformat()}"
        folder.mkdir(exist_ok=True)
        # A name that no other process and no earlier file has.
        name = (
            f"{self.name}-{_NOT_PLAIN.sub('-', socket.gethostname())[:60]}-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        )
        self._handle = os.open(folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)
        self._day = day
        return self._handle

    def after_fork(self) -> None:
        """Give a forked child a lock that nobody holds and a file of its own."""
        self._lock = threading.RLock()
        self.close()
