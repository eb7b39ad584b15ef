"""Refinements of prompts from what was found about their results: a diff and the draft of an experiment (R77).

What is wrong with results belongs to `analyze/`; a `Remedy` may come from any of its findings. The prompts belong to
`prompt_files.py`. A refinement is never served without its experiment, which starts once a person has approved it
(`deploy/drafts.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.improvements import Improvement, ImprovementType, Priority
from ratchet.contracts.names import in_words
from ratchet.contracts.prompts import Prompt, diff
from ratchet.generate.experiment_drafts import checked, draft

LEAST = 20  # results that a remedy stands on


@dataclass(frozen=True, slots=True)
class Remedy:
    """A sentence for a prompt against what is wrong with its results.

    Attributes:
        kind: what is wrong, in one word.
        instruction: the sentence.
        why: what was found, for people.
        found: the number it stands on.
    """

    kind: str
    instruction: str
    why: str
    found: Estimate


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a number must reach, with its whole interval, for a remedy."""

    kind: str
    column: str
    limit: float
    above: bool
    says: str
    instruction: str


_RULES = (
    _Rule(
        "flawed",
        "flawed",
        0.1,
        True,
        "of the results have syntax errors or security warnings",
        "Before you answer, check that the code parses and that it neither holds secrets nor runs what a user typed.",
    ),
    _Rule(
        "untested",
        "coverage",
        0.5,
        False,
        "of the code is covered by tests",
        "Add tests for every branch that you write.",
    ),
    _Rule(
        "undocumented",
        "documentation",
        50.0,
        False,
        "points of 100 for documentation",
        "Say above each function what it is for, what it takes, what it returns and what it raises.",
    ),
    _Rule(
        "dissatisfying",
        "low_satisfaction",
        0.3,
        True,
        "of the feedback scores are low",
        "Answer what was asked in the first sentence, then explain. Ask back when the request can be read in two ways.",
    ),
)


def remedies(findings: Iterable[Mapping[str, Any]]) -> dict[str, list[Remedy]]:
    """Return remedies by prompt from the table `validation` of `agents.json`."""
    found = {str(row["name"]): _remedies(row) for row in findings if row["dimension"] == "prompt_id"}
    return {prompt: own for prompt, own in found.items() if own}


def _remedies(row: Mapping[str, Any]) -> list[Remedy]:
    known = [(rule, Estimate.from_record(row[rule.column])) for rule in _RULES]
    return [_remedy(rule, value) for rule, value in known if value.n >= LEAST and _is_reached(rule, value)]


def _is_reached(rule: _Rule, value: Estimate) -> bool:
    bound = value.low if rule.above else value.high
    return bound is not None and (bound > rule.limit if rule.above else bound < rule.limit)


def _remedy(rule: _Rule, value: Estimate) -> Remedy:
    number = value.number or 0.0
    written = f"{number:.0f}" if rule.limit > 1 else f"{number:.0%}"
    return Remedy(rule.kind, rule.instruction, f"{written} {rule.says} (n = {value.n:,})", value)


def propose_refinements(
    prompts: Iterable[Prompt],
    wanted: Mapping[str, Sequence[Remedy]],
    as_of: date,
    cases: Sequence[Mapping[str, Any]] = (),
) -> list[Improvement]:
    """Return a refinement of every prompt that has remedies which its text does not hold yet.

    Args:
        prompts: of the store; one that is under trial waits for its experiment.
        wanted: prompt -> remedies.
        as_of: the night's day.
        cases: the table `cases` of `agents.json`.
    """
    idle = [p for p in prompts if not p.flag_key]
    fresh = {
        p.prompt_id: [r for r in wanted.get(p.prompt_id, ()) if r.instruction not in p.text(p.serve)] for p in idle
    }
    own = {p.prompt_id: [c for c in cases if c["prompt_id"] == p.prompt_id] for p in idle}
    return [
        _refinement(p, fresh[p.prompt_id], _data_set(own[p.prompt_id], as_of), as_of)
        for p in idle
        if fresh[p.prompt_id]
    ]


def _data_set(cases: Sequence[Mapping[str, Any]], as_of: date) -> dict[str, Any]:
    """Return where the failing and passing cases of a prompt lie, and how many there are."""
    counted = {verdict: sum(c["verdict"] == verdict for c in cases) for verdict in ("failing", "passing")}
    return {"day": as_of.isoformat(), "file": "agents_cases.csv", **counted}


def _refinement(prompt: Prompt, found: Sequence[Remedy], cases: dict[str, Any], as_of: date) -> Improvement:
    version = prompt.versions[-1].version + 1
    before = prompt.text(prompt.serve)
    text = "\n".join([before.rstrip("\n"), *(r.instruction for r in found)])
    experiment = _draft(prompt.prompt_id, prompt.serve, version)
    state, why = checked(experiment)
    name = in_words(prompt.prompt_id, 40)
    return Improvement(
        type=ImprovementType.PROMPT_REFINEMENT,
        target=prompt.prompt_id,
        key=f"{prompt.serve}/{','.join(sorted(r.kind for r in found))}",
        title=f"Try version {version} of the prompt {name}",
        why=f"{'; '.join(r.why for r in found)}. The refined prompt says what to do about it.",
        evidence={
            "mart": "mart_agents",
            "sample_event_ids": [],
            "window_days": 30,
            "findings": {r.kind: as_record(r.found) for r in found},
            "judged_by": "the primary metric of the experiment",
            "diff": diff(before, text, prompt.prompt_id, prompt.serve, version),
            "version": {"version": version, "text": text, "note": ", ".join(r.kind for r in found)},
            "experiment": experiment,
            "cases": cases,
            "publishes": {
                "draft": experiment,
                "prompt_id": prompt.prompt_id,
                "before": prompt.serve,
                "version": version,
                "text": text,
                "cases": cases,
            },
        },
        priority=Priority.MEDIUM,
        confidence=None,
        expected_effect="fewer results with these faults; the experiment tells",
        proposed_on=as_of,
        reach=max(r.found.n for r in found),
        suggested_action=_suggested(cases),
        state=state,
        state_reason=why,
    )


def _suggested(cases: Mapping[str, Any]) -> str:
    """Return what a person may do; a version can be tried by hand on cases that there are."""
    then = "Approve it: the version is then tried by the experiment, and undone where it loses."
    if not cases["failing"]:
        return then
    return f"Try it on {cases['failing']} failing and {cases['passing']} passing cases in {cases['file']}. {then}"


def _draft(prompt_id: str, one: int, other: int) -> dict[str, Any]:
    return draft(
        "prompt",
        (prompt_id, str(one), str(other)),
        f"Version {other} of {in_words(prompt_id)} succeeds more often than version {one}.",
        "refined",
        {"refined_success": ("success", "increase"), "refined_duration": ("duration_ms", "decrease")},
    )
