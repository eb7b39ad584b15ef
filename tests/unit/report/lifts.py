"""Estimates by hand, and the day that all of them are of."""

from __future__ import annotations

from datetime import date
from typing import Any

DAY = date(2026, 11, 20)
NOTHING = {"value": None, "n": 0, "low": None, "high": None}


def lift(value: float, wide: float, n: int = 24_000) -> dict[str, Any]:
    """Return an estimate of a relative change."""
    return {"value": value, "n": n, "low": value - wide, "high": value + wide}


def none(reason: str) -> dict[str, Any]:
    """Return an estimate that cannot be computed."""
    return NOTHING | {"reason": reason}
