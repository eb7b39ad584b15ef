"""Evaluates one flag of a flagd file for one context.

Reading the file belongs to `published.py`, the rules themselves to `rules.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ratchet.client.rules import Rules, TargetingError
from ratchet.contracts.buckets import Hash


class Reason(StrEnum):
    """Why a variant is served.

    SPLIT: a bucket decided. TARGETING: a rule did, such as a group. DEFAULT: nothing matched, or there is no rule.
    ERROR: the flag could not be evaluated. DISABLED: it is switched off. The last three are no exposure.
    """

    SPLIT = "SPLIT"
    TARGETING = "TARGETING"
    DEFAULT = "DEFAULT"
    ERROR = "ERROR"
    DISABLED = "DISABLED"
    STATIC = "STATIC"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a flag gives; `variant` is None where the code's own default holds."""

    variant: str | None
    value: Any
    reason: Reason


def resolve(key: str, flag: Mapping[str, Any], context: Mapping[str, Any], shared: Mapping[str, Any]) -> Resolution:
    """Evaluate a flag.

    Args:
        key: the flag's key.
        flag: its record in the file.
        context: what is known of the request; `targetingKey` is the unit.
        shared: the file's `$evaluators`.

    Raises:
        TargetingError: if the flag or one of its rules cannot be evaluated.
    """
    if flag.get("state") != "ENABLED":
        return Resolution(None, None, Reason.DISABLED)
    rules = flag.get("targeting")
    if not rules:
        return _served(flag, flag.get("defaultVariant"), Reason.STATIC)
    hash_ = str((flag.get("metadata") or {}).get("hash", Hash.FLAGD))
    rule = Rules(key, context, shared, hash_)
    try:
        found = rule.value(rules)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError) as error:
        raise TargetingError(f"the rules of {key} cannot be read: {type(error).__name__}") from error
    if found is None:
        return _served(flag, flag.get("defaultVariant"), Reason.DEFAULT)
    name = str(found).lower() if isinstance(found, bool) else str(found)
    return _served(flag, name, Reason.SPLIT if rule.has_split else Reason.TARGETING)


def _served(flag: Mapping[str, Any], variant: Any, reason: Reason) -> Resolution:
    if variant is None or variant == "":
        return Resolution(None, None, Reason.DEFAULT)
    if variant not in flag["variants"]:
        raise TargetingError(f"{variant!r} is no variant of the flag")
    return Resolution(variant, flag["variants"][variant], reason)
