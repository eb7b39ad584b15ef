"""What an experiment and its arms are, and the trial that facts and statistics are keyed by.

A trial is a phase of an experiment or one stage of a rollout: both go through the same facts and the same statistics.
Reading the files they come from belongs to `registry.py`, stages of rollouts to `contracts/rollouts.py`, what the
numbers mean to `measure/`, metrics to `metrics.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from ratchet.contracts.buckets import Hash
from ratchet.contracts.metrics import Metric

MAX_ARMS = 100
MAX_WEIGHT = 1_000_000
FOLLOW_UP = ":"  # no id has one; what stands before it names the trial that is followed


class Design(StrEnum):
    """Whether units are independent, or come in pairs named by `pair_id`."""

    PARALLEL = "parallel"
    PAIRED = "paired"


class TrialKind(StrEnum):
    """What a trial is a phase of."""

    EXPERIMENT = "experiment"
    ROLLOUT = "rollout"


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A metric that may not get worse by more than a margin, relative to control (0.1 is 10 %).

    Raises:
        ValueError: if the margin is negative or not finite.
    """

    metric: Metric
    margin: float

    def __post_init__(self) -> None:
        """Check the margin."""
        if not 0 <= self.margin < float("inf"):
            raise ValueError("margin must be a number of at least 0")


