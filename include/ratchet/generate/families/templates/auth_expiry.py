"""Call again with the settings with which it works after a failure."""

from __future__ import annotations

from typing import Any, Final

ERROR_NAME: Final[str] = "ExampleError"
SETTINGS: Final[list[tuple[str, Any]]] = [
    (
        "example",
        True,
    ),
]

Params = dict[str, Any]


def mend(error: Exception, params: Params) -> Params | None:
    """Return the parameters with the settings, None where they had them already."""
    mended = {**params, **dict(SETTINGS)}
    if type(error).__name__ != ERROR_NAME or mended == params:
        return None
    return mended
