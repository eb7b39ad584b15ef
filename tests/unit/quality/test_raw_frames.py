"""What the load reports become: the day beside its past, and streams beside bronze."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from ratchet.quality.raw_frames import raw_frames

DAY = date(2026, 11, 20)


def report(landed: date, loaded: int, **changes: Any) -> dict[str, Any]:
    totals = {"lines": loaded, "loaded": loaded, "duplicates": 0, "quarantined": 0, "blank": 0}
    return {
        "landed_date": landed.isoformat(),
        "files": [],
        "totals": totals,
        "streams": [{"stream": "interaction", "loaded": loaded, "late": 0}] if loaded else [],
        "reasons": [],
        "unknown_fields": [],
        "quarantined_share": 0.0,
        **changes,
    }


def past(*loaded: int) -> list[dict[str, Any]]:
    return [report(DAY - timedelta(days=n + 1), count) for n, count in enumerate(loaded)]


def held(events: int) -> dict[str, pd.DataFrame]:
    return {"bronze_streams": pd.DataFrame({"stream": ["interaction"], "events": [events]})}


def test_volume_is_held_against_the_median_of_the_past() -> None:
    frames = raw_frames([report(DAY, 30), *past(100, 120, 5000)], held(30), DAY)
    (row,) = frames["load_day"].to_dict("records")
    assert (row["median_loaded"], row["volume_ratio"], row["days_since_last"]) == (120, 0.25, 1)


def test_two_landing_days_are_no_past() -> None:
    frames = raw_frames([report(DAY, 30), *past(100, 120)], held(30), DAY)
    assert frames["load_day"]["volume_ratio"].isna().all()


def test_past_ends_after_four_weeks_and_excludes_the_future() -> None:
    old = [report(DAY - timedelta(days=29), 1), report(DAY + timedelta(days=1), 1)]
    frames = raw_frames([report(DAY, 30), *past(10, 20, 30), *old], held(30), DAY)
    assert frames["load_history"]["landed_date"].tolist() == ["2026-11-17", "2026-11-18", "2026-11-19"]


def test_stream_that_fell_silent_keeps_its_row() -> None:
    frames = raw_frames([report(DAY, 0), *past(10, 20, 30)], {}, DAY)
    assert frames["load_streams"].to_dict("records") == [
        {
            "stream": "interaction",
            "loaded": 0,
            "in_bronze": 0,
            "late_share": pytest.approx(float("nan"), nan_ok=True),
            "median_loaded": 20,
            "volume_ratio": 0,
        }
    ]


def test_stream_that_only_bronze_knows_is_shown() -> None:
    frames = raw_frames([report(DAY, 0)], held(7), DAY)
    assert frames["load_streams"][["stream", "loaded", "in_bronze"]].to_numpy().tolist() == [["interaction", 0, 7]]


def test_day_that_did_not_land_has_no_load_frames() -> None:
    assert set(raw_frames(past(10), {}, DAY)) == {"load_history"}


def test_first_day_has_no_day_before() -> None:
    frames = raw_frames([report(DAY, 30)], held(30), DAY)
    assert frames["load_day"]["days_since_last"].isna().all()


def test_a_tiny_stream_is_not_held_against_its_past() -> None:
    tiny = raw_frames([report(DAY, 0), *past(19, 19, 19)], {}, DAY)["load_streams"]
    enough = raw_frames([report(DAY, 0), *past(20, 20, 20)], {}, DAY)["load_streams"]
    assert tiny["volume_ratio"].isna().all()
    assert enough["volume_ratio"].tolist() == [0.0]