@dataclass(frozen=True, slots=True)
class Arm:
    """A variant and its weight; the shares of units are the weights over their sum.

    Raises:
        ValueError: if the weight is not a whole number from 1 to `MAX_WEIGHT`.
    """

    name: str
    weight: int

    def __post_init__(self) -> None:
        """Check the weight."""
        if not self.name:
            raise ValueError("name must not be empty")
        if isinstance(self.weight, bool) or not isinstance(self.weight, int) or not 1 <= self.weight <= MAX_WEIGHT:
            raise ValueError(f"weight must be a whole number from 1 to {MAX_WEIGHT}")


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment as its file says; each field is explained in `include/config/experiments/README.md`.

    Attributes:
        id: unique; also its improvement's key.
        hypothesis: one sentence.
        flag_key: the flag whose evaluations are its exposures.
        unit_type: the unit of randomisation.
        arms: control first.
        salt: what is hashed together with the unit's id; default the flag's key.
        hash: how the bucket is computed.
        primary: the metric that decides.
        guardrails: what must not get worse.
        secondaries: what is shown beside.
        mde: minimum detectable effect, relative to control.
        horizon_days: how many days units enter.
        start: first day (UTC), None for the day of the first exposure.
        conversion_days: how many days after its first exposure a unit's outcomes count.
        design: independent units or pairs.
        alpha: error level of its verdict.
        power: at the MDE, at the horizon.
        planned_units: of all arms, None to plan from the data.
        bucket_order: the arms in the order in which they fill the buckets, the lowest first; empty for
            flagd's: treatments first, control last; GrowthBook's: that of `arms`.

    Raises:
        ValueError: naming the field that does not hold what it must.
    """

    id: str
    hypothesis: str
    flag_key: str
    unit_type: str
    arms: tuple[Arm, ...]
    salt: str
    hash: Hash
    primary: Metric
    guardrails: tuple[Guardrail, ...]
    secondaries: tuple[Metric, ...]
    mde: float
    horizon_days: int
    start: date | None = None
    conversion_days: int = 7
    design: Design = Design.PARALLEL
    alpha: float = 0.05
    power: float = 0.8
    planned_units: int | None = None
    bucket_order: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check ranges, and that names are unique."""
        for name in ("id", "hypothesis", "flag_key", "unit_type"):
            if not getattr(self, name):
                raise ValueError(f"{name} must not be empty")
        self._check_arms()
        if not 0 < self.mde < float("inf"):
            raise ValueError("mde must be a number above 0")
        for name, low, high in (("horizon_days", 1, 365), ("conversion_days", 1, 90)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be a whole number from {low} to {high}")
        for name, least, most in (("alpha", 0.0, 0.5), ("power", 0.5, 1.0)):
            if not least < getattr(self, name) < most:
                raise ValueError(f"{name} must lie between {least} and {most}")
        if self.planned_units is not None and self.planned_units < 2:
            raise ValueError("planned_units must be at least 2")
        again = _twice(metric.name for metric in self.metrics)
        if again is not None:
            raise ValueError(f"metric {again!r} is named twice")

    def _check_arms(self) -> None:
        if not 2 <= len(self.arms) <= MAX_ARMS:
            raise ValueError(f"arms must be from 2 to {MAX_ARMS}")
        again = _twice(arm.name for arm in self.arms)
        if again is not None:
            raise ValueError(f"arm {again!r} is named twice")
        if self.bucket_order and sorted(self.bucket_order) != sorted(arm.name for arm in self.arms):
            raise ValueError("bucket_order must name every arm once")

    @property
    def control(self) -> str:
        """Return the name of the control arm."""
        return self.arms[0].name

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Return the primary metric, the guardrails' and the secondaries, in that order."""
        return (self.primary, *(guardrail.metric for guardrail in self.guardrails), *self.secondaries)

    @property
    def spec_hash(self) -> str:
        """Return 16 hex digits of the hash of everything an edit can change, wording of the hypothesis aside."""
        spec = asdict(self)
        del spec["hypothesis"]
        return hashlib.sha256(json.dumps(spec, sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Trial:
    """One phase of an experiment, or the time of a rollout at one percentage; phases are never pooled.

    Attributes:
        trial_id: the experiment's or the rollout's id.
        kind: which of them.
        phase: from 1 on.
        flag_key: its exposures are this flag's evaluations.
        unit_type: units of another type do not count.
        variants: control first; evaluations of other variants do not count.
        metrics: what is measured.
        conversion_days: outcomes count from a unit's first exposure for this many days.
        horizon_days: units enter for this many days from the first on; None without a limit.
        starts_at: first exposures count from this instant (UTC), None from the first there is.
        ends_at: first exposures count before this instant, None for as long as `horizon_days` says.
        outcomes_until: outcomes count before this instant (a phase that another one replaced), None for all.
        paired: whether outcomes are compared pair by pair.
        reason: only evaluations for this reason are exposures (SPLIT, or TARGETING for members of a group), None for
            both. An evaluation without a reason is a SPLIT.
        weights: of the variants, expected shares of units times any factor; empty where nothing is expected.
        follows: the trial and phase whose units are its own from `starts_at` on, by the variant they met there; where
            it has one variant all of them are in it, each counted for as long as it was there. None where units enter
            by exposure.

    Raises:
        ValueError: if the phase is empty or its times are not UTC.
    """

    trial_id: str
    kind: TrialKind
    phase: int
    flag_key: str
    unit_type: str
    variants: tuple[str, ...]
    metrics: tuple[Metric, ...]
    conversion_days: int
    horizon_days: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    outcomes_until: datetime | None = None
    paired: bool = False
    reason: str | None = None
    weights: tuple[float, ...] = ()
    follows: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        """Check the times."""
        if self.follows is not None and self.starts_at is None:
            raise ValueError("a trial that follows another one must say from when on")
        times = [t for t in (self.starts_at, self.ends_at, self.outcomes_until) if t is not None]
        if any(t.utcoffset() is None or t.utcoffset() for t in times):
            raise ValueError("times of a trial must be UTC")
        if self.starts_at is not None and self.ends_at is not None and self.starts_at >= self.ends_at:
            raise ValueError("a phase must start before it ends")

    @property
    def control(self) -> str:
        """Return the name of the control variant."""
        return self.variants[0]

    @property
    def pools(self) -> bool:
        """Return whether it has all units of the trial that it follows in one arm."""
        return self.follows is not None and len(self.variants) == 1

    @property
    def group(self) -> str:
        """Return the experiment or rollout that it is about, whatever followed on it."""
        return self.trial_id.partition(FOLLOW_UP)[0]

    def ends_on(self, first_exposure: datetime | None) -> date | None:
        """Return the day of the last outcome that counts, None while it has no end.

        Args:
            first_exposure: where the trial itself says no start.
        """
        first = self.starts_at or first_exposure
        entered = [] if self.ends_at is None else [self.ends_at]
        if first is not None and self.follows is not None:
            entered.append(first)
        elif first is not None and self.horizon_days is not None:
            entered.append(first.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(self.horizon_days))
        if not entered:
            return None
        last = min(entered) + timedelta(days=self.conversion_days)
        return (last if self.outcomes_until is None else min(last, self.outcomes_until)).date()


def _twice(names: Iterable[str]) -> str | None:
    return next((name for name, times in Counter(names).items() if times > 1), None)
