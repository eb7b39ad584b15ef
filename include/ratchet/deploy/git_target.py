"""The git target: each fix as a branch with its patch, test and evidence, merged where it is deployed.

A branch `ratchet/<id>-r<revision>` is pushed when a fix waits for a person, and merged into the configured branch once
it is deployed; a fix that is undone is taken out again. Commits depend on what was recorded alone, so that the same
night makes the same commits. How git is run belongs to `git.py`, the folder target, which this never blocks, to
`publish.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ratchet import files
from ratchet.contracts.improvements import State
from ratchet.contracts.names import in_words
from ratchet.deploy.decisions import NIGHT, Decision, Kind, Standing, fold
from ratchet.deploy.fixes import FIX_FILE, TEST_FILE, in_force, is_fix
from ratchet.deploy.git import Git, GitError, without_secret
from ratchet.deploy.git_branches import ID, Branches, Patch, Pushed, said

EVIDENCE_FILE = "EVIDENCE.md"
_WAITING = (State.VALIDATED, State.APPROVED)
_DEPLOYED = (State.DEPLOYED, State.KEPT, State.UNMEASURABLE)
_BRANCH = re.compile(r"(?!.*(\.\.|//|@\{|\.lock(/|$)))[A-Za-z0-9_][A-Za-z0-9_./-]*(?<![/.])")


def wanted(recorded: Sequence[Decision], as_of: date) -> tuple[list[Patch], list[Patch], list[str]]:
    """Return the fixes that wait or are approved, those that are in force, and the ids of those that were undone.

    Args:
        recorded: those in force, in the order of `decisions.read`.
        as_of: the day.
    """
    standings = fold(recorded, as_of)
    force = {fix.fix_id for fix in in_force(recorded, as_of)}
    ever = {d.improvement_id for d in recorded if d.decision is Kind.DEPLOYED and is_fix(d.facts)}
    deployed = patches(standings, _DEPLOYED)
    return (
        patches(standings, _WAITING),
        [patch for patch in deployed if patch.fix_id in force],
        sorted(ever - force),
    )


def patches(standings: Mapping[str, Standing], states: Iterable[State]) -> list[Patch]:
    """Return the patches of fixes that stand so; one whose ids are malformed is left out."""
    chosen = frozenset(states)
    found = [s for s in standings.values() if s.state in chosen and is_fix(s.validated.get("publishes", {}))]
    return [_patch(s) for s in found if ID.fullmatch(s.improvement_id) and s.validated_on is not None]


def push(
    folder: Path,
    repository: str,
    branch: str,
    waiting: Iterable[Patch],
    deployed: Iterable[Patch],
    undone: Iterable[str],
) -> Pushed:
    """Bring a repository to what is in force; what is there already is not done again, and one failure spares the rest.

    Args:
        folder: Ratchet's own mirror of it.
        repository: path or address.
        branch: what deployed fixes are merged into.
        waiting: fixes that have a branch and are not merged.
        deployed: fixes that are merged.
        undone: ids of fixes that are taken out.
    """
    place = without_secret(repository)
    try:
        if repository.startswith("-") or not _BRANCH.fullmatch(branch):
            raise GitError(f"{in_words(branch, 60)!r} cannot be a branch of a repository")
        target = Branches(Git(folder), repository, branch)
        target.fetch()
    except GitError as error:
        return Pushed(problems=(said(error, place),))
    return target.bring(list(waiting), list(deployed), sorted(undone), place)


def failed(pushed: Pushed, day: date) -> list[Decision]:
    """Return the record of what could not be brought to the repository, for the report of the next night."""
    return [Decision("", 0, Kind.TARGET_FAILED, day, NIGHT, said, {"target": "git"}) for said in pushed.problems]


def failures(recorded: Iterable[Decision], as_of: date) -> list[str]:
    """Return what the publication of the night before could not bring to a target, one line each."""
    return [d.reason for d in recorded if d.decision is Kind.TARGET_FAILED and d.effective_date == as_of]


def _patch(standing: Standing) -> Patch:
    facts = standing.validated["publishes"]
    content = {
        FIX_FILE: str(facts["source"]),
        TEST_FILE: str(facts.get("test", "")),
        EVIDENCE_FILE: _evidence(standing, facts),
    }
    return Patch(standing.improvement_id, standing.revision, content, standing.validated_on or standing.proposed_on)


def _evidence(standing: Standing, facts: Mapping[str, Any]) -> str:
    """Return the evidence as Markdown: words of a log stand in JSON strings alone, which no line can leave."""
    said = {key: value for key, value in facts.items() if key not in ("source", "test")}
    shown = {"publishes": said, "proof": standing.validated.get("proof"), "record": _told(standing.record)}
    fenced = json.dumps(files.plain(shown), ensure_ascii=True, indent=1).replace("`", "\\u0060")
    return (
        f"# Fix {standing.improvement_id}, revision {standing.revision}\n\n"
        "Generated from the log and proven by replay in a sandbox before anybody was asked. What was known when it\n"
        f"was validated, on {standing.validated_on}:\n\n```json\n{fenced}\n```\n"
    )


def _told(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: record.get(key) for key in ("title", "why", "expected_effect", "priority", "confidence")}
