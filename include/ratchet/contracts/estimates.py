"""A number with its evidence, and how results become the JSON of an artifact.

How a number is computed belongs to `statistics/`, how it is shown to `report/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from ratchet.errors import NotComputable


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its n and the bounds of its 95 % interval.

    Attributes:
        value: the number, or why there is none.
        n: how many observations it stands on.
        low: lower bound, None where there is none.
        high: upper bound, None where there is none.
        note: why a value has no interval.
    """

    value: float | NotComputable
    n: int
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def number(self) -> float | None:
        """Return the value, None where it is not computable."""
        return None if isinstance(self.value, NotComputable) else self.value

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Estimate:
        """Return what `as_record` has written."""
        value, said = record["value"], str(record.get("reason", ""))
        if value is None:
            return cls(NotComputable(said or "no data"), record["n"], record["low"], record["high"])
        return cls(value, record["n"], record["low"], record["high"], said)

    def as_record(self) -> dict[str, Any]:
        """Return `{value, n, low, high}`, with `reason` where something could not be computed."""
        reason = self.value.reason if isinstance(self.value, NotComputable) else self.note
        record = {"value": self.number, "n": self.n, "low": self.low, "high": self.high}
        return record | ({"reason": reason} if reason else {})


@dataclass(frozen=True, slots=True)
class Trend:
    """The rate now over the rate before.

    Attributes:
        ratio: with its exact 95 % interval; n is the number of events in both windows.
        now: events now.
        before: events before.
        q: p-value adjusted for the number of comparisons, None where nothing could be compared.
    """

    ratio: Estimate
    now: int
    before: int
    q: float | None


def as_record(value: Any) -> Any:
    """Reduce a result made of dataclasses, enums, dates and collections to what JSON knows."""
    if isinstance(value, Estimate):
        return value.as_record()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_record(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): as_record(v) for k, v in value.items()}
    return [as_record(v) for v in value] if isinstance(value, tuple | list) else value
