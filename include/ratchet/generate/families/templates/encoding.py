"""Read bytes with the encoding that they have."""

from __future__ import annotations

from typing import Any, Final

KEY: Final[str] = "encoding"
ENCODINGS: Final[list[str]] = [
    "cp1252",
]

Params = dict[str, Any]


def mend(error: Exception, params: Params) -> Params | None:
    """Return the parameters with an encoding that fits, None where none does."""
    if not isinstance(error, UnicodeDecodeError) or KEY not in params:
        return None
    for encoding in ENCODINGS:
        try:
            error.object.decode(encoding)
        except UnicodeError:
            continue
        if encoding != params[KEY]:
            return {**params, KEY: encoding}
    return None
