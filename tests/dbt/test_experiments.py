"""The marts of experiments against a plain reading of the same events, and nights that learn of trials late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from tests.dbt.trial_oracle import DAYS, Event, Reading, Unit, readings
from tests.dbt.trials import TRIALS

MARTS = ("mart_experiments", "mart_experiment_units", "mart_experiment_assignments")


@pytest.fixture(params=[DAYS[0], DAYS[2], DAYS[4]], ids=str)
def day(request: pytest.FixtureRequest) -> date:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def told(events_by_day: dict[date, list[Event]], day: date) -> list[Reading]:
    return readings(events_by_day, day)


def test_sufficient_statistics(five_nights: Any, day: date, told: list[Reading]) -> None:
    mart = five_nights.mart("mart_experiments", day)
    rows = {(r.trial_id, r.phase, r.variant, r.metric): r._asdict() for r in mart.itertuples(index=False)}
    wanted = [(r, v, m) for r in told for v in r.trial.variants for m in r.trial.metrics]
    assert len(rows) == len(mart) == len(wanted)
    for reading, variant, metric in wanted:
        key = (reading.trial.trial_id, reading.trial.phase, variant, metric.name)
        found, expected = rows[key], reading.row(variant, metric)
        histogram = dict(zip(found["histogram_buckets"], found["histogram_counts"], strict=True))
        assert histogram == expected.pop("histogram"), key
        assert found["is_control"] == (variant == reading.trial.control)
        for column, value in expected.items():
            got = None if pd.isna(found[column]) else found[column]
            assert got == (None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)), (key, column)


def test_the_events_have_what_has_to_be_told_apart(events_by_day: dict[date, list[Event]]) -> None:
    units = [u for r in readings(events_by_day, DAYS[-1]) for u in r.units.values()]
    values = [v for r in readings(events_by_day, DAYS[-1]) for vs in r.values.values() for v in vs.values()]
    cohorts = [r for r in readings(events_by_day, DAYS[-1]) if r.trial.follows]
    windows = {u.until - u.entered for r in cohorts if r.trial.pools for u in r.units.values()}
    assert max(windows) == timedelta(days=2) > min(windows)
    assert all(any(v.n for v in r.values["points"].values()) for r in cohorts)
    assert any(u.crossover for u in units)
    assert any(u.rebucketed for u in units)
    assert any(v.early for v in values)
    assert any(v.n == 0 for v in values)
    assert any(v.x for v in values)
    slow = [v for r in readings(events_by_day, DAYS[-1]) for v in r.values["slow"].values() if v.n]
    assert 0 < sum(v.y or 0 for v in slow) < sum(v.d for v in slow)
    assert any(v.d > 1 for r in readings(events_by_day, DAYS[-1]) for v in r.values["per_visit"].values())
    rows = [r.row(v, m) for r in readings(events_by_day, DAYS[-1]) for v in r.trial.variants for m in r.trial.metrics]
    assert sum(r["pairs"] for r in rows) > 0
    assert sum(r["pairs_only_here"] for r in rows) > 0
    assert any(r["winsor_cap"] is not None and r["winsor_sum_y"] < r["sum_y"] for r in rows)


def test_units_by_where_they_entered(five_nights: Any, day: date, told: list[Reading]) -> None:
    mart = five_nights.mart("mart_experiment_units", day)
    found = {(r.trial_id, r.phase, r.variant, r.dimension, r.value): tuple(r)[6:] for r in mart.itertuples(index=False)}
    expected: dict[Any, list[int]] = {}
    for reading in told:
        key = (reading.trial.trial_id, reading.trial.phase)
        cuts = {("all", "")} | {cut for u in reading.units.values() for cut in _cuts(u)}
        expected |= {(*key, v, *cut): [0, 0, 0, 0] for v in reading.trial.variants for cut in cuts}
        for unit in reading.units.values():
            early = any(values[unit.id].early for values in reading.values.values())
            for cut in {("all", ""), *_cuts(unit)}:
                counts = expected[(*key, unit.variant, *cut)]
                for i, adds in enumerate((True, unit.crossover, unit.rebucketed, early)):
                    counts[i] += adds
    assert found == {key: tuple(counts) for key, counts in expected.items()}


def _cuts(unit: Unit) -> set[tuple[str, str]]:
    first = unit.seen[0]
    named = {name: first.get(name) for name in ("service", "release", "environment")}
    return {("day", str(unit.entered.date())), *((k, v) for k, v in named.items() if v is not None)}


def test_assignments(five_nights: Any, day: date, told: list[Reading]) -> None:
    mart = five_nights.mart("mart_experiment_assignments", day)
    found = {(r.trial_id, r.phase, r.unit_id): tuple(r)[4:] for r in mart.itertuples(index=False)}
    expected = {}
    for reading in told:
        for unit in reading.units.values():
            early = any(values[unit.id].early for values in reading.values.values())
            row = (unit.variant, unit.reason, unit.entered.replace(tzinfo=None), unit.crossover, unit.rebucketed, early)
            expected[(reading.trial.trial_id, reading.trial.phase, unit.id)] = row
    assert found == expected


def test_a_trial_that_a_later_night_learns_of_needs_no_old_day_again(
    new_lake: Any, events_by_day: dict[date, list[Event]], five_nights: Any
) -> None:
    lake = new_lake("late").only(*MARTS)
    for day in DAYS:
        lake.land(day, events_by_day[day])
        lake.trials = () if day < DAYS[-1] else TRIALS
        lake.night(day)
    assert lake.mart("mart_experiments", DAYS[1]).empty
    for mart in MARTS:
        pd.testing.assert_frame_equal(lake.mart(mart, DAYS[-1]), five_nights.mart(mart, DAYS[-1]))


@pytest.mark.parametrize(
    ("clock", "began", "duration_ms", "exposed", "counts"),
    [
        ("real", "10:00:00", 5_000.0, "10:00:02", 1),
        ("real", "10:00:00", 1_000.0, "10:00:02", 0),
        ("real", "10:00:00", None, "10:00:00", 1),
        ("synthetic", "10:00:00", 5_000.0, "10:00:02", 0),
        ("real", "23:59:59", 5_000.0, "23:59:59.5", 1),
    ],
)
def test_the_request_that_asked_for_the_flag_counts(
    lake: Any, clock: str, began: str, duration_ms: float | None, exposed: str, counts: int
) -> None:
    day = DAYS[0]
    common = {"clock": clock, "user_id": "u", "session_id": None, "parent_id": None}
    request = {"event_type": "interaction", "event_id": "i", "occurred_at": f"{day}T{began}", **common}
    flag = {"event_type": "flag_evaluation", "event_id": "f", "occurred_at": f"{day}T{exposed}", **common}
    flag |= {"flag_key": "f", "variant": "a", "unit_id": "u", "unit_type": "user", "reason": "SPLIT"}
    lake.land(day, [request | {"success": False, "duration_ms": duration_ms}, flag])
    lake.only("mart_experiments").night(day)
    mart = lake.mart("mart_experiments", day).query("trial_id == 'split_only' and variant == 'a'").set_index("metric")
    assert mart.loc["failed", ["units", "observations", "sum_y"]].tolist() == [1, counts, counts]


def test_a_trial_that_is_over_stays_as_it_was(five_nights_copy: Any) -> None:
    year = timedelta(days=365)
    begun = datetime(2025, 1, 5, tzinfo=UTC)
    five_nights_copy.trials = (replace(TRIALS[2], starts_at=begun), replace(TRIALS[2], trial_id="kept"))
    five_nights_copy.land(DAYS[0] + year, [])
    five_nights_copy.only("mart_experiments").night(DAYS[0] + year)
    mart = five_nights_copy.mart("mart_experiments", DAYS[0] + year)
    assert mart.groupby("trial_id")["units"].sum().to_dict()["short"] == 0
    before = five_nights_copy.mart("mart_experiments", DAYS[-1])
    columns = ["units", "sum_y", "sum_yy"]
    kept = mart[mart["trial_id"] == "kept"].reset_index(drop=True)[columns]
    pd.testing.assert_frame_equal(kept, before[before["trial_id"] == "short"].reset_index(drop=True)[columns])
