from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest

from ratchet.contracts.improvements import Improvement, ImprovementType, Priority, State
from ratchet.contracts.rollout_verdicts import RolloutAction
from ratchet.deploy.decisions import Decision, Kind, append, fold, read
from ratchet.deploy.deployments import Decided, Policy, decided_experiments, deployments
from ratchet.deploy.lifecycle import open_night, settle
from ratchet.generate.order import choose, ranked

DAY = date(2026, 11, 1)
FREE = Policy(auto_implement_threshold=0.7, safety_mode=False, max_deployed_per_cycle=5, max_concurrent_improvements=5)
SAFE = replace(FREE, safety_mode=True)


@dataclass(frozen=True)
class Limits:
    max_improvements_per_cycle: int = 0
    improvement_budget: float = 0
    improvement_costs: dict = field(default_factory=dict)


def later(days):
    return DAY + timedelta(days=days)


def step(stage="beta", target="search", phase=1, **changed):
    made = Improvement(
        type=ImprovementType.ROLLOUT_STEP,
        target=target,
        key=f"1/{phase}/{stage}",
        title=f"Bring {target} to {stage}",
        why="it is safe",
        evidence={
            "publishes": {"rollout_id": target, "stage": stage, "percentage": 5.0},
            "rolls_back": stage == "off",
        },
        priority=Priority.MEDIUM,
        confidence=0.95,
        expected_effect="",
        proposed_on=DAY,
        state=State.VALIDATED,
    )
    return replace(made, **changed)


def shipped(target="summary", arm="b"):
    evidence = {"publishes": {"experiment_id": target, "flag_key": target, "variant": arm, "phase": 1}}
    made = step(target=target, evidence=evidence | {"rolls_back": False})
    return replace(made, type=ImprovementType.EXPERIMENT_DECISION, key=f"1/ship/{arm}")


def night(folder, days, *found, policy=FREE, verdicts=(), publish=True, live=True):
    """Run the decisions and the publication of one night."""
    day = later(days)
    opened = open_night(folder, day, 30)
    candidates = ranked([replace(i, proposed_on=day) for i in found], Limits())
    cycle = choose(candidates, opened.fresh(candidates), Limits(), may_propose=not opened.closed)
    settled = settle(opened, cycle.chosen, cycle.deferred, policy, verdicts)
    if live:
        append(folder, settled.decisions)
    if live and publish:
        standings = fold(read(folder, day), day)
        append(folder, deployments(settled.improvements, standings, policy, day))
    return settled


def states(folder, days):
    day = later(days)
    return {i: s.state.value for i, s in fold(read(folder, day), day).items()}


def kinds(folder, improvement):
    return [d.decision.value for d in read(folder, date.max) if d.improvement_id == improvement.improvement_id]


@dataclass(frozen=True)
class Said:
    """What is read of a rollout's verdict."""

    rollout_id: str
    verdict: RolloutAction
    stage: str
    reason: str = "because"
    guardrails: tuple = ("one",)


def test_a_sure_step_is_approved_at_night_and_deployed_on_the_day_of_its_publication(tmp_path):
    made = step()
    settled = night(tmp_path, 0, made)
    assert settled.improvements[0].state is State.APPROVED
    assert "no person is needed" in settled.improvements[0].state_reason
    assert kinds(tmp_path, made) == ["proposed", "validated", "approved", "deployed"]
    assert states(tmp_path, 0) == {made.improvement_id: "approved"}
    assert states(tmp_path, 1) == {made.improvement_id: "deployed"}
    last = read(tmp_path, later(1))[-1]
    assert (last.effective_date, last.facts) == (later(1), made.evidence["publishes"])


def test_a_night_that_did_not_publish_deploys_nothing_and_the_next_one_does(tmp_path):
    made = step()
    night(tmp_path, 0, made, publish=False)
    assert states(tmp_path, 1) == {made.improvement_id: "approved"}
    night(tmp_path, 1, made)
    assert states(tmp_path, 2) == {made.improvement_id: "deployed"}


def test_running_a_night_again_finds_what_it_found_and_decides_nothing(tmp_path):
    first = night(tmp_path, 0, step())
    again = night(tmp_path, 0, step())
    assert again.improvements == first.improvements
    assert again.decisions == ()
    assert kinds(tmp_path, step()) == ["proposed", "validated", "approved", "deployed"]


def test_a_finished_experiment_is_announced_once(tmp_path):
    """The source documents announce it every day; here it may even vanish for long and come back."""
    made = shipped()
    for days in (*range(6), *range(60, 66)):
        settled = night(tmp_path, days, made)
        assert [i.proposed_on for i in settled.improvements] == [DAY]
        assert settled.as_artifact()["new"] == (1 if days == 0 else 0)
    for days in (66, 120, 121):
        night(tmp_path, days)
    assert night(tmp_path, 122, made).as_artifact()["new"] == 0
    assert kinds(tmp_path, made) == ["proposed", "validated", "approved", "deployed", "unmeasurable"]


def test_a_refused_verdict_is_not_announced_again_either(tmp_path):
    made = shipped()
    night(tmp_path, 0, made, policy=SAFE)
    append(tmp_path, [Decision(made.improvement_id, 1, Kind.REJECTED, later(1), "Ann", "not now")])
    for days in (1, 2, 40, 80):
        night(tmp_path, days, *([made] if days != 40 else []))
    assert kinds(tmp_path, made) == ["proposed", "validated", "rejected"]


