"""What a family is given and what it returns; the families themselves stand beside, the list of them in `__init__`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from ratchet.contracts.error_findings import ErrorFinding
from ratchet.contracts.fix_cases import older, plain_ids
from ratchet.contracts.fixes import Case, Declined, Fix, NoFix, fix_id
from ratchet.generate.families.templates import calling, calling_test, identity, repeating
from ratchet.generate.families.written import written

LEAST_CASES = 5  # fewer failures than this fit nothing
SAMPLE_IDS = 5
_OF_TESTS = "Tests of the fix beside this file; nothing here waits."


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one error.

    Attributes:
        finding: the error.
        operation: which call of the application failed, a name that may stand in code.
        failures: of that operation, oldest first.
        successes: of that operation, oldest first.
        logged_failures: how many were logged, of which `failures` are kept.
        logged_successes: how many were logged, of which `successes` are kept.
    """

    finding: ErrorFinding
    operation: str
    failures: tuple[Case, ...]
    successes: tuple[Case, ...]
    logged_failures: int
    logged_successes: int

    @property
    def error_name(self) -> str:
        """Return the name of the error's class, without its module."""
        return self.finding.error_type.rpartition(".")[2]

    @property
    def old_failures(self) -> tuple[Case, ...]:
        """Return the failures that parameters are fitted to."""
        return older(self.failures)

    @property
    def old_successes(self) -> tuple[Case, ...]:
        """Return the successes that parameters are fitted to."""
        return older(self.successes)

    def says(self, *words: str) -> bool:
        """Return whether the error's type or template has one of these words, in lower case."""
        said = f"{self.finding.error_type} {self.finding.message_template}".lower()
        return any(word in said for word in words)

    def is_called(self, *names: str) -> bool:
        """Return whether the error's type has one of these in its name, in lower case."""
        return any(name in self.error_name.lower() for name in names)

    def declined(self, reason: Declined, said: str) -> NoFix:
        """Return why there is no fix, in our own words."""
        return NoFix(self.finding.fingerprint, reason, said)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a family fitted, before it is written.

    Attributes:
        template: module of `templates/` that becomes `fix.py`.
        test: module of `templates/` that becomes `test_fix.py`.
        values: constants of the fix.
        summary: first line of its docstring, and its title.
        why: one sentence for a stakeholder.
        grounds: what the parameters rest on, one sentence each, of our own words and checked names.
        parameters: for people and the ledger; the values where nothing else is said.
        test_values: constants of its test.
    """

    template: ModuleType
    test: ModuleType
    values: Mapping[str, Any]
    summary: str
    why: str
    grounds: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    test_values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of fix.

    Attributes:
        name: of the family, as in the fix's id.
        knows: whether an error is of its kind.
        fit: what it makes of the evidence.
        keys: what must have been logged of a failure so that it can be replayed, for people.
        needs_successes: whether it learns from calls that worked.
    """

    name: str
    knows: Callable[[Evidence], bool]
    fit: Callable[[Evidence], Draft | NoFix]
    keys: tuple[str, ...]
    needs_successes: bool = False


def write(family: Family, evidence: Evidence, draft: Draft) -> Fix:
    """Return the fix of a draft.

    Raises:
        ValueError: if a value of the draft may not stand in code.
    """
    finding = evidence.finding
    mends = draft.template is not repeating
    known: dict[str, Any] = {
        "FIX_ID": fix_id(finding.fingerprint, family.name),
        "FINGERPRINT": finding.fingerprint,
        "FAMILY": family.name,
        "OPERATION": evidence.operation,
        "LAYER": 0 if mends else 1,
    }
    about, values = _docstring(evidence, draft), known | dict(draft.values)
    source = (identity, draft.template, *((calling,) if mends else ()))
    test = (draft.test, *((calling_test,) if mends else ()))
    return Fix(
        fingerprint=finding.fingerprint,
        family=family.name,
        operation=evidence.operation,
        source=written(source, about, values),
        test=written(test, (_OF_TESTS,), draft.test_values, evidence.error_name),
        title=draft.summary.rstrip("."),
        why=draft.why,
        parameters=draft.parameters or _listed(draft.values),
        evidence=_evidence(evidence, draft),
    )


def _listed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): list(v) if isinstance(v, tuple) else v for name, v in sorted(values.items())}


def _docstring(evidence: Evidence, draft: Draft) -> Sequence[str]:
    samples = _samples(evidence)
    return (
        draft.summary,
        f"Fitted to the older half of {len(evidence.failures)} failures ({evidence.logged_failures} were logged) and"
        f" {len(evidence.successes)} successes ({evidence.logged_successes} were logged).",
        *draft.grounds,
        *((f"For example: {', '.join(samples)}.",) if samples else ()),
    )


def _samples(evidence: Evidence) -> tuple[str, ...]:
    return plain_ids([case.case_id for case in evidence.failures])[-SAMPLE_IDS:]


def _evidence(evidence: Evidence, draft: Draft) -> dict[str, Any]:
    return {
        "mart": "mart_fix_cases",
        "failures": len(evidence.failures),
        "failures_logged": evidence.logged_failures,
        "successes": len(evidence.successes),
        "successes_logged": evidence.logged_successes,
        "fitted_on": {"failures": len(evidence.old_failures), "successes": len(evidence.old_successes)},
        "grounds": list(draft.grounds),
        "sample_event_ids": list(_samples(evidence)),
    }
