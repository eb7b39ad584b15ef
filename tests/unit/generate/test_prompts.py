from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ratchet import registry, settings
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.improvements import ImprovementType, State
from ratchet.contracts.prompts import Prompt, PromptVersion
from ratchet.deploy import lifecycle
from ratchet.deploy.deployments import Policy
from ratchet.generate import order
from ratchet.generate.prompts import Remedy, propose_refinements, remedies

DAY = date(2026, 11, 20)
PROMPT = Prompt("code", 2, (PromptVersion(1, "Old."), PromptVersion(2, "Write code.")))
UNKNOWN = {"value": None, "n": 0, "low": None, "high": None, "reason": "no validator looked at it"}


def row(dimension: str = "prompt_id", **found: Any) -> dict[str, Any]:
    columns = dict.fromkeys(("flawed", "coverage", "documentation", "low_satisfaction"), UNKNOWN)
    return {"dimension": dimension, "name": "code", **columns, **{k: as_record(v) for k, v in found.items()}}


def test_flawed_results_refine_the_prompt_as_a_diff_and_an_experiment() -> None:
    wanted = remedies([row(flawed=Estimate(0.3, 100, 0.22, 0.4))])
    (found,) = propose_refinements([PROMPT], wanted, DAY)
    assert (found.type, found.state, found.confidence) == (ImprovementType.PROMPT_REFINEMENT, State.VALIDATED, None)
    published = found.evidence["publishes"]
    assert published["draft"] == found.evidence["experiment"]
    assert (published["prompt_id"], published["before"], published["version"]) == ("code", 2, 3)
    assert published["text"] == found.evidence["version"]["text"]
    lines = found.evidence["diff"].splitlines()
    assert lines[:2] == ["--- code version 2", "+++ code version 3"]
    assert [line for line in lines[2:] if line.startswith("-")] == []
    assert found.evidence["version"]["text"].startswith("Write code.\nBefore you answer, check that the code parses")
    assert found.why.startswith("30% of the results have syntax errors or security warnings (n = 100).")
    assert registry.parse(found.evidence["experiment"], {}).primary.name == "refined_success"


@pytest.mark.parametrize(
    "found",
    [
        row(flawed=Estimate(0.3, 19, 0.2, 0.5)),
        row(flawed=Estimate(0.12, 100, 0.07, 0.2)),
        row(coverage=Estimate(0.4, 100, 0.3, 0.51)),
        row("language", flawed=Estimate(0.9, 100, 0.8, 0.95)),
        row(),
    ],
)
def test_too_few_unsure_or_other_numbers_refine_nothing(found: dict[str, Any]) -> None:
    assert remedies([found]) == {}


def test_each_kind_of_fault_has_a_sentence_of_its_own() -> None:
    found = row(
        coverage=Estimate(0.2, 50, 0.1, 0.3),
        documentation=Estimate(30.0, 50, 20.0, 40.0),
        low_satisfaction=Estimate(0.5, 50, 0.4, 0.6),
    )
    own = remedies([found])["code"]
    assert [r.kind for r in own] == ["untested", "undocumented", "dissatisfying"]
    assert len({r.instruction for r in own}) == 3
    assert own[1].why == "30 points of 100 for documentation (n = 50)"


def test_a_proposal_by_experiment_waits_for_a_person_and_conforms(conforms: Any, tmp_path: Path) -> None:
    shipped = settings.load("development")
    wanted = remedies([row(flawed=Estimate(0.3, 100, 0.22, 0.4))])
    found = order.ranked(propose_refinements([PROMPT], wanted, DAY), shipped)
    opened = lifecycle.open_night(tmp_path, DAY, 30)
    cycle = order.choose(found, opened.fresh(found), shipped, may_propose=True)
    settled = lifecycle.settle(opened, cycle.chosen, cycle.deferred, Policy.of(shipped), (), [])
    conforms("improvements", json.loads(json.dumps(settled.as_artifact())))
    assert [i.state for i in settled.improvements] == [State.VALIDATED]


def test_what_the_prompt_says_already_or_is_under_trial_is_left_alone() -> None:
    remedy = Remedy("own", "Write code.", "found by somebody", Estimate(0.5, 50, 0.4, 0.6))
    assert propose_refinements([PROMPT], {"code": [remedy]}, DAY) == []
    tried = Prompt("code", 2, PROMPT.versions, "flag", {"control": 2})
    new = Remedy("own", "Say why.", "found by somebody", Estimate(0.5, 50, 0.4, 0.6))
    assert propose_refinements([tried], {"code": [new]}, DAY) == []
    assert len(propose_refinements([PROMPT], {"code": [new], "no such prompt": [new]}, DAY)) == 1


def test_a_refinement_and_its_experiment_say_on_which_cases_they_stand() -> None:
    wanted = remedies([row(flawed=Estimate(0.3, 100, 0.22, 0.4))])
    kinds = [("code", "failing"), ("code", "failing"), ("code", "passing"), ("other", "failing")]
    cases = [{"prompt_id": prompt, "verdict": verdict} for prompt, verdict in kinds]
    (found,) = propose_refinements([PROMPT], wanted, DAY, cases)
    known = {"day": DAY.isoformat(), "file": "agents_cases.csv", "failing": 2, "passing": 1}
    assert found.evidence["cases"] == found.evidence["publishes"]["cases"] == known
    assert found.suggested_action.startswith("Try it on 2 failing and 1 passing cases in agents_cases.csv. Approve it")
    (without,) = propose_refinements([PROMPT], wanted, DAY)
    assert without.suggested_action.startswith("Approve it")
    assert without.improvement_id == found.improvement_id