@pytest.mark.parametrize(
    ("policy", "changed"),
    [
        (SAFE, {}),
        (replace(FREE, auto_implement_threshold=0.98), {}),
        (FREE, {"confidence": None}),
        (FREE, {"state": State.PROPOSED}),
        (FREE, {"evidence": {"rolls_back": False}}),
        (replace(FREE, max_deployed_per_cycle=0), {}),
        (replace(FREE, max_concurrent_improvements=0), {}),
    ],
)
def test_what_is_not_sure_enough_or_beyond_the_limits_waits_for_a_person(tmp_path, policy, changed):
    made = step(**changed)
    night(tmp_path, 0, made, policy=policy)
    assert "approved" not in kinds(tmp_path, made)
    assert "deployed" not in kinds(tmp_path, made)


@pytest.mark.parametrize("policy", [SAFE, Policy(1.0, True, 0, 0)])
def test_harm_is_rolled_back_at_once_whatever_the_settings(tmp_path, policy):
    made = step("off")
    night(tmp_path, 0, made, policy=policy)
    assert states(tmp_path, 1) == {made.improvement_id: "deployed"}


def test_another_type_cannot_pass_for_a_roll_back(tmp_path):
    made = step("off", type=ImprovementType.FEATURE_REQUEST)
    night(tmp_path, 0, made, policy=SAFE)
    assert "approved" not in kinds(tmp_path, made)


def test_a_person_approves_in_safety_mode_and_the_night_publishes(tmp_path):
    made = step()
    night(tmp_path, 0, made, policy=SAFE)
    append(tmp_path, [Decision(made.improvement_id, 1, Kind.APPROVED, later(1), "Ann", "go")])
    night(tmp_path, 1, made, policy=SAFE)
    assert kinds(tmp_path, made) == ["proposed", "validated", "approved", "deployed"]


def test_what_was_approved_is_not_published_once_its_evidence_is_gone(tmp_path):
    made = step()
    night(tmp_path, 0, made, publish=False)
    night(tmp_path, 1, step("off"))
    assert "deployed" not in kinds(tmp_path, made)
    assert kinds(tmp_path, step("off"))[-1] == "deployed"


def test_a_snoozed_one_is_left_alone_until_its_day(tmp_path):
    made = step()
    night(tmp_path, 0, made, policy=SAFE)
    until = {"until": later(3).isoformat()}
    append(tmp_path, [Decision(made.improvement_id, 1, Kind.SNOOZED, later(1), "Ann", "", until)])
    night(tmp_path, 2, made)
    assert "approved" not in kinds(tmp_path, made)
    night(tmp_path, 3, made)
    assert kinds(tmp_path, made)[-1] == "deployed"


def test_a_night_deploys_no_more_than_it_may_and_roll_backs_do_not_count(tmp_path):
    found = [step(target=f"r{i}") for i in range(4)] + [step("off", target=f"s{i}") for i in range(3)]
    night(tmp_path, 0, *found, policy=replace(FREE, max_deployed_per_cycle=2))
    told = states(tmp_path, 1)
    assert sum(told[i.improvement_id] == "deployed" for i in found[:4]) == 2
    assert all(told[i.improvement_id] == "deployed" for i in found[4:])


def test_verdicts_are_announced_whatever_the_limits_of_proposals(tmp_path):
    assert len(night(tmp_path, 0, step(), shipped(), policy=SAFE).improvements) == 2


@pytest.mark.parametrize(
    ("said", "became"),
    [
        (Said("search", RolloutAction.ADVANCE, "beta"), "kept"),
        (Said("search", RolloutAction.ROLL_BACK, "beta"), "rolled_back"),
        (Said("search", RolloutAction.HOLD, "beta"), "deployed"),
        (Said("search", RolloutAction.NO_DATA, "beta"), "deployed"),
        (Said("search", RolloutAction.DONE, "beta"), "kept"),
        (Said("search", RolloutAction.DONE, "beta", guardrails=()), "unmeasurable"),
        (Said("search", RolloutAction.HOLD, "quarter"), "unmeasurable"),
        (Said("other", RolloutAction.ADVANCE, "beta"), "deployed"),
    ],
)
def test_the_verdict_of_a_stage_judges_the_step_that_led_to_it(tmp_path, said, became):
    made = step()
    night(tmp_path, 0, made)
    settled = night(tmp_path, 5, verdicts=[said])
    assert states(tmp_path, 5) == {made.improvement_id: became}
    assert [i.state.value for i in settled.improvements] == [became]


def test_what_was_decided_about_experiments_is_known_from_the_day_after(tmp_path):
    night(tmp_path, 0, shipped(), step())
    assert decided_experiments(read(tmp_path, DAY), DAY) == {}
    assert decided_experiments(read(tmp_path, later(1)), DAY) == {}
    assert decided_experiments(read(tmp_path, later(1)), later(1)) == {"summary": Decided("b", later(1))}


def test_a_night_without_a_policy_approves_nothing(tmp_path):
    made = step("off")
    settle_only = settle(open_night(tmp_path, DAY, 30), [made], [])
    assert [d.decision.value for d in settle_only.decisions] == ["proposed", "validated", "night_closed"]
