"""The hourly check counts an hour as the night does: both read the same events, one from files, one from bronze."""

import json
from datetime import date, datetime, timedelta

import pandas as pd

from ratchet.log.ingest import IngestOptions
from ratchet.log.recent import Wanted, read_recent
from ratchet.log.sources import LandedSource

DAY = date(2026, 1, 6)


def test_an_hour_is_counted_as_in_the_mart(five_nights, events_by_day, tmp_path):
    mart = five_nights.mart("mart_health_hourly", DAY)
    for day in (DAY - timedelta(days=1), DAY):
        folder = tmp_path / f"dt={day}"
        folder.mkdir()
        lines = [json.dumps(e | {"occurred_at": f"{e['occurred_at']}Z"}, default=str) for e in events_by_day[day]]
        (folder / "events.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    hours = [datetime.combine(DAY, datetime.min.time()) + timedelta(hours=n) for n in range(24)]
    found = read_recent([LandedSource("native", tmp_path)], Wanted(tuple(hours), DAY, IngestOptions(threads=1)))
    assert found.problems == {}
    wanted = mart[pd.to_datetime(mart["metric_hour"]).isin(hours)].drop(columns="as_of")
    columns = list(wanted.columns)
    assert len(wanted) > 20
    left, right = (
        frame[columns].sort_values(["metric_hour", "service"], ignore_index=True) for frame in (found.hours, wanted)
    )
    assert set(right["duration_n"]) - {0}
    pd.testing.assert_frame_equal(left, right, check_dtype=False)
