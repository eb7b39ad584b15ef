"""Give parameters the type that calls which succeed have."""

from __future__ import annotations

from typing import Any, Final

ERROR_NAME: Final[str] = "ExampleError"
KINDS: Final[list[tuple[str, str]]] = [
    (
        "example",
        "integer",
    ),
]

Params = dict[str, Any]


def cast(value: Any, kind: str) -> Any:
    """Return a value as another JSON type, None where it would say something else."""
    text = str(value).strip()
    number = text.removeprefix("-")
    if kind == "array":
        return [value] if isinstance(value, str | int | float) else None
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    if kind == "string":
        return text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower())
    if kind == "integer":
        whole = number.removesuffix(".0")
        return int(float(text)) if whole.isdecimal() and len(whole) < 16 else None
    plain = number.replace(".", "", 1).isdecimal() and len(number) < 16
    return float(text) if kind == "number" and plain else None


def mend(error: Exception, params: Params) -> Params | None:
    """Return the parameters with other types, None where nothing can be done."""
    if type(error).__name__ != ERROR_NAME:
        return None
    changed: Params = {}
    for name, kind in KINDS:
        value = cast(params.get(name), kind)
        if value is not None and type(value) is not type(params[name]):
            changed[name] = value
    return {**params, **changed} if changed else None
