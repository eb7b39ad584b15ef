"""Distances and noise floors against hand-computed cases and properties."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from ratchet.quality.drift_statistics import (
    grouped,
    jensenshannon,
    jensenshannon_floor,
    wasserstein,
    wasserstein_floor,
)


def counts(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_wasserstein_of_a_shift_is_the_shift_in_standard_deviations() -> None:
    reference = counts(0, 2)  # standard deviation 1
    assert wasserstein(reference + 3, reference) == 3


def test_wasserstein_of_a_constant_reference_uses_the_least_spread() -> None:
    assert wasserstein(counts(1.5, 1.5), counts(1, 1)) == 500


def test_wasserstein_floor_of_two_values_is_the_two_proportion_bound() -> None:
    n, m, share = 200, 800, 0.3
    current, reference = (np.repeat([0.0, 1.0], [round(size * 0.7), round(size * 0.3)]) for size in (n, m))
    error = math.sqrt(share * (1 - share) * (1 / n + 1 / m))
    spread = math.sqrt(share * (1 - share))
    assert wasserstein_floor(current, reference, 0.05) == pytest.approx(1.959964 * error / spread, rel=1e-5)


def test_jensenshannon_of_disjoint_shares_is_the_root_of_log_two() -> None:
    assert jensenshannon(counts(5, 0), counts(0, 7)) == pytest.approx(math.sqrt(math.log(2)), abs=1e-6)


def test_jensenshannon_of_equal_shares_is_zero() -> None:
    assert jensenshannon(counts(10, 20, 70), counts(1, 2, 7)) == pytest.approx(0, abs=1e-6)


def test_jensenshannon_floor_by_hand() -> None:
    # chi-square with 1 degree of freedom exceeds 3.841459 in 5 %; (1/100 + 1/300) / 8
    expected = math.sqrt(3.841459 * (1 / 100 + 1 / 300) / 8)
    assert jensenshannon_floor(counts(40, 60), counts(100, 200), 0.05) == pytest.approx(expected, rel=1e-6)


def test_floor_of_a_single_category_is_zero() -> None:
    assert jensenshannon_floor(counts(40), counts(100), 0.05) == 0


@pytest.mark.parametrize("rows", [100, 400, 1600])
def test_floors_halve_with_four_times_the_rows(rows: int) -> None:
    random = np.random.default_rng(1)
    small = [random.normal(0, 1, n) for n in (rows, 4 * rows)]
    large = [np.repeat(side, 4) for side in small]
    assert wasserstein_floor(*large, 0.01) == pytest.approx(wasserstein_floor(*small, 0.01) / 2, rel=0.05)
    assert jensenshannon_floor(counts(4 * rows, 4 * rows), counts(8 * rows, 8 * rows), 0.01) == pytest.approx(
        jensenshannon_floor(counts(rows, rows), counts(2 * rows, 2 * rows), 0.01) / 2
    )


def test_rare_values_and_values_beyond_the_most_frequent_are_joined() -> None:
    current = pd.Series(["a"] * 50 + ["b"] * 30 + ["c"] * 15 + ["rare"] * 5)
    reference = pd.Series(["a"] * 200 + ["b"] * 150 + ["c"] * 50)
    found = grouped(current, reference, most=2, min_expected=5, rest="(other)")
    assert found == {"a": "a", "b": "b", "c": "(other)", "rare": "(other)"}
    assert grouped(current, reference, most=9, min_expected=5, rest="(other)")["rare"] == "(other)"


def test_ties_are_kept_by_name() -> None:
    values = pd.Series(["x", "y", "z"] * 20)
    found = grouped(values, values, most=2, min_expected=5, rest="(other)")
    assert [name for name, label in sorted(found.items()) if label != "(other)"] == ["x", "y"]
