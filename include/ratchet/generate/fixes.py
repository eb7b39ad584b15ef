"""Fixes for frequent errors, or the reason why there is none (R9-R12).

What a family knows belongs to `families/`, whether a fix holds to `validate/`, what becomes of it to `deploy/`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from ratchet.contracts.error_findings import ErrorFinding, ErrorsResult
from ratchet.contracts.fix_cases import is_class_name, is_operation, split
from ratchet.contracts.fixes import Case, Declined, Fix, NoFix
from ratchet.generate.families import FAMILIES
from ratchet.generate.families.base import LEAST_CASES, Evidence, Family, write
from ratchet.generate.fix_cases import cases_of, logged

DOMINANT_SHARE = 0.8  # of the failures that name an operation


@dataclass(frozen=True, slots=True)
class FixesResult:
    """What the families made of a night's frequent errors, in the order of the errors.

    Attributes:
        fixes: at most one an error.
        declined: why the others have none.
    """

    fixes: tuple[Fix, ...]
    declined: tuple[NoFix, ...]


def generate_fixes(errors: ErrorsResult, cases: pd.DataFrame, as_of: date) -> FixesResult:
    """Return a fix for each frequent error that a family can mend, a reason for each other one.

    Args:
        errors: tonight's errors.
        cases: mart_fix_cases, in any order.
        as_of: the night's day.
    """
    known, counts = cases_of(cases, as_of), logged(cases, as_of)
    made = [_made(finding, known.get(finding.fingerprint, ()), counts) for finding in errors.errors]
    return FixesResult(tuple(m for m in made if isinstance(m, Fix)), tuple(m for m in made if isinstance(m, NoFix)))


def _made(
    finding: ErrorFinding,
    cases: Sequence[Case],
    counts: Mapping[tuple[str, bool], int],
) -> Fix | NoFix:
    failures, successes = split(cases)
    if len(failures) < LEAST_CASES:
        said = f"{len(failures)} failures are kept, at least {LEAST_CASES} are needed"
        return NoFix(finding.fingerprint, Declined.TOO_RARE, said)
    operation = _operation(finding, failures)
    if isinstance(operation, NoFix):
        return operation
    evidence = Evidence(
        finding=finding,
        operation=operation,
        failures=tuple(c for c in failures if c.operation == operation),
        successes=tuple(c for c in successes if c.operation == operation),
        logged_failures=counts.get((finding.fingerprint, True), 0),
        logged_successes=counts.get((finding.fingerprint, False), 0),
    )
    return _by_family(evidence)


def _operation(finding: ErrorFinding, failures: Sequence[Case]) -> str | NoFix:
    named = Counter(case.operation for case in failures if case.operation)
    if not named:
        said = "no failure says which operation it was: log `operation` in the error's context"
        return NoFix(finding.fingerprint, Declined.NO_OPERATION, said)
    operation, n = max(named.items(), key=lambda pair: (pair[1], pair[0]))
    if n < DOMINANT_SHARE * named.total():
        said = f"{len(named)} operations fail with it, the most frequent one in {n} of {named.total()} failures"
        return NoFix(finding.fingerprint, Declined.SEVERAL_OPERATIONS, said)
    if not is_operation(operation):
        said = "the operation's name is longer or has other characters than may stand in code"
        return NoFix(finding.fingerprint, Declined.NO_OPERATION, said)
    return operation


def _by_family(evidence: Evidence) -> Fix | NoFix:
    family = next((f for f in FAMILIES if f.knows(evidence)), None)
    if family is None:
        return evidence.declined(Declined.NO_FAMILY, "no family of fixes knows this kind of error")
    if not is_class_name(evidence.error_name):
        return evidence.declined(Declined.NOT_FITTED, "the name of its class may not stand in code")
    if family.needs_successes and not evidence.successes:
        said = f"no success of {evidence.operation} was logged, from which {family.name} could learn"
        return evidence.declined(Declined.NO_SUCCESSES, said)
    return _written(family, evidence)


def _written(family: Family, evidence: Evidence) -> Fix | NoFix:
    draft = family.fit(evidence)
    return draft if isinstance(draft, NoFix) else write(family, evidence, draft)
