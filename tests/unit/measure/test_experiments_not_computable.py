"""Experiments of which little or nothing can be said; the others of the night go on."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from tests.unit.measure.judged import judged, shares, two_arms
from tests.unit.measure.trial_frames import (
    CONVERTED,
    NIGHT,
    SPENT,
    WAIT,
    binary,
    experiment,
    fact,
    facts,
    phases,
    sums,
    units,
)

from ratchet.errors import NotComputable
from ratchet.measure.experiments import experiments
from ratchet.measure.verdicts import Outcome, Verdict


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


def test_an_experiment_that_ended_last_year_is_judged_by_what_it_had():
    spec = experiment(start=NIGHT - timedelta(days=400))
    rows = two_arms(CONVERTED, binary(1_000, 5_000), binary(1_300, 5_000))
    found = judged(spec, rows, {"control": 5_000, "treatment": 5_000})
    assert (found.judgement.verdict, found.ends_on) == (Verdict.SHIP, spec.start + timedelta(days=28))


def test_outcomes_before_exposure_are_counted_and_leave_the_verdict_alone():
    rows = two_arms(CONVERTED, binary(1_000, 5_000), binary(1_300, 5_000))
    early = {"treatment": {"exposed_after_outcome": 40}}
    found = judged(experiment(), rows, {"control": 5_000, "treatment": 5_000}, **early)
    assert (found.judgement.verdict, found.units.exposed_after_outcome) == (Verdict.SHIP, 40)
