"""Turns the arguments of a decorated function into the parameters that fixes see, and back.

The object that a method belongs to is no parameter: fixes never see it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any

_OWN = ("self", "cls")


class Arguments:
    """The arguments of one function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function, self._signature = function, inspect.signature(function)
        names = list(self._signature.parameters)
        self._own = names[0] if names[:1] and names[0] in _OWN else None
        self._kinds = {name: p.kind for name, p in self._signature.parameters.items() if name != self._own}

    def params(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Any, ...]]:
        """Return the parameters by name, and the object of a method.

        Raises:
            TypeError: if the function cannot be called so.
        """
        found = dict(self._signature.bind(*args, **kwargs).arguments)
        own = (found.pop(self._own),) if self._own in found else ()
        rest = next((name for name, kind in self._kinds.items() if kind is Parameter.VAR_KEYWORD), None)
        more = found.pop(rest, {}) if rest is not None else {}
        return {**found, **more}, own

    def call(self, own: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Call the function with parameters, some of which a fix may have changed, added or left out."""
        given, args = dict(params), list(own)
        for name, kind in self._kinds.items():
            if kind is Parameter.POSITIONAL_ONLY and name in given:
                args.append(given.pop(name))
            elif kind is Parameter.VAR_POSITIONAL and name in given:
                args = [*args, *self._before(given), *given.pop(name)]
        return self._function(*args, **given)

    def _before(self, given: dict[str, Any]) -> list[Any]:
        """Take the plain parameters out that stand before `*args`, which can only be given by position then."""
        plain = [name for name, kind in self._kinds.items() if kind is Parameter.POSITIONAL_OR_KEYWORD]
        return [given.pop(name) for name in plain if name in given]
