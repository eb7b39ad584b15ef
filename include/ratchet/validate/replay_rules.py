"""How the operation of a case behaves when it is replayed, by family, or what its log lacks for that.

A rule comes from what happened, never from the fix: when the operation was seen to work again, and what the newer half
of its successes looks like (fixes are fitted to the older one).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.contracts.fix_cases import Shape, is_redacted, recovery_s
from ratchet.contracts.fixes import Case

Rule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What the newer successes of an operation show."""

    shape: Shape


class LacksError(Exception):
    """Raised where a case lacks what its replay needs; the message is the name of what is missing."""


def rule_of(family: str, case: Case, known: Known) -> Rule:
    """Return how the operation behaves in a case.

    Raises:
        LacksError: if it cannot be replayed.
    """
    if is_redacted(case.params):
        raise LacksError("what was redacted")
    return _RULES[family](case, known)


def _recovery(case: Case, known: Known) -> Rule:
    return _recovering(case, recovery_s(case))


def _own_recovery(case: Case, known: Known) -> Rule:
    own = case.context.get("call_recovers_after_s")
    return _recovering(case, None if own is None else float(own))


def _recovering(case: Case, after_s: float | None) -> Rule:
    if not case.failed:
        return {"kind": "recovery", "after_s": 0.0}
    if after_s is None:
        raise LacksError("a later success")
    return {"kind": "recovery", "after_s": after_s}


_RULES: Mapping[str, Callable[[Case, Known], Rule]] = {
    "rate_limit": _recovery,
}
