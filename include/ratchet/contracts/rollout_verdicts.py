"""What is known about a rollout tonight: its guardrails, its objectives, the verdict, and `rollouts.json`.

How a verdict is reached belongs to `measure/rollouts.py`, what it leads to to `generate/decisions.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.metrics import Direction
from ratchet.contracts.rollouts import Mover, Phase, Rollout

SAMPLE_RATIO_LEVEL = 0.001


class RolloutAction(StrEnum):
    """What a rollout should do tonight."""

    ADVANCE = "advance"
    HOLD = "hold"
    ROLL_BACK = "roll back"
    NO_DATA = "no data"
    DONE = "done"


class Finding(StrEnum):
    """What is established about one guardrail."""

    SAFE = "safe"
    HARM = "harm"
    OPEN = "open"
    NOT_COMPUTABLE = "not computable"


@dataclass(frozen=True, slots=True)
class GuardrailResult:
    """One guardrail of one phase.

    Attributes:
        metric: its name.
        direction: which way is better.
        margin: how much worse is tolerable, relative to control.
        finding: what is established.
        control: value without the feature.
        treatment: value with it.
        lift: relative, with the bounds of the one-sided confidence sequences; n is the units of both arms.
        more_days: about how many more days a harmless feature would need, None where that is not known.
    """

    metric: str
    direction: Direction
    margin: float
    finding: Finding
    control: float | None
    treatment: float | None
    lift: Estimate
    more_days: float | None


@dataclass(frozen=True, slots=True)
class ObjectiveResult:
    """One objective of a stage without random units.

    Attributes:
        name: of the objective.
        target: as objectives.yaml says, a share or milliseconds.
        critical: likewise.
        wanted: the share of requests that must keep the target.
        share: of requests that keep it.
        met: None below its floor.
        is_critical: whether it is breached beyond `critical` too.
    """

    name: str
    target: float
    critical: float
    wanted: float
    share: Estimate
    met: bool | None
    is_critical: bool


class Recovered(StrEnum):
    """Whether what was harmed came back after a roll back."""

    YES = "recovered"
    NOT_YET = "not yet"
    UNKNOWN = "not enough data"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the nights since a roll back say.

    Attributes:
        since: the first day (UTC) on which the flag surely was off.
        finding: whether what was harmed came back.
        reason: why, in words.
        guardrails: those that had had the feature against those that had not, all without it now.
        objectives: of those that had had it, where that stage was not random.
    """

    since: date
    finding: Recovered
    reason: str
    guardrails: tuple[GuardrailResult, ...]
    objectives: tuple[ObjectiveResult, ...]


@dataclass(frozen=True, slots=True)
class RolloutVerdict:
    """What is known about a rollout tonight, and what follows.

    Attributes:
        rollout_id: which.
        verdict: what it should do.
        reason: why, in words.
        stage: where it is.
        next_stage: where `advance` leads, None elsewhere.
        percentage: of units with the feature by their hash now.
        next_percentage: after the step, None where nothing moves.
        phase: number of the present phase, 0 without one.
        hours: how long the phase had lasted at the end of the day.
        units_on: units seen with the feature in this phase.
        units_off: units seen without it.
        sample_ratio_p: p-value of the sample ratio, None where it cannot be computed.
        guardrails: each of them, where units were compared at random.
        objectives: each of them, where they were not.
        error_level: of the statements that the verdict rests on.
        moved_by: who moves the flag.
        edited: whether its file says something else than when the present stage was published.
        recovery: what came of a roll back, None elsewhere.
    """

    rollout_id: str
    verdict: RolloutAction
    reason: str
    stage: str
    next_stage: str | None
    percentage: float
    next_percentage: float | None
    phase: int
    hours: float
    units_on: int
    units_off: int
    sample_ratio_p: float | None
    guardrails: tuple[GuardrailResult, ...]
    objectives: tuple[ObjectiveResult, ...]
    error_level: float
    moved_by: Mover
    edited: bool
    recovery: Recovery | None = None


@dataclass(frozen=True, slots=True)
class RolloutsResult:
    """Every rollout of a night with its phases."""

    as_of: date
    verdicts: tuple[RolloutVerdict, ...]
    phases: Mapping[str, tuple[Phase, ...]]
    rollouts: Mapping[str, Rollout]

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `rollouts.json`."""
        return {
            "artifact": "rollouts",
            "as_of": self.as_of.isoformat(),
            "reason": "" if self.verdicts else "no rollout is registered",
            "rollouts": [self._entry(v) for v in self.verdicts],
            "definitions": _definitions(),
        }

    def _entry(self, verdict: RolloutVerdict) -> dict[str, Any]:
        rollout = self.rollouts[verdict.rollout_id]
        stages = rollout.stages
        plan = [{"stage": s.name, "percentage": rollout.exposure(s), "groups": rollout.groups_at(s)} for s in stages]
        entry: dict[str, Any] = as_record(verdict)
        entry |= {"description": rollout.description, "flag_key": rollout.flag_key, "attempt": rollout.attempt}
        return entry | {"plan": as_record(plan), "phases": [_phase(p, self.as_of) for p in self.phases[rollout.id]]}


def _phase(phase: Phase, as_of: date) -> dict[str, Any]:
    record: dict[str, Any] = as_record(phase)
    del record["assignment"]  # what is published says it, and the audit holds the log against it
    return record | {"hours": phase.hours(as_of), "randomised": phase.randomised}


def _definitions() -> dict[str, str]:
    return {
        "advance": "time, sample and sample ratio are right, and every guardrail is shown to keep its margin",
        "hold": "something is still missing; the reason says what",
        "roll back": "a guardrail is shown to be worse by more than its margin, or an objective is critically breached",
        "no data": "nobody was seen in this stage yet",
        "done": "the last stage is reached, or it was rolled back",
        "recovery": "after a roll back: units that had had the feature against those that had not, both without it now",
        "lift": "with against without the feature, relative; each bound holds on all nights together at error_level",
        "phase": "the time at one percentage; units and outcomes of two phases are never pooled",
        "sample_ratio_p": f"chi-square of the units per variant; below {SAMPLE_RATIO_LEVEL} nothing advances",
    }
