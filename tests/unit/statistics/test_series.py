"""Daily series: against scipy and statsmodels where these have the same thing, by their definition elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ratchet.statistics.forecasts import forecast
from ratchet.statistics.series import scatter_between_cycles, season, slope, surprise

WEEK = np.array([3.0, 1.0, 0.0, 0.0, -1.0, -2.0, -1.0])


def days(n: int, seed: int = 1, noise: float = 1.0) -> np.ndarray:
    return 100 + WEEK[np.arange(n) % 7] + np.random.default_rng(seed).normal(size=n) * noise


def test_a_season_is_the_mean_of_each_weekday_and_survives_bad_days() -> None:
    values = 100 + WEEK[np.arange(56) % 7] + np.random.default_rng(1).uniform(-1, 1, 56)
    clean = season(values)
    assert clean is not None
    assert clean.used.all()
    assert clean.effects == pytest.approx([values[d::7].mean() for d in range(7)])
    values[10] += 500
    spoilt = season(values)
    assert spoilt is not None
    assert not spoilt.used[10]
    assert spoilt.effects == pytest.approx(clean.effects, abs=1.0)


def test_a_weekday_known_twice_is_no_season() -> None:
    assert season(days(20)) is None
    assert season(days(21)) is not None


def test_weekdays_with_two_levels_still_have_an_effect() -> None:
    values = np.tile([0.0] * 7 + [100.0] * 7, 3)
    found = season(values)
    assert found is not None
    assert np.isfinite(found.effects).all()


def test_theil_sen_and_mann_kendall_are_those_of_scipy_without_season_and_memory() -> None:
    rng = np.random.default_rng(3)
    past = np.tile([1.0, -1.0], 28) * 0.5  # negative autocorrelation counts as none
    window = rng.normal(size=28) + np.arange(28) * 0.2
    found = slope(np.concatenate([past, window]), 28, alpha=0.05)
    assert found is not None
    rest = window - np.array([past[d::7].mean() for d in range(7)])[np.arange(56, 84) % 7]
    value, _, low, high = stats.theilslopes(rest, np.arange(28), 0.95)
    assert found.slope == pytest.approx(value)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)
    tau = stats.kendalltau(np.arange(28), rest, method="asymptotic")
    assert found.p == pytest.approx(tau.pvalue, rel=0.25)  # ours has the continuity correction


def test_days_that_resemble_the_day_before_weaken_a_trend() -> None:
    rng = np.random.default_rng(5)
    memory = np.zeros(84)
    for day in range(1, 84):
        memory[day] = 0.8 * memory[day - 1] + rng.normal()
    window = np.arange(28) * 0.15
    forgetful, sticky = rng.normal(size=84), memory.copy()
    forgetful[-28:] = sticky[-28:] = rng.normal(size=28) + window
    without, with_memory = slope(forgetful, 28), slope(sticky, 28)
    assert without is not None
    assert with_memory is not None
    assert with_memory.p > without.p


@pytest.mark.parametrize("known", [20, 28])
def test_a_window_with_a_quarter_of_its_days_missing_has_no_trend(known: int) -> None:
    values = days(84)
    values[84 - 28 : 84 - known] = np.nan
    assert (slope(values, 28) is None) == (known < 21)


def test_a_day_is_compared_with_its_past_alone() -> None:
    values = days(84)
    usual = surprise(values)
    values[-1] += 6
    unusual = surprise(values)
    assert usual is not None
    assert unusual is not None
    assert unusual.expected == usual.expected
    assert unusual.spread == usual.spread
    assert usual.p > 0.01
    assert unusual.p < 1e-4
    assert unusual.expected == pytest.approx(100 + WEEK[83 % 7], abs=1.2)


def test_a_bad_day_in_the_past_does_not_hide_one_tonight() -> None:
    values = days(84)
    values[60] += 300
    values[-1] += 6
    found = surprise(values)
    assert found is not None
    assert found.p < 1e-3


def test_counting_alone_bounds_the_spread_from_below() -> None:
    values = days(84, noise=0.001)
    values[-1] += 1
    assert surprise(values).p < 1e-6  # type: ignore[union-attr]
    assert surprise(values, counting=1.0).p > 0.1  # type: ignore[union-attr]


def test_what_never_varied_or_is_too_short_is_not_judged() -> None:
    assert surprise(np.full(84, 5.0)) is None
    assert surprise(days(22)) is None
    assert surprise(np.append(days(83), np.nan)) is None


def test_a_forecast_knows_weekday_level_and_drift_and_beats_the_week_before() -> None:
    found = forecast(days(84))
    assert found is not None
    assert found.beats_naive
    assert found.values == pytest.approx(100 + WEEK[np.arange(84, 91) % 7], abs=1.5)
    assert 1.0 < found.half_width < 3.0
    drifting = forecast(days(84, noise=0.1) + np.arange(84) * 0.5, has_trend=True)
    assert drifting is not None
    assert drifting.values[:7].mean() == pytest.approx(100 + WEEK.mean() + 0.5 * 87, abs=1.0)


def test_a_week_that_repeats_itself_is_not_beaten() -> None:
    found = forecast(np.concatenate([days(56), np.tile(days(7, seed=9, noise=9.0), 4)]))
    assert found is not None
    assert not found.beats_naive


def test_ninety_of_a_hundred_days_fall_into_their_interval() -> None:
    inside = []
    for seed in range(150):
        values = days(91, seed)
        found = forecast(values[:84])
        assert found is not None
        inside.append(abs(values[84] - found.values[0]) <= found.half_width)
    assert 0.82 <= np.mean(inside) <= 0.97


def test_a_series_that_is_too_short_has_no_forecast() -> None:
    assert forecast(days(30)) is None


@pytest.mark.parametrize("cycles", [2, 3, 4, 10])
def test_the_scatter_between_cycles_is_a_standard_deviation_however_few_there_are(cycles: int) -> None:
    values = np.tile(np.arange(168.0), cycles) + np.random.default_rng(4).normal(size=168 * cycles) * 5
    assert scatter_between_cycles(values, 168) == pytest.approx(5, rel=0.15)
    assert np.isnan(scatter_between_cycles(values[:170], 168))
    values[::3] = np.nan
    assert scatter_between_cycles(values, 168) == pytest.approx(5, rel=0.25)
