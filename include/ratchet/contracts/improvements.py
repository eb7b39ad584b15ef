"""One record for every improvement, whatever its type, and the order of its states.

The lifecycle that moves a record belongs to `deploy/`; here is only what a record may be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from ratchet.errors import LifecycleError


class State(StrEnum):
    """Where an improvement stands."""

    PROPOSED = "proposed"
    VALIDATED = "validated"
    REJECTED = "rejected"
    APPROVED = "approved"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    DEPLOYED = "deployed"
    KEPT = "kept"
    ROLLED_BACK = "rolled_back"
    UNMEASURABLE = "unmeasurable"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.VALIDATED, State.REJECTED}),
    State.VALIDATED: frozenset({State.APPROVED, State.REJECTED, State.EXPIRED, State.SUPERSEDED}),
    State.APPROVED: frozenset({State.DEPLOYED}),
    State.DEPLOYED: frozenset({State.KEPT, State.ROLLED_BACK, State.UNMEASURABLE}),
}


class Priority(StrEnum):
    """How soon somebody should look."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class TypeRule:
    """What an improvement type needs to be validated and where it goes.

    Attributes:
        proof: what makes it `validated`.
        confidence: how its confidence is defined.
        deployed_to: where it is deployed.
        judged_by: the metric that judges it.
        automatic: whether it may be deployed without a person.
        handed_over: true where `approved` means accepted by a team, with nothing to deploy.
        once: true for a verdict: it is announced on the night it falls, whatever the limits, and once decided it never
            comes back.
    """

    proof: str
    confidence: str
    deployed_to: str
    judged_by: str
    automatic: bool
    handed_over: bool = False
    once: bool = False


class ImprovementType(StrEnum):
    """The closed set of improvement types."""

    ERROR_FIX = "error_fix"
    RESOURCE_SETTING = "resource_setting"
    EXPERIMENT_DECISION = "experiment_decision"
    ROLLOUT_STEP = "rollout_step"
    PROMPT_REFINEMENT = "prompt_refinement"
    AGENT_CONFIGURATION = "agent_configuration"
    MODEL_SELECTION = "model_selection"
    WORKFLOW_OPTIMIZATION = "workflow_optimization"
    API_CAPABILITY = "api_capability"
    FEATURE_REQUEST = "feature_request"
    FEEDBACK_TASK = "feedback_task"


