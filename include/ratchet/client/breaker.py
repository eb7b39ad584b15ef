"""A circuit breaker: after some failures in a row calls are refused for a while, then one is tried (R76).

    closed -- `failures` in a row --> open -- after `recovery_s` --> half open -- a success --> closed
                                        ^------------- a failure ------------------'

Which numbers an API gets belongs to `tuned.py`; how they are replayed on a log to `analyze/tuning/`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, TypeVar

from ratchet.client import forks

T = TypeVar("T")


class CircuitState(StrEnum):
    """Whether calls are let through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpenError(RuntimeError):
    """Raised instead of a call that would most likely fail; `retry_after_s` says when one is tried again."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"the circuit is open; a call is tried in {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Rule:
    """After how many failures in a row a circuit opens, and for how many seconds."""

    failures: int = 5
    recovery_s: float = 60.0


class CircuitBreaker:
    """One API's circuit, to be shared by all threads and tasks that call it.

    No lock is held while a call runs. The result of a call that began before the circuit opened or closed changes
    nothing. A trial whose result never comes is given up after another `recovery_s`.
    """

    def __init__(
        self,
        rule: Callable[[], Rule] = Rule,
        counts: Callable[[Exception], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin closed.

        Args:
            rule: asked at every call, so that a new version acts at once.
            counts: whether an error says that the API fails; the caller's own mistakes should not. None: all do.
            clock: seconds that only go forward.
        """
        self._rule, self._counts, self._clock = rule, counts, clock
        self._lock = threading.Lock()
        self._state, self._since, self._era, self._failed = CircuitState.CLOSED, 0.0, 0, 0
        forks.watch(self)

    @property
    def state(self) -> CircuitState:
        """Return the state as a call would find it now."""
        with self._lock:
            waits = self._state is CircuitState.OPEN and self._wait_s() > 0
            return self._state if waits or self._state is not CircuitState.OPEN else CircuitState.HALF_OPEN

    def call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call a function and return its result.

        Raises:
            CircuitOpenError: if calls are refused; the function is not called.
        """
        with self.guard():
            return function(*args, **kwargs)

    async def call_async(self, function: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        """Await a function and return its result.

        Raises:
            CircuitOpenError: if calls are refused; the function is not called.
        """
        async with self.guard():
            return await function(*args, **kwargs)

    def guard(self) -> Guard:
        """Return the context of one call, for `with` and `async with`; to enter it raises CircuitOpenError."""
        return Guard(self)

    def after_fork(self) -> None:
        """Give a forked child a lock that nobody holds."""
        self._lock = threading.Lock()

    def _admit(self) -> int:
        with self._lock:
            if self._state is not CircuitState.CLOSED:
                wait_s = self._wait_s()
                if wait_s > 0:
                    raise CircuitOpenError(wait_s)
                self._become(CircuitState.HALF_OPEN)
            return self._era

    def _settle(self, era: int, error: BaseException | None) -> None:
        failed = isinstance(error, Exception) and (self._counts is None or self._counts(error))
        with self._lock:
            if era != self._era:
                return
            if error is not None and not isinstance(error, Exception):  # cancelled: it says nothing about the API
                self._since -= self._rule().recovery_s if self._state is CircuitState.HALF_OPEN else 0.0
            elif not failed:
                self._failed = 0
                if self._state is CircuitState.HALF_OPEN:
                    self._become(CircuitState.CLOSED)
            else:
                self._failed += 1
                if self._state is CircuitState.HALF_OPEN or self._failed >= self._rule().failures:
                    self._become(CircuitState.OPEN)

    def _wait_s(self) -> float:
        return self._since + self._rule().recovery_s - self._clock()

    def _become(self, state: CircuitState) -> None:
        self._state, self._since, self._era, self._failed = state, self._clock(), self._era + 1, 0


class Guard:
    """One call that passes a circuit breaker."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker, self._era = breaker, -1

    def __enter__(self) -> Guard:
        """Begin the call.

        Raises:
            CircuitOpenError: if calls are refused.
        """
        self._era = self._breaker._admit()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say how it ended."""
        self._breaker._settle(self._era, error)

    async def __aenter__(self) -> Guard:
        """Begin the call; nothing is waited for."""
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say how it ended."""
        self.__exit__(kind, error, trace)
