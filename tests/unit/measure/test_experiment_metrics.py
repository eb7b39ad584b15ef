"""Quantiles, ratios, covariates and secondaries as an experiment compares them."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportions_ztest
from tests.unit.measure.judged import judged, shares, two_arms
from tests.unit.measure.trial_frames import WAIT, binary, experiment, fact, sums

from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.measure.verdicts import Outcome, Verdict


def test_secondaries_are_corrected_together_and_decide_nothing():
    names = [Metric(f"second{i}", MetricKind.PROPORTION, Direction.INCREASE) for i in range(3)]
    rows = [r for m in names for r in two_arms(m, binary(1_000, 5_000), binary(1_200, 5_000))]
    found = shares(1_000, 1_010, secondaries=tuple(names), extra=rows)
    assert [c.outcome for c in found.comparisons[1:]] == [Outcome.BETTER] * 3
    assert found.comparisons[1].adjusted_p == pytest.approx(found.comparisons[3].p)
    assert found.judgement.verdict is Verdict.KEEP_RUNNING


def test_a_quantile_is_compared_by_its_histogram():
    draw = np.random.default_rng(2)
    a, b = draw.lognormal(6, 0.5, 8_000), draw.lognormal(5.7, 0.5, 8_000)
    found = judged(experiment(primary=WAIT), two_arms(WAIT, a, b), {"control": 8_000, "treatment": 8_000})
    row = found.comparisons[0]
    assert row.control.number == pytest.approx(np.quantile(a, 0.9), rel=0.02)
    assert row.lift.low < np.exp(-0.3) - 1 < row.lift.high
    assert found.judgement.verdict is Verdict.SHIP


def test_a_ratio_counts_units_not_events():
    draw = np.random.default_rng(3)
    metric = Metric("accepted", MetricKind.RATIO, Direction.INCREASE)
    rows, naive = [], []
    for arm in ("control", "treatment"):
        taste = draw.beta(0.5, 0.5, 1_500)  # a user either likes it or does not: events of one user are alike
        d = draw.integers(1, 20, 1_500)
        y = draw.binomial(d, taste)
        rows.append(fact("exp", arm, metric.name, **sums(y, d)))
        naive.append((y.sum(), d.sum()))
    found = judged(experiment(primary=metric), rows, {"control": 1_500, "treatment": 1_500}).comparisons[0]
    wrong = proportions_ztest([naive[1][0], naive[0][0]], [naive[1][1], naive[0][1]])[1]
    assert found.single_look_p > wrong


def test_a_covariate_narrows_the_interval_and_winsorising_tames_a_tail():
    draw = np.random.default_rng(4)
    past = draw.gamma(2, 5, (2, 3_000))
    y = past + draw.normal(10, 2, (2, 3_000))
    y[0, 0] = 1e5
    widths = {}
    for name, changes in (
        ("plain", {}),
        ("winsor", {"winsor_share": 0.01}),
        ("both", {"winsor_share": 0.01, "covariate_days": 7}),
    ):
        metric = Metric("spent", MetricKind.MEAN, Direction.INCREASE, **changes)
        rows = [fact("exp", arm, "spent", **sums(y[i], x=past[i])) for i, arm in enumerate(("control", "treatment"))]
        found = judged(experiment(primary=metric), rows, {"control": 3_000, "treatment": 3_000}).comparisons[0]
        widths[name] = found.difference.high - found.difference.low
    assert widths["both"] < 0.6 * widths["winsor"] < 0.3 * widths["plain"]
