"""Fill in parameters that are missing."""

from __future__ import annotations

from typing import Any, Final

ERROR_NAME: Final[str] = "ExampleError"
DEFAULTS: Final[list[tuple[str, Any]]] = [
    (
        "example",
        1,
    ),
]

Params = dict[str, Any]


def mend(error: Exception, params: Params) -> Params | None:
    """Return the parameters with what is missing, None where nothing is."""
    missing = {name: value for name, value in DEFAULTS if name not in params}
    if type(error).__name__ != ERROR_NAME or not missing:
        return None
    return {**params, **missing}
