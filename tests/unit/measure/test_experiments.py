import gzip
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest
from tests.unit.measure.trial_frames import (
    CONVERTED,
    FAILED,
    NIGHT,
    SPENT,
    START,
    WAIT,
    binary,
    experiment,
    fact,
    facts,
    phases,
    sums,
    units,
)

from ratchet.contracts.experiments import Design, Direction, Metric, MetricKind
from ratchet.errors import NotComputable
from ratchet.measure.experiments import experiments
from ratchet.measure.verdicts import Outcome, Verdict
from ratchet.phases import Seen

TAU = Path(__file__).resolve().parents[4] / "shared" / "data" / "tau_bench_retail_agent_variants"


def two_arms(metric, control, treatment, trial="exp", phase=1, **more):
    arms = {"control": control, "treatment": treatment}
    return [fact(trial, arm, metric.name, phase=phase, **(sums(y) | more)) for arm, y in arms.items()]


def judged(spec, rows, counts, as_of=NIGHT, **flaws):
    """Return the only experiment's result."""
    return experiments(facts(rows), units(counts, spec.id, as_of=as_of, **flaws), phases(spec), as_of).experiments[0]


def shares(control, treatment, n=5_000, spec=None, extra=(), **more):
    """Return the result of two arms with so many conversions, and guardrail rows beside them."""
    spec = spec or experiment(**more)
    rows = [*two_arms(CONVERTED, binary(control, n), binary(treatment, n)), *extra]
    return judged(spec, rows, {"control": n, "treatment": n})


def test_a_clear_gain_ships_and_says_why():
    found = shares(1_000, 1_300)
    assert (found.judgement.verdict, found.judgement.arm) == (Verdict.SHIP, "treatment")
    assert found.judgement.reason == (
        "converted is better with treatment: +30.0%, and the interval leaves out no change"
    )
    lift = found.comparisons[0].lift
    assert lift.low > 0
    assert (lift.number, lift.n) == (pytest.approx(0.3), 10_000)


def test_a_clear_loss_is_rolled_back():
    found = shares(1_300, 1_000)
    assert found.judgement.verdict is Verdict.ROLL_BACK
    assert found.judgement.reason == "converted is worse with treatment (−23.1%)"


def test_less_is_better_where_the_metric_says_so():
    spec = experiment(primary=FAILED)
    rows = two_arms(FAILED, binary(1_300, 5_000), binary(1_000, 5_000))
    assert judged(spec, rows, {"control": 5_000, "treatment": 5_000}).judgement.verdict is Verdict.SHIP
    rows = two_arms(FAILED, binary(1_000, 5_000), binary(1_300, 5_000))
    assert judged(spec, rows, {"control": 5_000, "treatment": 5_000}).judgement.verdict is Verdict.ROLL_BACK


def test_a_difference_that_one_look_would_call_significant_keeps_running():
    found = shares(1_000, 1_090)
    assert found.judgement.verdict is Verdict.KEEP_RUNNING
    assert found.comparisons[0].single_look_p < 0.05 < found.comparisons[0].p
    assert 0 < found.judgement.days_left <= (found.ends_on - NIGHT).days


def test_the_single_look_is_that_of_scipy_and_the_sequence_is_wider():
    draw = np.random.default_rng(1)
    a, b = draw.gamma(2, 5, 4_000), draw.gamma(2, 5.2, 4_000)
    found = judged(experiment(primary=SPENT), two_arms(SPENT, a, b), {"control": 4_000, "treatment": 4_000})
    row, oracle = found.comparisons[0], stats.ttest_ind(b, a, equal_var=False)
    assert row.single_look_p == pytest.approx(oracle.pvalue)
    assert row.difference.number == pytest.approx(b.mean() - a.mean())
    low, high = oracle.confidence_interval()
    assert row.difference.low < low < high < row.difference.high


def test_at_the_horizon_without_a_clear_effect_it_is_inconclusive_and_says_what_would_have_been_found():
    late = NIGHT + timedelta(days=40)
    spec = experiment()
    rows = two_arms(CONVERTED, binary(1_000, 5_000), binary(1_020, 5_000))
    found = experiments(
        facts([r | {"as_of": late} for r in rows]),
        units({"control": 5_000, "treatment": 5_000}, as_of=late, days=40), phases(spec, as_of=late), late,
    ).experiments[0]  # fmt: skip
    assert found.judgement.verdict is Verdict.INCONCLUSIVE
    assert found.ends_on == START + timedelta(days=28)
    assert found.judgement.reason == (
        "it has ended without a clear difference; an effect of 14.8% would probably have been found, "
        "the planned 10.0% needed more units"
    )


