"""Arms compared pair by pair."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest
from tests.unit.measure.judged import judged
from tests.unit.measure.trial_frames import SPENT, experiment, fact, sums

from ratchet.contracts.experiments import Design
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.measure.verdicts import Verdict

TAU = Path(__file__).resolve().parents[4] / "shared" / "data" / "tau_bench_retail_agent_variants"


def tau_arms():
    """Return the success of each task in both agents, control first."""
    found = []
    for name in ("tool-calling-none", "tool-calling-with-preconditions"):
        path = next(p for p in TAU.iterdir() if p.name.startswith(name))
        runs = json.loads(gzip.decompress(path.read_bytes()))
        found.append({run["task_id"]: float(run["reward"] >= 1) for run in runs})
    return [np.array([arm[task] for task in sorted(found[0])]) for arm in found]


@pytest.mark.skipif(not TAU.exists(), reason="the two agents of ../shared/data are not here")
def test_two_agents_on_the_same_hundred_tasks_are_compared_pair_by_pair_and_do_not_ship():
    control, treatment = tau_arms()
    d = treatment - control
    spec = experiment(design=Design.PAIRED, horizon_days=20, conversion_days=1)
    paired = {"pairs": 100, "pair_sum": d.sum(), "pair_sum_squares": (d**2).sum()}
    only = {"pairs_higher": int((d > 0).sum()), "pairs_lower": int((d < 0).sum())}
    rows = [
        fact("exp", "control", "converted", **sums(control)),
        fact("exp", "treatment", "converted", **(sums(treatment) | paired | only)),
    ]
    found = judged(spec, rows, {"control": 100, "treatment": 100})
    row = found.comparisons[0]
    oracle = proportions_ztest([treatment.sum(), control.sum()], [100, 100])
    assert (row.pairs.n, row.pairs.lower, row.pairs.higher) == (100, 14, 11)
    assert row.pairs.pooled_z == pytest.approx(-0.470, abs=5e-4)
    assert (row.pairs.pooled_z, 2 * stats.norm.sf(abs(row.pairs.pooled_z))) == pytest.approx(oracle)
    assert oracle[1] == pytest.approx(0.638, abs=5e-4)
    assert row.single_look_p == pytest.approx(stats.ttest_rel(treatment, control).pvalue)
    assert row.pairs.mcnemar_p == pytest.approx(stats.binomtest(11, 25).pvalue)
    assert row.lift.low < 0 < row.lift.high
    assert found.judgement.verdict is Verdict.INCONCLUSIVE


def test_pairs_see_what_independent_arms_would_not():
    draw = np.random.default_rng(5)
    a = draw.normal(10, 5, 400)
    b = a + draw.normal(1, 1, 400)
    d = b - a
    pairs = {"pairs": 400, "pair_sum": d.sum(), "pair_sum_squares": (d**2).sum()}
    rows = [fact("exp", "control", "spent", **sums(a)), fact("exp", "treatment", "spent", **(sums(b) | pairs))]
    counts = {"control": 400, "treatment": 400}
    assert judged(experiment(primary=SPENT), rows, counts).judgement.verdict is Verdict.KEEP_RUNNING
    assert judged(experiment(primary=SPENT, design=Design.PAIRED), rows, counts).judgement.verdict is Verdict.SHIP


def test_a_ratio_is_compared_pair_by_pair_only_where_each_unit_has_one_value():
    draw = np.random.default_rng(6)
    a = draw.normal(10, 5, 400)
    b = a + draw.normal(1, 1, 400)
    pairs = {"pairs": 400, "pair_sum": (b - a).sum(), "pair_sum_squares": ((b - a) ** 2).sum()}
    metric = Metric("ratio", MetricKind.RATIO, Direction.INCREASE)
    spec, counts = experiment(primary=metric, design=Design.PAIRED), {"control": 400, "treatment": 400}
    for d, verdict in ((np.ones(400), Verdict.SHIP), (draw.integers(1, 3, 400), Verdict.KEEP_RUNNING)):
        rows = [
            fact("exp", "control", "ratio", **sums(a, d)),
            fact("exp", "treatment", "ratio", **(sums(b, d) | pairs)),
        ]
        assert judged(spec, rows, counts).judgement.verdict is verdict
