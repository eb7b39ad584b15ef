from datetime import date
from types import SimpleNamespace

from ratchet.contracts.improvements import TYPE_RULES, ImprovementType, Priority, State
from ratchet.generate.api_capabilities import propose_api_capabilities

DAY = date(2026, 1, 31)
SETTINGS = SimpleNamespace(improvement_confidence_threshold=0.8)


def api(name="pets", tested=4, problems=(), **more):
    client = {"digest": "0123456789abcdef", "tested": tested, "calls": 2 * tested, "problems": list(problems)}
    spec = {"dialect": "OpenAPI 3.0", "version": "1", "spec_day": "2026-01-30", "sha256": "x", "notes": []}
    return {"api": name, "operations": 4, "client": client} | spec | more


def match(feature="walk_dog", demand=40, name="pets", priority="medium"):
    found = {"feature": feature, "demand": demand, "units": demand // 4, "failure_rate": 0.9, "priority": priority}
    return found | {"api": name, "operation": "POST /walks", "share": 1.0, "sample_event_ids": ["e1"]}


def proposed(apis, matches=()):
    return propose_api_capabilities({"apis": apis, "matches": list(matches)}, SETTINGS, DAY)


def test_a_client_that_holds_is_validated_and_waits_for_a_person():
    (found,) = proposed([api()], [match(), match("feed_dog", 60, priority="high")])
    assert (found.type, found.state, found.confidence) == (ImprovementType.API_CAPABILITY, State.VALIDATED, 1.0)
    assert (found.priority, found.reach, found.effect) == (Priority.HIGH, 15, 0.9)
    assert found.evidence["publishes"] == {"api": "pets", "client": "0123456789abcdef"}
    assert found.evidence["demand"] == 100
    assert not TYPE_RULES[found.type].automatic


def test_a_client_with_a_problem_or_too_little_tested_is_only_proposed():
    broken, small = proposed([api(problems=["client.py:1 is wrong"]), api("toys", tested=2)])
    assert (broken.state, broken.confidence) == (State.PROPOSED, 0.0)
    assert "client.py:1 is wrong" in broken.state_reason
    assert (small.state, small.confidence) == (State.PROPOSED, 0.5)


def test_without_unmet_demand_it_comes_last():
    wanted, other = proposed([api(), api("toys")], [match()])
    assert wanted.value > other.value
    assert (other.priority, other.reach) == (Priority.LOW, 0)


def test_another_specification_is_another_improvement():
    one, other = api(), api()
    other["client"]["digest"] = "f" * 16
    assert len({i.improvement_id for i in proposed([one, other])}) == 2


def test_no_client_and_no_result_propose_nothing():
    assert proposed([api(client=None)]) == []
    assert propose_api_capabilities(None, SETTINGS, DAY) == []
