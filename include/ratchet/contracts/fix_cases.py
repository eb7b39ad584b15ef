"""How the cases of a fix are read: their older part, their values, and what nobody can replay.

Families (`generate/families/`) fit on the older half of the cases; a replay (`validate/`) learns what the operation
accepts from the newer half of its successes, so that no rule is judged by itself.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ratchet.contracts.fixes import Case

Item = TypeVar("Item")

_FEW, _SEEN_EACH = 20, 5
_COUNTING = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}|[0-9]{5}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,59}")
_OPERATION = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/-]{0,59}")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_PLACEHOLDER = re.compile(r"\[(?:EMAIL|BEARER_TOKEN|API_KEY|SECRET|CARD|PHONE)(?::[0-9a-f]{12})?\]")
_LONGEST_NAME, _LONGEST_VALUE, _LARGEST = 60, 48, 1e15
_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def older(cases: Sequence[Item]) -> tuple[Item, ...]:
    """Return the older half of cases in order of time, the middle one included."""
    return tuple(cases[: (len(cases) + 1) // 2])


def newer(cases: Sequence[Item]) -> tuple[Item, ...]:
    """Return the half that `older` leaves; of a single case that one."""
    return tuple(cases[(len(cases) + 1) // 2 :]) or tuple(cases)


def split(cases: Sequence[Case]) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Return the failures and the successes, each in the order given."""
    return tuple(c for c in cases if c.failed), tuple(c for c in cases if not c.failed)


def kind_of(value: Any) -> str:
    """Return the JSON type of a value."""
    return _KINDS.get(type(value), "null")


def is_name(text: Any) -> bool:
    """Return whether a text may stand in code as the name of a parameter, a tool or a type."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def is_plain(value: Any) -> bool:
    """Return whether a value may stand in code: a short text of one line, a number, a boolean; nothing redacted."""
    if isinstance(value, str):
        return len(value) <= _LONGEST_VALUE and value.isprintable() and value.isascii() and not is_redacted(value)
    return isinstance(value, bool) or (isinstance(value, int | float) and abs(value) < _LARGEST)


def is_class_name(text: str) -> bool:
    """Return whether a text may stand in code as the name of an error's class."""
    plain = text.isascii() and text.isidentifier() and len(text) <= _LONGEST_NAME
    return plain and not keyword.iskeyword(text) and not text.startswith("__")


def is_operation(text: str) -> bool:
    """Return whether a text may stand in code as the name of an operation."""
    return _OPERATION.fullmatch(text) is not None


def plain_ids(ids: Sequence[str]) -> tuple[str, ...]:
    """Return the ids that consist of nothing but letters, digits and `_.:-`."""
    return tuple(i for i in ids if _ID.fullmatch(i))


def is_redacted(value: Any) -> bool:
    """Return whether a placeholder of redacted data is anywhere in a value."""
    if isinstance(value, str):
        return _PLACEHOLDER.search(value) is not None
    if isinstance(value, Mapping):
        return any(is_redacted(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(is_redacted(part) for part in value)


def recovery_s(case: Case) -> float | None:
    """Return the seconds after which a failed call is known to have worked: its own, else its operation's."""
    own = case.context.get("call_recovers_after_s")
    return float(own) if own is not None else case.recovers_after_s


def json_text(case: Case) -> str | None:
    """Return the text that a case could not parse as JSON: of its context or its parameters, None where none is."""
    for value in (*case.params.values(), case.context.get("raw_output")):
        if isinstance(value, str) and not _is_json(value):
            return value
    return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def as_object(text: Any) -> dict[str, Any]:
    """Return what a log holds as JSON, {} where that is no object or nested beyond reason; also JSON in a string."""
    for _ in range(2):
        if not isinstance(text, str):
            break
        try:
            text = json.loads(text)
        except (ValueError, RecursionError):
            return {}
    return text if isinstance(text, dict) else {}


@dataclass(frozen=True, slots=True)
class Shape:
    """What calls that succeeded have in common.

    Attributes:
        calls: how many calls it was learned from.
        required: parameters that every one of them had.
        kinds: JSON types of each parameter.
        values: of parameters with few values, which they are.
    """

    calls: int
    required: tuple[str, ...]
    kinds: Mapping[str, tuple[str, ...]]
    values: Mapping[str, tuple[Any, ...]]


def shape_of(successes: Sequence[Case]) -> Shape:
    """Return the shape of the calls whose parameters were logged."""
    called = [case.params for case in successes if case.params]
    names = sorted({name for params in called for name in params})
    return Shape(
        calls=len(called),
        required=tuple(name for name in names if all(name in params for params in called)),
        kinds={name: tuple(sorted({kind_of(p[name]) for p in called if name in p})) for name in names},
        values={name: found for name in names if (found := _few([p[name] for p in called if name in p]))},
    )


def _counts_on(value: Any) -> bool:
    """Return whether a value is one of a sequence that goes on, such as a date or a numbered name."""
    return isinstance(value, str) and _COUNTING.search(value) is not None


def _few(values: Sequence[Any]) -> tuple[Any, ...]:
    """Return the distinct values of a parameter, () where another one would be no surprise: many, numbers, dates."""
    if not all(isinstance(value, str | bool) for value in values) or any(map(_counts_on, values)):
        return ()
    distinct = sorted(set(values), key=str)
    return tuple(distinct) if len(distinct) <= _FEW and _SEEN_EACH * len(distinct) <= len(values) else ()
