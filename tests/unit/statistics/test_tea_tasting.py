"""Comparisons of arms against tea-tasting, which reads the units themselves."""

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt

from ratchet.statistics.differences import absolute, relative
from ratchet.statistics.moments import adjusted_moments, mean_moments, ratio_moments
from ratchet.statistics.sample_ratio import sample_ratio_p


@pytest.fixture(scope="module")
def units():
    """Units of two arms: orders and sessions after the start, orders before it, correlated."""
    draw = np.random.default_rng(7)
    variant = draw.integers(0, 2, 4_000)
    habit = draw.gamma(2, 1, 4_000)
    sessions = 1 + draw.poisson(3 * habit)
    orders = draw.binomial(sessions, 0.3 + 0.02 * variant)
    before = draw.poisson(3 * habit)
    return pd.DataFrame({"variant": variant, "sessions": sessions, "orders": orders, "before": before})


def arms(units, measure):
    return [measure(units[units["variant"] == arm]) for arm in (0, 1)]


def mean_of(frame):
    return mean_moments(frame["orders"].sum(), (frame["orders"] ** 2).sum(), len(frame))


def ratio_of(frame):
    y, d = frame["orders"], frame["sessions"]
    return ratio_moments(y.sum(), (y**2).sum(), d.sum(), (d**2).sum(), (y * d).sum(), len(frame))


def oracle(units, metric, **options):
    return tt.Experiment(it=metric, **options).analyze(units)["it"]


@pytest.mark.parametrize(
    ("measure", "metric"),
    [(mean_of, tt.Mean("orders", use_t=True)), (ratio_of, tt.RatioOfMeans("orders", "sessions", use_t=True))],
)
def test_means_and_ratios_agree(units, measure, metric):
    expected = oracle(units, metric)
    control, treatment = arms(units, measure)
    found, interval = absolute(control, treatment), absolute(control, treatment).interval(0.95)
    assert control.value[0] == pytest.approx(expected.control)
    assert treatment.value[0] == pytest.approx(expected.treatment)
    assert found.p()[0] == pytest.approx(expected.pvalue, rel=1e-3)
    assert interval.low[0] == pytest.approx(expected.effect_size_ci_lower, rel=1e-3)
    assert interval.high[0] == pytest.approx(expected.effect_size_ci_upper, rel=1e-3)
    assert relative(control, treatment).value[0] == pytest.approx(expected.rel_effect_size)


def test_a_covariate_makes_the_same_difference(units):
    expected = oracle(units, tt.Mean("orders", "before", use_t=False))
    sums = [
        (
            f["orders"].sum(), (f["orders"] ** 2).sum(), f["before"].sum(), (f["before"] ** 2).sum(),
            (f["orders"] * f["before"]).sum(), len(f),
        )
        for f in (units[units["variant"] == arm] for arm in (0, 1))
    ]  # fmt: skip
    found = adjusted_moments(*(np.array(each, float) for each in zip(*sums, strict=True)), np.array([0, 0]))
    effect = found.value[1] - found.value[0]
    error = np.sqrt(found.error_squared.sum())
    width = expected.effect_size_ci_upper - expected.effect_size_ci_lower
    plain = oracle(units, tt.Mean("orders", use_t=False))
    assert effect == pytest.approx(expected.effect_size, rel=0.02)
    assert 2 * 1.959964 * error == pytest.approx(width, rel=0.01)
    assert width < 0.95 * (plain.effect_size_ci_upper - plain.effect_size_ci_lower)


def test_the_sample_ratio_agrees(units):
    counts = units["variant"].value_counts().sort_index().to_numpy()
    expected = oracle(units, tt.SampleRatio(method="norm", correction=False)).pvalue
    assert sample_ratio_p(counts, [1, 1], [0, 0])[0] == pytest.approx(expected)
