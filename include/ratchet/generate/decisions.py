"""Verdicts of experiments and rollouts as improvements: what to ship, take back, or show to more people (R35, R51).

How a verdict is reached belongs to `measure/`; who approves it and when it is published to `deploy/`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, Protocol

from ratchet.contracts.estimates import as_record
from ratchet.contracts.experiments import Experiment
from ratchet.contracts.improvements import Improvement, ImprovementType, Priority, State
from ratchet.contracts.names import in_words
from ratchet.contracts.rollout_verdicts import RolloutAction, RolloutsResult, RolloutVerdict
from ratchet.contracts.rollouts import Mover, Rollout
from ratchet.contracts.settings import LearningSettings
from ratchet.generate.evidence import counted, first_state

SHIP, ROLL_BACK = "ship", "roll back"
_STOPS = "what does harm is turned off without waiting for anybody"


class Judgement(Protocol):
    """What is said about an experiment."""

    @property
    def verdict(self) -> str:
        """Return what to do."""

    @property
    def reason(self) -> str:
        """Return why, in words."""

    @property
    def arm(self) -> str:
        """Return the arm to ship, empty for other verdicts."""


class Compared(Protocol):
    """One metric of one arm against control."""

    @property
    def metric(self) -> str:
        """Return its name."""

    @property
    def arm(self) -> str:
        """Return the arm."""

    @property
    def lift(self) -> Any:
        """Return the relative change, an `Estimate`."""


class JudgedExperiment(Protocol):
    """An experiment with its verdict; `measure/experiments.py` makes them."""

    @property
    def experiment(self) -> Experiment:
        """Return what its file says."""

    @property
    def phase(self) -> int:
        """Return the number of its phase."""

    @property
    def comparisons(self) -> Sequence[Compared]:
        """Return what was compared."""

    @property
    def judgement(self) -> Judgement:
        """Return the verdict."""


def propose_experiment_decisions(
    results: Iterable[JudgedExperiment], decided: Collection[str], settings: LearningSettings, as_of: date
) -> list[Improvement]:
    """Return an improvement for every experiment that is to be shipped or rolled back.

    The confidence is 1 - the error level of the verdict. The same verdict on the same phase is the same improvement, so
    that it is announced once.

    Args:
        results: tonight's experiments.
        decided: ids of those whose decision was published; nothing is said about them again.
        settings: the threshold of confidence.
        as_of: the night's day.
    """
    said = [r for r in results if r.judgement.verdict in (SHIP, ROLL_BACK) and r.experiment.id not in decided]
    return [_experiment_decision(r, settings, as_of) for r in said]


def propose_rollout_steps(result: RolloutsResult, settings: LearningSettings) -> list[Improvement]:
    """Return an improvement for every rollout that is to advance or to be rolled back.

    The confidence is 1 - the error level of the verdict. A flag that the application moves itself is not published by
    Ratchet: its step is for a person.

    Args:
        result: tonight's rollouts.
        settings: the threshold of confidence.
    """
    moves = (RolloutAction.ADVANCE, RolloutAction.ROLL_BACK)
    said = [v for v in result.verdicts if v.verdict in moves and v.next_stage is not None]
    return [_rollout_step(v, result.rollouts[v.rollout_id], settings, result.as_of) for v in said]


def _experiment_decision(found: JudgedExperiment, settings: LearningSettings, as_of: date) -> Improvement:
    spec, judgement = found.experiment, found.judgement
    ships = judgement.verdict == SHIP
    served = judgement.arm if ships else spec.control
    confidence = 1 - spec.alpha
    state, why = _state(confidence, settings, stops=not ships)
    primary = next((c for c in found.comparisons if c.metric == spec.primary.name and c.arm == served), None)
    publishes = {"experiment_id": spec.id, "flag_key": spec.flag_key, "variant": served, "phase": found.phase}
    return Improvement(
        type=ImprovementType.EXPERIMENT_DECISION,
        target=spec.id,
        key=f"{found.phase}/{judgement.verdict}/{judgement.arm}",
        title=f"Ship {in_words(served)} of {in_words(spec.id)}" if ships else f"Take back {in_words(spec.id)}",
        why=f"{_sentence(judgement.reason)}",
        evidence={
            "mart": "mart_experiments",
            "hypothesis": spec.hypothesis,
            "verdict": judgement.verdict,
            "error_level": spec.alpha,
            "comparisons": as_record(tuple(found.comparisons)),
            "publishes": publishes,
            "rolls_back": not ships,
            "judged_by": f"{spec.primary.name} after the decision",
        },
        priority=Priority.MEDIUM if ships else Priority.HIGH,
        confidence=confidence,
        expected_effect=_lift_in_words(primary) if ships else f"everybody gets {in_words(served)} again",
        proposed_on=as_of,
        effect=min(1.0, abs(_number(primary))),
        reach=primary.lift.n if primary else 0,
        suggested_action=f"Serve “{in_words(served)}” to everybody.",
        state=state,
        state_reason=why,
    )


def _rollout_step(verdict: RolloutVerdict, rollout: Rollout, settings: LearningSettings, as_of: date) -> Improvement:
    stops = verdict.verdict is RolloutAction.ROLL_BACK
    own = rollout.moved_by is Mover.RATCHET
    confidence = 1 - verdict.error_level
    state, why = _state(confidence, settings, stops)
    stage = None if stops else rollout.stage(verdict.next_stage or "")
    name, share = in_words(rollout.id), f"{verdict.next_percentage or 0:g}%"
    evidence: dict[str, Any] = as_record(verdict)
    evidence |= {"mart": "mart_experiments", "rolls_back": stops, "judged_by": "its guardrails in the next stage"}
    evidence |= {"publishes": rollout.publication(stage)} if own else {}
    return Improvement(
        type=ImprovementType.ROLLOUT_STEP,
        target=rollout.id,
        key=f"{rollout.attempt}/{verdict.phase}/{verdict.next_stage}",
        title=f"Roll back {name}" if stops else f"Bring {name} to stage “{verdict.next_stage}” ({share})",
        why=_sentence(verdict.reason),
        evidence=evidence,
        priority=Priority.HIGH if stops else Priority.MEDIUM,
        confidence=confidence,
        expected_effect="nobody gets the feature any more"
        if stops
        else f"{share} of units get the feature by their hash",
        proposed_on=as_of,
        effect=max((abs(g.lift.number or 0.0) for g in verdict.guardrails), default=0.0) if stops else 0.0,
        reach=verdict.units_on,
        suggested_action=_action(verdict, own),
        state=state,
        state_reason=why,
    )


def _action(verdict: RolloutVerdict, own: bool) -> str:
    if own:
        return "Nothing to do: it is published once it is approved."
    return f"Set the flag to {verdict.next_percentage or 0:g}%: the application moves it itself."


def _state(confidence: float, settings: LearningSettings, stops: bool) -> tuple[State, str]:
    if stops:
        return State.VALIDATED, _STOPS
    return first_state(confidence, settings.improvement_confidence_threshold)


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."


def _number(compared: Compared | None) -> float:
    found = compared.lift.number if compared else None
    return 0.0 if found is None else float(found)


def _lift_in_words(compared: Compared | None) -> str:
    if compared is None or compared.lift.number is None:
        return "as its experiment measured"
    units = counted(int(compared.lift.n), "unit")
    return f"{compared.metric} changes by {_number(compared):+.1%}, as measured on {units}"
