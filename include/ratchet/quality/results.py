"""What the checks found, and what the gate makes of it.

How a check is evaluated belongs to `runner.py`, what is checked to `suites/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from ratchet.errors import GateFailedError

NAMED_FAILURES = 3  # a headline names this many, the rest is counted


class Stage(StrEnum):
    """Where in the night a suite runs."""

    RAW = "raw"
    MARTS = "marts"


class Severity(StrEnum):
    """What a check that does not hold does: stop the night, or say so in the report."""

    FAIL = "fail"
    WARN = "warn"


class Outcome(StrEnum):
    """How a check ended; a check without a single value to judge is neither passed nor failed."""

    PASSED = "passed"
    FAILED = "failed"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check of one suite.

    Attributes:
        column: the column or columns that were judged, joined by a comma; empty for a check on the whole frame.
        rows: rows that were judged.
        failing: rows that broke the check.
        observed: what was found, in words; may quote log text.
        expected: what should have been found, in words.
        why: the dated reason of the bound.
    """

    suite: str
    check: str
    column: str
    severity: Severity
    outcome: Outcome
    rows: int
    failing: int
    observed: str
    expected: str
    why: str
    cure: str

    @property
    def name(self) -> str:
        """Return `suite.check`, the name people quote."""
        return f"{self.suite}.{self.check}"

    @property
    def passed(self) -> bool:
        """Return false only for a check that was broken."""
        return self.outcome is not Outcome.FAILED

    def as_record(self) -> dict[str, Any]:
        """Return the result as it stands in `quality.json`."""
        return {
            "suite": self.suite,
            "check": self.check,
            "column": self.column,
            "severity": self.severity.value,
            "passed": self.passed,
            "outcome": self.outcome.value,
            "rows": self.rows,
            "failing": self.failing,
            "observed": self.observed,
            "expected": self.expected,
            "why": self.why,
            "cure": self.cure,
        }


@dataclass(frozen=True, slots=True)
class GateResult:
    """All checks of one stage of one night, in the order of suite and check names."""

    stage: Stage
    day: date
    results: tuple[CheckResult, ...]

    @property
    def passed(self) -> bool:
        """Return false when any check tagged `fail` was broken."""
        return not self.failures

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """Return the broken checks that stop the night."""
        return self._broken(Severity.FAIL)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """Return the broken checks that are only said."""
        return self._broken(Severity.WARN)

    def _broken(self, severity: Severity) -> tuple[CheckResult, ...]:
        return tuple(r for r in self.results if not r.passed and r.severity is severity)

    def headline(self) -> str:
        """Return one line: how many checks held, and the first that did not."""
        total, broken = len(self.results), self.failures or self.warnings
        if not broken:
            return f"{self.stage} gate passed: {total} checks{self._unjudged()}"
        verdict = "failed" if self.failures else "passed with warnings"
        named = "; ".join(f"{r.name}: {r.observed}" for r in broken[:NAMED_FAILURES])
        more = f"; and {len(broken) - NAMED_FAILURES} more" if len(broken) > NAMED_FAILURES else ""
        return " ".join(f"{self.stage} gate {verdict}: {len(broken)} of {total} checks broken — {named}{more}".split())

    def _unjudged(self) -> str:
        count = sum(r.outcome is Outcome.NO_DATA for r in self.results)
        return f", {count} without data to judge" if count else ""

    def require(self) -> None:
        """Stop the night when the gate failed.

        Raises:
            GateFailedError: naming the first broken checks and what to do about the first.
        """
        if self.failures:
            raise GateFailedError(self.headline(), where=self.day.isoformat(), way_out=self.failures[0].cure)

    def as_record(self) -> dict[str, Any]:
        """Return the gate as it stands in `quality.json`."""
        outcomes = [r.outcome for r in self.results]
        return {
            "stage": self.stage.value,
            "passed": self.passed,
            "headline": self.headline(),
            "checks": len(outcomes),
            "failed": len(self.failures),
            "warned": len(self.warnings),
            "not_judged": outcomes.count(Outcome.NO_DATA),
            "results": [r.as_record() for r in self.results],
        }


def quality_artifact(day: date, gates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the content of `quality.json` from the records of the gates that ran, in the order given.

    A night whose raw gate failed has no marts gate; `passed` is true only when every gate that ran passed and at
    least one ran.
    """
    return {
        "as_of": day.isoformat(),
        "passed": bool(gates) and all(bool(gate["passed"]) for gate in gates),
        "gates": list(gates),
    }
