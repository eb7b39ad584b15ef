import json
from datetime import date

import pytest

from ratchet.contracts.improvements import TRANSITIONS, TYPE_RULES, Improvement, ImprovementType, Priority, State
from ratchet.errors import LifecycleError


@pytest.fixture
def made():
    return Improvement(
        type=ImprovementType.ERROR_FIX,
        target="RateLimitError",
        key="4f2a",
        title="Retry",
        why="it fails",
        evidence={"saved": 3},
        priority=Priority.HIGH,
        confidence=0.5,
        expected_effect="fewer failures",
        proposed_on=date(2026, 11, 20),
        effect=0.5,
        reach=40,
        cost=2.0,
        snoozed_until=date(2026, 12, 1),
        artifacts=("fix.py",),
    )


def test_the_id_is_the_hash_of_type_target_and_key(made):
    assert made.improvement_id == "da62b7c8b9ae"
    assert made.improvement_id != made.__class__.from_record(made.as_record() | {"key": "other"}).improvement_id


def test_a_record_is_read_back_as_it_was(made):
    assert Improvement.from_record(json.loads(json.dumps(made.as_record()))) == made


def test_a_record_of_an_earlier_version_lacks_what_came_later(made):
    old = {k: v for k, v in made.as_record().items() if k not in ("effect", "reach", "state_reason", "snoozed_until")}
    assert Improvement.from_record(old).reach == 0


def test_the_value_is_effect_times_reach_times_confidence_less_cost(made):
    assert made.value == 8.0
    assert Improvement.from_record(made.as_record() | {"confidence": None}).value is None


@pytest.mark.parametrize("state", list(State))
def test_only_the_order_of_states_is_allowed(made, state):
    for target in State:
        moved = Improvement.from_record(made.as_record() | {"state": state.value})
        if target in TRANSITIONS.get(state, ()):
            assert moved.moved(target).state is target
        else:
            with pytest.raises(LifecycleError, match=f"cannot become {target}"):
                moved.moved(target)


def test_every_type_has_its_rule():
    assert set(TYPE_RULES) == set(ImprovementType)
