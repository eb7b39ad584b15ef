"""Effects adjusted for the mix of cases: by hand, against a regression, and their error rates by simulation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from ratchet.statistics.case_mix import adjusted, drawn_together
from ratchet.statistics.means import shrink


def world(seed: int, spread: float, strata: int = 12, groups: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return values, successes and true effects of groups that had different work."""
    rng = np.random.default_rng(seed)
    effects = rng.normal(0, spread, groups)
    shares = rng.dirichlet(np.full(groups, 0.7), strata)
    n = np.array([rng.multinomial(int(rng.integers(30, 400)), share) for share in shares])
    chance = np.clip(rng.uniform(0.5, 0.9, strata)[:, None] + effects, 0, 1)
    return n, rng.binomial(n, chance), effects - n.sum(axis=0) @ effects / n.sum()


def of(n: np.ndarray, hits: np.ndarray):
    stratum, group = np.divmod(np.arange(n.size), n.shape[1])
    return adjusted(stratum, group, n.ravel(), hits.ravel(), hits.ravel(), n.shape[1])


def test_who_had_the_hard_cases_is_not_worse_for_it() -> None:
    n, hits = np.array([[900, 100], [100, 900]]), np.array([[810, 90], [50, 450]])
    found = of(n, hits)
    assert hits.sum(axis=0) / n.sum(axis=0) == pytest.approx([0.86, 0.54])
    assert found.effects.value == pytest.approx([0, 0], abs=1e-12)
    assert found.mean == pytest.approx(0.7)


def test_effects_are_those_of_a_regression_with_a_dummy_for_each_stratum() -> None:
    n, hits, _ = world(3, 0.05)
    rows = [(i, j, x) for i, j in np.ndindex(n.shape) for x in [1] * hits[i, j] + [0] * (n[i, j] - hits[i, j])]
    i, j, x = np.array(rows).T
    design = np.hstack([np.eye(n.shape[0])[i], np.eye(n.shape[1])[j][:, 1:]])
    slopes = np.concatenate([[0.0], sm.OLS(x, design).fit().params[n.shape[0] :]])
    expected = slopes - n.sum(axis=0) @ slopes / n.sum()
    assert of(n, hits).effects.value == pytest.approx(expected, abs=1e-9)


def test_a_difference_of_two_has_the_interval_of_its_own() -> None:
    found = of(np.array([[200, 200]]), np.array([[160, 120]]))
    value, low, high, p = found.difference(0, 1)
    assert value == pytest.approx(0.2)
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt((0.16 + 0.24) / 2 * 2 / 200), rel=0.01)
    assert p < 1e-4


def test_who_shares_no_case_with_others_cannot_be_compared() -> None:
    n = np.array([[50, 50, 0], [0, 0, 80]])
    found = of(n, n // 2)
    assert np.isfinite(found.effects.value).tolist() == [True, True, False]
    assert np.isnan(found.p[2])
    alone = of(np.array([[50, 0], [0, 50]]), np.array([[50, 0], [0, 10]]))
    assert np.isnan(alone.effects.value).all()
    assert np.isnan(adjusted([], [], [], [], [], 2).effects.value).all()


def test_intervals_cover_and_without_effects_few_are_claimed() -> None:
    covered, drawn, claimed, total = 0, 0, 0, 0
    for seed in range(200):
        n, hits, true = world(seed, 0.05 if seed % 2 else 0.0)
        found = of(n, hits)
        near = drawn_together(found.effects.value, np.diag(found.covariance))
        covered += int(((found.effects.low <= true) & (true <= found.effects.high)).sum())
        drawn += int(((near.low <= true) & (true <= near.high)).sum())
        claimed += 0 if seed % 2 else int((found.p < 0.05).sum())
        total += len(true)
    assert covered / total > 0.93
    assert drawn / total > 0.93
    assert claimed / (total / 2) < 0.07


def test_few_values_are_drawn_nearer_than_many_and_the_interval_never_vanishes() -> None:
    found = drawn_together([0.2, 0.2, np.nan], [0.04, 0.0004, np.nan])
    assert 0 < found.value[0] < found.value[1] < 0.2
    assert np.isnan(found.value[2])
    alike = drawn_together([0.0, 0.0, 0.0], [0.01, 0.01, 0.01])
    assert (alike.high > alike.low).all()
    assert shrink([0.0, 0.0, 0.0], [0.01] * 3).weight.max() == 0
    assert np.isnan(drawn_together([np.nan], [np.nan]).value).all()
