"""Whether a fix holds: its cases are replayed in the sandbox, without it and with it (R13).

What a replay shows and what it cannot is said in docs/fixes.md. How an operation behaves belongs to `replay_rules.py`,
its imitation to `replay_stub.py`, isolation to `sandbox`.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ratchet.contracts.estimates import Estimate
from ratchet.contracts.fix_cases import newer, shape_of, split
from ratchet.contracts.fixes import Case, CaseOutcome, Fix, Proof
from ratchet.errors import NotComputable
from ratchet.statistics.proportions import clopper_pearson
from ratchet.validate import allowlist, replay_stub
from ratchet.validate.replay_rules import Known, LacksError, Rule, rule_of

UNEXPLAINED = "what explains it"  # the rule learned from other calls does not reproduce what was logged
_NO_FAILURE, _NO_SUCCESS = "no failure could be replayed", "no success was logged"


class Ended(Protocol):
    """What a run in the sandbox came to; `sandbox.Outcome` is one."""

    @property
    def result(self) -> Any:
        """Return what `main` returned, None where it ended otherwise."""

    @property
    def reason(self) -> str:
        """Return how the run ended."""

    @property
    def held(self) -> str:
        """Return which isolation held."""


class Run(Protocol):
    """Runs `main(payload)` of one file among others; `sandbox.run` does."""

    def __call__(self, files: Mapping[str, str], entry: str, payload: Any, /) -> Ended:
        """Return what came of it."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The cases that can be replayed, by id, as the stub reads them, and what the others lack."""

    cases: Mapping[str, Case]
    told: tuple[dict[str, Any], ...]
    lacking: Counter[str]


def prove(fix: Fix, cases: Sequence[Case], run: Run) -> Proof:
    """Replay the cases of a fix's error and run the fix's own test.

    Args:
        fix: what is judged.
        cases: failures and successes of its fingerprint, oldest first.
        run: the sandbox.
    """
    refused = allowlist.check(fix.source) or allowlist.check(fix.test, ("fix",))
    if refused:
        return _proof(fix, cases, Counter(), {}, "none", f"the fix is not allowed to run: {refused[0]}")
    files = {"fix.py": fix.source, "test_fix.py": fix.test, "replay_stub.py": inspect.getsource(replay_stub)}
    prepared = _prepared(fix, cases)
    ended = run(files, "replay_stub.py", {"cases": list(prepared.told)})
    answer = ended.result if isinstance(ended.result, dict) else {}
    outcomes = _outcomes(answer.get("replayed"), prepared)
    if outcomes is None:
        return _proof(fix, cases, Counter(), prepared.lacking, ended.held, f"the replay ended early: {ended.reason}")
    unexplained = sum(n for (outcome, _), n in outcomes.items() if outcome is CaseOutcome.UNREPLAYABLE)
    lacking = prepared.lacking + Counter({UNEXPLAINED: unexplained})
    return _proof(fix, cases, outcomes, lacking, ended.held, "", _passes(answer.get("tests")))


def _prepared(fix: Fix, cases: Sequence[Case]) -> _Prepared:
    own = [case for case in cases if case.operation == fix.operation]
    _, successes = split(own)
    recent = newer(successes)
    known, lacking = Known(shape_of(recent), recent), Counter[str]()
    replayable, told = {}, []
    for case in own:
        try:
            rule = rule_of(fix.family, case, known)
        except LacksError as lack:
            lacking[str(lack)] += 1
        else:
            replayable[case.case_id] = case
            told.append(_told(case, rule))
    if others := len(cases) - len(own):
        lacking["the operation"] += others
    return _Prepared(replayable, tuple(told), lacking)


def _told(case: Case, rule: Rule) -> dict[str, Any]:
    error = {
        "name": case.error_type.rpartition(".")[2] or "Error",
        "message": case.message,
        "status_code": case.context.get("http_status"),
        "retry_after_s": case.context.get("retry_after_s"),
    }
    return {"case_id": case.case_id, "params": dict(case.params), "rule": rule, "error": error}


def _outcomes(result: Any, prepared: _Prepared) -> Counter[tuple[CaseOutcome, bool]] | None:
    """Return how many cases came to what, by whether they had failed; None where the answer is not the stub's."""
    rows = result if isinstance(result, list) else []
    if [row.get("case_id") for row in rows if isinstance(row, dict)] != list(prepared.cases):
        return None
    return Counter((_outcome(case, row), case.failed) for case, row in zip(prepared.cases.values(), rows, strict=True))


def _outcome(case: Case, row: Mapping[str, Any]) -> CaseOutcome:
    before, after = row.get("before") is True, row.get("after") is True
    if before is case.failed:
        return CaseOutcome.UNREPLAYABLE
    if case.failed:
        return CaseOutcome.SAVED if after else CaseOutcome.UNCHANGED
    return CaseOutcome.UNCHANGED if after and row.get("same") is True else CaseOutcome.BROKEN


def _passes(tests: Any) -> bool:
    """Return whether the fix's own tests ran and passed."""
    return isinstance(tests, int) and tests > 0


def _proof(
    fix: Fix,
    cases: Sequence[Case],
    outcomes: Counter[tuple[CaseOutcome, bool]],
    lacking: Mapping[str, int],
    level: str,
    error: str,
    tests_passed: bool = False,
) -> Proof:
    saved, unchanged = outcomes[CaseOutcome.SAVED, True], outcomes[CaseOutcome.UNCHANGED, True]
    broken, kept = outcomes[CaseOutcome.BROKEN, False], outcomes[CaseOutcome.UNCHANGED, False]
    return Proof(
        fix_id=fix.fix_id,
        sha256=fix.sha256,
        inputs=inputs_hash(cases),
        level=level,
        saved=_share(saved, saved + unchanged, _NO_FAILURE),
        broken=_share(broken, broken + kept, _NO_SUCCESS),
        unchanged=unchanged,
        unreplayable={lack: n for lack, n in sorted(lacking.items()) if n},
        error=error,
        tests_passed=tests_passed,
    )


def _share(hits: int, n: int, reason: str) -> Estimate:
    if not n:
        return Estimate(NotComputable(reason), 0)
    return clopper_pearson(hits, n).estimate(0, n, reason)


def inputs_hash(cases: Sequence[Case]) -> str:
    """Return a hash of a set of cases, whatever their order."""
    rows = sorted(json.dumps([repr(field) for field in _fields(case)]) for case in cases)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _fields(case: Case) -> tuple[Any, ...]:
    texts = [json.dumps(dict(part), sort_keys=True, default=str) for part in (case.params, case.context)]
    return case.case_id, case.failed, case.operation, *texts, case.error_type, case.message, case.recovers_after_s
