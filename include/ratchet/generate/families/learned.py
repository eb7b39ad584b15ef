"""What the older successes of an operation show of its parameters; the families that mend parameters share it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ratchet.contracts.fix_cases import Shape, is_name, is_plain, shape_of
from ratchet.contracts.fixes import Case, Declined, NoFix
from ratchet.generate.families.base import LEAST_CASES, Evidence

LEAST_SUCCESSES = 10
MOST_FAILURES_SHARE = 0.8  # of the failures must show what is said of them
VALUE_SHARE = 0.9  # of the successes must have a value that stands in for all
MOST_NAMES = 3


def called(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """Return the cases whose parameters were logged."""
    return tuple(case for case in cases if case.params)


def known(evidence: Evidence) -> tuple[Shape, tuple[Case, ...]] | NoFix:
    """Return the shape of the older successes and the older failures with parameters, or what is missing for it."""
    failed, worked = called(evidence.old_failures), called(evidence.old_successes)
    if len(called(evidence.failures)) < LEAST_CASES:
        said = f"parameters were logged with {len(called(evidence.failures))} of {len(evidence.failures)} failures"
        return evidence.declined(Declined.NO_CONTEXT, said)
    if len(worked) < LEAST_SUCCESSES:
        said = f"{len(worked)} older successes have parameters, {LEAST_SUCCESSES} are needed to know what works"
        return evidence.declined(Declined.NO_SUCCESSES, said)
    return shape_of(worked), failed


def usual(cases: tuple[Case, ...], name: str) -> Any:
    """Return the value that nearly every call has for a parameter, None where there is none that may stand in code."""
    values = [case.params[name] for case in called(cases) if name in case.params]
    plain = Counter((type(value).__name__, value) for value in values if is_plain(value))
    if not plain:
        return None
    (_, value), n = max(plain.items(), key=lambda pair: (pair[1], repr(pair[0])))
    return value if n >= VALUE_SHARE * len(values) else None


def most(cases: tuple[Case, ...], names: list[str], holds: Any) -> list[str]:
    """Return the names, fit to stand in code, for which nearly all cases show something."""
    need = MOST_FAILURES_SHARE * len(cases)
    return [name for name in names if is_name(name) and sum(bool(holds(case, name)) for case in cases) >= need]
