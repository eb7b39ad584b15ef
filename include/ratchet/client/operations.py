"""The plain operations of flagd's rules: comparisons, text, versions. Which one is applied to what: `rules.py`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any

_VERSION = re.compile(r"[vV]?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")


def truth(value: Any) -> bool:
    """Return what JSONLogic takes for true: nothing empty, not 0, not null."""
    return bool(value)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, str) != isinstance(right, str):
        return str(left) == str(right) if left is not None and right is not None else False
    return bool(left == right)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def between(*values: Any) -> bool:
        if any(isinstance(v, bool) or not isinstance(v, int | float) for v in values):
            return False
        return all(compare(a, b) for a, b in itertools.pairwise(values))

    return between


def _in(item: Any, among: Any) -> bool:
    if isinstance(among, str):
        return isinstance(item, str) and item in among
    return isinstance(among, list) and item in among


def _version(text: Any) -> tuple[tuple[int, int, int], tuple[Any, ...]]:
    match = _VERSION.fullmatch(str(text))
    if match is None:
        raise ValueError(f"{text!r} is no version")
    before = match[4].split(".") if match[4] else []
    # A release comes after its pre-releases; a number before a word, as semver.org orders them.
    rank = tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in before) if before else ((2, 0, ""),)
    return (int(match[1]), int(match[2] or 0), int(match[3] or 0)), rank


_VERSIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
    "^": lambda a, b: bool(a[0][0] == b[0][0]),
    "~": lambda a, b: bool(a[0][:2] == b[0][:2]),
}


def _sem_ver(left: Any, operation: Any, right: Any) -> bool | None:
    compare = _VERSIONS.get(operation)
    try:
        return None if compare is None else compare(_version(left), _version(right))
    except ValueError:
        return None


PLAIN: Mapping[str, Callable[..., Any]] = {
    "==": _equal,
    "===": lambda a, b: type(a) is type(b) and a == b,
    "!=": lambda a, b: not _equal(a, b),
    "!==": lambda a, b: type(a) is not type(b) or a != b,
    "!": lambda a=None: not truth(a),
    "!!": lambda a=None: truth(a),
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
    "in": _in,
    "cat": lambda *parts: "".join(map(_text, parts)),
    "sem_ver": _sem_ver,
    "starts_with": lambda text, start: text.startswith(start) if isinstance(text, str) else None,
    "ends_with": lambda text, end: text.endswith(end) if isinstance(text, str) else None,
}
