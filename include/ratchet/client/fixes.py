"""Calls operations of the application through the fixes that are published for them.

A fix that cannot be loaded, or that itself fails, never takes the application down: what the operation did stands, and
an operation is never called again because of a fix's own failure. Reading fixes belongs to `fix_modules.py`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

from ratchet.client.acted import Acted
from ratchet.client.arguments import Arguments
from ratchet.client.complaints import Complaints
from ratchet.client.fix_modules import Modules
from ratchet.client.published import Published

Call = Callable[[dict[str, Any]], Any]
AsyncCall = Callable[[dict[str, Any]], Awaitable[Any]]
Function = TypeVar("Function", bound=Callable[..., Any])


class Fixes:
    """The published fixes, as the application uses them; `client.fixes`."""

    def __init__(self, published: Published, complaints: Complaints, acted: Acted) -> None:
        """Load nothing yet.

        Args:
            published: where fixes are read.
            complaints: where it is counted what went wrong.
            acted: where it is remembered which fix acted.
        """
        self._published, self._complaints, self._acted = published, complaints, acted
        self._modules = Modules(complaints)

    @property
    def acted(self) -> tuple[str, ...]:
        """Return the fixes that acted since the last request of this context was logged, the last one last."""
        return self._acted.ids

    @contextmanager
    def request(self) -> Iterator[None]:
        """Keep what acts for one request apart; tasks and threads that take over its context belong to it."""
        with self._acted.scope():
            yield

    def apply(self, operation: str, call: Call, params: Mapping[str, Any]) -> Any:
        """Call an operation through its fixes, or plainly where it has none.

        Args:
            operation: its name, as the application's errors say it in their context.
            call: takes the parameters as one dict and is the operation.
            params: what it is called with.

        Returns:
            What the operation returned, or what a fix made of it.

        Raises:
            Exception: what the operation raised and no fix handled, as it came.
        """
        for fix_id, module in self._layers(operation):
            call = functools.partial(self._through, fix_id, module, call)
        return call(dict(params))

    async def apply_async(self, operation: str, call: AsyncCall, params: Mapping[str, Any]) -> Any:
        """Do the same as `apply` with an operation that is awaited."""
        for fix_id, module in self._layers(operation):
            call = functools.partial(self._through_async, fix_id, module, call)
        return await call(dict(params))

    def protect(self, operation: str) -> Callable[[Function], Function]:
        """Return a decorator for a function, awaited or not, that is an operation: its arguments are the parameters."""

        def decorate(function: Function) -> Function:
            bound = Arguments(function)

            @functools.wraps(function)
            def protected(*args: Any, **kwargs: Any) -> Any:
                params, own = bound.params(args, kwargs)
                return self.apply(operation, lambda given: bound.call(own, given), params)

            @functools.wraps(function)
            async def protected_async(*args: Any, **kwargs: Any) -> Any:
                params, own = bound.params(args, kwargs)
                return await self.apply_async(operation, lambda given: bound.call(own, given), params)

            chosen: Any = protected_async if inspect.iscoroutinefunction(function) else protected
            return chosen  # type: ignore[no-any-return]

        return decorate

    def _layers(self, operation: str) -> Iterator[tuple[str, ModuleType]]:
        for fix in self._published.current().fixes.get(operation, ()):
            module = self._modules.module(fix)
            if module is not None:
                yield fix.fix_id, module

    def _through(self, fix_id: str, module: ModuleType, call: Call, params: dict[str, Any]) -> Any:
        watched = _Watched(call)
        try:
            return module.apply(watched.call, dict(params), lambda: self._acted.note(fix_id))
        except Exception as error:
            if watched.raised(error):
                raise
            self._failed(fix_id, error)
            return watched.outcome(error) if watched.calls else call(params)

    async def _through_async(self, fix_id: str, module: ModuleType, call: AsyncCall, params: dict[str, Any]) -> Any:
        watched = _Watched(call)
        try:
            return await module.apply_async(watched.call_async, dict(params), lambda: self._acted.note(fix_id))
        except Exception as error:
            if watched.raised(error):
                raise
            self._failed(fix_id, error)
            return watched.outcome(error) if watched.calls else await call(params)

    def _failed(self, fix_id: str, error: Exception) -> None:
        why = f"fix {fix_id} failed itself ({type(error).__name__}: {error}); what the operation did stands"
        self._complaints.note("fix_failed", why)


class _Watched:
    """An operation that knows how often it was called, and what became of its last call."""

    def __init__(self, call: Callable[[dict[str, Any]], Any]) -> None:
        self._call = call
        self.calls = 0
        self._errors: list[Exception] = []
        self._ended: Callable[[], Any] | None = None

    def call(self, params: dict[str, Any]) -> Any:
        self._begin()
        try:
            result = self._call(params)
        except Exception as error:
            self._note(error)
            raise
        self._ended = lambda: result
        return result

    async def call_async(self, params: dict[str, Any]) -> Any:
        self._begin()
        try:
            result = await self._call(params)
        except Exception as error:
            self._note(error)
            raise
        self._ended = lambda: result
        return result

    def _note(self, error: Exception) -> None:
        def again() -> Any:
            raise error

        self._errors.append(error)
        self._ended = again

    def raised(self, error: Exception) -> bool:
        """Return whether an error came from the operation."""
        return any(error is known for known in self._errors)

    def outcome(self, otherwise: Exception) -> Any:
        """Return what the last call returned, or raise what it raised; `otherwise` where it has not ended."""
        if self._ended is None:
            raise otherwise
        return self._ended()

    def _begin(self) -> None:
        self.calls, self._ended = self.calls + 1, None
