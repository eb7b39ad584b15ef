"""Where an error came from and where it went: the change before it, the fix after it, and its keys of other versions.

How errors are counted and ranked belongs to `errors.py`; how fingerprints are made to dbt_project/macros.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from ratchet import frames
from ratchet.contracts.error_findings import Introduction
from ratchet.contracts.names import bounded

REACH_DAYS, QUIET_DAYS = 7, 7  # as in macros/fingerprints.sql


def introduction(line: Mapping[str, Any]) -> Introduction | None:
    """Return what a row of mart_errors says about the change before it, None where there was none."""
    if not frames.text(line["change_id"]):
        return None
    changed, first = pd.Timestamp(line["change_at"]), pd.Timestamp(line["first_at"])
    return Introduction(
        change_id=bounded(frames.text(line["change_id"])),
        kind=frames.text(line["change_kind"]),
        target=bounded(frames.text(line["change_target"])),
        before=_value(line["change_before"]),
        after=_value(line["change_after"]),
        at=f"{changed.isoformat()}Z",
        hours_before=round((first - changed).total_seconds() / 3600, 3),
    )


def _value(cell: Any) -> str | None:
    return bounded(cell) if isinstance(cell, str) else None


def current_fixes(fixes: Mapping[str, date], fingerprints: pd.DataFrame, as_of: date) -> dict[str, date]:
    """Return the days of fixes by tonight's fingerprint, also of those made under another key of the same bug.

    Args:
        fixes: the day of the last deployment, by the fingerprint that was fixed.
        fingerprints: mart_fingerprints, which maps keys of single errors and of the version before.
        as_of: the night's day.
    """
    rows = frames.rows_of(fingerprints, as_of, ("error_key", "previous_fingerprint"))
    found: dict[str, date] = {}
    for line in frames.records(rows):
        known = [fixes[key] for key in _keys(line) if key in fixes]
        if known:
            key = str(line["fingerprint"])
            found[key] = max([*known, found.get(key, known[0])])
    return found


def _keys(line: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(line["fingerprint"]), str(line["error_key"]), str(line["previous_fingerprint"])


def came_back(line: Mapping[str, Any], fixed_on: date | None) -> bool:
    """Say whether an error is there again that had been gone, for `QUIET_DAYS` at least, after its fix."""
    returned = frames.day(line["returned_on"])
    return bool(fixed_on and returned and returned > fixed_on and line["occurrences"])
