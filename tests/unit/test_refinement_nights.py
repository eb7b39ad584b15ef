"""A refinement of a prompt through the step that publishes: approved, under trial, then served to all or gone."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ratchet import files, settings
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.prompts import Prompt, PromptVersion
from ratchet.deploy import decisions
from ratchet.deploy.decisions import Decision, Kind
from ratchet.generate.prompts import Remedy, propose_refinements
from ratchet.home import Home
from ratchet.night import Night
from ratchet.steps.publishing import publish

DAY = date(2026, 11, 20)
TEXT = "Write code."
CASES = [{"prompt_id": "code", "verdict": verdict} for verdict in ("failing", "failing", "passing")]


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    config = shutil.copytree(settings.config_folder(), tmp_path / "config")
    prompt = {"id": "code", "serve": 1, "versions": [{"version": 1, "text": TEXT}]}
    (config / "prompts" / "code.yaml").write_text(yaml.safe_dump(prompt), "utf-8")
    monkeypatch.setenv("RATCHET_CONFIG", str(config))
    return Night(Home(tmp_path / "home"), DAY, settings.load("development"), (), DAY + timedelta(days=99), live=True)


def refinement() -> Any:
    remedy = Remedy("own", "Say why.", "found by somebody", Estimate(0.5, 50, 0.4, 0.6))
    prompt = Prompt("code", 1, (PromptVersion(1, TEXT),))
    (found,) = propose_refinements([prompt], {"code": [remedy]}, DAY, CASES)
    return found


def said(night: Night, kind: Kind, day: date = DAY, **facts: Any) -> None:
    made = Decision(refinement().improvement_id, 1, kind, day, "ana", "wanted", facts)
    decisions.append(night.home.decisions, [made])


def run(night: Night) -> tuple[Any, Any]:
    """Publish what was proposed, and return the files of flags and prompts."""
    night.home.artifacts(night.day).mkdir(parents=True, exist_ok=True)
    night.write("improvements", {"improvements": [refinement().as_record()]})
    night.write("health", {"status": "healthy"})
    publish(night)
    return tuple(files.read_json(night.home.published / name) for name in ("flags.json", "prompts.json"))


def test_a_refinement_is_published_with_its_flag_once_it_is_approved(night: Night) -> None:
    flag = refinement().evidence["experiment"]["flag_key"]
    said(night, Kind.PROPOSED, **refinement().as_record())
    said(night, Kind.VALIDATED)
    flags, prompts = run(night)
    assert flag not in flags["flags"]
    assert prompts["prompts"]["code"] == {"serve": 1, "versions": {"1": TEXT}}

    said(night, Kind.APPROVED)
    flags, prompts = run(night)
    assert flag in flags["flags"]
    assert prompts["prompts"]["code"]["arms"] == {"control": 1, "refined": 2}
    assert prompts["prompts"]["code"]["versions"]["2"] == "Write code.\nSay why."


def test_the_decision_that_starts_the_experiment_says_on_which_cases_it_stands(night: Night) -> None:
    for kind in (Kind.PROPOSED, Kind.VALIDATED, Kind.APPROVED):
        said(night, kind, **(refinement().as_record() if kind is Kind.PROPOSED else {}))
    run(night)
    recorded = decisions.read(night.home.decisions, DAY + timedelta(days=1))
    (started,) = [d for d in recorded if d.decision is Kind.DEPLOYED]
    assert started.facts["cases"] == {"day": str(DAY), "file": "agents_cases.csv", "failing": 2, "passing": 1}
    assert started.facts["draft"]["id"] == refinement().evidence["experiment"]["id"]


@pytest.mark.parametrize(("kind", "serve"), [(Kind.KEPT, 2), (Kind.ROLLED_BACK, 1)])
def test_what_won_is_served_to_all_and_what_lost_is_gone(night: Night, kind: Kind, serve: int) -> None:
    for each in (Kind.PROPOSED, Kind.VALIDATED, Kind.APPROVED):
        said(night, each, **(refinement().as_record() if each is Kind.PROPOSED else {}))
    run(night)
    said(night, kind, DAY + timedelta(days=30))
    _, prompts = run(night.on(DAY + timedelta(days=30)))
    assert prompts["prompts"]["code"]["serve"] == serve
    assert ("2" in prompts["prompts"]["code"]["versions"]) is (kind is Kind.KEPT)
