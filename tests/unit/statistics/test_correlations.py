"""Series that move together: Spearman's of scipy, the delay that was planted, and chance paid for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ratchet.statistics import correlations
from ratchet.statistics.correlations import changes, shuffled


def pairs(rows: np.ndarray, threshold: float, shuffles: int, seed: int) -> list[correlations.Pair]:
    return correlations.pairs(rows, threshold, shuffled(rows, shuffles, np.random.default_rng(seed)))


def noise(rows: int, days: int = 70, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, days))


def test_without_delay_it_is_the_correlation_of_scipy() -> None:
    rows = noise(2)
    rows[1] = rows[0] + 0.5 * rows[1]
    (found,) = pairs(rows, 0.6, 199, seed=1)
    assert found.rho == pytest.approx(stats.spearmanr(rows[0], rows[1]).statistic)
    assert (found.first, found.second, found.lag, found.days) == (0, 1, 0, 70)
    assert found.p == 1 / 200


@pytest.mark.parametrize("leads", [0, 1])
def test_who_moves_first_is_named_first(leads: int) -> None:
    rows = noise(3)
    rows[1 - leads, 2:] = -rows[leads, :-2] + 0.3 * rows[1 - leads, 2:]
    (found,) = pairs(rows, 0.6, 199, seed=1)
    assert (found.first, found.second, found.lag) == (leads, 1 - leads, 2)
    assert found.rho < -0.9
    assert found.days == 68


def test_days_that_resemble_the_day_before_do_not_make_a_pair() -> None:
    rng = np.random.default_rng(4)
    claimed, strong = 0, 0
    for _ in range(60):
        rows = rng.normal(size=(4, 91))
        for day in range(1, 91):
            rows[:, day] += 0.7 * rows[:, day - 1]
        found = pairs(rows[:, -70:], 0.3, 199, seed=1)
        strong += bool(found)
        claimed += any(pair.p <= 0.01 for pair in found)
    assert strong >= 40  # correlations that would be telling of independent days
    assert claimed <= 4


def test_growth_and_weekdays_are_taken_out_before() -> None:
    days = np.arange(84)
    week = np.array([5.0, 4, 3, 2, 1, -7, -8])[days % 7]
    rows = np.array([changes(0.5 * days + week + e) for e in noise(2, 84, 6)])
    assert rows.shape == (2, 70)
    assert pairs(rows, 0.6, 99, seed=1) == []
    assert abs(np.corrcoef(rows)[0, 1]) < 0.3


def test_the_same_seed_gives_the_same_and_few_days_give_nothing() -> None:
    rows = np.cumsum(noise(5, 70, 9), axis=1)
    assert pairs(rows, 0.3, 99, seed=2) == pairs(rows, 0.3, 99, seed=2)
    assert pairs(rows[:, :20], 0.1, 99, seed=2) == []
    assert pairs(rows[:1], 0.1, 99, seed=2) == []


@pytest.mark.parametrize("values", [np.full(84, 3.0), np.full(84, np.nan), np.arange(15.0)])
def test_what_never_varied_or_is_too_short_is_left_out(values: np.ndarray) -> None:
    assert changes(values) is None


def test_a_series_with_a_fifth_of_its_days_missing_is_left_out() -> None:
    values = noise(1, 84)[0]
    values[30:36] = np.nan
    assert changes(values) is not None
    values[30:50] = np.nan
    assert changes(values) is None
