"""The backtests of hours, intents, correlations and sequences on logs whose truth is known."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from ratchet.analyze.correlations import CorrelationsResult
from ratchet.analyze.day_tests import Days, day_tests
from ratchet.analyze.frequency import IntentsResult
from ratchet.analyze.pattern_backtest import correlation_backtest, hour_backtest, intent_backtest, sequence_backtest
from ratchet.analyze.unusual_hours import hourly_figures
from ratchet.statistics.correlations import shuffled

DAY = date(2026, 11, 20)


def hours_of_a_month(hourly, worse=None, days=30, requests=400):
    """Return a month of 400 requests an hour of which 10 % fail; on some days, counted back, more do."""
    random = np.random.default_rng(5)
    rows = []
    for back in range(days):
        for hour in range(24):
            at = datetime.combine(DAY - timedelta(days=back), datetime.min.time()) + timedelta(hours=hour)
            n = int(random.poisson(requests * (1 + 0.3 * np.sin(hour / 24 * 2 * np.pi))))
            failed = int(random.binomial(n, (worse or {}).get(back, 0.1)))
            rows.append({"metric_hour": at, "requests": n, "successes": n - failed, "failures": failed})
    return hourly(*rows).assign(as_of=DAY)


def test_hours_are_judged_on_each_night_before(hourly):
    looked = hourly_figures(hours_of_a_month(hourly), DAY)
    found = hour_backtest(looked, DAY, (), 0.01)
    assert (found.nights, found.spoke, found.now.threshold) == (14, 0, 1.5)
    assert found.now.misses.number < 1
    wolf = hourly_figures(hours_of_a_month(hourly, {3: 0.4}), DAY)
    cried = hour_backtest(wolf, DAY, (), 0.01)
    told = hour_backtest(wolf, DAY, {DAY - timedelta(days=3)}, 0.01)
    assert cried.now.false_alarms.number >= 1 / 14
    assert (told.spoke, told.now.false_alarms.number, told.now.false_alarms.n) == (cried.spoke, 0.0, 13)


def test_what_is_planted_is_as_large_as_it_says_and_a_short_past_is_said(hourly):
    """The scatter is not underestimated where each hour of the week was seen two to four times."""
    young = hour_backtest(hourly_figures(hours_of_a_month(hourly, days=22), DAY), DAY, (), 0.01)
    assert young.now.misses.number <= 0.5
    assert young.planted.endswith(f"on {young.nights} of {young.nights} nights: less than four weeks lie before them")
    old = hour_backtest(hourly_figures(hours_of_a_month(hourly, days=60), DAY, 60 * 24), DAY, (), 0.01)
    assert old.now.misses.number <= 0.2
    assert old.planted.endswith("in one figure")


def test_where_nothing_scatters_nothing_is_planted(hourly):
    still = hours_of_a_month(hourly).assign(requests=5, successes=4, failures=1)
    found = hour_backtest(hourly_figures(still, DAY), DAY, (), 0.01)
    assert (found.now.false_alarms.number, found.now.misses.number, found.now.misses.n) == (0.0, None, 0)


def test_hours_without_two_weeks_before_them_are_not_judged():
    assert hour_backtest(None, DAY, (), 0.01).reason == "needs two weeks of hours before a day"


def test_intents_are_judged_as_days_are():
    random = np.random.default_rng(2)
    series = [
        Days(2 * np.sqrt(random.poisson(200, 56) + 0.375), np.ones(56), lambda value, usual: abs(value - usual) > 1)
        for _ in range(5)
    ]
    found = intent_backtest(IntentsResult(5, tests=day_tests(series, 7, 56)), DAY, (), 0.01)
    assert (found.nights, found.spoke) == (7, 0)
    assert found.now.misses.number <= 0.3
    assert intent_backtest(IntentsResult(), DAY, (), 0.01).now is None


def test_correlations_that_are_planted_are_found_and_shuffled_weeks_hold_none():
    rows = np.random.default_rng(3).normal(size=(6, 70))
    strongest = shuffled(rows, 999, np.random.default_rng(1))
    found = correlation_backtest(CorrelationsResult(6, (), rows, strongest), 0.05)
    assert found.now.false_alarms.number == 0.0
    assert found.now.misses.number <= 0.1
    assert correlation_backtest(CorrelationsResult(0, ()), 0.05).reason == "needs two figures of six weeks"


def sessions(n):
    """Return sessions of two to five actions, two of which always follow each other."""
    random = np.random.default_rng(4)
    names = np.array(["look", "read", "ask", "save"])
    made = [[*names[random.integers(0, 4, random.integers(1, 4))], "open", "close"] for _ in range(n)]
    return pd.DataFrame({"actions": made, "sessions": 1})


def test_a_habit_is_spoken_of_but_random_order_holds_none():
    found = sequence_backtest([sessions(400)], 1, 0.1, 0.7)
    assert (found.nights, found.spoke, found.now.false_alarms.n) == (1, 1, 10)
    assert found.now.false_alarms.number == 0.0
    assert found.now.misses.number == 0.0


def test_sessions_in_another_order_give_the_same():
    rows = sessions(60)
    assert sequence_backtest([rows], 0, 0.1, 0.7) == sequence_backtest([rows.iloc[::-1]], 0, 0.1, 0.7)


def test_few_sessions_say_nothing():
    assert sequence_backtest([sessions(19)], 0, 0.1, 0.7).reason == "needs 20 sessions of two actions"
    assert sequence_backtest([], 0, 0.1, 0.7).now is None
