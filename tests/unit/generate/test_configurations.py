from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.unit.analyze.agent_frames import agents, cell

from ratchet import registry, settings
from ratchet.analyze.agents.cells import cells_of
from ratchet.analyze.agents.league import league
from ratchet.contracts.estimates import as_record
from ratchet.contracts.improvements import ImprovementType, State
from ratchet.generate.configurations import propose_configurations

DAY = date(2026, 11, 20)
RULES = settings.load("development").failure_classes


def table(*cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the league of `agents.json`, by the real code."""
    return [as_record(row) for row in league(cells_of(agents(*cells), RULES, DAY))]


def configured(name: str, hits: int, fails: int, intent: str = "i") -> list[dict[str, Any]]:
    return cell(hits, fails, "Wrong", agent="clerk", config_hash=name, intent=intent)


def test_a_better_configuration_that_is_not_used_most_becomes_an_experiment() -> None:
    (found,) = propose_configurations(table(configured("old", 800, 200), configured("new", 475, 25)), DAY)
    assert (found.type, found.state, found.target) == (
        ImprovementType.AGENT_CONFIGURATION,
        State.VALIDATED,
        "clerk",
    )
    assert "publishes" not in found.evidence
    assert {"mart", "sample_event_ids", "judged_by"} <= found.evidence.keys()
    assert found.title == "Try configuration new for clerk"
    assert registry.parse(found.evidence["experiment"], {}).primary.name == "configured_success"


@pytest.mark.parametrize(
    "cells",
    [
        (configured("old", 950, 50), configured("new", 400, 100)),
        (configured("old", 800, 200), configured("new", 42, 8)),
        (configured("old", 9000, 1000), configured("new", 4550, 450)),
        (configured("old", 800, 200), configured("new", 475, 25, intent="easier")),
        (configured("old", 800, 200),),
    ],
    ids=["used most already", "not sure", "too small a gain", "other cases", "alone"],
)
def test_otherwise_nothing_is_proposed(cells: tuple[Any, ...]) -> None:
    assert propose_configurations(table(*cells), DAY) == []
