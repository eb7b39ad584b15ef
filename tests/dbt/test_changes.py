"""The changes that a night knows: all that had landed by it, before and after its build, and none that landed later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ratchet.warehouse import Warehouse

FIRST = date(2026, 1, 5)
DAYS = [FIRST + timedelta(days=n) for n in (0, 1, 20)]  # the last is far beyond what a night looks back


def land(lake: Any, day: date, percentage: int, **fields: Any) -> None:
    event = {
        "event_id": f"move {day}",
        "occurred_at": f"{day}T10:00:00",
        "clock": "real",
        "kind": "feature",
        "target": "search",
        "after": str(percentage),
    }
    lake.land(day, [{"event_type": "change", **event, **fields}])


def known(lake: Any, day: date) -> list[str]:
    lake.prepare(day)
    with Warehouse.open(lake.home) as warehouse:
        return warehouse.changes()["after"].tolist()  # type: ignore[no-any-return]


def test_a_night_knows_what_had_landed_before_its_build_and_after(lake: Any) -> None:
    for share, day in enumerate(DAYS):
        land(lake, day, share)
    assert known(lake, DAYS[2]) == ["0", "1", "2"]
    lake.only("int_changes_daily").night(DAYS[2])
    assert known(lake, DAYS[2]) == ["0", "1", "2"]
    assert known(lake, DAYS[0]) == ["0"]


def test_a_day_that_landed_anew_counts_once_and_anew(lake: Any) -> None:
    land(lake, DAYS[0], 5)
    lake.only("int_changes_daily").night(DAYS[0])
    lake.land(DAYS[0], [], version="2")
    assert known(lake, DAYS[0]) == []


def test_a_made_up_clock_moves_nothing(lake: Any) -> None:
    land(lake, DAYS[0], 5, clock="synthetic")
    assert known(lake, DAYS[0]) == []
