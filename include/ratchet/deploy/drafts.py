"""Drafted experiments that a person approved: each runs without a file of its own, until its decision (R77).

What is drafted belongs to `generate/`, experiments from files to `registry.py`, the decision of an experiment to
`deployments.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ratchet import registry
from ratchet.contracts.experiments import Experiment
from ratchet.contracts.improvements import State
from ratchet.contracts.prompts import Prompt, PromptVersion
from ratchet.deploy.decisions import NIGHT, Decision, Kind, fold
from ratchet.deploy.deployments import decided_experiments
from ratchet.errors import DecisionsError, SettingsError

_ENDS = {Kind.KEPT: State.KEPT, Kind.ROLLED_BACK: State.ROLLED_BACK}


@dataclass(frozen=True, slots=True)
class Started:
    """A drafted experiment that was started.

    Attributes:
        facts: what its deployment recorded: `draft`, `prompt_id`, `version`, `text`.
        on: the first day it runs.
        state: `deployed` while it runs, then `kept`, or `rolled_back` where it lost.
    """

    facts: Mapping[str, Any]
    on: date
    state: State = State.DEPLOYED

    @property
    def experiment(self) -> Experiment:
        """Return the experiment, which starts on the day it was published.

        Raises:
            DecisionsError: if what was recorded is no experiment.
        """
        draft = {**self.facts["draft"], "start": self.on}
        try:
            return registry.parse(draft, {}, str(draft.get("id")))
        except SettingsError as error:
            way_out = "restore the file of decisions from a backup"
            raise DecisionsError(f"a recorded draft is no experiment: {error}", way_out=way_out) from error


def started(recorded: Iterable[Decision], as_of: date) -> tuple[Started, ...]:
    """Return the drafted experiments that were started by a day, by id; those that lost stay experiments that ended.

    Args:
        recorded: in the order of `decisions.read`.
        as_of: later ones do not count.
    """
    found: dict[str, Started] = {}
    for decision in recorded:
        name = decision.improvement_id
        if decision.effective_date > as_of:
            continue
        if decision.decision is Kind.DEPLOYED and "draft" in decision.facts:
            found[name] = Started(decision.facts, decision.effective_date)
        elif decision.decision in _ENDS and name in found:
            found[name] = replace(found[name], state=_ENDS[decision.decision])
    return tuple(sorted(found.values(), key=lambda s: str(s.facts["draft"]["id"])))


def with_drafts(experiments: Sequence[Experiment], drafted: Iterable[Started]) -> tuple[Experiment, ...]:
    """Return the experiments of files and those that were approved, by id; a file with the draft's id or flag wins."""
    taken = {e.id for e in experiments} | {e.flag_key for e in experiments}
    own = [s.experiment for s in drafted]
    return tuple(sorted((*experiments, *(e for e in own if not {e.id, e.flag_key} & taken)), key=lambda e: e.id))


def with_refinements(prompts: Iterable[Prompt], drafted: Iterable[Started]) -> tuple[Prompt, ...]:
    """Return the prompts of the store with the versions that are tried, and served once they have won.

    A prompt whose file names an experiment, or has a version of that number, stays as its file says.

    Args:
        prompts: of the store.
        drafted: what was started.
    """
    tried = {str(s.facts["prompt_id"]): s for s in drafted if s.state is not State.ROLLED_BACK}
    return tuple(_refined(p, tried[p.prompt_id]) if p.prompt_id in tried else p for p in prompts)


def _refined(prompt: Prompt, tried: Started) -> Prompt:
    number, base = int(tried.facts["version"]), int(tried.facts["before"])
    known = {v.version for v in prompt.versions}
    if prompt.flag_key or number in known or base not in known:
        return prompt
    control, refined = (str(arm["name"]) for arm in tried.facts["draft"]["arms"])
    return Prompt(
        prompt.prompt_id,
        number if tried.state is State.KEPT else prompt.serve,
        (*prompt.versions, PromptVersion(number, str(tried.facts["text"]), "on trial")),
        str(tried.facts["draft"]["flag_key"]),
        {control: base, refined: number},
    )


def judgements(recorded: Sequence[Decision], as_of: date) -> list[Decision]:
    """Return what the decisions of drafted experiments say about the improvements that they try: kept, or undone.

    Args:
        recorded: in the order of `decisions.read`.
        as_of: the night's day.
    """
    decided = decided_experiments(recorded, as_of)
    running = [s for s in fold(recorded, as_of).values() if s.state is State.DEPLOYED]
    found = []
    for standing in running:
        draft = _draft_of(recorded, standing.improvement_id, standing.revision)
        verdict = decided.get(str(draft["id"])) if draft else None
        if draft is not None and verdict is not None:
            won = verdict.variant != draft["arms"][0]["name"]
            kind = Kind.KEPT if won else Kind.ROLLED_BACK
            reason = f"its experiment was decided: everybody gets “{verdict.variant}”"
            found.append(Decision(standing.improvement_id, standing.revision, kind, as_of, NIGHT, reason))
    return found


def _draft_of(recorded: Iterable[Decision], name: str, revision: int) -> Mapping[str, Any] | None:
    own = (d for d in recorded if d.improvement_id == name and d.revision == revision)
    return next((d.facts["draft"] for d in own if d.decision is Kind.DEPLOYED and "draft" in d.facts), None)
