"""Remembers which published fix acted on behalf of the request that is under way, so that its events can say so.

What is remembered belongs to a context (a thread, a task of asyncio) and ends with the request's own event. Inside
`scope` it is shared with the tasks that the request starts. Applying fixes belongs to `fixes.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Acted:
    """The fixes that acted, of one client."""

    def __init__(self) -> None:
        self._alone: ContextVar[tuple[str, ...]] = ContextVar("ratchet_acted", default=())
        self._scope: ContextVar[list[str] | None] = ContextVar("ratchet_scope", default=None)

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of the fixes that acted, each once, the last to act last."""
        shared = self._scope.get()
        return tuple(dict.fromkeys(reversed(self._alone.get() if shared is None else list(shared))))[::-1]

    def note(self, fix_id: str) -> None:
        """Remember that a fix acted."""
        shared = self._scope.get()
        if shared is not None:
            shared.append(fix_id)
        elif self._alone.get()[-1:] != (fix_id,):
            self._alone.set((*self._alone.get(), fix_id))

    def forget(self) -> None:
        """Forget it: the request's event is logged, and what follows belongs to the next one."""
        shared = self._scope.get()
        if shared is not None:
            shared.clear()
        else:
            self._alone.set(())

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Begin a request: nothing of another one is remembered in it, nothing of it afterwards."""
        token = self._scope.set([])
        try:
            yield
        finally:
            self._scope.reset(token)
