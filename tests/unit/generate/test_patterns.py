"""Tasks from patterns: one for each action that fails after the same steps."""

from __future__ import annotations

from datetime import date

import pytest
from tests.unit.report.pattern_fixtures import no_patterns, patterns

from ratchet.contracts.improvements import State
from ratchet.generate.patterns import propose_pattern_tasks
from ratchet.settings import Settings, load

AS_OF = date(2026, 11, 20)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load()


def test_a_task_names_the_steps_and_the_metric(settings: Settings) -> None:
    first, second = propose_pattern_tasks(patterns(), settings, AS_OF, 0.93)
    assert (first.target, second.target) == ("search", "export")
    assert first.why == "8 in 10 of the sessions with “search → export” go on to fail at “search”."
    assert first.evidence["judged_by"] == "failure rate of requests for “search”"
    assert (first.confidence, first.state) == (pytest.approx(0.72), State.VALIDATED)
    assert first.effect == pytest.approx(1 - 1 / 3.2)


def test_an_action_gets_one_task_and_order_is_that_of_the_patterns(settings: Settings) -> None:
    found = patterns()
    found["sequences"] = [*found["sequences"], *found["sequences"]]
    assert [i.target for i in propose_pattern_tasks(found, settings, AS_OF, 0.93)] == ["search", "export"]


def test_habits_and_nothing_give_no_task(settings: Settings) -> None:
    found = patterns()
    habits = [row | {"leads_to": None, "actions": ["a", "b"]} for row in found["sequences"]]
    assert propose_pattern_tasks(found | {"sequences": habits}, settings, AS_OF, 0.93) == []
    assert propose_pattern_tasks(no_patterns(), settings, AS_OF, 0.93) == []


def test_below_the_threshold_it_waits_for_evidence(settings: Settings) -> None:
    strict = settings.model_copy(update={"improvement_confidence_threshold": 0.95})
    assert {i.state for i in propose_pattern_tasks(patterns(), strict, AS_OF, 0.93)} == {State.PROPOSED}


def test_a_sign_of_the_catalogue_leads_to_its_remedy(settings: Settings) -> None:
    found = patterns(("xss",))
    found["frequent"] = [
        row | {"kind": "learning pattern", "leads_to": "feedback_task", "because": "escape output"}
        for row in found["frequent"]
    ]
    (task,) = propose_pattern_tasks(found, settings, AS_OF, 0.93)
    assert (task.title, task.confidence, task.reach) == ("Escape output (xss)", 0.93, 60)
    assert task.evidence["judged_by"] == "texts a week that show “xss”"
