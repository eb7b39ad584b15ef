"""Waits and attempts fitted to how soon failed calls were seen to work again; the families that repeat share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ratchet.contracts.fix_cases import recovery_s
from ratchet.contracts.fixes import Declined, NoFix
from ratchet.generate.families.base import Draft, Evidence
from ratchet.generate.families.templates import repeating, repeating_test

_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))
_MOST_ATTEMPTS, _LEAST_RECOVERIES = 6, 3
_GENERIC = frozenset(
    (
        "Error",
        "Exception",
        "HTTPError",
        "OSError",
        "RuntimeError",
        "ToolError",
        "ValueError",
        "APIError",
        "RequestError",
    )
)


@dataclass(frozen=True, slots=True)
class Repeats:
    """How one family repeats.

    Attributes:
        what: what went wrong, to end "fails because ...".
        words: in lower case; one of them must be said by an error whose class says too little.
        budget_s: nobody waits longer than this in one call.
        own_only: only a recovery of the same call counts, not somebody else's success.
        refused: the call is refused before it does anything, so that a second one does no harm.
    """

    what: str
    words: tuple[str, ...]
    budget_s: float
    own_only: bool = False
    refused: bool = False


def fit(evidence: Evidence, how: Repeats) -> Draft | NoFix:
    """Return a draft that waits as long as failed calls of the log took to work again.

    The first wait is the median recovery, every further one twice as long; there are as many as reach the 90 %
    quantile, within the budget.
    """
    if not (how.refused or safe_to_repeat(evidence)):
        return evidence.declined(
            Declined.UNSAFE_TO_REPEAT, "nothing in the log says that the call may be made twice: log `idempotent`"
        )
    waits = _recoveries(evidence, how)
    if len(waits) < _LEAST_RECOVERIES:
        return _too_few(evidence, how, len(waits))
    half, most = (float(q) for q in np.quantile(waits, (0.5, 0.9)))
    if half > how.budget_s / 2:
        said = f"half of the calls worked again only after {half:,.0f} s, longer than anybody waits"
        return evidence.declined(Declined.NOT_FITTED, said)
    return _draft(evidence, how, len(waits), half, most)


def safe_to_repeat(evidence: Evidence) -> bool:
    """Return whether the log shows that the operation may be called twice.

    It says so itself (`idempotent`), its HTTP method does, or the application already repeats it.
    """
    contexts = [case.context for case in evidence.failures]
    return (
        all(c.get("idempotent") is True for c in contexts)
        or all(c.get("method") in _SAFE_METHODS for c in contexts)
        or any(c.get("attempts", 1) > 1 and "call_recovers_after_s" in c for c in contexts)
    )


def _recoveries(evidence: Evidence, how: Repeats) -> list[float]:
    cases = evidence.old_failures
    if how.own_only:
        own = [case.context.get("call_recovers_after_s") for case in cases]
        return sorted(float(s) for s in own if s is not None)
    return sorted(s for case in cases if (s := recovery_s(case)) is not None)


def _too_few(evidence: Evidence, how: Repeats, found: int) -> NoFix:
    whose = "of the call itself" if how.own_only else "of the operation"
    reason = Declined.NOT_FITTED if how.own_only and not found else Declined.NO_CONTEXT
    n = len(evidence.old_failures)
    said = f"a later success {whose} was logged for {found} of {n} older failures, {_LEAST_RECOVERIES} are needed"
    return evidence.declined(reason, said)


def _draft(evidence: Evidence, how: Repeats, n: int, half: float, most: float) -> Draft:
    first = round(min(max(half, 0.2), how.budget_s / 3), 2)
    longest = round(min(max(most, first), how.budget_s / 2), 2)
    attempts = _attempts(first, longest, most)
    values = {
        "ERROR_NAME": evidence.error_name,
        "STATUSES": list(evidence.finding.http_statuses[:8]),
        "WORDS": list(how.words) if evidence.error_name in _GENERIC else [],
        "ATTEMPTS": attempts,
        "FIRST_WAIT_S": first,
        "LONGEST_WAIT_S": longest,
        "JITTER_S": round(first / 2, 2),
        "BUDGET_S": round(how.budget_s, 2),
    }
    test_values = {"MESSAGE": (how.words or ("example",))[0]}
    grounds = (
        f"{n} failures were seen to work again: half of them within {half:.2f} s, nine in ten within {most:.2f} s.",
        f"It repeats up to {attempts - 1} times and gives up before {how.budget_s:.0f} s have passed.",
    )
    return Draft(
        template=repeating,
        test=repeating_test,
        values=values,
        test_values=test_values,
        summary=f"Repeat {evidence.operation} when {how.what}.",
        why=f"“{evidence.operation}” fails because {how.what}, and works again soon after; the fix waits that long.",
        grounds=grounds,
        parameters=_shown(values),
    )


def _attempts(first: float, longest: float, goal: float) -> int:
    waited, attempts = 0.0, 1
    while waited < goal and attempts < _MOST_ATTEMPTS:
        waited += min(first * 2 ** (attempts - 1), longest)
        attempts += 1
    return max(attempts, 2)


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    names = ("ATTEMPTS", "FIRST_WAIT_S", "LONGEST_WAIT_S", "JITTER_S", "BUDGET_S")
    return {name.lower(): values[name] for name in names}
