"""The backtests of trends and unusual days on figures whose truth is known."""

from datetime import date, timedelta

import numpy as np
import pytest

from ratchet.analyze.day_tests import day_tests
from ratchet.analyze.figure_backtest import day_backtest, days_of, trend_backtest
from ratchet.analyze.figure_series import FigureSeries
from ratchet.contracts.key_figures import FIGURES

DAY = date(2026, 11, 20)
WEEK = np.array([0.02, 0.03, 0.02, 0.01, 0.0, -0.04, -0.04])


def figures(count=8, days=84, noise=0.03, seed=1):
    """Return durations without anything in them but their week."""
    random = np.random.default_rng(seed)
    p50 = next(f for f in FIGURES if f.metric == "p50_ms")
    return [
        FigureSeries(p50, np.log(1000) + WEEK[np.arange(days) % 7] + noise * random.normal(size=days), np.zeros(days))
        for _ in range(count)
    ]


def of_days(series, changed=(), nights=28):
    return day_backtest(day_tests([days_of(s) for s in series], nights, 84), DAY, changed, 0.015, 0.05)


def test_quiet_figures_raise_little_and_what_is_planted_is_found():
    found = of_days(figures())
    assert (found.nights, found.now.threshold, found.now.false_alarms.n, found.now.misses.n) == (28, 0.015, 28, 28)
    assert found.spoke <= 2
    assert found.now.misses.number <= 0.2
    assert found.wanted.threshold >= 0.015
    trend = trend_backtest(figures(noise=0.02), DAY, (), 0.02, 0.05)
    assert (trend.nights, trend.now.false_alarms.n) == (6, 28)
    assert trend.now.false_alarms.number <= 0.1
    assert trend.now.misses.number <= 0.2


def test_a_bad_day_cries_wolf_unless_it_was_logged():
    series = figures()
    series[3].values[-5] += 0.5
    wolf, told = of_days(series), of_days(series, changed={DAY - timedelta(days=4)})
    assert wolf.now.false_alarms.number >= 1 / 28
    assert (told.spoke, told.now.false_alarms.n) == (wolf.spoke, 27)
    assert told.now.false_alarms.number < wolf.now.false_alarms.number


def test_what_is_too_small_for_its_noise_is_missed():
    noisy = trend_backtest(figures(noise=0.3), DAY, (), 0.02, 0.05)
    assert noisy.now.misses.number >= 0.8


def test_a_real_trend_is_spoken_of_but_is_no_false_alarm():
    series = figures(noise=0.01)
    series[0].values[-28:] += 0.02 * np.arange(28)
    found = trend_backtest(series, DAY, (), 0.02, 0.05)
    assert found.spoke >= 1
    assert found.now.false_alarms.number <= 0.1


@pytest.mark.parametrize("days", [1, 20, 35])
def test_too_short_a_history_says_so(days):
    short = figures(days=days)
    found = trend_backtest(short, DAY, (), 0.02, 0.05)
    assert (found.now, found.reason) == (None, "needs seven weeks of days")
    if days < 24:
        assert of_days(short).reason == "needs five weeks of days"


def test_without_figures_there_is_nothing_to_judge():
    assert trend_backtest([], DAY, (), 0.02, 0.05).now is None
    assert of_days([]).now is None


def test_the_same_history_gives_the_same():
    assert trend_backtest(figures(3), DAY, (), 0.02, 0.05) == trend_backtest(figures(3), DAY, (), 0.02, 0.05)
