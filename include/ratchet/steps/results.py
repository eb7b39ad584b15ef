"""How a step keeps its result and what it says of it."""

from __future__ import annotations

from typing import Any

from ratchet.night import Night

Summary = dict[str, Any]


def keep(night: Night, name: str, artifact: dict[str, Any]) -> Summary:
    """Store an artifact as a step's result and return where, with the length of each of its tables."""
    path = night.write(name, artifact)
    counts = {key: len(value) for key, value in artifact.items() if isinstance(value, list)}
    return {"path": str(path), **counts}
