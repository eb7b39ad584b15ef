"""Missing parameters: fill in what every successful call had, where nearly all had the same value (R11)."""

from __future__ import annotations

import re
from collections import Counter

from ratchet.contracts.fixes import Case, Declined, NoFix
from ratchet.generate.families.base import Draft, Evidence, Family
from ratchet.generate.families.learned import MOST_FAILURES_SHARE, MOST_NAMES, known, most, usual
from ratchet.generate.families.templates import missing_parameter, missing_parameter_test

_QUOTED = re.compile(r"['\"`]([A-Za-z_][A-Za-z0-9_.-]{0,59})['\"`]")


def _knows(evidence: Evidence) -> bool:
    named = evidence.is_called("missingparameter", "missingargument", "keyerror", "missingfield")
    return named or evidence.says("missing required", "missing parameter", "required parameter", "field required")


def _fit(evidence: Evidence) -> Draft | NoFix:
    found = known(evidence)
    if isinstance(found, NoFix):
        return found
    shape, failed = found
    names = most(failed, list(shape.required), lambda case, name: name not in case.params)[:MOST_NAMES]
    if not names:
        said = "every parameter that all successful calls have was given in the failed ones too"
        return evidence.declined(Declined.NOT_FITTED, said)
    if quoted := _said(failed):
        names = [name for name in names if name in quoted]
    if not names:
        return evidence.declined(Declined.NOT_FITTED, "the message names a parameter that no successful call has")
    values = [(name, usual(evidence.old_successes, name)) for name in names]
    if open_names := [name for name, value in values if value is None]:
        said = f"successful calls have no value of {open_names[0]} in common that could stand in for the missing one"
        return evidence.declined(Declined.NOT_FITTED, said)
    return _draft(evidence, values, len(failed), shape.calls)


def _said(failed: tuple[Case, ...]) -> set[str]:
    """Return the names that nearly all messages have in quotes; they are compared and never written."""
    named = Counter(name for case in failed for name in set(_QUOTED.findall(case.message)))
    return {name for name, n in named.items() if n >= MOST_FAILURES_SHARE * len(failed)}


def _draft(evidence: Evidence, values: list[tuple[str, object]], failed: int, worked: int) -> Draft:
    listed = ", ".join(name for name, _ in values)
    return Draft(
        template=missing_parameter,
        test=missing_parameter_test,
        values={"ERROR_NAME": evidence.error_name, "DEFAULTS": values},
        summary="Fill in parameters that calls which succeed always have.",
        why=f"“{evidence.operation}” fails without {listed}; every call that succeeds has it, nearly always the same.",
        grounds=(f"Missing in {failed} failures and given in all {worked} successes: {listed}.",),
    )


FAMILY = Family("missing_parameter", _knows, _fit, ("operation", "params"), needs_successes=True)
