import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from ratchet.statistics.differences import absolute, beyond, lift_interval, pooled_z, relative
from ratchet.statistics.moments import Moments, mean_moments


def arm(mean, deviation, n):
    return Moments(*(np.atleast_1d(np.asarray(v, dtype=float)) for v in (mean, np.square(deviation), n)))


def of(values):
    return mean_moments(values.sum(), (values**2).sum(), len(values))


def test_welch_agrees_with_scipy_on_generated_arms():
    draw = np.random.default_rng(1)
    for _ in range(50):
        a, b = (draw.normal(draw.uniform(-5, 5), draw.uniform(0.1, 4), draw.integers(3, 200)) for _ in range(2))
        oracle = stats.ttest_ind(b, a, equal_var=False)
        found = absolute(of(a), of(b))
        low, high = oracle.confidence_interval(0.9)
        interval = found.interval(0.9)
        assert (found.z[0], found.freedom[0], found.p()[0]) == pytest.approx(
            (oracle.statistic, oracle.df, oracle.pvalue), rel=1e-6
        )
        assert (interval.low[0], interval.high[0]) == pytest.approx((low, high), rel=1e-6)
        assert found.p_greater()[0] == pytest.approx(
            stats.ttest_ind(b, a, equal_var=False, alternative="greater").pvalue, rel=1e-6
        )


def test_the_pooled_z_of_two_shares_is_that_of_statsmodels():
    found = pooled_z([73, 30], [100, 200], [70, 55], [100, 190])
    for z, hits, n in zip(found, [(70, 73), (55, 30)], [(100, 100), (190, 200)], strict=True):
        assert z == pytest.approx(proportions_ztest(hits, n)[0])


def test_a_relative_lift_by_hand():
    found = relative(arm(10, 2, 400), arm(11, 3, 900))
    assert found.value[0] == pytest.approx(0.1)
    assert found.error[0] == pytest.approx(np.sqrt(9 / 900 / 100 + 4 / 400 * 121 / 10_000))


def test_a_lift_over_a_negative_control_keeps_its_sign():
    found = relative(arm(-10, 1, 100), arm(-9, 1, 100))
    fieller = lift_interval(arm(-10, 1, 100), arm(-9, 1, 100), 1.96)
    assert found.value[0] == fieller.value[0] == pytest.approx(0.1)
    assert fieller.low[0] < 0.1 < fieller.high[0]


def test_a_lift_over_a_control_of_zero_is_not_a_number():
    found = relative(arm(0, 1, 100), arm(1, 1, 100))
    fieller = lift_interval(arm(0, 1, 100), arm(1, 1, 100), 1.96)
    assert np.isnan([found.value[0], fieller.value[0], fieller.low[0]]).all()


def test_a_control_close_to_zero_has_no_bounded_interval():
    found = lift_interval(arm(0.1, 1, 100), arm(1, 1, 100), 1.96)
    assert found.value[0] == pytest.approx(9)
    assert np.isnan([found.low[0], found.high[0]]).all()


def test_arms_without_any_variance_have_no_interval():
    found = lift_interval(arm(1, 0, 100), arm(2, 0, 100), 1.96)
    assert np.isnan([found.low[0], absolute(arm(1, 0, 9), arm(2, 0, 9)).z[0]]).all()
    assert np.isnan(absolute(arm(1, 0, 9), arm(2, 0, 9)).within(2).low[0])


@given(
    st.floats(1, 100), st.floats(-0.5, 0.5), st.floats(0.1, 3), st.integers(50, 5_000), st.floats(0.5, 4),
    st.floats(-0.3, 0.3), st.sampled_from([1, -1]),
)  # fmt: skip
def test_the_lifts_interval_says_what_the_test_of_each_margin_says(mean, lift, deviation, n, k, margin, sign):
    control, treatment = arm(sign * mean, deviation * mean, n), arm(sign * mean * (1 + lift), deviation * mean, n)
    found, z = lift_interval(control, treatment, k), beyond(control, treatment, margin)[0]
    if np.isfinite(found.low[0]) and abs(abs(z) - k) > 1e-6:
        assert (z > k) == (found.low[0] > margin)
        assert (z < -k) == (found.high[0] < margin)


def test_covariance_narrows_the_interval_of_positively_related_arms():
    a, b = arm(0.7, 0.45, 100), arm(0.68, 0.46, 100)
    wide, narrow = lift_interval(a, b, 2), lift_interval(a, b, 2, 0.0015)
    assert narrow.high[0] - narrow.low[0] < wide.high[0] - wide.low[0]


def test_fiellers_interval_covers_the_true_lift_about_as_often_as_it_says():
    draw = np.random.default_rng(8)
    a, b = draw.lognormal(0, 1, (4_000, 300)), draw.lognormal(0.1, 1, (4_000, 300))
    control, treatment = (mean_moments(v.sum(1), (v**2).sum(1), np.full(4_000, 300)) for v in (a, b))
    found, truth = lift_interval(control, treatment, 1.96), np.exp(0.1) - 1
    assert np.mean((found.low <= truth) & (truth <= found.high)) == pytest.approx(0.95, abs=0.012)
