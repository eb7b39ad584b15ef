import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ratchet.statistics.proportions import against_rest, clopper_pearson, design_effect, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_intervals_of_newcombe_1998_table_1(hits, n, low, high):
    found = wilson(hits, n)
    assert (found.low[0], found.high[0]) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)],
)
def test_clopper_pearson_gives_the_intervals_of_newcombe_1998_table_1(hits, n, low, high):
    found = clopper_pearson(hits, n)
    assert (found.low[0], found.high[0]) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    oracle = stats.binomtest(hits, n).proportion_ci(0.95, "exact")
    assert (found.low[0], found.high[0]) == (pytest.approx(oracle.low), pytest.approx(oracle.high))


def test_clopper_pearson_of_nothing_is_nothing():
    found = clopper_pearson([0, 5], [0, 5])
    assert np.isnan(found.value[0])
    assert np.isnan(found.low[0])
    assert (found.value[1], found.high[1]) == (1.0, 1.0)


def test_wilson_agrees_with_scipy_row_by_row():
    hits, n = np.array([0, 3, 10, 7]), np.array([5, 9, 10, 1000])
    found = wilson(hits, n)
    for row, (k, size) in enumerate(zip(hits.tolist(), n.tolist(), strict=True)):
        oracle = stats.binomtest(k, size).proportion_ci(0.95, "wilson")
        assert (found.low[row], found.high[row]) == pytest.approx((oracle.low, oracle.high))


def test_wilson_of_nothing_is_not_a_number_and_names_the_reason():
    found = wilson([0, 1], [0, 2])
    assert np.isnan([found.value[0], found.low[0], found.high[0]]).all()
    assert found.estimate(0, 0, "no feedback").as_record() == {
        "value": None, "n": 0, "low": None, "high": None, "reason": "no feedback"
    }  # fmt: skip


def test_wilson_is_exact_at_the_ends():
    found = wilson([0, 7], [7, 7])
    assert found.low[0] == 0.0
    assert found.high[1] == 1.0


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_its_value(case):
    found = wilson(*case)
    assert 0 <= found.low[0] <= found.value[0] <= found.high[0] <= 1


def test_wilson_covers_the_truth_about_as_often_as_it_says():
    draw = np.random.default_rng(1)
    truth = draw.uniform(0.02, 0.98, 20_000)
    n = draw.integers(8, 60, 20_000)
    found = wilson(draw.binomial(n, truth), n)
    assert np.mean((found.low <= truth) & (truth <= found.high)) == pytest.approx(0.95, abs=0.01)


def test_lift_is_the_share_over_that_of_all_the_others():
    found = against_rest([8, 1, 1], [10, 10, 30])
    assert found.rest[0] == pytest.approx(2 / 40)
    assert found.ratio.value[0] == pytest.approx(0.8 / 0.05)


def test_lift_has_walters_interval_by_hand():
    found = against_rest([56, 48], [70, 80])
    center = np.log((56.5 / 70.5) / (48.5 / 80.5))
    half = 1.959964 * np.sqrt(1 / 56.5 - 1 / 70.5 + 1 / 48.5 - 1 / 80.5)
    assert (found.ratio.low[0], found.ratio.high[0]) == pytest.approx(
        (np.exp(center - half), np.exp(center + half)), rel=1e-6
    )


def test_lift_gives_fishers_p_value_of_the_lady_tasting_tea():
    assert against_rest([3, 1], [4, 4]).p[0] == pytest.approx(0.4857, abs=5e-5)


def test_lift_of_a_lone_group_is_not_computable():
    found = against_rest([5, 0], [9, 0])
    assert np.isnan([found.p[0], found.ratio.value[0], found.rest[0], found.p[1]]).all()


def test_lift_against_others_without_a_hit_has_a_p_value_and_no_ratio():
    found = against_rest([9, 0], [10, 40])
    assert np.isnan(found.ratio.value[0])
    assert found.p[0] < 1e-6


def test_lift_rejects_at_most_its_level_when_all_groups_are_alike():
    draw = np.random.default_rng(2)
    n = np.array([12, 25, 40, 300])
    rejected = [against_rest(draw.binomial(n, 0.3), n).p < 0.05 for _ in range(1_500)]
    assert np.mean(rejected) <= 0.05


def test_design_effect_is_one_for_independent_requests_and_grows_with_clusters():
    draw = np.random.default_rng(3)
    n = np.full(400, 100)
    assert design_effect(draw.binomial(n, 0.2), n) == pytest.approx(1.05, abs=0.15)
    assert design_effect(5 * draw.binomial(n // 5, 0.2), n) == pytest.approx(5, rel=0.2)


@pytest.mark.parametrize(("hits", "n"), [([1, 2], [5, 5]), ([0, 0, 0], [5, 5, 5]), ([5, 5, 5], [5, 5, 5]), ([], [])])
def test_design_effect_without_scatter_to_see_is_one(hits, n):
    assert design_effect(hits, n) == 1.0
