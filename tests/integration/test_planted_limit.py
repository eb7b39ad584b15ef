"""The rate limit that was planted in the sample logs is found by a night, from the lines to the proposal."""

import json
from datetime import date

import pytest

from ratchet import samples
from ratchet.night import Night
from ratchet.nights import run_nights
from ratchet.samples.indexing import FEWEST_EVENTS

pytestmark = pytest.mark.slow
LAST = date(2026, 11, 20)


def artifact(home, name):
    return json.loads((home / "artifacts" / LAST.isoformat() / f"{name}.json").read_text("utf-8"))


def test_a_night_finds_the_planted_limit_and_proposes_a_bucket_within_it(tmp_path):
    landing, home = tmp_path / "landing", tmp_path / "home"
    (planted,) = samples.write(landing, days=10, events_per_day=FEWEST_EVENTS, seed=3, end=LAST)["rate_limits"]
    night = Night.from_environment(home=home, landing=str(landing))
    (outcome,) = run_nights(night, [LAST], lambda *_: None)
    assert [str(error) for error in outcome.failures.values()] == []

    tuning = artifact(home, "tuning")
    found = {row["target"]: row for row in tuning["settings"] if row["setting"] == "rate_limit"}
    row = found.pop(planted["api"])
    assert row["calls"] == planted["attempts"]
    assert planted["per_minute"] / 2 <= row["value"]["per_minute"] <= planted["per_minute"]
    assert 1 <= row["value"]["burst"] <= planted["burst"]
    assert row["lost_then"] < row["lost_today"]
    assert {target for target, other in found.items() if other["value"]} == set()

    proposed = {i["target"]: i for i in artifact(home, "improvements")["improvements"]}
    assert f"rate_limit/{planted['api']}" in proposed
