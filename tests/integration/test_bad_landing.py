"""A landing zone that is not there, is empty, or is asked for a day it cannot have."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from .conftest import LAST, ratchet


@pytest.mark.parametrize("exists", [True, False])
def test_a_landing_zone_without_logs_is_no_data_and_exit_code_2(tmp_path, exists):
    landing, home = tmp_path / "landing", tmp_path / "home"
    if exists:
        landing.mkdir()
    done = ratchet("run", "--from", LAST, "--to", LAST, "--landing", landing, "--home", home)
    assert done.returncode == 2
    assert str(landing) in done.stdout + done.stderr
    report = json.loads((home / "artifacts" / LAST.isoformat() / "report.json").read_text())
    text = (home / "artifacts" / LAST.isoformat() / "report.md").read_text().lower()
    assert "no data" in json.dumps(report).lower()
    assert "healthy" not in text
    status = ratchet("status", "--home", home)
    assert status.returncode == 1
    assert status.stdout.startswith("no data")


def test_without_days_an_empty_landing_zone_says_what_to_do(tmp_path):
    (tmp_path / "landing").mkdir()
    done = ratchet("run", "--landing", tmp_path / "landing", "--home", tmp_path / "home")
    assert done.returncode == 2
    assert "ratchet sample-logs" in done.stderr


def test_a_day_in_the_future_is_refused(landing, tmp_path):
    future = datetime.now(UTC).date() + timedelta(days=3)
    done = ratchet("run", "--from", future, "--to", future, "--landing", landing, "--home", tmp_path)
    assert done.returncode == 2
    assert "is in the future" in done.stderr


def test_a_day_on_which_nothing_landed_is_no_data(landing, tmp_path):
    day = LAST + timedelta(days=2)
    done = ratchet("run", "--from", day, "--to", day, "--landing", landing, "--home", tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    text = (tmp_path / "artifacts" / day.isoformat() / "report.md").read_text().lower()
    assert "no data" in text
    assert json.loads((tmp_path / "artifacts" / day.isoformat() / "health.json").read_text())["status"] == "no data"


def test_an_unknown_source_names_the_nearest(tmp_path):
    done = ratchet("run", "--source", "chat_transcript", "--landing", tmp_path, "--home", tmp_path / "home")
    assert done.returncode == 2
    assert "did you mean chat_transcripts" in done.stderr


@pytest.mark.parametrize("arguments", [["run", "--from", "yesterday"], ["sample-logs"], ["no-such-command"], []])
def test_wrong_use_is_one_line_and_exit_code_2(arguments):
    done = ratchet(*arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
