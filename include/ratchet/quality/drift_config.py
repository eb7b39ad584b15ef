"""What drift compares and from which size on it matters: `drift.yaml`, read once and checked.

The statistics belong to `drift_statistics.py`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from ratchet.errors import SettingsError

CONFIG = Path(__file__).parent / "drift.yaml"
PRESENCE_THRESHOLD = 0.1  # a field that a tenth of the rows lost (or gained) is another field


class ColumnKind(StrEnum):
    """How a column is compared: by its values' distribution, or by the shares of its values."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"

    @property
    def method(self) -> str:
        """Return the name of the distance, as Evidently knows it."""
        return "wasserstein" if self is ColumnKind.NUMERIC else "jensenshannon"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftColumn:
    """One column of the sample: `log` compares log(1 + scale * value), `why` carries the date of its bounds."""

    name: str
    record: str
    kind: ColumnKind
    threshold: float
    min_current: int
    min_reference: int
    why: str
    log: bool = False
    scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftConfig:
    """The whole of `drift.yaml`; each bound is explained there."""

    reference_days: int
    min_reference_days: int
    current_rows: int
    reference_rows: int
    error_level: float
    categories: int
    min_expected: float
    columns: tuple[DriftColumn, ...]


@functools.cache
def drift_config(path: Path = CONFIG) -> DriftConfig:
    """Read the configuration.

    Raises:
        SettingsError: if a key is unknown or missing, or a column has an unknown kind.
    """
    raw = yaml.safe_load(path.read_text("utf-8"))
    try:
        columns = tuple(_column(entry) for entry in raw.pop("columns"))
        return DriftConfig(columns=columns, **raw)
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"drift cannot be set up: {error}", where=str(path), way_out="see docs/quality.md"
        ) from error


def _column(entry: dict[str, Any]) -> DriftColumn:
    return DriftColumn(**{**entry, "kind": ColumnKind(entry["kind"])})
