"""The planted rate limit: what the provider refuses, what truth.json says of it, and that the fit finds it."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from tests.unit.analyze.test_rates import logged
from tests.unit.analyze.test_tuning import ago, one

from ratchet import samples
from ratchet.contracts.schema import stream_schema
from ratchet.samples import indexing
from ratchet.samples.plan import Plan

from .conftest import END, ReadBack, lines_of


def planned(seed: int = 1, days: int = 14) -> Plan:
    return Plan(END, days, indexing.FEWEST_EVENTS, seed)


def test_a_provider_lets_through_what_its_bucket_holds_and_gains() -> None:
    rush = np.arange(200) / 5
    made = indexing.attempts(rush, np.random.default_rng(1))
    passed = [each.at_s for each in made if not each.wait_s]
    assert len([at_s for at_s in passed if at_s <= rush[-1]]) == indexing.BURST + int(rush[-1])
    for begin in passed:
        for window_s in (1, 10, 60, 120):
            n = sum(begin <= at_s <= begin + window_s for at_s in passed)
            assert n <= indexing.BURST + indexing.PER_MINUTE * window_s / 60 + 1e-9


def test_what_is_refused_comes_again_and_no_call_is_let_through_twice() -> None:
    made = indexing.attempts(np.arange(200) / 5, np.random.default_rng(1))
    assert made == sorted(made, key=lambda each: each.at_s)
    for call in range(200):
        mine = [each for each in made if each.call == call]
        assert [each.number for each in mine] == list(range(1, len(mine) + 1))
        assert all(each.wait_s for each in mine[:-1])
        assert not mine[-1].wait_s or mine[-1].number == 3
        waited = [later.at_s - early.at_s - early.wait_s for early, later in pairwise(mine)]
        assert all(seconds > 0 for seconds in waited)


def test_working_days_have_rushes_and_weekends_nothing() -> None:
    plan = planned()
    for index in range(plan.days):
        calls = indexing.api_calls(plan, index)
        assert bool(len(calls)) == (plan.date_of(index).weekday() < 5)
        refused = calls["status_code"] == 429
        assert refused.sum() >= (10 if len(calls) else 0)
        assert (calls["retry_after_s"].notna() == refused).all()
        assert (calls["error"].notna() == refused).all()
        assert calls["event_id"].is_unique


def test_a_small_sample_has_none() -> None:
    plan = Plan(END, 2, indexing.FEWEST_EVENTS - 1, 1)
    assert not len(indexing.api_calls(plan, 1))


def test_a_small_sample_says_so(sample: ReadBack) -> None:
    assert sample.truth["rate_limits"] == []
    assert not [call for call in sample.of("api_call") if call["api"] == indexing.API]


def test_truth_counts_what_lies_in_the_files(tmp_path: Path) -> None:
    told = samples.write(tmp_path, 2, indexing.FEWEST_EVENTS, 3, END)
    (limit,) = told["rate_limits"]
    lines = [line for file in tmp_path.glob("dt=*/*") for line in lines_of(file)]
    calls = [json.loads(line) for line in lines if b'"api":"embeddings"' in line]
    assert all(map(Draft202012Validator(stream_schema("api_call")).is_valid, calls))
    assert {call["attributes"]["operation"] for call in calls} == {limit["operation"]}
    assert (limit["per_minute"], limit["burst"]) == (indexing.PER_MINUTE, indexing.BURST)
    assert limit["attempts"] == len(calls)
    assert limit["throttled"] == sum(call["status_code"] == 429 for call in calls) > 0
    for row in limit["daily"]:
        mine = [call for call in calls if call["occurred_at"].startswith(str(row["date"]))]
        assert row["attempts"] == len(mine)
        assert row["throttled"] == sum(call["status_code"] == 429 for call in mine)


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("shift", [0, 3])
def test_the_fit_finds_a_bucket_within_the_true_one(seed: int, shift: int) -> None:
    plan = Plan(END - timedelta(days=shift), 14, 5000, seed)
    rows = []
    for index in range(plan.days):
        calls = indexing.api_calls(plan, index)
        seconds = (calls["occurred_at"].to_numpy() - plan.midnight(index)).astype(np.int64) / 1e6
        refused = (calls["status_code"] == 429).to_numpy(dtype=bool)
        rows += logged(ago(plan.days - 1 - index), seconds, lambda minute, second, refused=refused: refused)
    found = one(*rows)
    assert found.wins.number == 1.0
    assert indexing.PER_MINUTE / 2 <= found.proposed["per_minute"] <= indexing.PER_MINUTE
    assert 1 <= found.proposed["burst"] <= indexing.BURST
