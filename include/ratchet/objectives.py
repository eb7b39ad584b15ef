"""The objectives that health is judged by: read once from `include/config/objectives.yaml`, validated, frozen.

How they are judged belongs to `analyze/health.py`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from ratchet import yaml_files
from ratchet.contracts import burn_rates
from ratchet.contracts.burn_rates import BurnRate
from ratchet.contracts.metrics import Direction as Better
from ratchet.contracts.metrics import InteractionColumn, MetricKind, MetricSource
from ratchet.contracts.metrics import Metric as TrialMetric
from ratchet.errors import SettingsError

LONGEST_WINDOW_DAYS = 28  # mart_health_daily holds no more
_WAY_OUT = "see the comments in include/config/objectives.yaml"


class Metric(StrEnum):
    """The closed set of what an objective may be about."""

    SUCCESS_RATE = "success_rate"
    ERROR_RATE = "error_rate"
    LATENCY_P50_MS = "latency_p50_ms"
    LATENCY_P95_MS = "latency_p95_ms"
    LATENCY_P99_MS = "latency_p99_ms"
    SATISFACTION = "satisfaction"
    API_FAILURE_RATE = "api_failure_rate"
    UPTIME = "uptime"

    @property
    def at_least(self) -> bool:
        """Return whether more is better."""
        return self in (Metric.SUCCESS_RATE, Metric.SATISFACTION, Metric.UPTIME)

    @property
    def quantile(self) -> float | None:
        """Return which quantile a latency metric is, None for the others."""
        found = {Metric.LATENCY_P50_MS: 0.5, Metric.LATENCY_P95_MS: 0.95, Metric.LATENCY_P99_MS: 0.99}
        return found.get(self)


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective; each field is explained in `objectives.yaml`.

    Raises:
        ValueError: if a value is out of its range.
    """

    metric: Metric
    target: float
    critical: float
    window_days: int = 1
    floor: int = 30
    required: bool = False
    budget_days: int = LONGEST_WINDOW_DAYS
    burn_rates: Mapping[int, float] | None = None

    def __post_init__(self) -> None:
        """Check every value against the metric."""
        for name in ("target", "critical"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
                raise ValueError(f"{name} must be a number of at least 0")
            if value > 1 and self.metric.quantile is None and self.metric is not Metric.ERROR_RATE:
                raise ValueError(f"{name} is a share and must lie between 0 and 1")
        self._check_whole("window_days", 1, LONGEST_WINDOW_DAYS)
        self._check_whole("floor", 1, 1_000_000_000)
        self._check_whole("budget_days", 1, LONGEST_WINDOW_DAYS)
        if not isinstance(self.required, bool):
            raise ValueError("required must be true or false")
        if (self.critical - self.target) * (1 if self.metric.at_least else -1) > 0:
            raise ValueError("critical must not be stricter than target")
        if self.burn_rates is not None:
            burn_rates.parse(self.burn_rates, self.allowed, self.is_share, self.budget_days)

    @property
    def allowed(self) -> float:
        """Return the share that may be bad: the error budget of one event."""
        wanted = self.metric.quantile or (self.target if self.metric.at_least else 1.0 - self.target)
        return round(1.0 - wanted, 12)

    @property
    def is_share(self) -> bool:
        """Return whether at most everything can be bad; of errors a request can have several."""
        return self.metric is not Metric.ERROR_RATE

    @property
    def burns(self) -> tuple[BurnRate, ...]:
        """Return how fast its budget may burn, the shortest window first."""
        if self.burn_rates is None:
            return burn_rates.reachable(self.allowed, self.is_share)
        return burn_rates.parse(self.burn_rates, self.allowed, self.is_share, self.budget_days)

    @property
    def trial_metrics(self) -> tuple[TrialMetric, ...]:
        """Return what is measured of a variant's requests: of its target, then of the critical line.

        A quantile keeps a line where the share of requests above it is small enough, which needs no histogram. Empty
        where an objective is not about requests.
        """
        if self.metric is Metric.SUCCESS_RATE:
            return (_requests(self.metric.value, Better.INCREASE, InteractionColumn.SUCCESS),)
        if self.metric.quantile is None:
            return ()
        lines = {self.metric.value: self.target, f"{self.metric.value}.critical": self.critical}
        return tuple(_requests(n, Better.DECREASE, InteractionColumn.DURATION_MS, at) for n, at in lines.items())

    def _check_whole(self, name: str, low: int, high: int) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{name} must be a whole number from {low} to {high}")


def _requests(name: str, better: Better, column: InteractionColumn, above: float | None = None) -> TrialMetric:
    return TrialMetric(name, MetricKind.RATIO, better, MetricSource.INTERACTION, column, above=above)


def load(folder: Path) -> tuple[Objective, ...]:
    """Read the objectives of a settings folder, in the order of the file.

    Raises:
        SettingsError: naming the file, the key and the nearest valid name or the allowed values.
    """
    path = folder / "objectives.yaml"
    if not path.exists():
        raise SettingsError("no objectives file", where=str(path), way_out="copy the one that ships")
    return parse(yaml_files.read(path), str(path))


def parse(found: Any, where: str = "") -> tuple[Objective, ...]:
    """Return objectives from a mapping of metric to its fields.

    Raises:
        SettingsError: as `load`.
    """
    if not isinstance(found, Mapping) or not found:
        raise SettingsError("must hold at least one objective", where=where, way_out=_WAY_OUT)
    return tuple(_objective(str(name), block, where) for name, block in found.items())


def _objective(name: str, block: Any, where: str) -> Objective:
    _check_names([name], list(Metric), where, "objective")
    if not isinstance(block, Mapping):
        raise SettingsError(f"{name} must be a mapping of its fields", where=where, way_out=_WAY_OUT)
    own = [f for f in fields(Objective) if f.name != "metric"]
    _check_names(block, [f.name for f in own], where, f"field of {name}")
    missing = [f.name for f in own if f.default is MISSING and f.name not in block]
    if missing:
        raise SettingsError(f"{name} needs {missing[0]}", where=where, way_out=_WAY_OUT)
    try:
        return Objective(Metric(name), **block)
    except ValueError as error:
        raise SettingsError(f"{name}: {error}", where=where, way_out=_WAY_OUT) from error


def _check_names(names: Iterable[Any], valid: list[Any], where: str, what: str) -> None:
    for name in names:
        if name not in valid:
            near = difflib.get_close_matches(str(name), valid, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"valid are {', '.join(valid)}"
            raise SettingsError(f"unknown {what} {str(name)[:80]!r}", where=where, way_out=hint)
