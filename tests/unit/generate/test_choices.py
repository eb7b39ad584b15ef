from __future__ import annotations

from dataclasses import replace
from datetime import date

from ratchet import registry
from ratchet.contracts.agents import Choice, ModelFigures
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.improvements import ImprovementType, State
from ratchet.generate.choices import propose_models

DAY = date(2026, 11, 20)


def choice(better: str = "cheap") -> Choice:
    figures = [
        ModelFigures(n, 900, True, *(Estimate(0.9, 900, 0.8, 0.95) for _ in range(3))) for n in ("dear", "cheap")
    ]
    return Choice("summarize", "dear", better, "cost -0.015 USD (-0.016 to -0.014)", tuple(figures))


def test_a_better_model_becomes_an_experiment_and_never_a_switch() -> None:
    (found,) = propose_models([choice()], DAY)
    assert (found.type, found.state, found.confidence) == (ImprovementType.MODEL_SELECTION, State.VALIDATED, None)
    assert "publishes" not in found.evidence
    assert {"mart", "sample_event_ids", "judged_by"} <= found.evidence.keys()
    assert found.title == "Try cheap instead of dear for “summarize”"
    assert [m["model"] for m in found.evidence["models"]] == ["dear", "cheap"]
    experiment = registry.parse(found.evidence["experiment"], {})
    assert [arm.name for arm in experiment.arms] == ["control", "candidate"]


def test_no_better_model_is_no_proposal() -> None:
    assert propose_models([choice(better="")], DAY) == []


def test_names_of_any_length_make_an_id_that_the_registry_takes() -> None:
    figures = tuple(replace(m, model=name) for m, name in zip(choice().models, ("ü" * 300, "<b>"), strict=True))
    (found,) = propose_models([Choice("x" * 300, "ü" * 300, "<b>", "r", figures)], DAY)
    assert found.state is State.VALIDATED
