"""Trials that are over: their facts are computed once, stay as they are, and are the same in any order of nights."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from tests.dbt.trials import TRIALS

from ratchet.contracts.experiments import Trial
from ratchet.trial_tables import SETTLE_DAYS, closed_groups

FIRST = date(2026, 1, 5)
MARTS = ("mart_experiments", "mart_experiment_units", "mart_experiment_assignments")
EDITED, SHORT = TRIALS[:2], TRIALS[2]  # phases that end in 90 days; units enter for two days and count for two more
UNSTARTED = replace(SHORT, trial_id="unstarted", starts_at=None)
CLOSED = FIRST + timedelta(days=2 + 2 + SETTLE_DAYS)


def carried(lake: Any) -> list[str]:
    return lake.frame("select distinct trial_id from run.carried order by 1")["trial_id"].tolist()  # type: ignore[no-any-return]


def facts(lake: Any, night: date, trial_id: str) -> list[pd.DataFrame]:
    """Return what the marts of a night say about a trial, the night's own day aside."""
    frames = [lake.mart(mart, night) for mart in MARTS]
    return [f[f["trial_id"] == trial_id].drop(columns="as_of").reset_index(drop=True) for f in frames]


def assert_same(first: list[pd.DataFrame], second: list[pd.DataFrame]) -> None:
    for one, other in zip(first, second, strict=True):
        pd.testing.assert_frame_equal(one, other)


@pytest.fixture
def closing(five_nights_copy: Any, events_by_day: dict[date, Any]) -> Any:
    """Two nights after the end of two trials; on the second a late event of their time lands."""
    lake = five_nights_copy.only(*MARTS)
    lake.trials = (*EDITED, SHORT, UNSTARTED)
    outcome = next(e for e in events_by_day[FIRST] if e["event_type"] == "outcome" and e["metric"] == "points")
    for n, events in enumerate([[], [outcome | {"event_id": "late", "value": 1e6}]]):
        night = CLOSED + timedelta(days=n)
        lake.land(night, events)
        lake.night(night)
    return lake


def test_a_closed_trial_is_computed_once_and_what_lands_later_changes_nothing(closing: Any) -> None:
    assert carried(closing) == ["short", "unstarted"]
    after = CLOSED + timedelta(days=1)
    for name in ("short", "unstarted"):
        assert facts(closing, after, name)[0]["units"].sum() > 0
        assert_same(facts(closing, CLOSED, name), facts(closing, after, name))
    tables = "select count(*) from int_trial_units where trial_id in ('short', 'unstarted')"
    assert closing.frame(tables).iloc[0, 0] == 0


def test_nights_in_another_order_say_the_same_of_it(closing: Any) -> None:
    before = closing.snapshot_bytes(CLOSED)
    closing.night(CLOSED)
    assert closing.snapshot_bytes(CLOSED) == before
    later = CLOSED + timedelta(days=1)
    known = closing.snapshot_bytes(later)
    closing.night(later)
    assert closing.snapshot_bytes(later) == known


def test_a_landing_day_that_changed_or_another_definition_is_computed_again(closing: Any) -> None:
    day = CLOSED + timedelta(days=1)
    closing.trials = (SHORT, replace(UNSTARTED, conversion_days=1))
    closing.night(day)
    assert carried(closing) == ["short"]
    closing.land(FIRST, [], version="2")
    closing.night(day)
    assert carried(closing) == []


def trial(**changes: Any) -> Trial:
    return replace(SHORT, **changes)


def test_a_group_closes_when_all_of_it_has_ended() -> None:
    begun = datetime(2026, 1, 5, tzinfo=UTC)
    ended = trial()
    assert closed_groups([ended], {}, CLOSED) == {"short": CLOSED}
    assert closed_groups([ended], {}, CLOSED - timedelta(days=1)) == {}
    goes_on = trial(phase=2, horizon_days=None)
    assert closed_groups([ended, goes_on], {}, date(2030, 1, 1)) == {}
    after = trial(trial_id="short:after", starts_at=begun + timedelta(days=9), follows=("short", 1))
    assert closed_groups([ended, after], {}, date(2030, 1, 1)) == {"short": CLOSED + timedelta(days=7)}


def test_a_trial_that_says_no_start_closes_by_its_first_exposure() -> None:
    unstarted = trial(starts_at=None)
    assert closed_groups([unstarted], {}, date(2030, 1, 1)) == {}
    met = {("short", 1): datetime(2026, 1, 5, 23, tzinfo=UTC)}
    assert closed_groups([unstarted], met, date(2030, 1, 1)) == {"short": CLOSED}
