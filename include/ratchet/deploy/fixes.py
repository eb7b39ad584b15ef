"""Fixes of errors in the record: what was validated and may not change any more, and which are in force.

What was validated is what people are asked about, and byte for byte what is deployed. How fixes are made belongs to
`generate/`, how they are proven to `validate/`, the git target to `git_target.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from difflib import unified_diff
from typing import Any

from ratchet.contracts.fixes import Fix
from ratchet.contracts.improvements import ImprovementType, State
from ratchet.deploy.decisions import Decision, Kind, Standing

FOLDER = "fixes"
INDEX_FILE = f"{FOLDER}/index.json"
FIX_FILE, TEST_FILE = "fix.py", "test_fix.py"
_PARTS = frozenset(f.name for f in fields(Fix))
_LISTED = ("fix_id", "revision", "fingerprint", "family", "operation", "layer")


@dataclass(frozen=True, slots=True)
class Deployed:
    """A fix in force: what its deployment recorded, and since when."""

    facts: Mapping[str, Any]
    on: date

    @property
    def fix_id(self) -> str:
        """Return the id of its improvement."""
        return str(self.facts["fix_id"])

    @property
    def fingerprint(self) -> str:
        """Return the error it is for."""
        return str(self.facts["fingerprint"])


def is_fix(facts: Mapping[str, Any]) -> bool:
    """Return whether what is published is a fix."""
    return "fix_id" in facts and "source" in facts


def in_force(recorded: Iterable[Decision], as_of: date) -> tuple[Deployed, ...]:
    """Return the fixes that were deployed and not undone by a day, by id.

    A new revision replaces the one before it when it is deployed, not when it is proposed. One that could not be
    measured stays: somebody wanted it, and nothing speaks against it.

    Args:
        recorded: in the order of `decisions.read`.
        as_of: later ones do not count.
    """
    found: dict[str, tuple[int, Deployed]] = {}
    for decision in recorded:
        if decision.effective_date > as_of:
            continue
        name = decision.improvement_id
        if decision.decision is Kind.DEPLOYED and is_fix(decision.facts):
            found[name] = decision.revision, Deployed(decision.facts, decision.effective_date)
        elif decision.decision is Kind.ROLLED_BACK and name in found and found[name][0] == decision.revision:
            del found[name]
    return tuple(found[name][1] for name in sorted(found))


def frozen(standings: Mapping[str, Standing], as_of: date, window_days: int) -> dict[str, Fix]:
    """Return the fixes that were validated before a night, by improvement: they are replayed, and not written anew.

    What the night itself validates is not yet frozen, so that a night that is run again does what it did; what was gone
    for longer than the window comes back as a new revision.

    Args:
        standings: when the night began.
        as_of: the night's day.
        window_days: `suggestion_window_days`.
    """
    return {
        name: _fix(s.validated["publishes"])
        for name, s in standings.items()
        if s.validated.get("publishes", {}).keys() >= _PARTS and s.validated_on is not None and s.validated_on < as_of
        if s.vanished_on is None or as_of - s.vanished_on <= timedelta(days=window_days)
    }


def asked(standing: Standing, in_force: Iterable[Deployed]) -> dict[str, Any]:
    """Return an improvement's record as people are asked about it: a fix as it was validated, with its diff.

    Args:
        standing: where it stands.
        in_force: the fixes that are deployed; an earlier revision of this one is what it would replace.
    """
    facts = standing.validated.get("publishes", {})
    if not is_fix(facts):
        return dict(standing.record)
    before = next((fix.facts for fix in in_force if fix.fix_id == standing.improvement_id), {})
    names = (f"{FOLDER}/{standing.improvement_id}/{name}" for name in (FIX_FILE, TEST_FILE))
    lines = [
        line
        for name, key in zip(names, ("source", "test"), strict=True)
        for line in _diff(name, str(before.get(key, "")), str(facts.get(key, "")))
    ]
    known = {name: value for name, value in standing.validated.items() if name != "confidence"}
    evidence = {**standing.record.get("evidence", {}), **known, "diff": "\n".join(lines)}
    said = {name: facts[name] for name in ("title", "why") if name in facts}
    return {**standing.record, **said, "confidence": standing.validated.get("confidence"), "evidence": evidence}


def _diff(name: str, before: str, after: str) -> list[str]:
    old = name if before else "/dev/null"
    return list(unified_diff(before.splitlines(), after.splitlines(), old, name, lineterm=""))


def _fix(facts: Mapping[str, Any]) -> Fix:
    return Fix(**{name: facts[name] for name in _PARTS})


def index(fixes: Iterable[Deployed]) -> dict[str, Any]:
    """Return the content of `fixes/index.json`."""
    return {"fixes": [_entry(fix.facts) for fix in fixes]}


def texts(fixes: Iterable[Deployed]) -> dict[str, str]:
    """Return the files of fixes, by their path in a published version."""
    return {
        f"{FOLDER}/{fix.fix_id}/{name}": str(fix.facts[key])
        for fix in fixes
        for name, key in ((FIX_FILE, "source"), (TEST_FILE, "test"))
    }


def superseded(standings: Mapping[str, Standing], as_of: date, actor: str) -> list[Decision]:
    """Return the decisions that close what waited while another fix of the same error was deployed.

    What is validated after that deployment is about the failures that it left, and waits as any other.

    Args:
        standings: when the night began.
        as_of: the night's day.
        actor: who decides.
    """
    fixes = [s for s in standings.values() if s.record.get("type") == ImprovementType.ERROR_FIX]
    made = {str(s.record.get("target")): s for s in fixes if s.state in (State.DEPLOYED, State.KEPT)}
    pairs = [(s, made[str(s.record["target"])]) for s in fixes if str(s.record.get("target")) in made]
    return [
        Decision(
            late.improvement_id,
            late.revision,
            Kind.SUPERSEDED,
            as_of,
            actor,
            f"fix {first.improvement_id} of the same error is deployed",
        )
        for late, first in pairs
        if late.state is State.VALIDATED and late.validated_on is not None and late.validated_on < first.changed_on
    ]


def _entry(facts: Mapping[str, Any]) -> dict[str, Any]:
    path = f"{facts['fix_id']}/{FIX_FILE}"
    sha256 = hashlib.sha256(str(facts["source"]).encode("utf-8", "replace")).hexdigest()
    return {name: facts[name] for name in _LISTED} | {"path": path, "sha256": sha256}
