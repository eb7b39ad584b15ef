from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from ratchet.errors import RunDayError
from ratchet.run_day import run_day

TODAY = date(2026, 11, 21)
NIGHT = datetime(2026, 11, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"partition_key": "2026-11-20"}, date(2026, 11, 20)),
        ({"partition_key": "2026-11-20", "params": {"date": "2026-11-20"}}, date(2026, 11, 20)),
        ({"partition_key": "2026-11-20", "params": {"date": None}}, date(2026, 11, 20)),
        ({"partition_key": "2026-11-20", "data_interval_start": NIGHT}, date(2026, 11, 20)),
        ({"partition_key": None, "params": {"date": "2026-11-18"}}, date(2026, 11, 18)),
        ({"params": {"date": "2026-11-18"}, "data_interval_start": NIGHT}, date(2026, 11, 18)),
        ({"params": {"date": ""}, "data_interval_start": NIGHT}, date(2026, 11, 19)),
        ({"data_interval_start": NIGHT}, date(2026, 11, 19)),
        ({"data_interval_start": NIGHT.astimezone(timezone(timedelta(hours=-5)))}, date(2026, 11, 19)),
        ({"partition_key": "2026-11-21"}, TODAY),
        ({"partition_key": "2024-02-29"}, date(2024, 2, 29)),
    ],
)
def test_the_day_of_a_run(context, expected):
    assert run_day(context, TODAY) == expected


@pytest.mark.parametrize(
    ("context", "problem"),
    [
        ({}, "does not say which day"),
        ({"partition_key": None, "params": {}, "data_interval_start": None}, "does not say which day"),
        ({"params": None}, "does not say which day"),
        ({"partition_key": "2026-11-20", "params": {"date": "2026-11-18"}}, "leave one of them out"),
        ({"partition_key": "2026-11-22"}, "2026-11-22 is in the future .* is 2026-11-21"),
        ({"params": {"date": "9999-12-31"}}, "in the future"),
        ({"partition_key": "2026-02-30"}, "not a day of the form"),
        ({"partition_key": "2026-11-20T02:00:00"}, "not a day of the form"),
        ({"partition_key": "x" * 10_000}, "not a day of the form"),
        ({"params": {"date": 20261120}}, "not a day of the form"),
    ],
)
def test_a_run_that_has_no_usable_day_says_what_to_do(context, problem):
    with pytest.raises(RunDayError, match=problem) as caught:
        run_day(context, TODAY)
    assert caught.value.way_out
    assert len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


def test_today_is_the_clocks_when_nobody_says():
    assert run_day({"partition_key": "2020-01-01"}) == date(2020, 1, 1)
    with pytest.raises(RunDayError):
        run_day({"partition_key": "9999-01-01"})
