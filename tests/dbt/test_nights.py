"""A night depends on what had landed by its day, and on nothing else."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from ratchet import marts
from ratchet.warehouse import Warehouse

DAYS = [date(2026, 1, 5) + timedelta(days=n) for n in range(5)]
Events = dict[date, list[dict[str, Any]]]
NewLake = Callable[[str], Any]


def landed(lake: Any, events: Events, days: list[date]) -> Any:
    for day in days:
        lake.land(day, events[day])
    return lake


def test_nights_are_the_same_in_any_order(five_nights: Any, new_lake: NewLake, events_by_day: Events) -> None:
    backwards = landed(new_lake("backwards"), events_by_day, DAYS)
    for day in reversed(DAYS):  # the first of them builds all landing days at once
        backwards.night(day)
    for day in DAYS:
        assert backwards.snapshot_bytes(day) == five_nights.snapshot_bytes(day), day


def test_a_night_run_again_is_the_same(new_lake: NewLake, five_nights: Any, events_by_day: Events) -> None:
    lake = landed(new_lake("again"), events_by_day, DAYS[:2])
    for _ in range(2):
        lake.night(DAYS[1])
    assert lake.snapshot_bytes(DAYS[1]) == five_nights.snapshot_bytes(DAYS[1])


def test_a_killed_build_is_healed_by_the_next(new_lake: NewLake, five_nights: Any, events_by_day: Events) -> None:
    lake = landed(new_lake("killed"), events_by_day, DAYS[:2])
    lake.prepare(DAYS[1])
    with Warehouse.open(lake.home) as warehouse:
        marts.run_dbt(warehouse, "run", "--select", "+int_feedback_daily", "+int_unit_masks")
    lake.night(DAYS[0])
    lake.night(DAYS[1])
    for day in DAYS[:2]:
        assert lake.snapshot_bytes(day) == five_nights.snapshot_bytes(day)


def test_a_landing_day_that_changed_is_built_again(new_lake: NewLake, events_by_day: Events) -> None:
    changed, fresh = new_lake("changed"), new_lake("fresh")
    landed(changed, events_by_day, DAYS[:3]).night(DAYS[2])
    fewer = events_by_day | {DAYS[1]: events_by_day[DAYS[1]][::2]}
    changed.land(DAYS[1], fewer[DAYS[1]], version="2")
    changed.night(DAYS[2])
    landed(fresh, fewer, DAYS[:3]).night(DAYS[2])
    assert changed.snapshot_bytes(DAYS[2]) == fresh.snapshot_bytes(DAYS[2])


def test_a_full_refresh_changes_nothing(new_lake: NewLake, five_nights: Any, events_by_day: Events) -> None:
    lake = landed(new_lake("refreshed"), events_by_day, DAYS[:2])
    lake.night(DAYS[1])
    with Warehouse.open(lake.home) as warehouse:
        everything = warehouse.pending(lake.hashes(DAYS[1]), DAYS[1], everything=True)
        warehouse.prepare(DAYS[1], everything, lake.windows)
        warehouse.tell_trials(lake.trials)
    marts.build(lake.home, DAYS[1], full_refresh=True)
    with Warehouse.open(lake.home) as warehouse:
        warehouse.snapshot(DAYS[1])
    assert lake.snapshot_bytes(DAYS[1]) == five_nights.snapshot_bytes(DAYS[1])


def test_only_the_first_build_makes_the_views(five_nights_copy: Any) -> None:
    five_nights_copy.prepare(DAYS[-1])
    again = marts.build(five_nights_copy.home, DAYS[-1])
    assert again.models < len(list((marts.PROJECT / "models").rglob("*.sql")))
    assert again.tests == len(list((marts.PROJECT / "models" / "marts").glob("*.sql"))) + 1


def test_nothing_landed_gives_marts_without_claims(lake: Any) -> None:
    lake.night(DAYS[0])
    assert len(lake.mart("mart_feature_gaps", DAYS[0])) == 0
    assert lake.mart("mart_health_daily", DAYS[0])["requests"].sum() == 0
    assert lake.mart("mart_kpis_daily", DAYS[0]).query("metric == 'p95_ms'")["numerator"].isna().all()


def test_history_before_its_start_is_not_there(new_lake: NewLake, events_by_day: Events) -> None:
    lake, short = new_lake("long"), new_lake("short")
    landed(lake, events_by_day, DAYS[:3]).night(DAYS[2])
    lake.windows = type(lake.windows)(history_start=DAYS[1])
    lake.night(DAYS[2])
    landed(short, events_by_day, DAYS[1:3])
    short.night(DAYS[2])
    assert lake.snapshot_bytes(DAYS[2]) == short.snapshot_bytes(DAYS[2])


def interaction(n: int, day: date, duration_ms: float) -> dict[str, Any]:
    at = f"{day}T10:00:00"
    return {"event_type": "interaction", "event_id": f"{day}-{n}", "occurred_at": at, "duration_ms": duration_ms}


@pytest.mark.parametrize("seed", [1])
def test_quantiles_from_histograms_are_within_one_percent(lake: Any, seed: int) -> None:
    rng = random.Random(seed)
    shapes = [rng.lognormvariate(6, 3) for _ in range(1500)] + [rng.uniform(0, 1e-6) for _ in range(300)]
    shapes += [0.0] * 100 + [rng.paretovariate(0.5) * 1e6 for _ in range(300)]
    rng.shuffle(shapes)
    halves = {DAYS[0]: shapes[::2], DAYS[1]: shapes[1::2]}
    for day, values in halves.items():
        lake.land(day, [interaction(n, day, value) for n, value in enumerate(values)])
    lake.night(DAYS[1])
    usage = lake.mart("mart_usage", DAYS[1]).query("dimension == 'all'").set_index("window_days")
    for days, values in ((1, halves[DAYS[1]]), (7, shapes)):
        for share in (0.5, 0.95, 0.99):
            exact = sorted(values)[math.ceil(share * len(values)) - 1]
            assert usage.loc[days, f"duration_p{share * 100:.0f}_ms"] == pytest.approx(exact, rel=0.0100001)


def test_what_a_mart_held_on_an_earlier_night_can_be_had_from_a_later_build(five_nights_copy: Any) -> None:
    """All of the texts, and of the gaps what clusters are counted against; kinds of units are tonight's."""
    for model, key, columns in (
        ("mart_request_texts", ["text"], None),
        ("mart_feature_gaps", ["window_days", "intent"], ["window_days", "intent", "requests"]),
    ):
        then = five_nights_copy.mart(model, DAYS[2])
        now = marts.rows_as_of(five_nights_copy.home, DAYS[2], model, five_nights_copy.windows)
        for name in {"as_of", "first_seen", "last_seen"} & {*then}:
            then[name], now[name] = pd.to_datetime(then[name]), pd.to_datetime(now[name])
        wanted = columns or list(then)
        assert len(then) > 0
        pd.testing.assert_frame_equal(
            now.sort_values(key, ignore_index=True)[wanted],
            then.sort_values(key, ignore_index=True)[wanted],
            check_dtype=False,
        )
    with Warehouse.open(five_nights_copy.home) as warehouse:
        assert warehouse.context()["as_of"] == DAYS[-1]
