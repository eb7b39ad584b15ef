"""The values that results are made of: the day, shares, other estimates, ids of events."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

DAY = date(2026, 11, 20)


def share(part: int, n: int) -> dict[str, Any]:
    """Return a share with Wilson's interval."""
    if not n:
        return {"value": None, "n": 0, "low": None, "high": None, "reason": "no request has a known outcome"}
    p, z = part / n, 1.959964
    middle, half = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return {"value": p, "n": n, "low": (middle - half) / (1 + z * z / n), "high": (middle + half) / (1 + z * z / n)}


def about(value: float, n: int, wide: float) -> dict[str, Any]:
    """Return any other estimate."""
    return {"value": value, "n": n, "low": value - wide, "high": value + wide}


def ids(name: str, n: int = 5) -> list[str]:
    """Return sample event ids."""
    return [f"evt-{name[:4]}-{i:06x}" for i in range(n)]


def trend(now: int, before: int, ratio: float | None) -> dict[str, Any]:
    """Return a rate ratio."""
    found = about(ratio, now + before, ratio * 0.4) if ratio else {"value": None, "n": 0, "low": None, "high": None}
    reason = {} if ratio else {"reason": "nothing happened before"}
    return {"ratio": found | reason, "now": now, "before": before, "q": 0.004}
