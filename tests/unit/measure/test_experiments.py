import json
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.unit.measure.judged import judged, many, shares, two_arms
from tests.unit.measure.trial_frames import (
    CONVERTED,
    FAILED,
    NIGHT,
    SPENT,
    START,
    binary,
    experiment,
    facts,
    phases,
    units,
)

from ratchet.measure.experiments import experiments
from ratchet.measure.verdicts import Outcome, Verdict
from ratchet.phases import Seen


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
