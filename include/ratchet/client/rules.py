"""The rules of a flag: JSONLogic with flagd's operations, as far as flags use them.

What is not known here raises, and the caller serves the default: a rule is never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ratchet.client.operations import PLAIN, truth
from ratchet.contracts.buckets import Hash, cbor_text, flagd_choice, flagd_v1_choice, murmur3, utf8

MAX_WEIGHT = 2**31 - 1


class TargetingError(ValueError):
    """Raised when a flag or one of its rules cannot be evaluated."""


class Rules:
    """The rules of one flag for one context; `has_split` says whether a bucket had a part in the value."""

    def __init__(self, key: str, context: Mapping[str, Any], shared: Mapping[str, Any], hash_: str) -> None:
        self.key, self.context, self.shared, self.hash = key, context, shared, hash_
        self.has_split = False

    def value(self, rule: Any) -> Any:
        """Return the value of a rule.

        Raises:
            TargetingError: if it cannot be evaluated.
        """
        if isinstance(rule, list):
            return [self.value(each) for each in rule]
        if not isinstance(rule, dict):
            return rule
        if len(rule) != 1:
            raise TargetingError(f"a rule of {self.key} names {len(rule)} operations")
        name, arguments = next(iter(rule.items()))
        if name == "$ref":
            return self._shared(arguments)
        lazy = self._LAZY.get(name)
        arguments = arguments if isinstance(arguments, list) else [arguments]
        if lazy is not None:
            return lazy(self, arguments)
        plain = PLAIN.get(name)
        if plain is None:
            raise TargetingError(f"{name!r} is no operation known here")
        try:
            return plain(*(self.value(each) for each in arguments))
        except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise TargetingError(f"{name} of {self.key}: {error}") from error

    def _shared(self, name: Any) -> Any:
        if name not in self.shared:
            raise TargetingError(f"there is no shared rule {name!r}")
        return self.value(self.shared[name])

    def _if(self, arguments: list[Any]) -> Any:
        for condition, then in zip(arguments[::2], arguments[1::2], strict=False):
            if truth(self.value(condition)):
                return self.value(then)
        return self.value(arguments[-1]) if len(arguments) % 2 else None

    def _and(self, arguments: list[Any]) -> Any:
        found = None
        for each in arguments:
            found = self.value(each)
            if not truth(found):
                break
        return found

    def _or(self, arguments: list[Any]) -> Any:
        found = None
        for each in arguments:
            found = self.value(each)
            if truth(found):
                break
        return found

    def _var(self, arguments: list[Any]) -> Any:
        path, *otherwise = [self.value(each) for each in arguments] or [""]
        if path in ("", None):
            return dict(self.context)
        if str(path).startswith("$flagd."):
            return self._own(str(path))
        found: Any = self.context
        for part in str(path).split("."):
            if isinstance(found, Mapping) and part in found:
                found = found[part]
            elif isinstance(found, Sequence) and not isinstance(found, str) and part.isdecimal():
                found = found[int(part)] if int(part) < len(found) else None
            else:
                return otherwise[0] if otherwise else None
        return otherwise[0] if found is None and otherwise else found

    def _own(self, path: str) -> str:
        if path != "$flagd.flagKey":
            raise TargetingError(f"{path!r} is not known here")
        return self.key

    def _fractional(self, arguments: list[Any]) -> Any:
        data, rest = self._bucketed(arguments)
        parts = [self._part(part) for part in rest]
        weights = [weight for _, weight in parts]
        if data is None or not 0 < sum(weights) <= MAX_WEIGHT:
            return None
        index = (flagd_v1_choice if self.hash == Hash.FLAGD_V1 else flagd_choice)(murmur3(data), weights)
        self.has_split = True
        return self.value(parts[index][0]) if index >= 0 else None

    def _bucketed(self, arguments: list[Any]) -> tuple[bytes | None, list[Any]]:
        """Return what is hashed, None where there is nothing, and the parts of the split."""
        encode = cbor_text if self.hash == Hash.FLAGD_V3 else utf8
        if arguments and not isinstance(arguments[0], list):
            key = self.value(arguments[0])
            return (encode(key) if isinstance(key, str) and key else None), arguments[1:]
        unit = self.context.get("targetingKey")
        if not isinstance(unit, str) or not unit:
            return None, arguments
        pair = b"\x82" if self.hash == Hash.FLAGD_V3 else b""  # CBOR's head of an array of two
        return pair + encode(self.key) + encode(unit), arguments

    def _part(self, part: Any) -> tuple[Any, int]:
        if not isinstance(part, list) or not 1 <= len(part) <= 2:
            raise TargetingError(f"a part of the split of {self.key} is no pair of variant and weight")
        weight = self.value(part[1]) if len(part) == 2 else 1
        if isinstance(weight, bool) or not isinstance(weight, int):
            raise TargetingError(f"a weight of {self.key} is no whole number")
        return part[0], max(weight, 0)

    _LAZY: Mapping[str, Callable[[Rules, list[Any]], Any]] = {
        "if": _if,
        "and": _and,
        "or": _or,
        "var": _var,
        "fractional": _fractional,
    }
