"""mart_workflows made by hand: rows of any kind, the rest of their columns as the mart fills them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

AS_OF = date(2026, 11, 20)
_EMPTY = {
    "kind": "call",
    "action": "",
    "other": "",
    "tries": 0,
    **dict.fromkeys(("calls", "good", "bad", "unknown", "runs", "timed", "costed", "longest_ms"), 0),
    **dict.fromkeys(("duration_ms", "path_ms", "cost_usd"), 0.0),
}


def row(kind: str, action: str, **columns: Any) -> dict[str, Any]:
    """Return one row as of the night."""
    return {"as_of": AS_OF, **_EMPTY, "kind": kind, "action": action, "sample_event_ids": [], **columns}


def workflows(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return the mart; without rows it has its columns."""
    return pd.DataFrame(list(rows), columns=list(row("call", "")))


def tries(action: str, *outcomes: tuple[int, int]) -> list[dict[str, Any]]:
    """Return an action's tries after one failure, two, and so on, as (succeeded, failed)."""
    return [
        row("try", action, tries=n, calls=good + bad, good=good, bad=bad, runs=bad, timed=bad, duration_ms=10.0 * bad)
        for n, (good, bad) in enumerate(outcomes, 1)
    ]
