"""Leave out parameters that are None."""

from __future__ import annotations

from typing import Any, Final

ERROR_NAME: Final[str] = "ExampleError"
DEFAULTS: Final[list[tuple[str, Any]]] = []
DROPPED: Final[list[str]] = [
    "example",
]

Params = dict[str, Any]


def mend(error: Exception, params: Params) -> Params | None:
    """Return the parameters without None, None where there is none to replace."""
    if type(error).__name__ != ERROR_NAME:
        return None
    defaults = dict(DEFAULTS)
    empty = [name for name, value in params.items() if value is None]
    replaced = {name: defaults[name] for name in empty if name in defaults}
    dropped = [name for name in empty if name in DROPPED]
    if not replaced and not dropped:
        return None
    kept = {name: value for name, value in params.items() if name not in dropped}
    return {**kept, **replaced}
