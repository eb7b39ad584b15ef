"""What a deployed fix did, as everything beyond the estimate speaks of it (R81-R84).

How it is estimated belongs to `measure/impact*.py`, that a verdict is recorded and acted on to `deploy/impacts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable


class Estimator(StrEnum):
    """How the effect was estimated, the most trustworthy first."""

    EXPERIMENT = "experiment"
    DIFFERENCES = "difference_in_differences"
    TIME_SERIES = "interrupted_time_series"


class ImpactVerdict(StrEnum):
    """What becomes of a deployed fix."""

    KEPT = "kept"
    ROLLED_BACK = "rolled_back"
    UNMEASURABLE = "unmeasurable"
    UNDECIDED = "undecided"


class ImpactSettings(Protocol):
    """The settings that impact is judged by; `ratchet.settings.Settings` has them."""

    @property
    def impact_horizon_days(self) -> int:
        """Return after how many days with a fix it is judged at the latest."""

    @property
    def impact_baseline_days(self) -> int:
        """Return how many days before a deployment it is compared with."""

    @property
    def impact_min_days(self) -> int:
        """Return on how many days, before and with the fix, a fix must have been seen to be kept."""

    @property
    def rollback_threshold(self) -> float:
        """Return by which share failures may rise before a deployment is undone at once."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A fix that was deployed.

    Attributes:
        improvement_id: its improvement.
        revision: which coming of it.
        title: what it does.
        fingerprint: of the error.
        family: which module made it.
        proposed_on: the night that proposed it: the error was frequent in the seven days up to it.
        baseline_from: the first day that it is compared with.
        deployed_on: the first day on which it was published.
        measured_until: the last day of its horizon.
        version_date: the night whose version of `published/` was the first to hold it.
        published_version: that version, '' where it was not recorded.
        is_open: whether it was under judgement when the night began.
        p: the p-value it was judged by, None while it is open or where it had none.
    """

    improvement_id: str
    revision: int
    title: str
    fingerprint: str
    family: str
    proposed_on: date
    baseline_from: date
    deployed_on: date
    measured_until: date
    version_date: date
    published_version: str
    is_open: bool
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Whether an estimate can be believed in one respect.

    Attributes:
        name: which respect.
        passed: None where it could not be checked.
        said: what was found, in words.
        blocks: whether a check that did not pass keeps a fix from being kept; else what it found was allowed for.
    """

    name: str
    passed: bool | None
    said: str
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the requests that the error hits; `with_fix` says whether those with the fix are counted or all."""

    day: date
    attempts: int
    failed: int
    with_fix: bool
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Impact:
    """What a deployed fix did as of a night.

    Attributes:
        deployment: which one.
        verdict: what becomes of it.
        reason: why, in words.
        harm: whether it was undone since it did harm.
        estimator: how the effect was estimated, None where it was not.
        before: failed root interactions of the error per attempt, in the days before that count.
        with_fix: the same with the fix.
        effect: the difference that the fix makes; the interval holds on all nights together.
        relative: the same as a share of what was to be expected without it.
        all_failures: the same difference for failures of any kind in the same intents.
        saved: failed root interactions that it spared so far; negative where it added some.
        p: of no effect; holds on all nights together.
        q: the same, corrected for all improvements judged in the window (Benjamini-Hochberg).
        days_with: days with the fix so far.
        adoption: share of attempts since the deployment that had the fix.
        checks: pre-trend, placebo dates, regression to the mean.
        days: the days that were looked at.
    """

    deployment: Deployment
    verdict: ImpactVerdict
    reason: str
    harm: bool
    estimator: Estimator | None
    before: Estimate
    with_fix: Estimate
    effect: Estimate
    relative: Estimate
    all_failures: Estimate
    saved: Estimate
    p: float | None
    q: float | None
    days_with: int
    adoption: Estimate
    checks: tuple[Check, ...] = ()
    days: tuple[Day, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one improvement: when it came into each state, what was promised and what was measured.

    Attributes:
        improvement_id: which one.
        revision: which coming of it.
        type: of improvement.
        title: what it does.
        first_seen: when what it is about was first seen, None where the record does not say.
        proposed_on: the night that proposed it.
        validated_on: the night on which its proof held.
        approved_on: from when its approval counts.
        deployed_on: the first day on which it was published.
        judged_on: the night that judged it.
        verdict: what it was judged to be, None before.
        automatic: whether the night approved it, and no person.
        predicted: share of its failures that it was to save.
        cost: in cost units of its type.
        measured: the facts of the verdict, as in `impact.json`.
        reason: of the verdict.
    """

    improvement_id: str
    revision: int
    type: str
    title: str
    first_seen: date | None
    proposed_on: date
    validated_on: date | None
    approved_on: date | None
    deployed_on: date | None
    judged_on: date | None
    verdict: ImpactVerdict | None
    automatic: bool
    predicted: float | None
    cost: float
    measured: Mapping[str, Any]
    reason: str

    def estimate(self, name: str) -> Estimate:
        """Return an estimate of the verdict."""
        record = self.measured.get(name)
        if not isinstance(record, Mapping) or record.get("value") is None:
            return Estimate(NotComputable("not measured"), 0)
        return Estimate(float(record["value"]), int(record.get("n") or 0), record.get("low"), record.get("high"))

    @property
    def spared(self) -> float | None:
        """Return the measured share of failures that a fix spared, None where it was not measured."""
        value = self.estimate("relative").number
        return None if value is None else 0.0 - value
