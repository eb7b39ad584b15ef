from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.unit.analyze.workflow_frames import AS_OF, row, tries, workflows

from ratchet import registry, settings
from ratchet.analyze.workflows import DEFINITIONS, find_workflows
from ratchet.contracts.estimates import as_record
from ratchet.contracts.improvements import ImprovementType, State
from ratchet.deploy import lifecycle
from ratchet.deploy.deployments import Policy
from ratchet.generate import order
from ratchet.generate.workflows import propose_workflows

DAY = date(2026, 11, 20)
WASTE = (
    row(
        "repeat",
        "get_user",
        calls=90,
        good=80,
        runs=30,
        timed=80,
        duration_ms=40_000.0,
        longest_ms=60_000,
        sample_event_ids=["e1", "e2"],
    ),
    *tries("pay", (50, 90), (40, 50), (1, 49), (0, 49)),
    row("cycle", "edit", other="test", calls=40, bad=12, runs=9, sample_event_ids=["e3"]),
    row("pair", "get_a", other="get_b", calls=70, good=60, runs=60, timed=60, duration_ms=30_000.0),
)


def patterns(*rows: dict[str, Any]) -> dict[str, Any]:
    """Return what `patterns.json` says of workflows, by the real code."""
    found = find_workflows(workflows(*rows), AS_OF)
    return {**as_record(found), "definitions": DEFINITIONS}


def test_each_waste_becomes_an_experiment_of_its_own() -> None:
    found = propose_workflows(patterns(*WASTE), DAY)
    assert [i.title for i in found] == [
        "Keep answers of get_user within a session",
        "Stop pay after 3 failures in a row",
        "Break the cycle of edit and test",
        "Run get_a and get_b at once",
    ]
    assert {(i.type, i.state, i.confidence) for i in found} == {
        (ImprovementType.WORKFLOW_OPTIMIZATION, State.VALIDATED, None)
    }
    assert len({i.improvement_id for i in found}) == len({i.evidence["experiment"]["id"] for i in found}) == 4
    for improvement in found:
        registry.parse(improvement.evidence["experiment"], {})
        assert {"mart", "row", "finding", "sample_event_ids", "threshold", "judged_by"} <= improvement.evidence.keys()
        assert "publishes" not in improvement.evidence


def test_what_was_measured_of_the_waste_is_what_should_get_better() -> None:
    keep, _, cycle, _ = propose_workflows(patterns(*WASTE), DAY)
    assert registry.parse(keep.evidence["experiment"], {}).primary.name == "workflow_duration"
    assert registry.parse(cycle.evidence["experiment"], {}).primary.name == "workflow_success"
    assert keep.expected_effect == "up to 80 calls in 30 days, 40 s"
    assert keep.evidence["sample_event_ids"] == ["e1", "e2"]
    assert keep.suggested_action.startswith("Answer it from memory for the same arguments of at most 60 s before")


@pytest.mark.parametrize(
    "rows",
    [(), (row("repeat", "get_user", calls=90, good=10, runs=9),), tries("pay", (5, 9), (0, 6))],
    ids=["nothing", "too few", "too few tries"],
)
def test_nothing_sure_is_no_proposal(rows: Any) -> None:
    assert propose_workflows(patterns(*rows), DAY) == []


def test_a_cycle_of_the_loop_takes_them_in_within_its_limits(conforms: Any, tmp_path: Path) -> None:
    shipped = settings.load("development")
    many = [row("repeat", f"get_{n}", calls=900, good=900, runs=90, sample_event_ids=["e"]) for n in range(15)]
    found = order.ranked(propose_workflows(patterns(*many), DAY), shipped)
    opened = lifecycle.open_night(tmp_path, DAY, 30)
    cycle = order.choose(found, opened.fresh(found), shipped, may_propose=True)
    settled = lifecycle.settle(opened, cycle.chosen, cycle.deferred, Policy.of(shipped), (), [])
    conforms("improvements", json.loads(json.dumps(settled.as_artifact())))
    affordable = int(shipped.improvement_budget // shipped.improvement_costs["workflow_optimization"])
    assert len(settled.improvements) == min(shipped.max_improvements_per_cycle, affordable) < 15
    assert settled.deferred == 15 - len(settled.improvements)


def test_names_of_any_length_and_kind_stay_in_their_place() -> None:
    (found,) = propose_workflows(patterns(row("repeat", "get_\n" + "x" * 999, calls=900, good=900, runs=90)), DAY)
    assert "\n" not in found.title
    assert len(found.title) < 120
    assert found.state is State.VALIDATED
