"""What a shipped variant brought: its units since against its control before."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.unit.measure.trial_frames import (
    CONVERTED,
    FAILED,
    NIGHT,
    START,
    binary,
    experiment,
    fact,
    facts,
    phases,
    sums,
)

from ratchet.follow_ups import Shipped, of_experiments
from ratchet.measure.realised import realised
from ratchet.phases import Seen

ON = NIGHT - timedelta(days=7)


def follow_ups(spec, variant="treatment", on=ON, as_of=NIGHT, **named):
    return of_experiments(
        phases(spec, ended={"exp": on - timedelta(days=1)}, **named), {"exp": Shipped(1, variant, on)}, as_of
    )


def rows(metric, before, after):
    """Return the facts of the experiment's arms and of everybody since, each (hits, units)."""
    found = [fact("exp", arm, metric.name, **sums(binary(*before))) for arm in ("control", "treatment")]
    return facts([*found, fact("exp:after", "treatment", metric.name, **sums(binary(*after)))])


def test_everybody_since_stands_against_the_control_before():
    found = realised(rows(CONVERTED, (1_000, 5_000), (2_400, 10_000)), follow_ups(experiment()), NIGHT)["exp"]
    assert found.number == pytest.approx(0.2)
    assert found.low < 0.2 < found.high
    assert found.n == 15_000


def test_a_lift_is_signed_so_that_above_zero_is_better():
    spec = experiment(primary=FAILED)
    found = realised(rows(FAILED, (1_000, 5_000), (1_600, 10_000)), follow_ups(spec), NIGHT)["exp"]
    assert found.number == pytest.approx(0.2)
    assert 0 < found.low < 0.2 < found.high


def test_few_units_since_the_decision_are_not_enough():
    found = realised(rows(CONVERTED, (1_000, 5_000), (20, 90)), follow_ups(experiment()), NIGHT)["exp"]
    assert found.as_record()["reason"] == "fewer than 100 units in an arm"


def test_nothing_is_said_before_everybody_was_seen_for_the_whole_window():
    known = rows(CONVERTED, (1_000, 5_000), (2_400, 10_000))
    for days, reason in ((7, ""), (8, "the 8 days of its conversion window since the decision are not over")):
        found = realised(known, follow_ups(experiment(conversion_days=days)), NIGHT)["exp"]
        assert found.as_record().get("reason", "") == reason


def test_a_phase_that_began_soon_after_the_decision_leaves_nothing_to_compare():
    spec = experiment(conversion_days=3)
    seen = [Seen(spec, START), Seen(replace(spec, mde=0.2), ON + timedelta(days=1))]
    found = realised(rows(CONVERTED, (1_000, 5_000), (2_400, 10_000)), follow_ups(spec, seen=seen), NIGHT)["exp"]
    assert found.as_record()["reason"] == "another phase began within the 3 days of its conversion window"


def test_it_follows_the_experiment_s_own_units_in_one_arm_from_the_first_whole_day_of_the_new_flag():
    (phase,) = follow_ups(experiment(arms=("control", "treatment", "other"), horizon_days=14))
    assert (phase.trial.trial_id, phase.trial.starts_at.date()) == ("exp:after", ON + timedelta(days=1))
    assert (phase.trial.follows, phase.trial.variants, phase.trial.pools) == (("exp", 1), ("treatment",), True)
    assert phase.trial.ends_on(None) == ON + timedelta(days=1 + 1)
    assert [m.name for m in phase.trial.metrics] == ["converted"]


@pytest.mark.parametrize(
    ("variant", "on"),
    [("control", ON), ("treatment", NIGHT)],
)
def test_a_roll_back_or_a_decision_of_today_has_none(variant: str, on: date):
    assert follow_ups(experiment(), variant, on) == ()
    assert realised(facts([]), (), NIGHT) == {}