def test_more_days_are_asked_for_in_words_where_the_horizon_is_too_short():
    found = shares(100, 104, n=1_000)
    assert "longer than the 8 that are left" in found.judgement.reason


def test_the_planned_samples_of_one_look_and_of_every_night_are_both_there():
    sample = shares(1_000, 1_020).sample
    assert 1.6 < sample.every_night / sample.single_look < 1.85
    assert sample.tuned in {2**k for k in range(5, 30)}
    assert shares(1_000, 1_020, planned_units=7_000).sample.tuned == 7_000


def test_nothing_ships_before_every_day_of_the_week_was_seen():
    spec = experiment(start=NIGHT - timedelta(days=2))
    rows = two_arms(CONVERTED, binary(1_000, 5_000), binary(1_300, 5_000))
    found = experiments(
        facts(rows), units({"control": 5_000, "treatment": 5_000}, days=3), phases(spec), NIGHT
    ).experiments[0]
    assert (found.judgement.verdict, found.judgement.days_left) == (Verdict.KEEP_RUNNING, 4)
    assert "not every day of the week" in found.judgement.reason
    rows = two_arms(CONVERTED, binary(1_300, 5_000), binary(1_000, 5_000))
    found = experiments(facts(rows), units({"control": 5_000, "treatment": 5_000}, days=3), phases(spec), NIGHT)
    assert found.experiments[0].judgement.verdict is Verdict.ROLL_BACK


@pytest.mark.parametrize(
    ("failures", "verdict", "outcome"),
    [
        (1_000, Verdict.SHIP, Outcome.SAFE),
        (1_090, Verdict.KEEP_RUNNING, Outcome.UNDECIDED),
        (1_500, Verdict.ROLL_BACK, Outcome.HARMED),
    ],
)
def test_a_gain_ships_only_where_the_guardrail_is_surely_within_its_margin(failures, verdict, outcome):
    rows = two_arms(FAILED, binary(1_000, 5_000), binary(failures, 5_000))
    found = shares(1_000, 1_300, guardrails=[(FAILED, 0.15)], extra=rows)
    assert (found.judgement.verdict, found.comparisons[1].outcome) == (verdict, outcome)
    assert (found.comparisons[1].lift.high < 0.15) == (outcome is Outcome.SAFE)


def test_a_guardrail_that_cannot_be_computed_keeps_an_arm_from_shipping():
    rows = two_arms(FAILED, np.zeros(5_000), np.zeros(5_000))
    found = shares(1_000, 1_300, guardrails=[(FAILED, 0.1)], extra=rows)
    assert found.judgement.verdict is Verdict.KEEP_RUNNING
    assert "zero variance" in found.judgement.reason


def many(lifts, n=4_000, base=0.2, **more):
    arms = ["control", *(f"arm{i}" for i in range(len(lifts)))]
    rows = [
        fact("exp", arm, CONVERTED.name, **sums(binary(round(n * base * (1 + lift)), n)))
        for arm, lift in zip(arms, [0, *lifts], strict=True)
    ]
    return judged(experiment(arms=arms, **more), rows, dict.fromkeys(arms, n))


def test_the_best_of_several_arms_ships_and_a_harmful_one_is_named():
    found = many([0.2, 0.3, -0.3])
    assert (found.judgement.verdict, found.judgement.arm) == (Verdict.SHIP, "arm1")
    assert [c.outcome for c in found.comparisons] == [Outcome.BETTER, Outcome.BETTER, Outcome.WORSE]
    waiting = many([0.02, -0.3])
    assert waiting.judgement.verdict is Verdict.KEEP_RUNNING
    assert waiting.judgement.reason.endswith("arm1 already did harm and should be switched off")


def test_every_arm_must_be_worse_for_a_roll_back():
    assert many([-0.3, -0.25]).judgement.verdict is Verdict.ROLL_BACK


def test_twenty_arms_ask_for_more_evidence_than_one():
    lift = 0.17
    assert many([lift]).judgement.verdict is Verdict.SHIP
    found = many([lift, *([0.0] * 18)])
    assert len(found.comparisons) == 19
    assert found.judgement.verdict is Verdict.KEEP_RUNNING
    assert found.comparisons[0].adjusted_p == pytest.approx(19 * found.comparisons[0].p)


