import numpy as np
import pytest

from ratchet.statistics.comparisons import against_days, benjamini_hochberg, between_days, difference
from ratchet.statistics.proportions import wilson
from ratchet.statistics.rates import rate_interval

# Benjamini & Hochberg 1995, section 4: fifteen hypotheses of a trial of thrombolysis
P_1995 = [1, 4, 19, 95, 201, 278, 298, 344, 459, 3240, 4262, 5719, 6528, 7590, 10_000]  # in ten-thousandths


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_difference_gives_the_hybrid_score_intervals_of_newcombe_1998(first, second, low, high):
    found = difference(wilson(*first), wilson(*second))
    assert (found.low[0], found.high[0]) == pytest.approx((low, high), abs=6e-5)


def test_difference_of_equal_rates_leaves_zero_out_about_as_often_as_it_says():
    draw = np.random.default_rng(9)
    found = difference(rate_interval(draw.poisson(30, 20_000), 1), rate_interval(draw.poisson(30, 20_000), 1))
    assert np.mean((found.low > 0) | (found.high < 0)) <= 0.05


def test_benjamini_hochberg_rejects_the_four_of_the_paper():
    assert np.sum(benjamini_hochberg(np.array(P_1995) / 10_000) <= 0.05) == 4


def test_benjamini_hochberg_does_not_count_what_was_not_tested():
    assert benjamini_hochberg([0.01, np.nan, 0.04]).tolist() == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
    assert np.isnan(benjamini_hochberg([np.nan])).all()


def test_benjamini_hochberg_keeps_the_false_discovery_rate():
    draw = np.random.default_rng(10)
    shares = []
    for _ in range(1_000):
        p = draw.uniform(size=50)
        p[:10] = draw.beta(0.1, 5, 10)
        found = benjamini_hochberg(p) <= 0.05
        shares.append(found[10:].sum() / max(1, found.sum()))
    assert np.mean(shares) <= 0.05


def test_against_days_is_the_t_prediction_interval_by_hand():
    found = against_days(10, [4, 6, 5, 5, np.nan], 0.95)
    half = 3.182446 * np.std([4, 6, 5, 5], ddof=1) * np.sqrt(1.25)
    assert (found.value[0], found.low[0]) == pytest.approx((5, 5 - half), rel=1e-6)


def test_against_days_needs_three_days():
    assert np.isnan(against_days(10, [4, 6], 0.95).low[0])


def test_against_days_raises_a_false_alarm_as_often_as_it_says():
    draw = np.random.default_rng(11)
    alarms = [against_days(d[0], d[1:], 0.95).low[0] > 0 for d in draw.normal(100, 9, (3_000, 28))]
    assert np.mean(alarms) == pytest.approx(0.025, abs=0.01)


def test_between_days_is_by_hand_and_raises_a_false_alarm_as_often_as_it_says():
    found = between_days(9, 4, [4, 6, 5, 5], 0.95)
    half = 3.182446 * np.std([4, 6, 5, 5], ddof=1) * np.sqrt(2)
    assert (found.value[0], found.high[0]) == pytest.approx((5, 5 + half), rel=1e-6)
    draw = np.random.default_rng(12)
    alarms = [between_days(d[0], d[1], d[2:], 0.95).low[0] > 0 for d in draw.normal(100, 9, (3_000, 28))]
    assert np.mean(alarms) == pytest.approx(0.025, abs=0.01)
    assert np.isnan(between_days(9, 4, [4], 0.95).low[0])
