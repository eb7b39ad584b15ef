"""What the sample assistant is made of, read from the YAML files in `catalogue/`.

Words, intents, faults and machines are data there; when something is planted is said in `plan.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent / "catalogue"
SUPPORTED = "supported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One thing that users ask for; the fields are explained in `catalogue/intents.yaml`."""

    name: str | None
    task_type: str
    agent: str
    feature: str
    seconds: float
    sigma: float
    tokens: tuple[float, float]
    score: float
    tools: tuple[str, ...]
    texts: tuple[str, ...]
    replies: tuple[str, ...]
    weight: float = 0.0
    role: str = SUPPORTED
    fault: str | None = None
    faults: tuple[str, ...] = ()
    key: str = ""

    @property
    def label(self) -> str:
        """Return the name, or the key of an intent that the application does not log."""
        return self.name or self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of error; the fields are explained in `catalogue/errors.yaml`."""

    key: str
    error_type: str
    where: str
    rate: float
    recovered: float
    message: str
    frames: tuple[tuple[str, str], ...]
    context: str
    fix: str
    http_status: int | None = None
    retry_after: bool = False
    tools: tuple[str, ...] = ()
    task_types: tuple[str, ...] = ()

    def can_meet(self, intent: Intent) -> bool:
        """Return whether a request with this intent can meet the fault."""
        if self.key in _named_faults():
            return self.key == intent.fault or self.key in intent.faults
        if intent.role != SUPPORTED:
            return False
        if self.tools:
            return bool(set(self.tools) & set(intent.tools))
        return not self.task_types or intent.task_type in self.task_types


@cache
def intents() -> tuple[Intent, ...]:
    """Return every intent, supported ones first."""
    rows = [{key: _frozen(value) for key, value in row.items()} for row in load("intents")]
    return tuple(Intent(**row) for row in rows)


@cache
def faults() -> tuple[Fault, ...]:
    """Return every fault in the order in which they are tried: those of a single intent first."""
    rows = [
        Fault(key=key, **{name: _frozen(value) for name, value in row.items()}) for key, row in load("errors").items()
    ]
    return tuple(sorted(rows, key=lambda fault: fault.key not in _named_faults()))


@cache
def load(name: str) -> Any:
    """Return one catalogue file as plain data."""
    return yaml.safe_load((_FOLDER / f"{name}.yaml").read_text("utf-8"))


@cache
def _named_faults() -> frozenset[str]:
    return frozenset(key for intent in intents() for key in (intent.fault, *intent.faults) if key)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
