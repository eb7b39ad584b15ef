"""Series with a cycle: what is said of a value never depends on later ones, and wild series have to be wilder."""

from __future__ import annotations

import numpy as np
import pytest

from ratchet.statistics.streams import Cycle, alarms, distances

DAY = Cycle(period=24, cycles=7, smooth=1)


def hours(days: int, seed: int = 3) -> np.ndarray:
    n = 24 * days
    return 10 * np.sin(2 * np.pi * np.arange(n) / 24) + np.random.default_rng(seed).normal(size=n)


def test_expected_is_the_median_of_the_same_hour_of_the_days_before() -> None:
    values = hours(10)
    found = distances(values, DAY)
    assert found.expected[200] == np.median([values[200 - 24 * back] for back in range(1, 8)])
    assert found.expected[60] == np.median([values[36], values[12]])
    assert np.isnan(found.expected[:24]).all()


def test_what_comes_later_changes_nothing_that_was_said() -> None:
    values = hours(20)
    whole = distances(values, Cycle(24, 7, 3))
    for end in (100, 250, 479):
        assert distances(values[:end], Cycle(24, 7, 3)).score == pytest.approx(whole.score[:end])


def test_a_score_is_a_multiple_of_what_99_of_100_values_stayed_within() -> None:
    values = hours(21)
    values[-1] += 12
    found = distances(values, DAY)
    missed = (values - found.expected)[24:]
    centres = np.array([np.median(missed[:at]) if at >= 20 else np.nan for at in range(len(missed))])
    away = np.abs(missed - centres)
    assert found.score[-1] == pytest.approx(away[-1] / np.nanquantile(away[:-1], 0.99))
    assert found.score[-1] > 2
    assert found.signed[-1] > 0


def test_a_series_that_is_wild_at_times_has_to_be_wilder() -> None:
    calm, wild = hours(28), hours(28)
    wild[::48] += 30
    for values in (calm, wild):
        values[-5] += 30
    assert distances(calm, DAY).score[-5] > 4
    assert distances(wild, DAY).score[-5] < 1.5


@pytest.mark.parametrize("values", [np.full(700, 5.0), np.zeros(700), np.full(700, np.nan), np.array([]), hours(1)])
def test_what_never_varied_or_is_too_short_raises_nothing(values: np.ndarray) -> None:
    assert not distances(values, Cycle(24, 7, 3, least=1.0)).score.any()


def test_hours_without_anything_known_are_no_news_and_break_nothing() -> None:
    values = hours(28)
    values[100:160] = np.nan
    found = distances(values, Cycle(24, 7, 3))
    assert not found.score[100:160].any()
    assert np.isfinite(found.expected[300:]).all()


def test_a_floor_keeps_small_moves_of_still_series_quiet() -> None:
    values = np.full(700, 100.0)
    values[-1] = 100.5
    assert distances(values, Cycle(24, 7, 1)).score[-1] > 1e6
    assert distances(values, Cycle(24, 7, 1, least_share=0.01)).score[-1] == pytest.approx(0.5)
    assert distances(values, Cycle(24, 7, 1, least=2.0)).score[-1] == pytest.approx(0.25)


def test_after_an_alarm_it_is_quiet_for_a_while() -> None:
    score = np.array([0, 2, 2, 0, 2, 2, 2, 0.0])
    assert np.flatnonzero(alarms(score, 1.0)).tolist() == [1, 2, 4, 5, 6]
    assert np.flatnonzero(alarms(score, 1.0, quiet=2)).tolist() == [1, 4]
    assert np.flatnonzero(alarms(score, 1.0, quiet=4)).tolist() == [1, 6]
