from datetime import datetime, timedelta

import numpy as np
import pytest

from ratchet.analyze.burns import budgets, burns
from ratchet.analyze.hours import hours_of
from ratchet.objectives import parse

END = datetime.fromisoformat("2026-11-21")
UPTIME = parse({"uptime": {"target": 0.99, "critical": 0.9}})[0]


@pytest.fixture
def look(hourly):
    """Return the windows of an objective when the last hours had these (bad, all) heartbeats."""

    def run(*last, objective=UPTIME, looks=24, end=END):
        first = end - timedelta(hours=len(last))
        rows = [
            {"metric_hour": first + timedelta(hours=at), "heartbeats": n, "heartbeats_up": n - bad}
            for at, (bad, n) in enumerate(last)
        ]
        return {b.hours: b for b in burns(hours_of(hourly(*rows), [], end), objective, looks)[0]}

    return run


def test_a_burn_rate_is_the_bad_share_over_the_allowed_one(look):
    found = look((3, 100))
    assert found[1].now.number == pytest.approx(3.0)
    assert found[72].now.n == 100
    assert not any(b.is_burning for b in found.values() if b.rate > 1)


def test_an_outage_burns_over_every_window_at_once(look):
    found = look(*[(0, 60)] * 71, (60, 60))
    assert found[1].is_burning
    assert (found[1].since, found[1].fired, found[1].is_fast) == ("2026-11-20T23:00Z", 1, True)
    assert found[6].is_burning
    assert not found[72].is_fast


def test_what_stopped_burning_is_over_and_says_when_it_was(look):
    found = look(*[(0, 60)] * 40, (60, 60), (60, 60), *[(0, 60)] * 10)[1]
    assert not found.is_burning
    assert (found.since, found.until, found.fired) == ("2026-11-20T12:00Z", "2026-11-20T13:00Z", 2)
    assert found.peak == pytest.approx(100)


def test_beyond_the_rate_but_within_chance_is_no_alarm(look):
    assert look((6, 40))[1].now.number == pytest.approx(15)
    assert not look((6, 40))[1].is_burning
    assert look((20, 40))[1].is_burning


def test_below_the_floor_nothing_burns(look):
    found = look((29, 29))[1]
    assert found.now.as_record()["reason"] == "29 events, 30 are needed"
    assert (found.peak, found.fired) == (None, 0)


def test_hours_without_events_are_neither_good_nor_bad(look):
    found = look((10, 10), *[(0, 0)] * 3, (20, 20))
    assert found[6].now.n == 30
    assert found[6].is_burning
    assert not look()[72].is_burning


def test_events_of_a_clock_that_runs_ahead_wait_for_their_hour(look, hourly):
    rows = [{"metric_hour": END + timedelta(hours=3), "heartbeats": 99, "heartbeats_up": 0}]
    assert burns(hours_of(hourly(*rows), [], END), UPTIME, 24)[0][0].now.n == 0


def test_a_budget_is_what_the_objective_allows():
    (found,) = budgets(UPTIME, np.array([25.0]), np.array([10_000.0]))
    assert (found.allowed, found.bad, found.left.number) == (pytest.approx(100), 25, pytest.approx(0.75))
    assert found.left.low < 0.75 < found.left.high


def test_without_enough_events_or_without_failures_allowed_there_is_no_budget():
    assert budgets(UPTIME, np.array([1.0]), np.array([29.0]))[0].left.number is None
    assert budgets(parse({"uptime": {"target": 1, "critical": 1}})[0], np.array([1.0]), np.array([99.0])) == [None]


def test_everything_failing_spends_the_budget_many_times():
    assert budgets(UPTIME, np.array([1000.0]), np.array([1000.0]))[0].left.number == pytest.approx(-99)


def test_errors_of_a_request_may_be_several(hourly):
    errors = parse({"error_rate": {"target": 0.5, "critical": 2}})[0]
    rows = hourly({"metric_hour": END - timedelta(hours=1), "requests": 40, "errors": 400})
    found = burns(hours_of(rows, [], END), errors, 24)[0]
    assert found[0].now.number == pytest.approx(20)
    assert found[0].is_burning


def test_satisfaction_has_no_hours(hourly):
    satisfaction = parse({"satisfaction": {"target": 0.7, "critical": 0.5}})[0]
    assert burns(hours_of(hourly(), ["a"], END), satisfaction, 24) == ((), ())


def test_incidents_leave_what_is_usual_for_their_service(hourly):
    def usual(**change):
        event = {"kind": "incident", "occurred_at": "2026-11-20T20:30:00", **change}
        return hours_of(hourly(), ["a", "b"], END, [event]).is_usual[:, -5:].tolist()

    every = [True] * 5
    assert usual(ended_at="2026-11-20T21:10:00", service="a") == [
        [True, False, False, True, True], [True, False, False, True, True], every
    ]  # fmt: skip
    assert usual(ended_at="2026-11-20T21:10:00")[2] == [True, False, False, True, True]
    assert usual(occurred_at="2026-11-18T20:30:00")[0] == every  # never ended: it counts for a day
    assert usual(kind="release") == [every] * 3
