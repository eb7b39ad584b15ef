"""What trials need beside differences: sample ratios, pairs, quantiles and power."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.power import NormalIndPower

from ratchet.statistics.confidence_sequences import multiplier, tuned_information
from ratchet.statistics.moments import mean_moments
from ratchet.statistics.pairs import mcnemar_p, paired
from ratchet.statistics.power import crossing_probability, fixed_drift, sample, sequential_drift
from ratchet.statistics.quantiles import GROWTH, ZERO_BUCKET, quantile_moments
from ratchet.statistics.sample_ratio import sample_ratio_p


def test_sample_ratios_are_those_of_scipy_group_by_group():
    counts, weights = [5_050, 4_950, 40, 60, 100], [1, 1, 1, 2, 3]
    found = sample_ratio_p(counts, weights, [0, 0, 1, 1, 1])
    assert found[0] == pytest.approx(stats.chisquare([5_050, 4_950]).pvalue)
    assert found[1] == pytest.approx(stats.chisquare([40, 60, 100], np.array([1, 2, 3]) / 6 * 200).pvalue)


def test_an_arm_without_units_is_a_sample_ratio_too():
    assert sample_ratio_p([100, 0], [1, 1], [0, 0])[0] < 1e-20


@pytest.mark.parametrize(("counts", "weights"), [([7], [1]), ([4, 3], [1, 1]), ([0, 0], [1, 1]), ([90, 2], [99, 1])])
def test_too_few_units_have_no_sample_ratio(counts, weights):
    assert np.isnan(sample_ratio_p(counts, weights, [0] * len(counts))[0])


def test_a_planted_imbalance_is_found_and_chance_is_not():
    draw = np.random.default_rng(1)
    groups = np.repeat(np.arange(2_000), 2)

    def found(share):
        first = draw.binomial(5_000, share, 2_000)
        return sample_ratio_p(np.column_stack([first, 5_000 - first]).ravel(), np.ones(4_000), groups) < 0.001

    assert found(0.55).mean() >= 0.99
    assert found(0.5).mean() <= 0.004


def test_pairs_are_compared_as_scipy_compares_them():
    draw = np.random.default_rng(2)
    a = draw.normal(5, 2, 80)
    b = a + draw.normal(0.4, 1, 80)
    d = b - a
    arms = [mean_moments(v.sum(), (v**2).sum(), 80) for v in (a, b)]
    found = paired(d.sum(), (d**2).sum(), 80, *arms)
    oracle = stats.ttest_rel(b, a)
    assert (found.difference.z[0], found.difference.p()[0]) == pytest.approx((oracle.statistic, oracle.pvalue))
    assert found.covariance[0] == pytest.approx(np.cov(a, b)[0, 1] / 80)


@pytest.mark.parametrize(("only_here", "only_there"), [(14, 11), (0, 3), (5, 5), (40, 12)])
def test_mcnemar_is_that_of_statsmodels(only_here, only_there):
    oracle = mcnemar([[10, only_here], [only_there, 10]], exact=True).pvalue
    assert mcnemar_p(only_here, only_there)[0] == pytest.approx(min(1, oracle))


def test_pairs_that_never_disagree_say_nothing():
    assert mcnemar_p(0, 0)[0] == 1.0


def histogram(values):
    buckets = np.where(values > 0, np.ceil(np.log(np.maximum(values, 1e-300)) / np.log(GROWTH)), ZERO_BUCKET)
    return np.unique(buckets.astype(int), return_counts=True)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_quantile_lies_within_its_buckets_width_of_the_exact_one(share):
    values = np.random.default_rng(3).lognormal(6, 1, 20_000)
    bucket, count = histogram(values)
    found = quantile_moments(bucket, count, np.zeros(len(bucket), dtype=int), [share])
    assert found.value[0] == pytest.approx(np.quantile(values, share), rel=0.02)


def test_a_quantiles_error_is_its_true_scatter():
    draw = np.random.default_rng(4)
    values = draw.lognormal(3, 0.8, (300, 2_000))
    rows = [histogram(v) for v in values]
    group = np.repeat(np.arange(300), [len(r[0]) for r in rows])
    found = quantile_moments(
        np.concatenate([r[0] for r in rows]), np.concatenate([r[1] for r in rows]), group, np.full(300, 0.9)
    )
    assert np.sqrt(found.error_squared).mean() == pytest.approx(np.quantile(values, 0.9, axis=1).std(), rel=0.12)


def test_quantiles_of_groups_do_not_depend_on_the_order_of_their_buckets():
    draw = np.random.default_rng(5)
    rows = [histogram(draw.lognormal(m, 1, 500)) for m in (0, 2)]
    bucket, count = (np.concatenate([r[i] for r in rows]) for i in (0, 1))
    group = np.repeat([0, 1], [len(r[0]) for r in rows])
    mixed = draw.permutation(len(bucket))
    both = quantile_moments(bucket, count, group, [0.5, 0.9])
    again = quantile_moments(bucket[mixed], count[mixed], group[mixed], [0.5, 0.9])
    assert (both.value == again.value).all()
    assert both.value[0] == quantile_moments(*rows[0], np.zeros(len(rows[0][0]), dtype=int), [0.5]).value[0]


def test_zeros_have_a_bucket_and_an_empty_group_has_no_quantile():
    found = quantile_moments([ZERO_BUCKET, 3], [90, 10], [0, 0], [0.5, 0.5])
    assert found.value[0] == 0.0
    assert np.isnan([found.value[1], found.variance[1]]).all()


def test_the_tail_of_a_few_units_has_a_value_and_no_variance():
    bucket, count = histogram(np.random.default_rng(6).lognormal(0, 1, 100))
    found = quantile_moments(bucket, count, np.zeros(len(bucket), dtype=int), [0.99])
    assert found.value[0] > 0
    assert np.isnan(found.variance[0])


def test_the_fixed_sample_is_that_of_statsmodels():
    found = sample(0.2, 4.0, alpha=0.05, power=0.8, looks=28)
    oracle = NormalIndPower().solve_power(effect_size=0.2, alpha=0.05, power=0.8)
    assert found.fixed == pytest.approx(2 * oracle, rel=1e-4)


@pytest.mark.parametrize(("power", "low", "high"), [(0.8, 1.65, 1.85), (0.85, 1.6, 1.8)])
def test_looking_every_night_for_four_weeks_costs_about_three_quarters_more(power, low, high):
    assert low < sample(0.1, 4.0, alpha=0.05, power=power, looks=28).inflation < high


def test_one_look_needs_what_its_boundary_says():
    k = multiplier(tuned_information(0.05), 0.05)[0]
    assert sequential_drift(0.8, 0.05, 1) == pytest.approx(k + stats.norm.ppf(0.8), abs=1e-4)
    assert fixed_drift(0.8, 0.05) == pytest.approx(1.959964 + 0.841621, abs=1e-5)


@pytest.mark.parametrize("drift", [0.0, 2.5, 3.9])
def test_the_probability_of_crossing_is_that_of_simulated_walks(drift):
    draw = np.random.default_rng(7)
    time = np.arange(1, 15) / 14
    walks = draw.normal(drift / 14, 1 / np.sqrt(14), (40_000, 14)).cumsum(1) / np.sqrt(time)
    bound = multiplier(time * tuned_information(0.05), 0.05)
    above, below = (np.where(hit.any(1), hit.argmax(1), 99) for hit in (walks > bound, walks < -bound))
    assert crossing_probability(drift, 0.05, 14) == pytest.approx((above < below).mean(), abs=0.006)


def test_an_effect_found_with_the_planned_power_is_found_in_simulated_walks():
    assert crossing_probability(sequential_drift(0.85, 0.05, 28), 0.05, 28) == pytest.approx(0.85, abs=1e-4)
