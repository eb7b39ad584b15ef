"""An OpenFeature provider over `published/flags.json`, evaluated in process: no server, no port, no thread.

flagd's own provider for Python reads a file as well, but a link that is switched back to an older version (a roll
back) does not reach it, and it does not tell a split from a rule; see docs/decisions/0015.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import FlagNotFoundError, GeneralError, TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider
from openfeature.provider.metadata import Metadata

from ratchet.client import evaluation
from ratchet.client.application import Client

T = TypeVar("T")
_REASONS = {
    evaluation.Reason.SPLIT: Reason.SPLIT,
    evaluation.Reason.TARGETING: Reason.TARGETING_MATCH,
    evaluation.Reason.DEFAULT: Reason.DEFAULT,
    evaluation.Reason.STATIC: Reason.STATIC,
    evaluation.Reason.DISABLED: Reason.DISABLED,
}


class RatchetProvider(AbstractProvider):
    """Serves what Ratchet has published and logs every evaluation through a client."""

    def __init__(self, client: Client) -> None:
        """Serve what a client reads."""
        super().__init__()
        self.client = client

    def get_metadata(self) -> Metadata:
        """Return the provider's name."""
        return Metadata(name="ratchet")

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Resolve a flag whose values are booleans."""
        return self._details(flag_key, default_value, evaluation_context, lambda v: isinstance(v, bool))

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Resolve a flag whose values are strings."""
        return self._details(flag_key, default_value, evaluation_context, lambda v: isinstance(v, str))

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Resolve a flag whose values are whole numbers."""
        return self._details(flag_key, default_value, evaluation_context, lambda v: _is_number(v, int))

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Resolve a flag whose values are numbers."""
        return self._details(flag_key, default_value, evaluation_context, lambda v: _is_number(v, int | float), float)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Resolve a flag whose values are objects."""
        return self._details(flag_key, default_value, evaluation_context, lambda v: isinstance(v, dict | list))

    def _details(
        self,
        key: str,
        default: T,
        context: EvaluationContext | None,
        accepts: Callable[[Any], bool],
        convert: Callable[[Any], Any] = lambda value: value,
    ) -> FlagResolutionDetails[T]:
        unit = context.targeting_key if context else None
        found = self.client.evaluate(key, unit, context.attributes if context else {}, accepts)
        if found.reason is evaluation.Reason.ERROR:
            raise self._error(key, found)
        return FlagResolutionDetails(
            value=default if found.variant is None else convert(found.value),
            variant=found.variant,
            reason=_REASONS[found.reason],
            flag_metadata=(self.client.flag(key) or {}).get("metadata", {}),
        )

    def _error(self, key: str, found: evaluation.Resolution) -> Exception:
        if found.value is not None:
            return TypeMismatchError(f"the value of flag {key} is not of the type that was asked for")
        if self.client.flag(key) is None:
            return FlagNotFoundError(f"flag {key} is not published")
        return GeneralError(f"flag {key} cannot be evaluated")


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