_BY_VERDICT = TypeRule(
    "the verdict's statistics",
    "1 - the verdict's error level",
    "published/flags.json",
    "guardrails after the step",
    True,
    once=True,
)
_BY_EXPERIMENT = TypeRule(
    "design check; the effect only by experiment",
    "none until its experiment ends",
    "an experiment, then its decision",
    "primary metric of that experiment",
    True,
)
TYPE_RULES: dict[ImprovementType, TypeRule] = {
    ImprovementType.ERROR_FIX: TypeRule(
        "sandbox replay: saved > 0, broken = 0",
        "lower 95 % bound of the saved share",
        "published/fixes/, git branch",
        "failed root interactions of its fingerprint",
        True,
    ),
    ImprovementType.RESOURCE_SETTING: TypeRule(
        "replay against today's setting",
        "share of replayed days on which it wins",
        "published/settings.json",
        "its own objective",
        True,
    ),
    ImprovementType.EXPERIMENT_DECISION: _BY_VERDICT,
    ImprovementType.ROLLOUT_STEP: _BY_VERDICT,
    ImprovementType.PROMPT_REFINEMENT: _BY_EXPERIMENT,
    ImprovementType.AGENT_CONFIGURATION: _BY_EXPERIMENT,
    ImprovementType.MODEL_SELECTION: _BY_EXPERIMENT,
    ImprovementType.WORKFLOW_OPTIMIZATION: _BY_EXPERIMENT,
    ImprovementType.API_CAPABILITY: TypeRule(
        "generated client type-checks and passes its contract test",
        "share of operations tested",
        "published/api_clients/",
        "adoption, failures",
        False,
    ),
    ImprovementType.FEATURE_REQUEST: TypeRule(
        "evidence above its floor", "lower bound of the demand share", "tasks.json", "the metric it names", False, True
    ),
    ImprovementType.FEEDBACK_TASK: TypeRule(
        "evidence above its floor",
        "lower bound of the low-score share",
        "tasks.json",
        "the metric it names",
        False,
        True,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvement:
    """What Ratchet proposes, why, and what became of it.

    Attributes:
        type: one of the closed set, whose rule says what validates and judges it.
        target: what it is about.
        key: which improvement of that type and target.
        title: what to do, in a few words.
        why: one sentence for a stakeholder.
        evidence: counts, the mart behind them, intervals, sample event ids, `judged_by`.
        priority: how soon somebody should look.
        confidence: 0 to 1 as the type's rule defines it, None where there is none yet.
        expected_effect: what should become better, in words.
        proposed_on: the day of the night that proposed it.
        effect: expected gain per unit reached, 0 to 1.
        reach: units it would reach.
        cost: cost units of its type.
        suggested_action: where to begin.
        revision: counts how often it has come back.
        state: where it stands.
        state_reason: why it stands there.
        snoozed_until: nobody is asked before this day.
        assigned_to: who looks after it, None where nobody was named.
        vanished_on: the first night that no longer found its evidence.
        artifacts: files that belong to it.
        published_version: the version that carries it.
        measured_effect: what it did.
    """

    type: ImprovementType
    target: str
    key: str
    title: str
    why: str
    evidence: dict[str, Any]
    priority: Priority
    confidence: float | None
    expected_effect: str
    proposed_on: date
    effect: float = 0.0
    reach: int = 0
    cost: float = 0.0
    suggested_action: str = ""
    revision: int = 1
    state: State = State.PROPOSED
    state_reason: str = ""
    snoozed_until: date | None = None
    assigned_to: str | None = None
    vanished_on: date | None = None
    artifacts: tuple[str, ...] = ()
    published_version: str | None = None
    measured_effect: dict[str, Any] | None = None

    @property
    def held_back(self) -> str:
        """Return why it may not be deployed tonight, whoever approved it; empty where it may."""
        return str(self.evidence.get("held_back") or "")

    @property
    def improvement_id(self) -> str:
        """Return the first 12 hex digits of SHA-256 over type, target and key."""
        return self.id_of(self.type, self.target, self.key)

    @staticmethod
    def id_of(kind: ImprovementType, target: str, key: str) -> str:
        """Return the id of the improvement of a type, target and key."""
        text = "\x1f".join((kind, target, key))
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]

    @property
    def value(self) -> float | None:
        """Return effect x reach x confidence - cost, for ranking; None without a confidence."""
        return None if self.confidence is None else self.effect * self.reach * self.confidence - self.cost

    def moved(self, state: State) -> Improvement:
        """Return the record in a new state.

        Raises:
            LifecycleError: if the present state does not allow it.
        """
        if state not in TRANSITIONS.get(self.state, frozenset()):
            raise LifecycleError(
                f"an improvement that is {self.state} cannot become {state}", where=self.improvement_id
            )
        return replace(self, state=state)

    def as_record(self) -> dict[str, Any]:
        """Return the record as it stands in `improvements.json`."""
        return {
            "improvement_id": self.improvement_id,
            "revision": self.revision,
            "type": self.type.value,
            "title": self.title,
            "target": self.target,
            "key": self.key,
            "why": self.why,
            "priority": self.priority.value,
            "confidence": self.confidence,
            "expected_effect": self.expected_effect,
            "effect": self.effect,
            "reach": self.reach,
            "cost": self.cost,
            "value": self.value,
            "suggested_action": self.suggested_action,
            "state": self.state.value,
            "state_reason": self.state_reason,
            "proposed_on": self.proposed_on.isoformat(),
            "snoozed_until": self.snoozed_until.isoformat() if self.snoozed_until else None,
            "assigned_to": self.assigned_to,
            "vanished_on": self.vanished_on.isoformat() if self.vanished_on else None,
            "published_version": self.published_version,
            "measured_effect": self.measured_effect,
            "artifacts": list(self.artifacts),
            "evidence": self.evidence,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Improvement:
        """Return the improvement that `as_record` has written, by this version or an earlier one.

        Raises:
            KeyError, TypeError, ValueError: if the record was not written by it.
        """
        found = {f.name: record[f.name] for f in fields(cls) if f.name in record}
        for name, read in _READERS.items():
            if found.get(name) is not None:
                found[name] = read(found[name])
        return cls(**found)


_READERS: dict[str, Callable[[Any], Any]] = {
    "type": ImprovementType,
    "priority": Priority,
    "state": State,
    "proposed_on": date.fromisoformat,
    "snoozed_until": date.fromisoformat,
    "vanished_on": date.fromisoformat,
    "artifacts": tuple,
}
