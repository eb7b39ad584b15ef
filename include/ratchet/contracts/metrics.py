"""What an experiment or a rollout measures: a metric, its kind, its source and which way is better.

Who gets what, and what is judged by it, belongs to `experiments.py` and `rollouts.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ratchet.errors import SettingsError

CLUSTERS = {"user": ("session", "interaction"), "session": ("interaction",)}  # what a unit has several of, by the log
REQUEST_UNITS = ("user", "session")  # the units that an interaction names


class Direction(StrEnum):
    """Which way a metric gets better."""

    INCREASE = "increase"
    DECREASE = "decrease"

    @property
    def sign(self) -> int:
        """Return 1 where more is better, -1 where less is."""
        return 1 if self is Direction.INCREASE else -1


class MetricKind(StrEnum):
    """What is compared between arms; each is computed from one row a unit, with values y and denominators d.

    PROPORTION: y is 1 where any of the unit's values is above 0, else 0; units without a value count as 0.
    MEAN: y is the sum of the unit's values; units without a value count as 0.
    RATIO: sum of y over sum of d over all units of an arm; d is the logged denominator, 1 for every value without one.
    QUANTILE: a quantile of y, the mean of the unit's values; units without a value are left out.
    """

    PROPORTION = "proportion"
    MEAN = "mean"
    RATIO = "ratio"
    QUANTILE = "quantile"


class MetricSource(StrEnum):
    """Where values come from: outcome events of the metric's name, or a column of what the unit asked for."""

    OUTCOME = "outcome"
    INTERACTION = "interaction"


class InteractionColumn(StrEnum):
    """The columns of interactions that can be a metric; only what a user asked for counts, never its steps.

    SUCCESS and FAILURE are 1 or 0, and unknown results are left out; REQUESTS is 1 for each.
    """

    SUCCESS = "success"
    FAILURE = "failure"
    REQUESTS = "requests"
    TIMED_OUT = "timed_out"
    DURATION_MS = "duration_ms"
    TTFT_MS = "ttft_ms"
    COST_USD = "cost_usd"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    QUALITY_SCORE = "quality_score"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: also the `metric` of its outcome events.
        kind: what is compared.
        direction: which way is better.
        source: where its values come from.
        column: the column of interactions, None for outcomes.
        quantile: which one, 0–1 without its ends; None for other kinds.
        winsor_share: share of the largest unit values that are cut off at their smallest, in the winsorised variant;
            None where there is no such variant.
        covariate_days: how many days before a unit's first exposure make its covariate (CUPED); 0 for none.
        unit_type: what its outcomes are logged for where that is not the unit of randomisation; None where it is.
        above: of interactions: a value counts 1 above it and 0 elsewhere; None to count values as they are.

    Raises:
        ValueError: naming the field that does not hold what it must.
    """

    name: str
    kind: MetricKind
    direction: Direction
    source: MetricSource = MetricSource.OUTCOME
    column: InteractionColumn | None = None
    quantile: float | None = None
    winsor_share: float | None = None
    covariate_days: int = 0
    unit_type: str | None = None
    above: float | None = None

    def __post_init__(self) -> None:
        """Check that the fields fit each other."""
        if self.unit_type is not None and (not self.unit_type or self.source is not MetricSource.OUTCOME):
            raise ValueError("unit_type is for outcomes and must not be empty")
        if self.above is not None and (self.column is None or self.kind is MetricKind.QUANTILE):
            raise ValueError("above is for a column of interactions and for no quantile")
        if not self.name:
            raise ValueError("name must not be empty")
        if (self.source is MetricSource.INTERACTION) != (self.column is not None):
            raise ValueError("column is needed by source interaction and by it alone")
        if (self.kind is MetricKind.QUANTILE) != (self.quantile is not None):
            raise ValueError("quantile is needed by kind quantile and by it alone")
        if self.quantile is not None and not 0 < self.quantile < 1:
            raise ValueError("quantile must lie between 0 and 1")
        if self.winsor_share is not None and not 0 < self.winsor_share < 0.5:
            raise ValueError("winsor_share must lie between 0 and 0.5")
        if self.winsor_share is not None and self.kind not in (MetricKind.MEAN, MetricKind.RATIO):
            raise ValueError("winsor_share is for means and ratios")
        if not 0 <= self.covariate_days <= 90:
            raise ValueError("covariate_days must be a whole number from 0 to 90")

    def why_not_of(self, unit_type: str) -> str:
        """Return why it cannot be measured of units of a type, '' where it can.

        Where a unit of randomisation has several units of analysis they are one cluster: a ratio of sums over clusters
        (delta method) is right, anything that takes them for independent is not.
        """
        if self.source is MetricSource.INTERACTION and unit_type not in REQUEST_UNITS:
            return f"it reads interactions, which name their user and session but no {unit_type}"
        logged = self.unit_type or unit_type
        if logged == unit_type:
            return ""
        if logged not in CLUSTERS.get(unit_type, ()):
            return f"it is logged for each {logged}, and no event says to which {unit_type} that belongs"
        if self.kind is not MetricKind.RATIO:
            return f"one {unit_type} has several units of type {logged}, which only kind ratio can compare"
        return ""


def require_units(metric: Metric, unit_type: str, where: str, key: str) -> None:
    """Refuse a metric that cannot be measured of what is randomised.

    Raises:
        SettingsError: naming file, key and reason.
    """
    why = metric.why_not_of(unit_type)
    if why:
        what = f"{key}: {metric.name!r} cannot be measured by {unit_type}: {why}"
        way_out = "randomise by user or session and use kind ratio, or log its outcomes for what is randomised"
        raise SettingsError(what, where=where, way_out=way_out)
