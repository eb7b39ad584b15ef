"""How the operation of a case behaves when it is replayed, by family, or what its log lacks for that.

A rule comes from what happened, never from the fix: when the operation was seen to work again, and what the newer half
of its successes looks like (fixes are fitted to the older one).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from ratchet.contracts.fix_cases import Shape, is_redacted, json_text, recovery_s
from ratchet.contracts.fixes import Case
from ratchet.contracts.tool_names import KEYS, listed_names

Rule = dict[str, Any]
LEAST_CALLS = 5
_LARGEST_TEXT = 20_000_000
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){1,10000}")


@dataclass(frozen=True, slots=True)
class Known:
    """What the newer successes of an operation show."""

    shape: Shape
    successes: tuple[Case, ...] = ()

    def values(self, name: str) -> list[str]:
        """Return the texts that a parameter had in them."""
        found = {case.params.get(name) for case in self.successes if isinstance(case.params.get(name), str)}
        return sorted(str(value) for value in found)


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


def _call(case: Case, known: Known) -> Rule:
    """Accept what the newer successes look like."""
    if not case.params:
        raise LacksError("params")
    if known.shape.calls < LEAST_CALLS:
        raise LacksError("other calls that succeeded")
    shape = known.shape
    return {"kind": "shape", "required": shape.required, "kinds": shape.kinds, "values": shape.values}


def _settings(case: Case, known: Known) -> Rule:
    """Accept what the attempt of the same call had that worked, else work when that did."""
    worked = case.context.get("succeeded_params") or {}
    new = [name for name, value in worked.items() if value is True and case.params.get(name) is not True]
    if not case.failed or not new:
        return _own_recovery(case, known)
    return {"kind": "shape", "required": new, "kinds": {}, "values": {name: [True] for name in new}}


def _name(case: Case, known: Known) -> Rule:
    key = next((key for key in KEYS if key in case.params), None)
    names = listed_names(case) or known.shape.values.get(key or "", ())
    if key is None or not names:
        raise LacksError("known names" if key else "params")
    return {"kind": "name", "key": key, "known": list(names)}


def _json(case: Case, known: Known) -> Rule:
    """Parse the text; what comes out must be an object or a list."""
    text = json_text(case)
    key = next((name for name, value in case.params.items() if isinstance(value, str)), "text")
    if case.failed and text is None:
        raise LacksError("raw_output")
    if case.failed:
        key = next((name for name, value in case.params.items() if value == text), key)
    elif not isinstance(case.params.get(key), str):
        raise LacksError("params")
    return {"kind": "json", "key": key, "text": text, "expected": ["object", "array"]}


def _encoding(case: Case, known: Known) -> Rule:
    key = next((name for name in ("encoding", "charset") if name in case.params), None)
    raw = case.context.get("raw_hex")
    if key is None or not isinstance(raw, str) or not _HEX.fullmatch(raw):
        raise LacksError("raw_hex" if key else "params")
    return {"kind": "encoding", "key": key, "raw_hex": raw, "encodings": known.values(key)}


def _size(case: Case, known: Known) -> Rule:
    """Count the tokens of a text of the logged length by the case's own characters a token."""
    limit, tokens, chars = (case.context.get(name) for name in ("limit", "tokens", "chars"))
    if not (_is_size(limit) and _is_size(tokens) and _is_size(chars)):
        raise LacksError("limit, tokens and chars")
    return {"kind": "size", "limit": limit, "chars_per_token": chars / tokens, "chars": chars}


def _is_size(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _LARGEST_TEXT


_RULES: Mapping[str, Callable[[Case, Known], Rule]] = {
    "rate_limit": _recovery,
    "timeout": _recovery,
    "transient": _recovery,
    "content_filter": _own_recovery,
    "auth_expiry": _settings,
    "missing_parameter": _call,
    "wrong_type": _call,
    "none_access": _call,
    "tool_not_found": _name,
    "invalid_json": _json,
    "encoding": _encoding,
    "context_length": _size,
}
