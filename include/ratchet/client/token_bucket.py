"""Lets so many calls begin in a minute, and a few of them at once, for threads and tasks together (R42).

A bucket holds `burst` tokens and gains `per_minute` a minute; each call takes one, and waits for it first come, first
served. Which numbers an API gets belongs to `tuned.py`, how they are fitted to a log to `analyze/tuning/`.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ratchet.client import forks


@dataclass(frozen=True, slots=True)
class Rate:
    """How many calls may begin in a minute, and how many of them at once; by default as many as come."""

    per_minute: float = math.inf
    burst: float = 1.0


class TokenBucket:
    """One API's bucket, to be shared by all threads and tasks that call it; no lock is held while one waits."""

    def __init__(self, rate: Callable[[], Rate] = Rate, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin full.

        Args:
            rate: asked at every call, so that a new version acts on the next one.
            clock: seconds that only go forward.
        """
        self._rate, self._clock = rate, clock
        self._lock = threading.Lock()
        self._full_at = -math.inf  # when every token is there again if nobody takes one
        forks.watch(self)

    def wait(self, at_most_s: float = math.inf) -> bool:
        """Wait in a thread until a call may begin.

        Args:
            at_most_s: where it would take longer, nothing is waited for or taken, and False is returned.
        """
        taken = self._take(at_most_s)
        if taken is None:
            return False
        try:
            time.sleep(taken.wait_s)
        except BaseException:  # interrupted while waiting
            self._give_back(taken)
            raise
        return True

    async def wait_async(self, at_most_s: float = math.inf) -> bool:
        """Wait in a task, without blocking the loop, as `wait` does."""
        taken = self._take(at_most_s)
        if taken is None:
            return False
        try:
            await asyncio.sleep(taken.wait_s)
        except BaseException:  # cancelled while waiting
            self._give_back(taken)
            raise
        return True

    def after_fork(self) -> None:
        """Give a forked child a lock that nobody holds."""
        self._lock = threading.Lock()

    def _take(self, at_most_s: float) -> _Token | None:
        rate = self._rate()
        apart_s = 60 / rate.per_minute
        if not apart_s:
            return _Token(0.0, math.nan, 0.0)
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at, now) + apart_s
            wait_s = max(0.0, full_at - max(1.0, rate.burst) * apart_s - now)
            if wait_s > at_most_s:
                return None
            self._full_at = full_at
            return _Token(wait_s, full_at, apart_s)

    def _give_back(self, token: _Token) -> None:
        with self._lock:
            if self._full_at == token.full_at:  # whoever came later keeps the time that was promised
                self._full_at -= token.apart_s


@dataclass(frozen=True, slots=True)
class _Token:
    """What was taken: seconds until it is there, when the bucket would have been full, seconds between two tokens."""

    wait_s: float
    full_at: float
    apart_s: float
