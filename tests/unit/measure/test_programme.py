import json
from datetime import date, timedelta

import numpy as np
import pytest
from tests.unit.measure.trial_frames import (
    CONVERTED,
    FAILED,
    NIGHT,
    binary,
    experiment,
    fact,
    facts,
    phases,
    sums,
    units,
)

from ratchet.contracts.estimates import Estimate
from ratchet.measure.experiments import experiments
from ratchet.measure.programme import Concluded, concluded, programme
from ratchet.measure.verdicts import Verdict

DAY = date(2026, 3, 1)


def one(name, verdict=Verdict.INCONCLUSIVE, lift=0.0, error=0.02, **more):
    return Concluded(name, verdict, DAY, lift, error, **more)


def test_the_share_that_improved_counts_what_had_a_verdict():
    ended = [one("a", Verdict.SHIP), one("b"), one("c", Verdict.ROLL_BACK), one("d"), one("e", Verdict.INVALID)]
    found = programme(ended, DAY)
    assert (found.improved.number, found.improved.n) == (0.25, 4)
    assert 0.04 < found.improved.low < 0.25 < found.improved.high < 0.7
    assert found.verdicts == {"inconclusive": 2, "invalid": 1, "roll back": 1, "ship": 1}


def test_nothing_ended_is_said():
    found = programme([], DAY)
    assert found.improved.as_record()["reason"] == "no experiment has ended with a verdict"
    assert found.realised.number is found.overstated.number is None


def test_a_few_experiments_are_not_shrunk():
    found = programme([one("a", Verdict.SHIP, 0.2)], DAY)
    assert found.lifts[0].expected.as_record()["reason"] == "fewer than 5 experiments have ended"


def test_later_decisions_do_not_count_yet():
    assert programme([one("a")], DAY - timedelta(days=1)).verdicts == {}


def test_the_order_in_which_they_come_changes_nothing():
    ended = [one(f"e{i}", Verdict.SHIP if i > 6 else Verdict.INCONCLUSIVE, i / 50) for i in range(9)]
    assert programme(ended, DAY) == programme(ended[::-1], DAY)


def test_shrinking_takes_the_winners_curse_away():
    draw = np.random.default_rng(1)
    truth = draw.normal(0.0, 0.03, 600)
    measured = truth + draw.normal(0, 0.03, 600)
    shipped = measured > 0.06
    ended = [
        one(f"e{i:03}", Verdict.SHIP if s else Verdict.INCONCLUSIVE, m, 0.03)
        for i, (m, s) in enumerate(zip(measured, shipped, strict=True))
    ]
    found = programme(ended, DAY)
    expected = np.array([x.expected.number for x in found.lifts])[shipped]
    assert measured[shipped].mean() - truth[shipped].mean() > 0.03
    assert abs(expected.mean() - truth[shipped].mean()) < 0.006
    assert found.overstated.number == pytest.approx((measured[shipped] - expected).mean())


def test_what_was_realised_is_compared_with_what_was_predicted():
    rest = [one(f"r{i}", lift=0.01 * i, error=0.005) for i in range(-5, 5)]
    shipped = [
        one("a", Verdict.SHIP, 0.1, 0.005, realised=seen(0.05)),
        one("b", Verdict.SHIP, 0.08, 0.005, realised=seen(0.04)),
        one("c", Verdict.SHIP, 0.09, 0.005),
    ]
    found = programme([*rest, *shipped], DAY).realised
    assert found.n == 2
    assert 0.4 < found.low < 0.5 < found.number < found.high < 0.65


def seen(lift, error=0.004):
    return Estimate(lift, 9_000, lift - 1.96 * error, lift + 1.96 * error)


def ended(primary, control, treatment, arms=("control", "treatment")):
    spec = experiment(primary=primary)
    rows = [
        fact("exp", arm, primary.name, **sums(binary(h, 5_000)))
        for arm, h in zip(arms, (control, treatment), strict=True)
    ]
    return experiments(facts(rows), units(dict.fromkeys(arms, 5_000)), phases(spec), NIGHT).experiments[0]


def test_an_ended_experiment_brings_its_lift_signed_so_that_more_is_better():
    up, down = concluded(ended(CONVERTED, 1_000, 1_300), NIGHT), concluded(ended(FAILED, 1_000, 700), NIGHT)
    assert (up.verdict, down.verdict) == (Verdict.SHIP, Verdict.SHIP)
    assert (up.lift, down.lift) == (pytest.approx(0.3), pytest.approx(0.3))
    assert up.error == pytest.approx(np.sqrt(0.26 * 0.74 / 5_000 / 0.04 + 0.16 / 5_000 * 0.26**2 / 0.2**4), rel=0.01)


def test_an_experiment_without_numbers_still_counts():
    found = concluded(ended(CONVERTED, 0, 0), NIGHT)
    assert (found.lift, found.verdict) == (None, Verdict.NOT_COMPUTABLE)
    assert programme([found], NIGHT).verdicts == {"not computable": 1}


def test_the_artifact_holds_plain_json():
    found = programme([one(f"e{i}", Verdict.SHIP, i / 50) for i in range(6)], DAY)
    record = json.loads(json.dumps(found.as_artifact(), allow_nan=False))
    assert set(record) == {"as_of", "verdicts", "improved", "lifts", "overstated", "realised"}
