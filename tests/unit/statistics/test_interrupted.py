"""Level changes with Newey-West errors, and the confidence sequence over their nights."""

import numpy as np
import pytest
from scipy import stats

from ratchet.statistics.interrupted import Change, every_night, lags, level_change, slope


def newey_west(values, columns, lag):
    """Return coefficients and standard errors by the formula, with equal weights."""
    bread = np.linalg.inv(columns.T @ columns)
    found = bread @ columns.T @ values
    scores = columns * (values - columns @ found)[:, None]
    meat = scores.T @ scores
    for k in range(1, lag + 1):
        cross = scores[k:].T @ scores[:-k]
        meat += (1 - k / (lag + 1)) * (cross + cross.T)
    n, width = columns.shape
    return found, np.sqrt(np.diag(bread @ meat @ bread) * n / (n - width))


def test_a_level_change_and_its_error_are_those_of_the_formula():
    values = np.random.default_rng(1).normal(size=30)
    after = np.arange(30) >= 20
    expected, errors = newey_west(values, np.column_stack([np.ones(30), after.astype(float)]), lags(30))
    found = level_change(values, np.ones(30), after)
    assert (found.value, found.error) == pytest.approx((expected[1], errors[1]))
    assert found.freedom == 28


def test_days_count_by_their_weight():
    found = level_change([0, 0, 0, 1, 3, 1], [1, 1, 1, 1, 2, 1], [False] * 3 + [True] * 3)  # (1 + 2 x 3 + 1) / 4
    assert found.value == pytest.approx(2.0)


def test_of_few_days_the_error_is_that_of_independent_days():
    values = np.append(np.random.default_rng(4).normal(size=20), [1.0, 1.0])
    found = level_change(values, np.ones(22), np.arange(22) >= 20)
    scatter = np.sum((values[:20] - values[:20].mean()) ** 2) / 20
    assert found.error == pytest.approx(np.sqrt(scatter * (1 / 20 + 1 / 2)))


def test_a_trend_from_before_is_no_level_change():
    days = np.arange(28, dtype=float)
    noise = np.random.default_rng(2).normal(scale=0.1, size=28)
    after = days >= 14
    assert level_change(days + noise, np.ones(28), after).value > 10
    assert abs(level_change(days + noise, np.ones(28), after, trend=True).value) < 0.5


def test_a_slope_is_a_change_a_day():
    assert slope([1, 3, 5, 7, 9.001], np.ones(5)).value == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("after", [[False, False, True], [True] * 6, [False] * 6])
def test_too_few_days_or_only_one_side_give_no_number(after):
    found = level_change(np.arange(len(after)), np.ones(len(after)), after)
    assert np.isnan(found.value)
    assert np.isnan(found.p)
    assert np.isnan(every_night(found, 3, 3, 14).low)


def test_an_error_is_never_below_a_floor():
    assert Change(1.0, 0.1, 9).at_least(0.4).error == 0.4
    assert Change(1.0, 0.5, 9).at_least(0.4).error == 0.5


def test_the_sequence_is_wider_than_a_single_look_and_wider_for_few_days():
    single = stats.t.ppf(0.975, 20)
    many, few = (every_night(Change(0.0, 1.0, f), 14, 14, 14) for f in (20.0, 5.0))
    assert single < many.high < few.high
    assert many.low == -many.high


def test_the_p_value_agrees_with_the_interval():
    edge = every_night(Change(0.0, 1.0, 20.0), 10, 7, 14).high
    assert every_night(Change(edge * 1.001, 1.0, 20.0), 10, 7, 14).p < 0.05
    assert every_night(Change(edge * 0.999, 1.0, 20.0), 10, 7, 14).p > 0.05


def test_looking_every_night_errs_less_often_than_promised():
    dice = np.random.default_rng(3)
    wrong = 0
    for _ in range(300):
        values = dice.normal(size=28)
        nights = (
            every_night(level_change(values[: 14 + k], np.ones(14 + k), np.arange(14 + k) >= 14), 14, k, 14)
            for k in range(2, 15, 3)
        )
        wrong += any(n.low > 0 or n.high < 0 for n in nights)
    assert wrong <= 0.05 * 300
