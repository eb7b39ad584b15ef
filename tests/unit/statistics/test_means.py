import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from ratchet.statistics.means import bounded_mean_interval, mean_interval, pooled_variance, shrink

SLEEP = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])  # Student 1908, first drug
# Colditz et al. 1994, BCG vaccine: treated with and without tuberculosis, control with and without
BCG = np.array(
    [
        [4, 119, 11, 128],
        [6, 300, 29, 274],
        [3, 228, 11, 209],
        [62, 13536, 248, 12619],
        [33, 5036, 47, 5761],
        [180, 1361, 372, 1079],
        [8, 2537, 10, 619],
        [505, 87886, 499, 87892],
        [29, 7470, 45, 7232],
        [17, 1699, 65, 1600],
        [186, 50448, 141, 27197],
        [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ]
)


def _bcg():
    cases, healthy, control_cases, control_healthy = BCG.T
    treated, control = cases + healthy, control_cases + control_healthy
    return np.log(
        cases / treated / (control_cases / control)
    ), 1 / cases - 1 / treated + 1 / control_cases - 1 / control


def test_mean_interval_gives_rs_interval_of_students_sleep_data():
    found = mean_interval(SLEEP.sum(), (SLEEP**2).sum(), 10)
    assert (found.low[0], found.high[0]) == pytest.approx((-0.5297804, 2.0297804), abs=1e-6)


def test_mean_interval_of_one_value_has_no_bounds():
    found = mean_interval([3, 0], [9, 0], [1, 0])
    assert found.value[0] == 3
    assert np.isnan([found.low[0], found.high[0], found.value[1]]).all()


def test_bounded_mean_interval_is_wilsons_for_the_two_ends_of_the_scale():
    found = bounded_mean_interval(150, 148, 0, 10)
    oracle = stats.binomtest(15, 148).proportion_ci(0.95, "wilson")
    assert (found.low[0], found.high[0]) == pytest.approx((10 * oracle.low, 10 * oracle.high))


def test_bounded_mean_interval_covers_at_least_as_often_as_it_says():
    draw = np.random.default_rng(7)
    scores = draw.choice([0, 2.5, 5, 7.5, 10], p=[0.1, 0.1, 0.2, 0.3, 0.3], size=(10_000, 12))
    found = bounded_mean_interval(scores.sum(axis=1), 12, 0, 10)
    assert np.mean((found.low <= 6.5) & (found.high >= 6.5)) >= 0.95


def test_pooled_variance_by_hand():
    assert pooled_variance([6, 10], [14, 52], [3, 2]) == pytest.approx((2 + 2) / 3)
    assert np.isnan(pooled_variance([4], [16], [1]))


def test_shrink_gives_the_published_random_effects_of_the_bcg_trials():
    effects, variances = _bcg()
    found = shrink(effects, variances)
    assert found.center == pytest.approx(-0.7141, abs=5e-5)
    assert found.between == pytest.approx(0.3088, abs=5e-5)
    weight = 0.3088 / (0.3088 + variances[0])
    assert found.means.value[0] == pytest.approx(weight * effects[0] - (1 - weight) * 0.7141, abs=1e-4)


def test_shrink_agrees_with_statsmodels_where_that_can_compute_it():
    oracle = combine_effects(*_bcg(), method_re="chi2")
    found = shrink(*_bcg())
    assert (found.between, found.center) == pytest.approx((oracle.tau2, oracle.mean_effect_re))


def test_shrink_draws_small_groups_further_than_large_ones():
    found = shrink([2.0, 2.0, 7.0, 7.5, 8.0], [1.0, 0.01, 0.1, 0.1, 0.1])
    assert found.means.value[1] < found.means.value[0] < found.center


def test_shrink_puts_alike_groups_together():
    for means in ([5.0, 5.1, 4.9], [5.0, 5.0, 5.0]):
        found = shrink(means, [1.0, 1.0, 1.0])
        assert found.between == 0
        assert found.means.value == pytest.approx([5.0] * 3)


def test_shrink_leaves_a_lone_group_as_it_is():
    found = shrink([4.0], [0.25])
    assert (found.means.value[0], found.means.low[0]) == (4.0, pytest.approx(4 - 1.959964 * 0.5))


def test_shrink_is_nearer_to_the_truth_than_the_plain_means_and_covers_it():
    draw = np.random.default_rng(8)
    plain_error, shrunk_error, covered = 0.0, 0.0, []
    for _ in range(400):
        truth = draw.normal(6, 0.8, 25)
        variance = 6 / draw.integers(5, 40, 25)
        seen = draw.normal(truth, np.sqrt(variance))
        found = shrink(seen, variance).means
        plain_error += np.sum((seen - truth) ** 2)
        shrunk_error += np.sum((found.value - truth) ** 2)
        covered.append((found.low <= truth) & (truth <= found.high))
    assert shrunk_error < 0.8 * plain_error
    assert np.mean(covered) == pytest.approx(0.94, abs=0.02)
