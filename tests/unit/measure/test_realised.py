"""What a shipped variant brought: beside a holdback, or before against after, which says so."""

from datetime import date, timedelta

import pytest
from tests.unit.measure.trial_frames import CONVERTED, FAILED, NIGHT, binary, experiment, fact, facts, phases, sums

from ratchet.follow_ups import Shipped, of_experiments
from ratchet.measure.realised import How, realised

ON = NIGHT - timedelta(days=7)


def follow_ups(spec, variant="treatment", on=ON, as_of=NIGHT, **named):
    return of_experiments(
        phases(spec, ended={"exp": on - timedelta(days=1)}, **named), {"exp": Shipped(1, variant, on)}, as_of
    )


def rows(metric, before, after, held=()):
    """Return the facts of the experiment's control, of everybody since and of a holdback, each (hits, units)."""
    found = [fact("exp", "control", metric.name, **sums(binary(*before)))]
    found += [fact("exp", "treatment", metric.name, **sums(binary(*before)))]
    found += [fact("exp:after", "treatment", metric.name, **sums(binary(*after)))]
    return facts([*found, fact("exp:after", "control", metric.name, **sums(binary(*held or (0, 0))))])


def test_without_a_holdback_everybody_since_stands_against_the_control_before():
    spec = experiment()
    found = realised(rows(CONVERTED, (1_000, 5_000), (2_400, 10_000)), follow_ups(spec), NIGHT)["exp"]
    assert found.how is How.BEFORE_AFTER
    assert found.lift.number == pytest.approx(0.2)
    assert found.lift.low < 0.2 < found.lift.high
    assert found.lift.n == 15_000


def test_beside_a_holdback_only_the_time_since_counts():
    spec = experiment()
    found = realised(rows(CONVERTED, (1_000, 5_000), (2_400, 10_000), (230, 1_000)), follow_ups(spec), NIGHT)["exp"]
    assert found.how is How.HOLDBACK
    assert found.lift.number == pytest.approx(0.24 / 0.23 - 1)


def test_a_lift_is_signed_so_that_above_zero_is_better():
    spec = experiment(primary=FAILED)
    found = realised(rows(FAILED, (1_000, 5_000), (1_600, 10_000)), follow_ups(spec), NIGHT)["exp"].lift
    assert found.number == pytest.approx(0.2)
    assert 0 < found.low < 0.2 < found.high


def test_few_units_since_the_decision_are_not_enough():
    found = realised(rows(CONVERTED, (1_000, 5_000), (20, 90)), follow_ups(experiment()), NIGHT)["exp"].lift
    assert found.as_record()["reason"] == "fewer than 100 units in an arm since the decision"


def test_it_begins_with_the_first_whole_day_of_the_new_flag_and_ends_with_the_horizon():
    (phase,) = follow_ups(experiment(horizon_days=14))
    assert (phase.trial.trial_id, phase.trial.starts_at.date()) == ("exp:after", ON + timedelta(days=1))
    assert phase.trial.ends_on(None) == ON + timedelta(days=1 + 14 + 1)
    assert [m.name for m in phase.trial.metrics] == ["converted"]


@pytest.mark.parametrize(
    ("variant", "on"),
    [("control", ON), ("treatment", NIGHT)],
)
def test_a_roll_back_or_a_decision_of_today_has_none(variant: str, on: date):
    assert follow_ups(experiment(), variant, on) == ()
    assert realised(facts([]), (), NIGHT) == {}
