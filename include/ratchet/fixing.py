"""The fixes of a night: those that were validated before as they are, new ones for other errors, all of them proven.

A night's files and steps belong to `steps/`; how fixes are made to `generate/`, how they are proven to `validate/`,
what was recorded of them to `deploy/fixes.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from ratchet import files
from ratchet.contracts.estimates import as_record
from ratchet.contracts.fixes import Case, Declined, Fix, NoFix, Proof
from ratchet.deploy.fixes import FIX_FILE, FOLDER, TEST_FILE
from ratchet.generate.error_fixes import fails_because, in_words, layer_of

if TYPE_CHECKING:
    import pandas as pd

    from ratchet.contracts.error_findings import ErrorsResult
    from ratchet.validate.replay import Run

RECORD_FILE = "fix.json"


@dataclass(frozen=True, slots=True)
class Made:
    """What there is to prove tonight.

    Attributes:
        as_of: the night's day.
        fixes: by id.
        frozen: ids of those that were validated on an earlier night.
        declined: why errors have none, in the order of the errors.
    """

    as_of: date
    fixes: tuple[Fix, ...]
    frozen: frozenset[str]
    declined: tuple[NoFix, ...]

    def as_record(self) -> dict[str, Any]:
        """Return it for the steps that follow."""
        return as_record(self) | {"frozen": sorted(self.frozen)}  # type: ignore[no-any-return]

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Made:
        """Return what `as_record` has written."""
        return cls(
            as_of=date.fromisoformat(record["as_of"]),
            fixes=tuple(Fix(**fix) for fix in record["fixes"]),
            frozen=frozenset(record["frozen"]),
            declined=tuple(NoFix(d["fingerprint"], Declined(d["reason"]), d["said"]) for d in record["declined"]),
        )


def make(errors: ErrorsResult, cases: pd.DataFrame, frozen: Mapping[str, Fix], as_of: date) -> Made:
    """Return the fixes of tonight's frequent errors.

    Args:
        errors: tonight's.
        cases: mart_fix_cases.
        frozen: what was validated on earlier nights, by id; it stands for what would be made of the same error.
        as_of: the night's day.
    """
    from ratchet.generate.fixes import generate_fixes

    found = generate_fixes(errors, cases, as_of)
    frequent = {error.fingerprint for error in errors.errors}
    kept = {name: fix for name, fix in frozen.items() if fix.fingerprint in frequent}
    fixes = {fix.fix_id: fix for fix in found.fixes} | kept
    fixed = {fix.fingerprint for fix in fixes.values()}
    return Made(
        as_of=as_of,
        fixes=tuple(fixes[name] for name in sorted(fixes)),
        frozen=frozenset(kept),
        declined=tuple(no for no in found.declined if no.fingerprint not in fixed),
    )


def prove(made: Made, cases: pd.DataFrame, run: Run) -> tuple[Proof, ...]:
    """Return the proof of each fix, in their order; as many replays run at once as there are processors.

    Args:
        made: tonight's fixes.
        cases: mart_fix_cases.
        run: the sandbox.
    """
    from ratchet.generate.fix_cases import cases_of
    from ratchet.validate import replay

    known: Mapping[str, Sequence[Case]] = cases_of(cases, made.as_of) if made.fixes else {}
    with ThreadPoolExecutor(
        os.cpu_count()
    ) as pool:  # a thread waits for an interpreter of its own: order and result stay
        return tuple(pool.map(lambda fix: replay.prove(fix, known.get(fix.fingerprint, ()), run), made.fixes))


def artifact(made: Made, proofs: Iterable[Proof]) -> dict[str, Any]:
    """Return the content of `fixes.json`; which isolation held stands in the manifest, as a fact of the machine."""
    records = [record(fix, proof, fix.fix_id in made.frozen) for fix, proof in zip(made.fixes, proofs, strict=True)]
    nothing = not records and not made.declined
    return {
        "artifact": "fixes",
        "as_of": made.as_of.isoformat(),
        "reason": "no error is frequent enough" if nothing else "",
        "fixes": records,
        "declined": as_record(made.declined),
        "definitions": _definitions(),
    }


def record(fix: Fix, proof: Proof, is_frozen: bool) -> dict[str, Any]:
    """Return a fix with its proof, without its source."""
    shown = {name: getattr(fix, name) for name in ("fingerprint", "family", "operation", "title", "why")}
    known = as_record(proof)
    return {
        "fix_id": fix.fix_id,
        **shown,
        "layer": layer_of(fix),
        "holds": proof.holds,
        "found": in_words(proof),
        "fails_because": fails_because(proof),
        "frozen": is_frozen,
        **{name: known[name] for name in ("saved", "broken", "unchanged", "unreplayable", "tests_passed", "error")},
        "inputs": proof.inputs,
        "sha256": fix.sha256,
        "parameters": as_record(fix.parameters),
        "evidence": as_record(fix.evidence),
        "sample_event_ids": as_record(fix.evidence.get("sample_event_ids", ())),
        "path": f"{FOLDER}/{fix.fix_id}/{FIX_FILE}",
    }


def texts(made: Made, proofs: Iterable[Proof]) -> dict[str, str]:
    """Return the files of the fixes, by their path in a night's folder."""
    found: dict[str, str] = {}
    for fix, proof in zip(made.fixes, proofs, strict=True):
        folder = f"{FOLDER}/{fix.fix_id}"
        about = files.to_json(record(fix, proof, fix.fix_id in made.frozen))
        found |= {
            f"{folder}/{FIX_FILE}": fix.source,
            f"{folder}/{TEST_FILE}": fix.test,
            f"{folder}/{RECORD_FILE}": about,
        }
    return found


def _definitions() -> dict[str, str]:
    return {
        "saved": (
            "share of the logged failures, of those that could be replayed, that succeed with the fix; "
            "exact (Clopper-Pearson) 95 % interval"
        ),
        "broken": (
            "share of the logged successes that fail or give another result with the fix; one is enough to refuse it"
        ),
        "unreplayable": "cases that could not be replayed, by what the log lacks",
        "holds": "something is saved, nothing is broken, and the fix's own test passes, all of it in the sandbox",
        "frozen": "validated on an earlier night: replayed as it was, and not written anew",
        "impact": (
            "minutes from an error to the end of the same unit's next successful request that landed on the same day, "
            "at most 30 an error, summed over 7 days; minutes in which the unit meets the error again count once"
        ),
        "declined": "why a frequent error has no fix",
    }
