import numpy as np
import pytest
from scipy import optimize

from ratchet.statistics.confidence_sequences import (
    always_valid_p,
    always_valid_p_greater,
    information,
    multiplier,
    multiplier_one_sided,
    sequence,
    tuned_information,
)


@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.001])
def test_the_tuning_makes_the_sequence_narrowest_at_the_planned_sample(alpha):
    found = optimize.minimize_scalar(lambda u: multiplier(u, alpha)[0], bounds=(0.1, 100), method="bounded")
    assert tuned_information(alpha)[0] == pytest.approx(found.x, rel=1e-3)
    assert information(500, 500, alpha)[0] == tuned_information(alpha)[0]


def test_the_multiplier_by_hand():
    assert multiplier(8.2, 0.05)[0] == pytest.approx(np.sqrt(9.2 / 8.2 * np.log(9.2 / 0.0025)))
    assert multiplier_one_sided(8.2, 0.05)[0] == pytest.approx(np.sqrt(2 * 9.2 / 8.2 * np.log(1 + np.sqrt(9.2) / 0.1)))


@pytest.mark.parametrize("u", [0.01, 1.0, 8.2, 500.0])
@pytest.mark.parametrize("alpha", [0.3, 0.05, 1e-6])
def test_the_p_value_is_the_level_whose_sequence_just_touches_zero(u, alpha):
    assert always_valid_p(multiplier(u, alpha), u)[0] == pytest.approx(alpha)
    assert always_valid_p_greater(multiplier_one_sided(u, alpha), u)[0] == pytest.approx(alpha)


def test_without_any_information_nothing_is_excluded():
    assert multiplier(0, 0.05)[0] == np.inf
    assert always_valid_p(9, 0)[0] == 1.0
    found = sequence(3, 1, 0, 100)
    assert found.value[0] == 3
    assert np.isnan([found.low[0], sequence(3, 0, 50, 100).high[0], sequence(3, np.nan, 50, 100).low[0]]).all()


def test_a_harmful_effect_is_no_evidence_for_a_better_treatment():
    assert always_valid_p_greater([-5, 0], 8)[0] == 1.0
    assert always_valid_p_greater([-5, 0], 8)[1] == 1.0


def test_one_sided_bounds_are_nearer_than_two_sided_ones():
    two, one = sequence(0.2, 0.05, 900, 1_000), sequence(0.2, 0.05, 900, 1_000, sides=1)
    assert two.low[0] < one.low[0] < 0.2 < one.high[0] < two.high[0]


def test_looking_every_night_errs_at_most_as_often_as_promised():
    draw = np.random.default_rng(11)
    days, a_day = 28, 60
    units = draw.exponential(1, (3_000, days, a_day)) - 1
    n = np.arange(1, days + 1) * a_day
    total, squares = units.sum(2).cumsum(1), (units**2).sum(2).cumsum(1)
    mean = total / n
    error = np.sqrt((squares / n - mean**2) / n)
    found = sequence(mean, error, n, days * a_day)
    ever = ((found.low > 0) | (found.high < 0)).any(axis=1)
    looked_once = np.abs(mean / error) > 1.96
    assert ever.mean() <= 0.05
    assert looked_once.any(axis=1).mean() > 0.15  # what a look every night does to an ordinary test
