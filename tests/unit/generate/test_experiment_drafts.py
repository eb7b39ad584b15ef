from __future__ import annotations

import json

import pytest

from ratchet import registry
from ratchet.contracts.improvements import State
from ratchet.generate.experiment_drafts import checked, draft

METRICS = {"own_success": ("success", "increase"), "own_cost": ("cost_usd", "decrease")}


def test_the_first_metric_is_primary_and_the_others_are_guarded() -> None:
    experiment = registry.parse(draft("model", ("i", "a", "b"), "b is better.", "candidate", METRICS), {})
    assert (experiment.primary.name, [g.metric.name for g in experiment.guardrails]) == ("own_success", ["own_cost"])
    assert [(arm.name, arm.weight) for arm in experiment.arms] == [("control", 50), ("candidate", 50)]


def test_the_same_change_has_the_same_draft_and_another_one_another_id() -> None:
    one, same, other = (draft("model", about, "h", "candidate", METRICS) for about in ("ab", "ab", "ba"))
    assert json.dumps(one) == json.dumps(same)
    assert one["id"] != other["id"]
    assert one["id"] == one["flag_key"] == "model-f04cdced9736"


@pytest.mark.parametrize("name", ["\ud800", "x" * 300, "<b>", ""])
def test_any_name_makes_an_id_that_the_registry_takes(name: str) -> None:
    assert checked(draft("prompt", (name,), "h", "refined", METRICS))[0] is State.VALIDATED


def test_a_draft_that_the_registry_refuses_is_not_validated() -> None:
    state, why = checked(draft("model", ("a",), "h", "candidate", METRICS) | {"mde": 0})
    assert state is State.PROPOSED
    assert "mde" in why
