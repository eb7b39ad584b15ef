"""The backtest of the detectors on histories whose truth is known."""

from datetime import date, datetime, time, timedelta

import numpy as np
import pytest

from ratchet.analyze.health_backtest import health_backtests
from ratchet.analyze.hours import days_of
from ratchet.objectives import parse

FIRST = date(2026, 9, 1)
SUCCESS = parse({"success_rate": {"target": 0.9, "critical": 0.75}})


@pytest.fixture
def history(hourly):
    """So many days of a stationary log of 2,400 requests a day of which 4 % fail; some days fail more."""

    def build(days=44, worse=None, seed=1):
        random = np.random.default_rng(seed)
        rows = []
        for day in range(days):
            for hour in range(24):
                at = datetime.combine(FIRST + timedelta(days=day), time(hour))
                failed = int(random.binomial(100, (worse or {}).get(day, 0.04)))
                rows.append({"metric_hour": at, "requests": 100, "successes": 100 - failed, "failures": failed})
        return hourly(*rows)

    return build


def of(found, name):
    return next(d for d in found if d.detector == name)


def test_a_stationary_history_raises_little_and_a_planted_fault_is_found(history):
    found = health_backtests(history(), SUCCESS, 0.05, 1.0)
    season = of(found, "season")
    assert season.nights == 30
    assert season.spoke <= 3
    assert season.now.threshold == 0.01
    assert season.now.false_alarms.number <= 0.1
    assert season.now.misses.number == 0.0
    assert season.wanted.false_alarms.number <= 0.05
    assert season.wanted.threshold >= season.now.threshold
    assert [d.detector for d in found[1:]] == [f"burn over {h} h" for h in (1, 6, 24, 72)]


def test_a_fault_too_small_for_a_threshold_is_missed_and_a_lower_one_finds_it(history):
    """4 % and a planted 10 % burn 1.4 times too fast; over a day the alarm asks for 3."""
    day = of(health_backtests(history(22), SUCCESS, 0.05, 1.0), "burn over 24 h")
    assert (day.now.threshold, day.now.misses.number) == (3.0, 1.0)
    assert day.wanted.threshold < 1.4
    assert day.wanted.misses.number < 0.1


def test_a_logged_incident_is_no_false_alarm(history):
    outage = {18: 0.6}
    begun = datetime.combine(FIRST + timedelta(days=18), time(0)).isoformat() + "Z"
    known = [{"kind": "incident", "occurred_at": begun}]
    wolf, told = (health_backtests(history(22, outage), SUCCESS, 0.01, 3.0, changes) for changes in ((), known))
    assert of(wolf, "burn over 6 h").now.false_alarms.number >= 1 / 8
    known = of(told, "burn over 6 h")
    assert (known.nights, known.spoke) == (8, of(wolf, "burn over 6 h").spoke)
    assert known.now.false_alarms.n < 8
    assert known.now.false_alarms.number == 0.0


def test_where_no_threshold_keeps_the_rate_that_is_said(history):
    noisy = {day: 0.04 if day % 2 else 0.98 for day in range(14, 20)}
    assert of(health_backtests(history(20, noisy), SUCCESS, 0.0, 1.0), "burn over 24 h").wanted is None


def test_too_short_a_history_says_so(history):
    found = health_backtests(history(days=14), SUCCESS, 0.01, 3.0)
    assert [(d.nights, d.now) for d in found] == [(0, None)]
    assert found[0].reason == "no night has 14 days with events in the four weeks before it"


def test_order_and_services_do_not_matter(history):
    import pandas as pd

    whole = history(days=16)
    other = pd.concat([whole, whole.assign(service="chat", failures=100)]).iloc[::-1]
    assert health_backtests(other, SUCCESS, 0.01, 3.0) == health_backtests(whole, SUCCESS, 0.01, 3.0)


def test_days_of_changes_last_until_their_end():
    changes = [
        {"kind": "incident", "occurred_at": "2026-09-03T22:00:00Z", "ended_at": "2026-09-05T01:00:00Z"},
        {"kind": "model", "occurred_at": "2026-09-09T08:00:00Z", "ended_at": "NaT"},
        {"kind": "model", "occurred_at": None, "ended_at": None},
    ]
    assert days_of(changes) == {date(2026, 9, 3), date(2026, 9, 4), date(2026, 9, 5), date(2026, 9, 9)}
