"""Which operations of connected APIs could serve what people ask for in vain: by the words they share.

A plain rule: the share of a request's words that an operation's name, path and summary hold. Words of one kind count
once, and a verb alone matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ratchet.contracts.apis import Api, Operation

LEAST_SHARE = 0.6
MOST = 5
_COMMON = frozenset(
    [
        *(
            "a",
            "an",
            "and",
            "api",
            "by",
            "for",
            "from",
            "id",
            "in",
            "my",
            "of",
            "on",
            "or",
            "the",
            "to",
            "v1",
            "v2",
            "with",
        ),
        *(
            "add",
            "check",
            "create",
            "delete",
            "do",
            "find",
            "get",
            "give",
            "list",
            "make",
            "new",
            "post",
            "put",
            "read",
        ),
        *("remove", "retrieve", "return", "search", "send", "set", "show", "tell", "update", "view", "all", "one"),
    ]
)


@dataclass(frozen=True, slots=True)
class Match:
    """An operation that may serve a request: share of the request's telling words that it holds."""

    api: str
    operation: str
    share: float


def matches(feature: str, apis: Iterable[tuple[str, Api]]) -> list[Match]:
    """Return the operations that may serve what is asked for, the best first.

    Args:
        feature: a gap's name.
        apis: the catalogue, by name.
    """
    wanted = _telling(feature)
    if not wanted:
        return []
    found = [Match(name, o.label, len(wanted & _said(o)) / len(wanted)) for name, api in apis for o in api.operations]
    good = [match for match in found if match.share >= LEAST_SHARE]
    return sorted(good, key=lambda m: (-m.share, m.api, m.operation))[:MOST]


def _said(operation: Operation) -> frozenset[str]:
    return _telling(" ".join([operation.operation_id, operation.path, operation.summary[:300]]))


def _telling(text: str) -> frozenset[str]:
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    found = (_stem(word) for word in re.findall(r"[^\W_]+", apart.lower()))
    return frozenset(word for word in found if word not in _COMMON and len(word) > 1)


def _stem(word: str) -> str:
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)] + instead
    return word
