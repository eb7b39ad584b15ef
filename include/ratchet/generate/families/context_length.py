"""Texts that are longer than the model can read: cut them to a size that fits, by the characters a token has."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ratchet.contracts.fixes import Case, Declined, NoFix
from ratchet.generate.families.base import LEAST_CASES, Draft, Evidence, Family
from ratchet.generate.families.templates import context_length, context_length_test

MARGIN = 0.9  # of the limit may be used: the answer needs room too


def _knows(evidence: Evidence) -> bool:
    return evidence.says("contextlength", "context_length", "context length", "context window", "too many tokens")


def _fit(evidence: Evidence) -> Draft | NoFix:
    sized = [case.context for case in evidence.old_failures if measured(case)]
    if sum(measured(case) for case in evidence.failures) < LEAST_CASES or not sized:
        return evidence.declined(Declined.NO_CONTEXT, "log `limit`, `tokens` and `chars` in the error's context")
    ((limit, _),) = Counter(int(c["limit"]) for c in sized).most_common(1)
    density = float(np.quantile([c["chars"] / c["tokens"] for c in sized], 0.05))
    return Draft(
        template=context_length,
        test=context_length_test,
        values={"ERROR_NAME": evidence.error_name, "MOST_CHARACTERS": max(100, int(limit * density * MARGIN))},
        summary="Shorten what is longer than the model can read.",
        why=f"“{evidence.operation}” is given more than its model can read; the oldest and the middle are left out.",
        grounds=(
            f"{len(sized)} failures have at least {density:.2f} characters a token in nineteen of twenty; the limit is"
            f" {limit} tokens, of which {MARGIN:.0%} are used.",
        ),
    )


def measured(case: Case) -> bool:
    """Return whether a case says how long its text was and how long it may be."""
    values = [case.context.get(name) for name in ("limit", "tokens", "chars")]
    return all(isinstance(v, int | float) and not isinstance(v, bool) and 0 < v < 1e9 for v in values)


FAMILY = Family("context_length", _knows, _fit, ("operation", "limit", "tokens", "chars"))
