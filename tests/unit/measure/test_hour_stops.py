from datetime import UTC, date, datetime

import pandas as pd
import pytest

from ratchet.contracts.experiments import Guardrail
from ratchet.contracts.metrics import Direction, InteractionColumn, Metric, MetricKind, MetricSource
from ratchet.contracts.rollout_states import RolloutState
from ratchet.contracts.rollouts import OFF, Mover, Phase, Rollout
from ratchet.measure.hour_stops import stops
from ratchet.objectives import parse

DAY = date(2026, 11, 20)
TIMEOUTS = Metric(
    "timeouts", MetricKind.RATIO, Direction.DECREASE, MetricSource.INTERACTION, InteractionColumn.TIMED_OUT
)
ROLLOUT = Rollout(id="search", flag_key="search", guardrails=(Guardrail(TIMEOUTS, 0.1),))
PHASE = Phase(2, "beta", 5.0, (), datetime(2026, 11, 19, tzinfo=UTC))
STATE = RolloutState("search", "beta", 5.0, phases=(PHASE,), assignment=ROLLOUT.assignment)
OBJECTIVES = parse({"success_rate": {"target": 0.9, "critical": 0.75}})


def arm(variant, units, failing=0, timed_out=0, flag="search"):
    names = ("known_units", "failing_units", "timed_units", "timed_out_units", "known", "failures", "timed", "timeouts")
    values = (units, failing, units, timed_out, units, failing, units, timed_out)
    return {"flag_key": flag, "variant": variant} | dict(zip(names, values, strict=True))


def judge(*arms, rollout=ROLLOUT, state=STATE):
    return stops([rollout], {"search": state}, pd.DataFrame(arms), OBJECTIVES, DAY)


def test_a_feature_that_breaks_its_requests_is_rolled_back():
    (found,) = judge(arm("on", 60, failing=50), arm("off", 40, failing=3), arm("", 960, failing=50))
    assert (found.verdict, found.next_stage, found.phase, found.next_percentage) == ("roll back", OFF, 2, 0.0)
    assert found.reason.startswith("success rate: failing for 83.3% of 60 units with the feature and 5.3% of 1,000")


def test_a_guardrail_on_time_outs_is_watched():
    (found,) = judge(arm("on", 200, timed_out=90), arm("off", 800, timed_out=20))
    assert found.reason.startswith("timeouts: timed out for 45.0% of 200 units")


@pytest.mark.parametrize(
    "arms",
    [
        (arm("on", 60, failing=55), arm("off", 900, failing=800)),  # everything is down: not the feature's doing
        (arm("on", 29, failing=29), arm("off", 900)),  # too few
        (arm("on", 900, failing=900), arm("off", 20)),  # nothing to hold it against
        (arm("on", 200, failing=50), arm("off", 800, failing=40)),  # worse, but a night's business: no fast burn
        (arm("on", 60, failing=50, flag="other"), arm("off", 900, flag="other")),
        (),
    ],
)
def test_what_is_no_clear_harm_is_left_to_the_night(arms):
    frame = arms or (arm("on", 0),)
    assert judge(*frame) == []


def test_only_what_ratchet_moves_and_what_is_out_is_judged():
    bad = (arm("on", 60, failing=50), arm("off", 900))
    assert judge(*bad, rollout=ROLLOUT.model_copy(update={"moved_by": Mover.APPLICATION})) == []
    assert judge(*bad, state=RolloutState("search", OFF)) == []


def test_chance_alone_stops_less_than_one_hour_in_a_thousand():
    import numpy as np

    random = np.random.default_rng(7)
    hits = 0
    for _ in range(500):
        on, off = random.binomial(100, 0.1, 2), random.binomial(1900, 0.1, 2)
        hits += bool(judge(arm("on", 100, on[0], on[1]), arm("off", 1900, off[0], off[1])))
    assert hits == 0
