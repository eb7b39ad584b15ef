"""Lets at most so many calls run at once, for threads and tasks together, first come, first served (R73).

How many belongs to `tuned.py`.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from ratchet.client import forks


class Limiter:
    """The slots of one service, to be shared by all threads and tasks that call it."""

    def __init__(self, limit: Callable[[], int]) -> None:
        """Begin with every slot free.

        Args:
            limit: asked whenever a slot is wanted or given back; what runs goes on when it falls.
        """
        self._limit = limit
        self._lock = threading.Lock()
        self._running, self._waiting = 0, deque[_Waiter]()
        forks.watch(self)

    @property
    def running(self) -> int:
        """Return how many slots are taken."""
        return self._running

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot in a thread; waits for one."""
        self._acquire()
        try:
            yield
        finally:
            self._release()

    @asynccontextmanager
    async def slot_async(self) -> AsyncIterator[None]:
        """Hold a slot in a task; waits for one without blocking the loop."""
        await self._acquire_async()
        try:
            yield
        finally:
            self._release()

    def after_fork(self) -> None:
        """Give a forked child free slots: whoever held or wanted one in the parent does not run in the child."""
        self._lock = threading.Lock()
        self._running, self._waiting = 0, deque[_Waiter]()

    def _acquire(self) -> None:
        come = threading.Event()
        waiter = self._entered(come.set)
        try:
            if waiter is not None:
                come.wait()
        except BaseException:  # interrupted while waiting: the slot may have come in the same moment
            self._leave(waiter)
            raise

    async def _acquire_async(self) -> None:
        loop, come = asyncio.get_running_loop(), asyncio.Event()
        waiter = self._entered(lambda: _told(loop, come))
        try:
            if waiter is not None:
                await come.wait()
        except BaseException:  # cancelled while waiting
            self._leave(waiter)
            raise

    def _entered(self, wake: Callable[[], object]) -> _Waiter | None:
        """Take a free slot, or return who waits for one."""
        with self._lock:
            self._hand_over()
            if self._running < self._most() and not self._waiting:
                self._running += 1
                return None
            waiter = _Waiter(wake)
            self._waiting.append(waiter)
            return waiter

    def _leave(self, waiter: _Waiter | None) -> None:
        with self._lock:
            if waiter is not None and not waiter.has_slot:
                self._waiting.remove(waiter)
                return
        self._release()

    def _release(self) -> None:
        with self._lock:
            self._running = max(0, self._running - 1)  # a slot that was taken before a fork
            self._hand_over()

    def _hand_over(self) -> None:
        while self._waiting and self._running < self._most():
            waiter = self._waiting.popleft()
            waiter.has_slot = True
            self._running += 1
            if waiter.wake() is False:  # its loop is closed: nobody is there any more
                self._running -= 1

    def _most(self) -> int:
        return max(1, self._limit())


class _Waiter:
    """Whoever waits for a slot."""

    __slots__ = ("has_slot", "wake")

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake, self.has_slot = wake, False


def _told(loop: asyncio.AbstractEventLoop, come: asyncio.Event) -> bool:
    try:
        loop.call_soon_threadsafe(come.set)
    except RuntimeError:
        return False
    return True
