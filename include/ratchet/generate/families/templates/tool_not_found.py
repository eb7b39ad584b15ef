"""Call a tool by the name it has."""

from __future__ import annotations

from typing import Any, Final

ERROR_NAME: Final[str] = "ExampleError"
KEY: Final[str] = "name"
RENAMED: Final[list[tuple[str, str]]] = [
    (
        "read_files",
        "read_file",
    ),
]

Params = dict[str, Any]


def mend(error: Exception, params: Params) -> Params | None:
    """Return the parameters with the known name, None where the name is another."""
    known = dict(RENAMED).get(str(params.get(KEY)))
    if type(error).__name__ != ERROR_NAME or known is None:
        return None
    return {**params, KEY: known}
