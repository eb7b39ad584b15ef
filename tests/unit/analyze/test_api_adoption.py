from datetime import date, timedelta

import pytest

from ratchet.analyze.api_adoption import Published, adoptions
from ratchet.contracts.apis import Api, Operation

DAY = date(2026, 11, 20)
PETS = Api(
    "Pets",
    "1",
    "OpenAPI 3.0",
    tuple(Operation(m, p) for m, p in (("get", "/pets"), ("get", "/pets/{id}"), ("post", "/pets"))),
)


def row(method, path, calls, failures=None, api="pets"):
    """Return an endpoint of the mart, calls by how many days ago."""
    back = sorted(calls, reverse=True)
    counts = {"calls_on": [calls[b] for b in back], "failures_on": [(failures or {}).get(b, 0) for b in back]}
    dates = [DAY - timedelta(days=b) for b in back]
    return {"api": api, "method": method, "path_template": path, "dates": dates, **counts}


def of(*rows, since=9):
    [found] = adoptions([Published("pets", DAY - timedelta(days=since), PETS)], rows, DAY)
    return found


def test_calls_are_told_a_day_since_and_before():
    found = of(row("GET", "/v1/pets", {0: 30, 9: 10, 10: 5, 29: 15, 30: 999}), row("GET", "/other", {0: 500}))
    assert (found["calls"], found["a_day"]["value"], found["a_day"]["n"]) == (40, 4, 10)
    assert (found["a_day_before"]["value"], found["a_day_before"]["n"]) == (1, 20)
    assert found["a_day"]["low"] == 0 < found["a_day"]["high"]


def test_operations_that_were_called_since_are_used():
    rows = (row("GET", "/pets/{id}", {3: 1}), row("GET", "/pets", {12: 9}), row("DELETE", "/pets", {1: 4}))
    found = of(*rows, row("POST", "/pets", {1: 9}, api="toys"))
    assert (found["used"]["value"], found["used"]["n"], found["operations"]) == (pytest.approx(1 / 3), 3, 3)


def test_failures_are_those_since():
    found = of(row("GET", "/pets", {0: 10, 20: 10}, {0: 4, 20: 10}))
    assert (found["failed"]["value"], found["failed"]["n"]) == (0.4, 10)


def test_a_client_that_nobody_uses_says_so():
    found = of()
    assert (found["calls"], found["a_day"]["value"], found["used"]["value"]) == (0, 0, 0)
    assert found["failed"]["reason"] == "none of its operations was called since"


@pytest.mark.parametrize(("since", "why"), [(29, "30 days ago or earlier"), (90, "30 days ago or earlier")])
def test_a_window_that_is_full_has_nothing_before(since, why):
    found = of(row("GET", "/pets", {0: 3}), since=since)
    assert why in found["a_day_before"]["reason"]
    assert found["a_day"]["n"] == 30


def test_one_published_today_has_one_day_and_no_interval_and_a_later_one_none():
    found = of(row("GET", "/pets", {0: 3}), since=0)
    assert (found["a_day"]["value"], found["a_day"]["low"], found["a_day"]["reason"]) == (
        3,
        None,
        "one day has no interval",
    )
    later = of(row("GET", "/pets", {0: 3}), since=-1)
    assert (later["calls"], later["a_day"]["reason"]) == (0, "it is not published yet")
