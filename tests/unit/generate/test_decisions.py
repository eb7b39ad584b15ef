from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from ratchet.contracts.buckets import Hash
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.experiments import Arm, Experiment, Guardrail
from ratchet.contracts.improvements import ImprovementType, Priority, State
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.contracts.rollout_states import RolloutState
from ratchet.contracts.rollouts import Mover, Phase, Rollout
from ratchet.generate.decisions import propose_experiment_decisions, propose_rollout_steps
from ratchet.measure.rollouts import judge_rollouts

DAY = date(2026, 11, 20)
ERRORS = Metric("errors", MetricKind.PROPORTION, Direction.DECREASE)
EXPERIMENT = Experiment(
    id="summary",
    hypothesis="Structured summaries are accepted more often.",
    flag_key="summary_prompt",
    unit_type="user",
    arms=(Arm("control", 50), Arm("structured", 50)),
    salt="",
    hash=Hash.FLAGD,
    primary=Metric("accepted", MetricKind.PROPORTION, Direction.INCREASE),
    guardrails=(),
    secondaries=(),
    mde=0.1,
    horizon_days=28,
)
ROLLOUT = Rollout(id="search", flag_key="search", guardrails=(Guardrail(ERRORS, 0.1),))


LIFT = Estimate(0.08, 12_000, 0.03, 0.13)


@dataclass(frozen=True)
class Judgement:
    verdict: str
    reason: str = "accepted is better with structured: +8.0 %"
    arm: str = ""


@dataclass(frozen=True)
class Comparison:
    metric: str = "accepted"
    arm: str = "structured"
    lift: Estimate = LIFT


@dataclass(frozen=True)
class Judged:
    judgement: Judgement
    experiment: Experiment = EXPERIMENT
    phase: int = 1
    comparisons: tuple = (Comparison(),)


def decisions(*judged, rules, decided=()):
    return propose_experiment_decisions(judged, decided, rules, DAY)


def steps(rules, rates=(0.05, 0.05), rollout=ROLLOUT, state=None):
    phase = Phase(2, "beta", 5.0, ("internal_testers",), datetime(2026, 11, 1, tzinfo=UTC))
    state = state or RolloutState("search", "beta", 5.0, phase.groups, (phase,))
    base = {"trial_id": "search", "phase": 2, "variant": ["off", "on"], "units": [950_000, 50_000]}
    hits = [950_000 * rates[1], 50_000 * rates[0]]
    facts = base | {"metric": "errors", "sum_y": hits, "sum_yy": hits, "sum_d": 0, "sum_dd": 0, "sum_yd": 0}
    units = base | {"dimension": "all", "value": ""}
    found = judge_rollouts([rollout], {"search": state}, pd.DataFrame(facts), pd.DataFrame(units), (), DAY)
    return propose_rollout_steps(found, rules())


def test_a_shipped_arm_becomes_a_decision_with_its_evidence(rules):
    (made,) = decisions(Judged(Judgement("ship", arm="structured")), rules=rules())
    assert (made.type, made.target, made.state) == (ImprovementType.EXPERIMENT_DECISION, "summary", State.VALIDATED)
    assert (made.confidence, made.reach, made.effect) == (0.95, 12_000, 0.08)
    assert made.why == "Accepted is better with structured: +8.0 %."
    assert made.evidence["publishes"] == {
        "experiment_id": "summary", "flag_key": "summary_prompt", "variant": "structured", "phase": 1
    }  # fmt: skip
    assert made.evidence["comparisons"][0]["lift"]["low"] == 0.03
    assert "12,000 units" in made.expected_effect


def test_a_roll_back_serves_control_again_and_comes_first(rules):
    (made,) = decisions(Judged(Judgement("roll back")), rules=rules(improvement_confidence_threshold=0.99))
    assert (made.evidence["publishes"]["variant"], made.evidence["rolls_back"]) == ("control", True)
    assert (made.priority, made.state) == (Priority.HIGH, State.VALIDATED)


@pytest.mark.parametrize("verdict", ["keep running", "inconclusive", "invalid", "not computable"])
def test_other_verdicts_propose_nothing(rules, verdict):
    assert decisions(Judged(Judgement(verdict)), rules=rules()) == []


def test_what_was_decided_is_not_proposed_again(rules):
    ship = Judged(Judgement("ship", arm="structured"))
    assert decisions(ship, rules=rules(), decided={"summary"}) == []


def test_the_same_verdict_is_the_same_improvement_and_another_phase_another_one(rules):
    ship = Judgement("ship", arm="structured")
    ids = [decisions(Judged(ship, phase=n), rules=rules())[0].improvement_id for n in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]


def test_below_the_threshold_a_decision_stays_proposed(rules):
    (made,) = decisions(Judged(Judgement("ship", arm="structured")), rules=rules(improvement_confidence_threshold=0.99))
    assert made.state is State.PROPOSED


def test_a_safe_stage_becomes_a_step_to_the_next(rules):
    (made,) = steps(rules)
    assert (made.type, made.title) == (ImprovementType.ROLLOUT_STEP, "Bring search to stage “quarter” (25%)")
    assert made.evidence["publishes"]["percentage"] == 25
    assert made.evidence["publishes"]["groups"] == ["internal_testers"]
    assert made.evidence["guardrails"][0]["finding"] == "safe"
    assert (made.confidence, made.state, made.evidence["rolls_back"]) == (0.95, State.VALIDATED, False)


def test_harm_becomes_a_roll_back_of_high_priority(rules):
    (made,) = steps(lambda: rules(improvement_confidence_threshold=0.99), rates=(0.07, 0.05))
    assert (made.priority, made.state, made.title) == (Priority.HIGH, State.VALIDATED, "Roll back search")
    published = made.evidence["publishes"]
    assert (published["stage"], published["percentage"], published["groups"]) == ("off", 0.0, [])
    assert made.reach == 50_000


def test_a_hold_proposes_nothing(rules):
    assert steps(rules, rates=(0.055, 0.05)) == []


def test_a_flag_that_the_application_moves_is_for_a_person(rules):
    (made,) = steps(rules, rollout=ROLLOUT.model_copy(update={"moved_by": Mover.APPLICATION}))
    assert "publishes" not in made.evidence
    assert made.suggested_action == "Set the flag to 25%: the application moves it itself."


def test_another_attempt_and_another_phase_are_other_improvements(rules):
    begin = RolloutState("search")
    again = ROLLOUT.model_copy(update={"attempt": 2})
    ids = {steps(rules, rollout=r, state=begin)[0].improvement_id for r in (ROLLOUT, again)}
    ids.add(steps(rules)[0].improvement_id)
    assert len(ids) == 3
