"""Where a case says which tool was called and which there are."""

from __future__ import annotations

from collections.abc import Sequence

from ratchet.contracts.fix_cases import is_name
from ratchet.contracts.fixes import Case

KEYS = ("name", "tool", "tool_name", "function", "function_name")
_LISTS = ("known", "available", "tools", "functions")


def key_of(cases: Sequence[Case]) -> str:
    """Return the parameter that holds the tool's name in most cases."""
    return max(KEYS, key=lambda key: (sum(key in case.params for case in cases), -KEYS.index(key)))


def listed_names(case: Case) -> tuple[str, ...]:
    """Return the names that the case itself lists as known."""
    lists = [case.context[key] for key in _LISTS if isinstance(case.context.get(key), list)]
    return tuple(sorted({name for names in lists for name in names if is_name(name)}))


def known_names(failures: Sequence[Case], successes: Sequence[Case], key: str) -> tuple[str, ...]:
    """Return the names that failures list and that successes called."""
    listed = {name for case in failures for name in listed_names(case)}
    called = {case.params[key] for case in successes if is_name(case.params.get(key))}
    return tuple(sorted(listed | called))
