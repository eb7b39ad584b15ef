"""What a rollout is: its stages, its guardrails, its phases, and what `flags.json` says about its flag.

Reading the files belongs to `rollout_files.py`, where a rollout stands to `rollout_states.py`, the verdict to
`measure/rollouts.py`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ratchet.contracts.buckets import Hash
from ratchet.contracts.experiments import Guardrail

OBJECTIVES = ("success_rate", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms")  # those measured by variant
CHANGE_FIELDS = ("kind", "target", "after", "occurred_at", "before", "ended_at", "service")  # of `change` events
NOT_STARTED = "not started"
OFF = "off"  # after a roll back


def _plain(value: str) -> str:
    if not value.replace("_", "").replace("-", "").isalnum():
        raise ValueError("must be letters, digits, - and _")
    return value


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_plain)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mover(StrEnum):
    """Who moves a rollout's flag."""

    RATCHET = "ratchet"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What decides who gets a feature: units move where any of it changes.

    Attributes:
        flag_key: the flag that the application asks for.
        variants: without and with the feature.
        salt: what the hash begins with.
        unit_type: what is assigned.
        hash: how a unit's bucket is computed.
    """

    flag_key: str
    variants: tuple[str, str]
    salt: str
    unit_type: str
    hash: Hash


class Stage(_Strict):
    """One stage of a rollout.

    Attributes:
        name: what people call it.
        percentage: of the units that the hash gives the feature, group members aside.
        groups: named groups that get it whatever their hash; those of earlier stages keep it.
        min_hours: whole hours at this percentage before the next stage.
        min_units: units seen with the feature, and as many without it, before anything is judged.
    """

    name: Name
    percentage: Annotated[Number, Field(ge=0, le=100)]
    groups: tuple[Name, ...] = ()
    min_hours: Annotated[Number, Field(gt=0, le=24 * 365)] = 24.0
    min_units: Annotated[Whole, Field(ge=1)] = 500


DEFAULT_STAGES = (
    Stage(name="internal", percentage=0, groups=("internal_testers",), min_hours=24, min_units=3),
    Stage(name="beta", percentage=5, min_hours=24),
    Stage(name="quarter", percentage=25, min_hours=48),
    Stage(name="most", percentage=75, min_hours=72),
    Stage(name="everyone", percentage=100),
)


class Rollout(_Strict):
    """One feature that reaches its users in stages.

    Attributes:
        id: names the rollout, unlike every other trial.
        description: what the feature is, for people.
        flag_key: the flag that the application asks for.
        variants: the one without the feature, which is the control, and the one with it.
        salt: what the hash begins with; empty means the flag's key.
        unit_type: what is assigned, such as `user`.
        hash: how a unit's bucket is computed.
        stages: in order, percentages rising.
        guardrails: metrics that must not become worse by more than their margin.
        objectives: names of objectives (objectives.yaml) that judge a stage without random units.
        holdback_pct: share of units that stays without the feature at full exposure, to judge it by.
        alpha: error level of each one-sided verdict about one stage.
        conversion_days: outcomes count from a unit's first exposure for so long, within its phase.
        moved_by: `application` where Ratchet only judges.
        attempt: raised by a person to begin again after a roll back.
    """

    id: Name
    description: str = ""
    flag_key: Annotated[str, Field(min_length=1, max_length=200)]
    variants: tuple[Name, Name] = ("off", "on")
    salt: str = ""
    unit_type: str = "user"
    hash: Hash = Hash.FLAGD
    stages: tuple[Stage, ...] = DEFAULT_STAGES
    guardrails: Annotated[tuple[Guardrail, ...], Field(min_length=1)]
    objectives: tuple[str, ...] = ()
    holdback_pct: Annotated[Number, Field(ge=0, lt=100)] = 0.0
    alpha: Annotated[Number, Field(gt=0, lt=0.5)] = 0.05
    conversion_days: Annotated[Whole, Field(ge=1, le=90)] = 7
    moved_by: Mover = Mover.RATCHET
    attempt: Annotated[Whole, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _stages_in_order(self) -> Rollout:
        if not self.stages:
            raise ValueError("stages: there must be at least one")
        _each_once("stages", [s.name for s in self.stages])
        if any(s.name == OFF for s in self.stages):
            raise ValueError(f"stages: no stage may be called {OFF}")
        _each_once("guardrails", [g.metric.name for g in self.guardrails])
        for first, second in pairwise(self.stages):
            if second.percentage <= first.percentage:
                raise ValueError(f"stages.{second.name}.percentage must be above that of {first.name}")
        before = self.stages[-2].percentage if len(self.stages) > 1 else 0.0
        if self.holdback_pct and self.exposure(self.stages[-1]) <= before:
            raise ValueError("holdback_pct must leave the last stage more than the stage before")
        if self.moved_by is Mover.RATCHET and not self.hash.startswith("flagd"):
            raise ValueError("hash must be one of flagd's where Ratchet moves the flag")
        if self.variants[0] == self.variants[1]:
            raise ValueError("variants must be two different ones")
        return self

    def exposure(self, stage: Stage) -> float:
        """Return the percentage that a stage really gives, 0 to 100: the holdback stays without the feature."""
        return min(stage.percentage, 100.0 - self.holdback_pct)

    def groups_at(self, stage: Stage) -> tuple[str, ...]:
        """Return the groups that have the feature at a stage: its own and those of every stage before."""
        until = self.stages[: self.stages.index(stage) + 1]
        return tuple(dict.fromkeys(name for each in until for name in each.groups))

    def stage(self, name: str) -> Stage | None:
        """Return the stage of a name, None where the file no longer has it."""
        return next((s for s in self.stages if s.name == name), None)

    def after(self, name: str) -> Stage | None:
        """Return the stage that follows, the first one for a rollout that has not started, None after the last."""
        names = [NOT_STARTED, *(s.name for s in self.stages)]
        return dict(zip(names, self.stages, strict=False)).get(name)

    def publication(self, stage: Stage | None) -> dict[str, Any]:
        """Return what the decision to publish a step records, so that a fold needs nothing else.

        Args:
            stage: the one that is published, None to turn the feature off.
        """
        known = self.assignment
        return {
            "rollout_id": self.id,
            "flag_key": self.flag_key,
            "stage": stage.name if stage else OFF,
            "percentage": self.exposure(stage) if stage else 0.0,
            "groups": list(self.groups_at(stage)) if stage else [],
            "assignment": asdict(known) | {"variants": list(known.variants), "hash": known.hash.value},
            "attempt": self.attempt,
            "holdback_pct": self.holdback_pct,
            "spec_hash": self.spec_hash,
        }

    @property
    def spec_hash(self) -> str:
        """Return the first 16 hex digits of the hash of everything that the file says."""
        said = self.model_dump(mode="json")
        for guardrail in said["guardrails"]:  # what a file did not say before it could be said is no edit
            metric = guardrail["metric"]
            guardrail["metric"] = {k: v for k, v in metric.items() if k not in ("unit_type", "above") or v is not None}
        return _digest(said)

    @property
    def assignment(self) -> Assignment:
        """Return what decides who gets the feature."""
        return Assignment(self.flag_key, self.variants, self.salt or self.flag_key, self.unit_type, self.hash)


@dataclass(frozen=True, slots=True)
class Phase:
    """The time that a rollout spent at one percentage; two phases are never pooled.

    Attributes:
        number: 1 for the first.
        stage: its name.
        percentage: that the hash gave the feature, 0 to 100.
        groups: that had it whatever their hash.
        starts_at: first instant (UTC).
        ends_at: end, exclusive; None while it lasts.
        assignment: what decided in it who got the feature, None where the log tells only of a percentage.
    """

    number: int
    stage: str
    percentage: float
    groups: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime | None = None
    assignment: Assignment | None = None

    @property
    def randomised(self) -> bool:
        """Return whether the hash gave the feature to some units, not to all; members of groups are never random."""
        return 0 < self.percentage < 100

    def hours(self, as_of: date) -> float:
        """Return how long the phase had lasted at the end of a day (UTC), in hours."""
        midnight = datetime.combine(as_of + timedelta(days=1), time(0), UTC)
        end = min(midnight, self.ends_at or midnight)
        return max(0.0, (end - self.starts_at) / timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class FlagState:
    """What `flags.json` says about a rollout's flag.

    Attributes:
        assignment: what decides who gets the feature.
        percentage: of units that have the feature by their hash, the holdback taken off.
        groups: whose members have it whatever their hash.
        members: of all these groups, sorted.
        holdback_pct: units that never get it by their hash.
    """

    assignment: Assignment
    percentage: float
    groups: tuple[str, ...]
    members: tuple[str, ...]
    holdback_pct: float

    @property
    def flag_key(self) -> str:
        """Return the flag that the application asks for."""
        return self.assignment.flag_key

    @property
    def variants(self) -> tuple[str, str]:
        """Return the variants, the one without the feature first."""
        return self.assignment.variants

    @property
    def salt(self) -> str:
        """Return what the hash begins with."""
        return self.assignment.salt

    @property
    def unit_type(self) -> str:
        """Return what is assigned."""
        return self.assignment.unit_type

    @property
    def hash(self) -> Hash:
        """Return how a unit's bucket is computed."""
        return self.assignment.hash


def _each_once(key: str, names: list[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{key}: {twice} stands there twice")


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
