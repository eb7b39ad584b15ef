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
    days = [DAYS[4], DAYS[2], DAYS[0]]  # the first of them builds all landing days at once
    for day in days:
        backwards.night(day)
    for day in days:
        assert backwards.snapshot_bytes(day) == five_nights.snapshot_bytes(day), day


def test_a_night_run_again_is_the_same(five_nights_copy: Any, five_nights: Any) -> None:
    five_nights_copy.night(DAYS[1])
    assert five_nights_copy.snapshot_bytes(DAYS[1]) == five_nights.snapshot_bytes(DAYS[1])


def test_a_killed_build_is_healed_by_the_next(new_lake: NewLake, five_nights: Any, events_by_day: Events) -> None:
    lake = landed(new_lake("killed"), events_by_day, DAYS[:2])
    lake.prepare(DAYS[1])
    with Warehouse.open(lake.home) as warehouse:
        marts.run_dbt(warehouse, "run", "--select", "+int_feedback_daily", "+int_unit_masks")
    lake.night(DAYS[0])
    lake.night(DAYS[1])
    for day in DAYS[:2]:
        assert lake.snapshot_bytes(day) == five_nights.snapshot_bytes(day)


def test_a_landing_day_that_changed_is_built_again(
    five_nights_copy: Any, new_lake: NewLake, events_by_day: Events
) -> None:
    fewer = events_by_day | {DAYS[1]: events_by_day[DAYS[1]][::2]}
    five_nights_copy.land(DAYS[1], fewer[DAYS[1]], version="2")
    five_nights_copy.night(DAYS[2])
    fresh = landed(new_lake("fresh"), fewer, DAYS[:3])
    fresh.night(DAYS[2])
    assert five_nights_copy.snapshot_bytes(DAYS[2]) == fresh.snapshot_bytes(DAYS[2])


def test_a_full_refresh_changes_nothing(five_nights_copy: Any, five_nights: Any) -> None:
    lake = five_nights_copy
    with Warehouse.open(lake.home) as warehouse:
        everything = warehouse.pending(lake.hashes(DAYS[4]), DAYS[4], everything=True)
        warehouse.prepare(DAYS[4], everything, lake.windows)
        warehouse.tell_trials(lake.trials)
    marts.build(lake.home, DAYS[4], full_refresh=True)
    with Warehouse.open(lake.home) as warehouse:
        warehouse.snapshot(DAYS[4])
    assert lake.snapshot_bytes(DAYS[4]) == five_nights.snapshot_bytes(DAYS[4])


def test_only_the_first_build_makes_the_views(five_nights_copy: Any) -> None:
    five_nights_copy.prepare(DAYS[-1])
    again = marts.build(five_nights_copy.home, DAYS[-1])
    assert again.models < len(list((marts.PROJECT / "models").rglob("*.sql")))
    assert again.tests == len(list((marts.PROJECT / "tests").glob("*.sql")))


def test_nothing_landed_gives_marts_without_claims(lake: Any) -> None:
    lake.night(DAYS[0])
    assert len(lake.mart("mart_feature_gaps", DAYS[0])) == 0
    assert lake.mart("mart_health_daily", DAYS[0])["requests"].sum() == 0
    assert lake.mart("mart_kpis_daily", DAYS[0]).query("metric == 'p95_ms'")["numerator"].isna().all()


def test_history_before_its_start_is_not_there(five_nights_copy: Any, new_lake: NewLake, events_by_day: Events) -> None:
    lake, short = five_nights_copy, new_lake("short")
    lake.windows = type(lake.windows)(history_start=DAYS[1])
    lake.night(DAYS[2])
    landed(short, events_by_day, DAYS[1:3])
    short.night(DAYS[2])
    assert lake.snapshot_bytes(DAYS[2]) == short.snapshot_bytes(DAYS[2])


MEASURES = {
    "duration_p{}_ms": (("50", "95", "99"), lambda value: value),
    "tokens_p{}": (("50", "95", "99"), lambda value: int(value) % 9_999_991),
    "cost_p{}_usd": (("50", "95", "99"), lambda value: value % 1e6),
    "quality_p{}": (("05", "50", "95"), lambda value: value % 100),
    "satisfaction_p{}": (("05", "50", "95"), lambda value: round(value % 10, 3)),
}


def measured(n: int, day: date, value: float) -> list[dict[str, Any]]:
    """Return an interaction that has as much of everything as follows from a number, and a score of it."""
    duration, tokens, cost, quality, score = (of(value) for _, of in MEASURES.values())
    base = {"occurred_at": f"{day}T10:00:00", "clock": "real"}
    asked = {"duration_ms": duration, "input_tokens": tokens, "cost_usd": cost, "quality_score": quality}
    given = {"interaction_id": f"{day}-{n}", "kind": "score", "score": score, "score_min": 0, "score_max": 10}
    return [
        {"event_type": "interaction", "event_id": f"{day}-{n}", **base, **asked},
        {"event_type": "feedback", "event_id": f"{day}-{n}-f", **base, **given},
    ]


@pytest.mark.parametrize("seed", [1])
def test_quantiles_from_histograms_are_within_one_percent(lake: Any, seed: int) -> None:
    rng = random.Random(seed)
    shapes = [rng.lognormvariate(6, 3) for _ in range(1500)] + [rng.uniform(0, 1e-6) for _ in range(300)]
    shapes += [0.0] * 100 + [rng.paretovariate(0.5) * 1e6 for _ in range(300)]
    rng.shuffle(shapes)
    halves = {DAYS[0]: shapes[::2], DAYS[1]: shapes[1::2]}
    for day, values in halves.items():
        lake.land(day, [event for n, value in enumerate(values) for event in measured(n, day, value)])
    lake.only("mart_usage").night(DAYS[1])
    usage = lake.mart("mart_usage", DAYS[1]).query("dimension == 'all'").set_index("window_days")
    for days, values in ((1, halves[DAYS[1]]), (7, shapes)):
        for name, (shares, of) in MEASURES.items():
            logged = sorted(map(of, values))
            for share in shares:
                exact = logged[math.ceil(int(share) * len(logged) / 100) - 1]
                assert usage.loc[days, name.format(share)] == pytest.approx(exact, rel=0.0100001), name


def test_what_a_mart_held_on_an_earlier_night_can_be_had_from_a_later_build(five_nights_copy: Any) -> None:
    """All of the texts, and of the gaps what clusters are counted against; kinds of units are tonight's."""
    asked = {"mart_request_texts": ["text"], "mart_feature_gaps": ["window_days", "intent"]}
    columns = {"mart_feature_gaps": ["window_days", "intent", "requests"]}
    with marts.earlier_nights(five_nights_copy.home, list(asked)) as rows_of:
        found = {(model, day): rows_of(model, day) for model in asked for day in DAYS[1:4]}
    for (model, day), now in found.items():
        then = five_nights_copy.mart(model, day)
        for name in {"as_of", "first_seen", "last_seen"} & {*then}:
            then[name], now[name] = pd.to_datetime(then[name]), pd.to_datetime(now[name])
        wanted = columns.get(model, list(then))
        assert len(then) > 0
        pd.testing.assert_frame_equal(
            now.sort_values(asked[model], ignore_index=True)[wanted],
            then.sort_values(asked[model], ignore_index=True)[wanted],
            check_dtype=False,
        )
    with Warehouse.open(five_nights_copy.home) as warehouse:
        assert warehouse.context()["as_of"] == DAYS[-1]
