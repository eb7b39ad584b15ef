"""What went wrong in the client: counted always, said once a kind, never raised into the application."""

from __future__ import annotations

import logging
import threading
from collections import Counter

from ratchet.client import forks

LOGGER = logging.getLogger("ratchet.client")


class Complaints:
    """Counts by kind; the first of each kind is logged as a warning."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._counts: Counter[str] = Counter()
        forks.watch(self)

    def note(self, kind: str, why: str) -> None:
        """Count one more of a kind and, if it is the first, say why."""
        with self._lock:
            self._counts[kind] += 1
            is_first = self._counts[kind] == 1
        if is_first:
            LOGGER.warning("Ratchet client: %s; further ones are only counted (%s)", why, kind)

    @property
    def counts(self) -> dict[str, int]:
        """Return how often each kind was noted."""
        with self._lock:
            return dict(self._counts)

    def after_fork(self) -> None:
        """Give a forked child a lock that nobody holds."""
        self._lock = threading.RLock()
