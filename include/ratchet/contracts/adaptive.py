"""Settings that adapt to what was measured: their names, and the safe values an application starts from (R73-R76).

`published/settings.json` holds them. What is learned belongs to `analyze/tuning/`, who publishes it to `deploy/`, who
reads it to `client/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

SETTINGS_FILE = "settings.json"
EXPIRES_AFTER = timedelta(days=14)  # without a newer night an application goes back to its safe values
COMPLEXITY_BINS = 4


class Setting(StrEnum):
    """What can be set, and what its target is."""

    TIMEOUT = "timeout"  # of a task type: `all_s`, `complexity_0_s` to `complexity_3_s`
    CIRCUIT_BREAKER = "circuit_breaker"  # of an API: `failures`, `recovery_s`
    CONCURRENCY = "concurrency"  # of a service: `limit`
    BATCH_SIZE = "batch_size"  # of a task type: `size`


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where nothing was learned, and the bounds of what may be; the settings of the same names."""

    timeout_default_s: float = 30.0
    timeout_min_s: float = 1.0
    timeout_max_s: float = 300.0
    batch_size_min: float = 1
    batch_size_max: float = 100
    concurrency_min: float = 1
    concurrency_max: float = 64
    breaker_failures: float = 5
    breaker_recovery_s: float = 60.0

    @classmethod
    def of(cls, settings: Any) -> Defaults:
        """Return the defaults that the settings of the same names say."""
        return cls(**{f.name: getattr(settings, f.name) for f in fields(cls)})

    def value(self, setting: Setting) -> Mapping[str, float]:
        """Return what holds for any target."""
        return {
            Setting.TIMEOUT: {"all_s": self.timeout_default_s},
            Setting.CIRCUIT_BREAKER: {"failures": self.breaker_failures, "recovery_s": self.breaker_recovery_s},
            Setting.CONCURRENCY: {"limit": self.concurrency_max},
            Setting.BATCH_SIZE: {"size": self.batch_size_max},
        }[setting]

    def bounds(self, setting: Setting) -> tuple[float, float]:
        """Return the least and the most of a setting; of a circuit breaker those of its recovery time in seconds."""
        return {
            Setting.TIMEOUT: (self.timeout_min_s, self.timeout_max_s),
            Setting.CIRCUIT_BREAKER: (1.0, self.timeout_max_s),
            Setting.CONCURRENCY: (self.concurrency_min, self.concurrency_max),
            Setting.BATCH_SIZE: (self.batch_size_min, self.batch_size_max),
        }[setting]


def complexity_name(complexity: float) -> str:
    """Return the name of the timeout of tasks of a complexity from 0 to 1."""
    return f"complexity_{min(COMPLEXITY_BINS - 1, int(complexity * COMPLEXITY_BINS))}_s"
