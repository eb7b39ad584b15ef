import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from ratchet.statistics.corrections import benjamini_hochberg_within, holm, holm_levels

P = st.one_of(st.floats(0, 1), st.just(float("nan")), st.sampled_from([0.0, 1e-300, 1e-9, 0.01, 0.025, 0.05]))


@pytest.mark.parametrize("seed", range(4))
def test_each_group_is_corrected_as_statsmodels_corrects_it_alone(seed):
    rng = np.random.default_rng(seed)
    p = np.where(rng.random(20) < 0.5, rng.random(20), rng.choice([np.nan, 0.0, 1e-300, 1e-9, 0.01, 0.025, 0.05], 20))
    group = rng.integers(0, 3, 20)
    for ours, method in ((holm, "holm"), (benjamini_hochberg_within, "fdr_bh")):
        found = ours(p, group)
        for each in range(3):
            mine = (group == each) & ~np.isnan(p)
            assert found[mine] == pytest.approx(multipletests(p[mine], method=method)[1], rel=1e-9)
        assert np.isnan(found[np.isnan(p)]).all()


@given(st.lists(st.tuples(P, st.integers(0, 3)), max_size=20))
def test_a_test_at_holms_level_rejects_exactly_where_holm_does(rows):
    p, group = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    known = ~np.isnan(p)
    level, adjusted = holm_levels(p, group, 0.05), holm(p, group)
    assert ((p <= level)[known] == (adjusted <= 0.05)[known]).all() or np.isclose(adjusted[known], 0.05).any()
    assert (level[~known] == 0.05).all()


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03], [7, 7, 7]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert holm_levels([0.01, 0.04, 0.03], [7, 7, 7], 0.05).tolist() == pytest.approx([0.05 / 3, 0.025, 0.025])


def test_nothing_to_correct_is_nothing():
    assert holm([], []).size == 0
    assert np.isnan(benjamini_hochberg_within([np.nan], [1])).all()
