import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ratchet.statistics.rates import dispersion, rate_interval, rate_ratio, shrunk_ratio


def test_rate_interval_is_garwoods_for_ten_events():
    found = rate_interval(10, 1)
    assert (found.low[0], found.high[0]) == pytest.approx((4.7954, 18.3904), abs=1e-4)


def test_rate_interval_of_no_event_starts_at_zero_and_of_no_exposure_is_not_a_number():
    found = rate_interval([0, 3], [7, 0])
    assert (found.low[0], found.high[0]) == pytest.approx((0, 3.688879 / 7))
    assert np.isnan(found.value[1])


def test_rate_ratio_gives_the_interval_of_rs_poisson_test():
    found = rate_ratio(11, 800, 6 + 8 + 7, 1083 + 1050 + 878)
    assert found.ratio.value[0] == pytest.approx(1.971488, abs=1e-6)
    assert (found.ratio.low[0], found.ratio.high[0]) == pytest.approx((0.8584264, 4.2772659), abs=1e-6)


def test_rate_ratio_doubles_the_smaller_binomial_tail():
    oracle = min(stats.binom.cdf(11, 32, 800 / 3811), stats.binom.sf(10, 32, 800 / 3811))
    assert rate_ratio(11, 800, 21, 3011).p[0] == pytest.approx(2 * oracle)


def test_rate_ratio_against_nothing_before_has_a_lower_bound_only():
    found = rate_ratio(10, 7, 0, 28)
    assert np.isinf(found.ratio.value[0])
    assert np.isinf(found.ratio.high[0])
    assert found.ratio.low[0] > 1
    assert found.p[0] == pytest.approx(2 * (7 / 35) ** 10)


def test_rate_ratio_of_nothing_now_has_an_upper_bound():
    found = rate_ratio(0, 7, 40, 28)
    assert (found.ratio.value[0], found.ratio.low[0]) == (0, 0)
    assert found.ratio.high[0] < 1


@pytest.mark.parametrize("case", [(0, 7, 0, 28), (5, 0, 5, 28), (5, 7, 5, 0)])
def test_rate_ratio_without_events_or_a_window_is_not_a_number(case):
    found = rate_ratio(*case)
    assert np.isnan([found.p[0], found.ratio.value[0], found.ratio.low[0], found.ratio.high[0]]).all()


@given(st.integers(0, 300), st.integers(1, 90), st.integers(0, 300), st.integers(1, 90))
def test_rate_ratio_is_significant_exactly_where_its_interval_leaves_one_out(now, exposure, before, exposure_before):
    found = rate_ratio(now, exposure, before, exposure_before)
    if now + before and abs(found.p[0] - 0.05) > 1e-9:
        assert (found.p[0] < 0.05) == (not found.ratio.low[0] <= 1 <= found.ratio.high[0])


def test_rate_ratio_rejects_at_most_its_level_when_nothing_changed():
    draw = np.random.default_rng(4)
    mean = draw.uniform(0.2, 20, 20_000)
    found = rate_ratio(draw.poisson(7 * mean), 7, draw.poisson(28 * mean), 28)
    assert np.mean(found.p < 0.05) <= 0.05


def test_rate_ratio_interval_covers_a_true_doubling():
    draw = np.random.default_rng(5)
    mean = draw.uniform(0.5, 20, 20_000)
    found = rate_ratio(draw.poisson(14 * mean), 7, draw.poisson(28 * mean), 28)
    assert np.mean((found.ratio.low <= 2) & (found.ratio.high >= 2)) >= 0.95


def test_shrunk_ratio_by_hand():
    log_ratio, variance = shrunk_ratio(20, 7, 10, 7)
    observed, spread, prior = np.log(20.5 / 10.5), 1 / 20.5 + 1 / 10.5, np.log(2) ** 2
    assert log_ratio[0] == pytest.approx(observed * prior / (prior + spread))
    assert variance[0] == pytest.approx(prior * spread / (prior + spread))


def test_shrunk_ratio_knows_no_change_without_a_window_before():
    log_ratio, variance = shrunk_ratio(20, 7, 0, 0)
    assert (log_ratio[0], variance[0]) == (0, pytest.approx(np.log(2) ** 2))


def test_shrunk_ratio_does_not_let_six_events_outrank_a_certain_tripling():
    (few, many), _ = shrunk_ratio([6, 300], 7, [0, 400], 28)
    assert few < many


def test_dispersion_is_one_for_poisson_days_and_grows_with_bursts():
    draw = np.random.default_rng(6)
    assert dispersion(draw.poisson(50, 400), 1) == pytest.approx(1.05, abs=0.15)
    assert dispersion(10 * draw.poisson(5, 400), 1) == pytest.approx(10, rel=0.2)
    assert dispersion([4, 9], 1) == 1.0