def test_an_interval_leaves_out_no_change_exactly_where_holm_rejects():
    found = many([0.15, 0.17, 0.19, 0.1, 0.2])
    for row in found.comparisons:
        assert (row.lift.low > 0) == (row.adjusted_p <= 0.05) == (row.outcome is Outcome.BETTER)


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


@pytest.mark.parametrize(
    ("control", "treatment", "verdict", "reason"),
    [
        (np.full(5_000, 3.0), np.full(5_000, 3.0), Verdict.NOT_COMPUTABLE, "zero variance"),
        (np.array([1.0]), np.array([2.0]), Verdict.KEEP_RUNNING, "1 units, no verdict is given below 100"),
        (np.full(5_000, np.inf), np.arange(5_000.0), Verdict.NOT_COMPUTABLE, "control has no value"),
        (np.full(5_000, np.nan), np.arange(5_000.0), Verdict.NOT_COMPUTABLE, "control has no value"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_cannot_be_computed_says_so(control, treatment, verdict, reason):
    rows = [
        fact("exp", arm, "spent", **(sums(np.ones(len(y))) | {"sum_y": y.sum(), "sum_yy": (y**2).sum()}))
        for arm, y in (("control", control), ("treatment", treatment))
    ]
    found = judged(experiment(primary=SPENT), rows, {"control": len(control), "treatment": len(treatment)})
    assert (found.judgement.verdict, reason in found.judgement.reason) == (verdict, True), found.judgement


def test_one_unit_an_arm_has_values_and_no_interval():
    rows = two_arms(SPENT, np.array([1.0]), np.array([2.0]))
    row = judged(experiment(primary=SPENT), rows, {"control": 1, "treatment": 1}).comparisons[0]
    assert (row.control.number, row.outcome) == (1.0, Outcome.NOT_COMPUTABLE)
    assert (row.difference.low, row.p) == (None, None)


def test_too_few_units_at_the_end_are_invalid():
    late = NIGHT + timedelta(days=40)
    rows = [r | {"as_of": late} for r in two_arms(CONVERTED, binary(10, 60), binary(12, 60))]
    found = experiments(
        facts(rows), units({"control": 60, "treatment": 60}, as_of=late), phases(experiment(), as_of=late), late
    ).experiments[0]
    assert found.judgement.verdict is Verdict.INVALID
    assert found.judgement.reason.startswith("too few units")


def test_an_arm_without_exposures_is_not_computable_while_few_and_a_mismatch_once_many():
    rows = two_arms(CONVERTED, binary(1, 4), binary(0, 0))
    found = judged(experiment(), rows, {"control": 4, "treatment": 0})
    assert found.judgement.reason == "treatment has no exposures"
    assert isinstance(found.comparisons[0].difference.value, NotComputable)
    rows = two_arms(CONVERTED, binary(100, 400), binary(0, 0))
    found = judged(experiment(), rows, {"control": 400, "treatment": 0})
    assert found.judgement.verdict is Verdict.INVALID


def test_an_experiment_that_was_never_seen_says_when_it_starts_or_that_it_ended():
    nothing = (facts([fact("other", "a", "b", **sums([1.0]))]), units({"a": 3}, "other"))
    spec = experiment(start=date(2026, 4, 7))
    assert experiments(*nothing, phases(spec), NIGHT).experiments[0].judgement.reason == "it starts on 2026-04-07"
    found = experiments(*nothing, phases(experiment()), NIGHT).experiments[0]
    assert (found.judgement.verdict, found.judgement.reason) == (Verdict.NOT_COMPUTABLE, "no exposures yet")
    found = experiments(*nothing, phases(experiment(start=date(2025, 1, 1))), NIGHT).experiments[0]
    assert found.judgement.reason == "it ended on 2025-01-29 without any exposure"
    found = experiments(*nothing, phases(experiment(start=None)), NIGHT).experiments[0]
    assert (found.started_on, found.ends_on, found.judgement.reason) == (None, None, "no exposures yet")


def test_empty_marts_and_no_experiments_are_results_too():
    empty = (facts([fact("x", "a", "b", **sums([1.0]))]).iloc[:0], units({"a": 3}, "x").iloc[:0])
    assert experiments(*empty, phases(experiment()), NIGHT).experiments[0].judgement.reason == "no exposures yet"
    assert experiments(*empty, (), NIGHT).reason == "no experiment is registered"


def test_a_metric_that_nobody_logged_is_not_computable_and_leaves_the_primary_alone():
    found = shares(1_000, 1_300, secondaries=(WAIT, SPENT))
    assert found.judgement.verdict is Verdict.SHIP
    for row in found.comparisons[1:]:
        assert row.outcome is Outcome.NOT_COMPUTABLE
        assert row.lift.number is None


def test_an_edited_experiment_starts_again_and_its_first_phase_is_invalid():
    before, after = experiment(mde=0.2), experiment(mde=0.1)
    seen = (Seen(before, START), Seen(after, START + timedelta(days=5)))
    both = phases(after, seen=seen)
    rows = [
        *two_arms(CONVERTED, binary(1_000, 5_000), binary(1_300, 5_000)),
        *two_arms(CONVERTED, binary(1_000, 5_000), binary(1_010, 5_000), phase=2),
    ]
    counts = {"control": 5_000, "treatment": 5_000}
    found = experiments(
        facts(rows), pd.concat([units(counts, phase=p, days=10) for p in (1, 2)]), both, NIGHT
    ).experiments
    assert [e.judgement.verdict for e in found] == [Verdict.INVALID, Verdict.KEEP_RUNNING]
    assert "edited" in found[0].judgement.reason
    assert found[1].edited_on == START + timedelta(days=5)


def test_a_thousandth_metric_that_breaks_leaves_the_others_alone():
    good, bad = experiment("good"), experiment("bad")
    rows = [
        *two_arms(CONVERTED, binary(1_000, 5_000), binary(1_300, 5_000), trial="good"),
        *two_arms(CONVERTED, binary(1_000, 5_000), binary(1_300, 5_000), trial="bad", sum_y=float("nan")),
    ]
    counts = {"control": 5_000, "treatment": 5_000}
    found = experiments(
        facts(rows), pd.concat([units(counts, name) for name in ("good", "bad")]), phases(good, bad), NIGHT
    ).experiments
    assert {e.experiment.id: e.judgement.verdict for e in found} == {
        "bad": Verdict.NOT_COMPUTABLE, "good": Verdict.SHIP
    }  # fmt: skip


def test_the_order_of_rows_changes_nothing_and_other_nights_do_not_count():
    rows = [
        *two_arms(CONVERTED, binary(1_000, 5_000), binary(1_200, 5_000)),
        *two_arms(FAILED, binary(500, 5_000), binary(510, 5_000)),
    ]
    spec = experiment(guardrails=[(FAILED, 0.1)])
    frame, counted = facts(rows), units({"control": 5_000, "treatment": 5_000})
    stale = frame.assign(as_of=NIGHT - timedelta(days=1), sum_y=1.0)
    one = experiments(frame, counted, phases(spec), NIGHT)
    other = experiments(
        pd.concat([stale, frame.sample(frac=1, random_state=1)]),
        counted.sample(frac=1, random_state=2),
        phases(spec),
        NIGHT,
    )
    assert json.dumps(one.as_artifact(), sort_keys=True) == json.dumps(other.as_artifact(), sort_keys=True)


def test_a_verdict_is_announced_once():
    spec = experiment()
    rows = two_arms(CONVERTED, binary(1_000, 5_000), binary(1_300, 5_000))
    found = experiments(facts(rows), units({"control": 5_000, "treatment": 5_000}), phases(spec), NIGHT)
    assert [e.experiment.id for e in found.news({})] == ["exp"]
    assert found.news({("exp", 1): Verdict.SHIP}) == ()
    assert len(found.news({("exp", 1): Verdict.INCONCLUSIVE})) == 1


def test_the_artifact_holds_plain_json():
    rows = two_arms(CONVERTED, binary(1_000, 5_000), binary(1_300, 5_000))
    found = experiments(facts(rows), units({"control": 5_000, "treatment": 5_000}), phases(experiment()), NIGHT)
    record = json.loads(json.dumps(found.as_artifact(), allow_nan=False))["experiments"][0]
    assert (record["verdict"], record["arm"], record["id"]) == ("ship", "treatment", "exp")
    assert set(record["comparisons"][0]["lift"]) == {"value", "n", "low", "high"}
    assert record["units"]["units"] == [5_000, 5_000]
