from datetime import date, datetime

import pandas as pd
import pytest

from ratchet import files
from ratchet.deploy.flag_changes import COLUMNS, landed
from ratchet.home import Home

FIRST, SECOND = date(2026, 11, 1), date(2026, 11, 9)


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path)
    for day, occurred, kind in (
        (FIRST, FIRST, "feature"),
        (SECOND, date(2026, 11, 8), "feature"),
        (SECOND, SECOND, "release"),
    ):
        folder = made.bronze / "change" / f"event_date={occurred}"
        folder.mkdir(parents=True, exist_ok=True)
        at = datetime.combine(occurred, datetime.min.time())
        row = {"event_id": f"{kind}{day}", "kind": kind, "target": "search", "after": "5", "occurred_at": at}
        pd.DataFrame([row]).to_parquet(folder / f"landed={day}.parquet")
    for day, earliest in ((FIRST, FIRST), (SECOND, date(2026, 11, 8))):
        span = {"stream": "change", "earliest": f"{earliest}T00:00:00Z", "latest": f"{day}T00:00:00Z"}
        files.write_json(made.loads / f"{day}.json", {"streams": [span]})
    return made


def test_all_of_history_is_read_and_only_features(home):
    found = landed(home, FIRST, SECOND)
    assert list(found.columns) == COLUMNS
    assert found["occurred_at"].dt.date.tolist() == [FIRST, date(2026, 11, 8)]


def test_what_landed_later_or_before_does_not_count(home):
    assert len(landed(home, FIRST, date(2026, 11, 8))) == 1
    assert len(landed(home, SECOND, SECOND)) == 1


def test_no_change_is_an_empty_frame(tmp_path):
    found = landed(Home(tmp_path), FIRST, SECOND)
    assert (list(found.columns), len(found)) == (COLUMNS, 0)
