"""Shorten what is longer than the model can read."""

from __future__ import annotations

from typing import Any, Final

ERROR_NAME: Final[str] = "ExampleError"
MOST_CHARACTERS: Final[int] = 1000
MARK: Final[str] = " [...] "

Params = dict[str, Any]


def size(value: Any) -> int:
    """Return the number of characters of all texts in a value."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(size(part) for part in value.values())
    return sum(size(part) for part in value) if isinstance(value, list) else 0


def longest(value: Any) -> str:
    """Return the longest text in a value."""
    if isinstance(value, str):
        return value
    parts = list(value.values()) if isinstance(value, dict) else value
    texts = [longest(part) for part in parts] if isinstance(parts, list) else []
    return max(texts, key=len, default="")


def replaced(value: Any, old: str, new: str) -> Any:
    """Return a value with one text in place of another."""
    if isinstance(value, dict):
        return {name: replaced(part, old, new) for name, part in value.items()}
    if isinstance(value, list):
        return [replaced(part, old, new) for part in value]
    return new if isinstance(value, str) and value == old else value


def shortened(params: Params) -> Params:
    """Drop the oldest messages but the first; then cut the middle of the longest."""
    found = dict(params)
    messages = found.get("messages")
    while isinstance(messages, list) and len(messages) > 2:
        if size(found) <= MOST_CHARACTERS:
            break
        messages = [messages[0], *messages[2:]]
        found["messages"] = messages
    excess = size(found) - MOST_CHARACTERS
    if excess > 0:
        text = longest(found)
        half = max(0, len(text) - excess - len(MARK)) // 2
        cut = text[:half] + MARK + text[len(text) - half :]
        found = replaced(found, text, cut)
    return found


def mend(error: Exception, params: Params) -> Params | None:
    """Return shorter parameters, None where they are short enough or cannot be."""
    if type(error).__name__ != ERROR_NAME or size(params) <= MOST_CHARACTERS:
        return None
    found = shortened(params)
    return found if size(found) <= MOST_CHARACTERS else None
