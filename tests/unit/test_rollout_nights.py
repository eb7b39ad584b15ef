"""A rollout night by night: verdict, improvement, approval, publication, and what the application then serves."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest

from ratchet.client.evaluation import resolve
from ratchet.contracts.experiments import Guardrail
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.contracts.rollouts import Rollout
from ratchet.deploy.decisions import Decision, Kind, append, fold, read
from ratchet.deploy.deployments import Policy, deployments
from ratchet.deploy.flags import rollout_flag
from ratchet.deploy.lifecycle import open_night, settle
from ratchet.deploy.rollouts import flag_state, folded
from ratchet.generate.decisions import propose_rollout_steps
from ratchet.generate.order import choose, ranked
from ratchet.measure.rollouts import judge_rollouts

DAY = date(2026, 11, 1)
TESTERS = ("tester-1", "tester-2", "tester-3", "tester-4")
UNITS = (*TESTERS, *(f"u{i}" for i in range(1_000)))
ROLLOUT = Rollout(
    id="search",
    flag_key="search",
    guardrails=(Guardrail(Metric("errors", MetricKind.PROPORTION, Direction.DECREASE), 0.1),),
)
NO_CHANGES = pd.DataFrame(columns=["kind", "target", "after", "occurred_at"])
FREE = Policy(0.7, safety_mode=False, max_deployed_per_cycle=5, max_concurrent_improvements=5)
SAFE = Policy(0.7, safety_mode=True, max_deployed_per_cycle=5, max_concurrent_improvements=5)


@dataclass(frozen=True)
class Settings:
    improvement_confidence_threshold: float = 0.6
    max_improvements_per_cycle: int = 10
    improvement_budget: float = 100
    improvement_costs: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    verdict: str
    stage: str
    announced: int
    served: frozenset


def night(folder, number, effect=0.0, policy=FREE):
    """Run one night: a million units saw the present stage, with so much more errors among those with the feature."""
    day = DAY + timedelta(days=number)
    state = folded(ROLLOUT, read(folder, day), NO_CHANGES, day)
    found = judge_rollouts([ROLLOUT], {"search": state}, *marts(state, effect), (), day)
    opened = open_night(folder, day, 30)
    candidates = ranked(propose_rollout_steps(found, Settings()), Settings())
    cycle = choose(candidates, opened.fresh(candidates), Settings(), may_propose=not opened.closed)
    settled = settle(opened, cycle.chosen, cycle.deferred, policy, found.verdicts)
    append(folder, settled.decisions)
    deployed = deployments(settled.improvements, fold(read(folder, day), day), policy, day)
    append(folder, deployed)
    (verdict,) = found.verdicts
    return Told(verdict.verdict.value, state.stage, settled.as_artifact()["new"], serves(folder, day))


def serves(folder, day):
    """Return the units that get the feature by the flag that the night published."""
    tomorrow = day + timedelta(days=1)
    state = folded(ROLLOUT, read(folder, tomorrow), NO_CHANGES, tomorrow)
    flag = rollout_flag("search", flag_state(ROLLOUT, state, {"internal_testers": TESTERS})).as_record()
    return frozenset(u for u in UNITS if resolve("search", flag, {"targetingKey": u}, {}).variant == "on")


def marts(state, effect):
    number = state.phase.number if state.phase else 0
    share = state.percentage / 100
    units = [1_000_000 * (1 - share), 1_000_000 * share] if share else [0, len(TESTERS)]
    base = {"trial_id": "search", "phase": number, "variant": ["off", "on"], "units": [round(u) for u in units]}
    hits = [0.05 * units[0], 0.05 * (1 + effect) * units[1]]
    facts = base | {"metric": "errors", "sum_y": hits, "sum_yy": hits, "sum_d": 0, "sum_dd": 0, "sum_yd": 0}
    return pd.DataFrame(facts), pd.DataFrame(base | {"dimension": "all", "value": ""})


def test_a_harmless_feature_reaches_everyone_and_nobody_ever_loses_it(tmp_path):
    told = [night(tmp_path, n) for n in range(20)]
    assert told[-1].stage == "everyone"
    assert told[-1].served == set(UNITS)
    stages = [t.stage for t in told]
    assert [stages.count(s) for s in ("internal", "beta", "quarter", "most")] == [2, 2, 3, 4]
    for before, after in pairwise(told):
        assert before.served <= after.served
    assert sum(t.announced for t in told) == 5


def test_the_testers_of_the_internal_stage_keep_the_feature_when_beta_begins(tmp_path):
    """The source documents lose them."""
    told = [night(tmp_path, n) for n in range(4)]
    assert [t.stage for t in told] == ["not started", "internal", "internal", "beta"]
    internal, beta = told[1].served, told[3].served
    assert internal == set(TESTERS)
    assert internal < beta
    assert len(beta) == pytest.approx(50 + len(TESTERS), abs=25)


def test_harm_turns_it_off_for_everyone_at_the_next_publication_even_in_safety_mode(tmp_path):
    for n in range(6):
        night(tmp_path, n)
    told = night(tmp_path, 6, effect=0.5, policy=SAFE)
    assert (told.verdict, told.stage, told.served) == ("roll back", "quarter", frozenset())
    after = night(tmp_path, 7, policy=SAFE)
    assert (after.verdict, after.stage, after.announced) == ("done", "off", 0)
    states = {s.record["key"]: s.state.value for s in fold(read(tmp_path, date.max), date.max).values()}
    assert states == {
        "1/0/internal": "kept", "1/1/beta": "kept", "1/2/quarter": "rolled_back", "1/3/off": "unmeasurable"
    }  # fmt: skip


def test_in_safety_mode_each_step_waits_for_a_person_and_is_announced_once(tmp_path):
    told = [night(tmp_path, n, policy=SAFE) for n in range(4)]
    assert [t.announced for t in told] == [1, 0, 0, 0]
    assert {t.stage for t in told} == {"not started"}
    (standing,) = fold(read(tmp_path, date.max), date.max).values()
    person = Decision(standing.improvement_id, 1, Kind.APPROVED, DAY + timedelta(days=4), "Ann", "go")
    append(tmp_path, [person])
    assert night(tmp_path, 4, policy=SAFE).served == set(TESTERS)
    assert night(tmp_path, 5, policy=SAFE).stage == "internal"


def test_a_night_that_is_run_again_says_and_publishes_the_same(tmp_path):
    first = [night(tmp_path, n) for n in range(6)]
    assert [night(tmp_path, n) for n in (3, 0, 5)] == [first[3], first[0], first[5]]
