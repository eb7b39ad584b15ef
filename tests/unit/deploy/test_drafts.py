"""A refinement that a person approved runs as an experiment without a file, and ends with its decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ratchet import settings, trials
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.improvements import Improvement, State
from ratchet.contracts.prompts import Prompt, PromptVersion
from ratchet.deploy import decisions, drafts, lifecycle, prompts
from ratchet.deploy.decisions import Decision, Kind
from ratchet.deploy.deployments import Policy, deployments
from ratchet.errors import DecisionsError
from ratchet.generate.prompts import Remedy, propose_refinements
from ratchet.trials import Registered

DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
PROMPT = Prompt("code", 2, (PromptVersion(1, "Old."), PromptVersion(2, "Write code.")))
POLICY = Policy.of(settings.load("development"))
NOTHING = Registered((), (), {}, (), ())


def refinement(prompt: Prompt = PROMPT) -> Improvement:
    remedy = Remedy("own", "Say why.", "found by somebody", Estimate(0.5, 50, 0.4, 0.6))
    (found,) = propose_refinements([prompt], {"code": [remedy]}, DAY)
    return found


def night(recorded: list[Decision], found: list[Improvement], day: date, judged: Any = ()) -> list[Decision]:
    """Return the record after a night, without its deployments."""
    opened = lifecycle.OpenNight(day, 30, tuple(recorded), decisions.fold(recorded, day), closed=False)
    return [*recorded, *lifecycle.settle(opened, found, (), POLICY, (), judged).decisions]


def said(kind: Kind, day: date, **facts: Any) -> Decision:
    return Decision(refinement().improvement_id, 1, kind, day, "ana", "wanted", facts)


def deployed(found: Improvement | None = None) -> list[Decision]:
    """Return the record of a night that proposed it, of a person who approved it, and of the night that started it."""
    found = found or refinement()
    recorded = [*night([], [found], DAY), said(Kind.APPROVED, DAY)]
    return [*recorded, *deployments([found], decisions.fold(recorded, DAY), POLICY, DAY)]


def decided(variant: str, day: date) -> Decision:
    facts = {"experiment_id": refinement().evidence["experiment"]["id"], "variant": variant}
    return Decision("0123456789ab", 1, Kind.DEPLOYED, day, "night", "published", facts)


def ended(variant: str) -> list[Decision]:
    """Return the record after the night that saw the experiment decided."""
    later = NEXT + timedelta(days=40)
    steps = (Kind.PROPOSED, Kind.VALIDATED, Kind.APPROVED)
    other = replace(refinement(), target="other").as_record()
    known = [
        *deployed(),
        *(replace(decided(variant, later), decision=kind, facts=other) for kind in steps),
        decided(variant, later),
    ]
    return [*known, *drafts.judgements(known, later)]


def test_nothing_runs_before_a_person_approves() -> None:
    recorded = night([], [refinement()], DAY)
    assert deployments([refinement()], decisions.fold(recorded, DAY), POLICY, DAY) == []
    assert drafts.started(recorded, NEXT) == ()


def test_an_approved_refinement_is_an_experiment_from_the_next_day_on() -> None:
    recorded = deployed()
    assert drafts.started(recorded, DAY) == ()
    known = trials.as_of(NOTHING, recorded, [], NEXT)
    (experiment,) = known.registered.experiments
    assert (experiment.id, experiment.start) == (refinement().evidence["experiment"]["id"], NEXT)
    assert [p.experiment.id for p in known.phases] == [experiment.id]
    assert experiment.flag_key in known.flags()["flags"]
    assert trials.as_of(NOTHING, recorded, [], DAY).registered.experiments == ()


def test_the_version_under_trial_is_published_with_its_flag() -> None:
    refined = drafts.with_refinements([PROMPT], drafts.started(deployed(), NEXT))
    (record,) = prompts.document(refined)["prompts"].values()
    assert (record["serve"], record["arms"]) == (2, {"control": 2, "refined": 3})
    assert record["versions"] == {"2": "Write code.", "3": "Write code.\nSay why."}
    assert (
        propose_refinements(refined, {"code": [Remedy("new", "Be brief.", "w", Estimate(1.0, 50, 0.9, 1.0))]}, DAY)
        == []
    )


def test_what_was_validated_is_what_is_tried_whatever_the_prompt_became() -> None:
    first, found = refinement(), refinement(replace(PROMPT, versions=(*PROMPT.versions, PromptVersion(3, "Newer."))))
    assert first.improvement_id == found.improvement_id
    recorded = [*night([], [first], DAY), said(Kind.APPROVED, DAY)]
    (made,) = deployments([found], decisions.fold(recorded, DAY), POLICY, DAY)
    assert (made.facts["version"], made.facts["text"]) == (3, "Write code.\nSay why.")


@pytest.mark.parametrize(("variant", "state", "serve"), [("refined", State.KEPT, 3), ("control", State.ROLLED_BACK, 2)])
def test_its_decision_keeps_or_undoes_it(variant: str, state: State, serve: int) -> None:
    recorded, last = ended(variant), NEXT + timedelta(days=40)
    assert decisions.fold(recorded, last)[refinement().improvement_id].state is state
    (prompt,) = drafts.with_refinements([PROMPT], drafts.started(recorded, last))
    assert prompt.serve == serve
    assert bool(prompt.flag_key) is (state is State.KEPT)
    assert drafts.judgements(recorded, last) == []
    assert len(trials.as_of(NOTHING, recorded, [], last).registered.experiments) == 1


def test_files_go_before_drafts() -> None:
    started = drafts.started(deployed(), NEXT)
    own = replace(started[0].experiment, hypothesis="Mine.")
    assert drafts.with_drafts([own], started) == (own,)
    assert drafts.with_drafts([replace(own, id="mine")], started)[0].id == "mine"
    busy = replace(PROMPT, flag_key="mine", arms={"control": 2})
    newer = replace(PROMPT, versions=(*PROMPT.versions, PromptVersion(3, "Mine.")))
    gone = replace(PROMPT, versions=PROMPT.versions[:1], serve=1)
    for prompt in (busy, newer, gone):
        assert drafts.with_refinements([prompt], started) == (prompt,)


def test_a_damaged_record_is_named() -> None:
    (made,) = [d for d in deployed() if d.decision is Kind.DEPLOYED]
    broken = replace(made, facts={**made.facts, "draft": {**made.facts["draft"], "mde": 0}})
    with pytest.raises(DecisionsError, match=r"a recorded draft is no experiment: .*mde"):
        trials.as_of(NOTHING, [broken], [], NEXT)
