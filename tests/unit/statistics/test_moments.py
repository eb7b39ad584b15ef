import numpy as np
import pytest

from ratchet.statistics.moments import adjusted_moments, mean_moments, proportion_moments, ratio_moments


def sums(*columns):
    """Return the sums of the first column, its squares, and so on for pairs as the mart holds them."""
    first, second = columns
    return first.sum(), (first**2).sum(), second.sum(), (second**2).sum(), (first * second).sum(), len(first)


def test_a_mean_has_the_variance_of_numpy():
    y = np.random.default_rng(1).lognormal(0, 1, 500)
    found = mean_moments(y.sum(), (y**2).sum(), len(y))
    assert (found.value[0], found.variance[0]) == pytest.approx((y.mean(), y.var(ddof=1)))
    assert found.error_squared[0] == pytest.approx(y.var(ddof=1) / 500)


def test_a_share_has_the_variance_of_a_coin():
    found = proportion_moments([3, 0], [10, 0])
    assert (found.value[0], found.variance[0]) == pytest.approx((0.3, 0.21))
    assert np.isnan([found.value[1], found.variance[1]]).all()


def test_values_that_never_differ_have_no_variance_though_their_sums_are_rounded():
    found = mean_moments(0.1 * 3_333, 0.1**2 * 3_333, 3_333)
    assert found.variance[0] == 0.0


def test_one_unit_has_a_mean_and_no_variance():
    found = mean_moments([7.0, np.nan], [49.0, np.nan], [1, 5])
    assert found.value[0] == 7.0
    assert np.isnan([found.variance[0], found.variance[1], found.value[1]]).all()


def test_a_ratio_has_the_variance_that_a_bootstrap_over_units_finds():
    draw = np.random.default_rng(2)
    d = 1.0 + draw.poisson(4, 2_000)
    y = draw.binomial(d.astype(int), 0.3).astype(float)
    found = ratio_moments(*sums(y, d))
    rows = draw.integers(0, 2_000, (2_000, 2_000))
    again = y[rows].sum(axis=1) / d[rows].sum(axis=1)
    assert found.value[0] == pytest.approx(y.sum() / d.sum())
    assert np.sqrt(found.error_squared[0]) == pytest.approx(again.std(), rel=0.05)


def test_a_ratio_whose_denominators_are_one_is_a_mean():
    y = np.random.default_rng(3).normal(5, 2, 300)
    ratio, mean = ratio_moments(*sums(y, np.ones(300))), mean_moments(y.sum(), (y**2).sum(), 300)
    assert (ratio.value[0], ratio.variance[0]) == pytest.approx((mean.value[0], mean.variance[0]))


def test_a_ratio_over_nothing_is_not_a_number():
    found = ratio_moments(5.0, 9.0, 0.0, 0.0, 0.0, 4)
    assert np.isnan([found.value[0], found.variance[0]]).all()


def test_a_covariate_takes_away_the_variance_it_explains_and_leaves_the_effect():
    draw = np.random.default_rng(4)
    x = draw.normal(10, 3, (2, 4_000))
    y = 2 * x + draw.normal(0, 1, (2, 4_000)) + np.array([[0.0], [0.5]])
    arms = np.array([sums(y[i], x[i]) for i in range(2)]).T
    found = adjusted_moments(*arms, group=np.zeros(2, dtype=np.int64))
    assert found.variance == pytest.approx([1, 1], rel=0.1)
    assert found.value[1] - found.value[0] == pytest.approx(0.5, abs=0.1)


def test_the_adjusted_difference_is_that_of_a_regression_with_one_slope():
    import statsmodels.api as sm

    draw = np.random.default_rng(5)
    x, treated = draw.normal(0, 1, 600), np.repeat([0.0, 1.0], 300)
    y = x + 0.3 * treated + draw.normal(0, 1, 600)
    fit = sm.OLS(y, sm.add_constant(np.column_stack([treated, x]))).fit()
    arms = np.array([sums(y[treated == a], x[treated == a]) for a in (0, 1)]).T
    found = adjusted_moments(*arms, group=np.zeros(2, dtype=np.int64))
    assert found.value[1] - found.value[0] == pytest.approx(fit.params[1])
    assert np.sqrt(found.error_squared.sum()) == pytest.approx(fit.bse[1], rel=0.01)


@pytest.mark.parametrize("x", [np.zeros(50), np.full(50, 7.0)])
def test_a_covariate_that_does_not_vary_changes_nothing(x):
    y = np.random.default_rng(6).normal(3, 1, 50)
    arms = np.array([sums(y, x), sums(y + 1, x)]).T
    found = adjusted_moments(*arms, group=np.zeros(2, dtype=np.int64))
    plain = mean_moments(arms[0], arms[1], arms[5])
    assert found.value == pytest.approx(plain.value)
    assert found.variance == pytest.approx(plain.variance)


def test_trials_are_adjusted_apart_from_each_other():
    draw = np.random.default_rng(7)
    x, y = draw.normal(0, 1, (4, 80)), draw.normal(0, 1, (4, 80))
    arms = np.array([sums(y[i], x[i]) for i in range(4)])
    together = adjusted_moments(*arms.T, group=np.array([0, 0, 1, 1]))
    alone = adjusted_moments(*arms[2:].T, group=np.array([0, 0]))
    assert together.value[2:] == pytest.approx(alone.value)
    assert together.variance[2:] == pytest.approx(alone.variance)
