"""The command reads the newest word on each day from the snapshots of all nights."""

import json
from datetime import date, datetime, time, timedelta

import pandas as pd
import pytest

from ratchet import backtests, cli
from ratchet.analyze import hours
from ratchet.errors import LandingError
from ratchet.night import Night

FIRST = date(2026, 9, 1)
OTHERS = {"mart_pattern_days": ("kind", "name", "event_date", "n"), "mart_sequences": ("actions", "sessions")}
COLUMNS = ["metric_hour", "service", *hours.COUNTS, *hours.MINUTES, "duration_n", *hours.QUANTILES]


def snapshot(home, day, failures=4, days=30):
    rows = [
        {"metric_hour": datetime.combine(day - timedelta(days=back), time(hour)), "service": ""}
        | {"requests": 100, "successes": 100 - failures, "failures": failures}
        for back in range(days)
        for hour in range(24)
    ]
    folder = home / "snapshots" / day.isoformat()
    folder.mkdir(parents=True)
    pd.DataFrame(rows, columns=COLUMNS).fillna(0).to_parquet(folder / "mart_health_hourly.parquet")
    for name, columns in OTHERS.items():
        pd.DataFrame(columns=["as_of", *columns]).to_parquet(folder / f"{name}.parquet")
    requests = [
        {"as_of": day, "metric_date": day - timedelta(days=back), "window_days": 1, "metric": "requests"}
        | {"numerator": 2400.0 + 40 * (back % 3), "denominator": 1.0, "n": 2400}
        for back in range(days)
    ]
    pd.DataFrame(requests).to_parquet(folder / "mart_kpis_daily.parquet")


def test_each_day_is_read_from_its_newest_snapshot_and_printed(tmp_path, capsys):
    snapshot(tmp_path, FIRST + timedelta(days=15), failures=50, days=16)
    snapshot(tmp_path, FIRST + timedelta(days=20), days=18)
    found = backtests.run(Night.from_environment(home=tmp_path), 0.01, 3.0)
    assert (found.first, found.last) == ("2026-09-16", "2026-09-21")
    season = next(d for d in found.detectors if d.detector == "season")
    assert (season.nights, season.now.false_alarms.number) == (7, 0.0)
    assert cli.main(["backtest", "--home", str(tmp_path), "--false-alarms", "0.01"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Nights from 2026-09-16 to 2026-09-21; wanted: at most 1.0% of nights with a false alarm")
    assert said[1].split()[:3] == ["detector", "of", "spoke"]
    assert any(line.startswith("burn over 72 h  success_rate") for line in said)
    assert "trend: needs seven weeks of days" in said
    assert "sequence: needs 20 sessions of two actions" in said


def test_the_same_nights_as_data_for_machines(tmp_path, capsys):
    snapshot(tmp_path, FIRST + timedelta(days=20), days=21)
    assert cli.main(["backtest", "--home", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    kinds = {d["detector"] for d in found["detectors"]}
    assert {"season", "trend", "unusual day", "unusual hours", "unusual intents", "correlation", "sequence"} <= kinds


def test_a_home_without_nights_says_what_to_do(tmp_path):
    with pytest.raises(LandingError, match="no night has run here"):
        backtests.run(Night.from_environment(home=tmp_path), 0.01, 3.0)


@pytest.mark.parametrize("share", ["1", "-0.1", "nan", "many"])
def test_a_rate_that_is_none_is_refused_in_one_line(share, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["backtest", "--false-alarms", share])
    assert caught.value.code == 2
    assert "is not a share such as 0.01" in capsys.readouterr().err
