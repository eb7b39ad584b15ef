"""A night depends on what had landed by its day, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

DAYS = [date(2026, 1, 5) + timedelta(days=n) for n in range(5)]
Events = dict[date, list[dict[str, Any]]]


def test_nights_are_the_same_in_any_order(
    five_nights: Any, new_lake: Callable[[str], Any], events_by_day: Events
) -> None:
    backwards = new_lake("backwards")
    for day, events in events_by_day.items():
        backwards.land(day, events)
    for day in reversed(DAYS):  # the first of them builds all landing days at once
        backwards.night(day)
    for day in DAYS:
        assert backwards.snapshot_bytes(day) == five_nights.snapshot_bytes(day), day


def test_a_night_run_again_is_the_same(new_lake: Callable[[str], Any], five_nights: Any, events_by_day: Events) -> None:
    lake = new_lake("again")
    for day in DAYS[:2]:
        lake.land(day, events_by_day[day])
    lake.night(DAYS[1])
    lake.night(DAYS[1])
    assert lake.snapshot_bytes(DAYS[1]) == five_nights.snapshot_bytes(DAYS[1])


@pytest.mark.parametrize("day", DAYS)
def test_no_row_is_empty_of_reason(five_nights: Any, day: date) -> None:
    assert len(five_nights.mart("mart_usage", day)) > 0
