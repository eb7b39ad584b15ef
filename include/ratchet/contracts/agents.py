"""What a night knows of agents, models, configurations and prompts: the records of `agents.json`.

How they are compared belongs to `analyze/agents/`, what is proposed from them to `generate/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ratchet.contracts.estimates import Estimate, as_record

WORDS = {
    "agent_tier": "tier",
    "agent": "agent",
    "model": "model",
    "config_hash": "configuration",
    "prompt_version": "version",
    "task_type": "tasks of type",
    "prompt_id": "prompt",
    "language": "language",
}  # what people call the dimensions

MARGIN = 0.02  # of success: how much less is tolerable for a model that is cheaper or quicker


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """What failed often, and who is to blame for it by the rules of the settings."""

    message_template: str
    failure_class: str
    failures: int


@dataclass(frozen=True, slots=True)
class LeagueRow:
    """One of those who are compared, among those who had the same kind of work.

    Attributes:
        dimension: what is compared, such as `agent_tier`.
        name: which one.
        within: what all of the table have in common, such as `task_type`.
        group: its value, '' where it was not logged.
        rank: 1 for the best by `drawn`; None for those who cannot be compared.
        attempts: executions.
        successes: of these, known to have succeeded.
        failures: of these, failed by the agent.
        infrastructure: of these, failed by what the agent stands on; no agent is to blame for them.
        user_caused: of these, failed because of what the user asked or did.
        unknown: of these, outcome not known.
        success: successes of what the agent is to blame or praised for.
        adjusted: the same, had it had the same cases as the others.
        drawn: `adjusted`, drawn toward the mean by how much chance there is in it; what `rank` goes by.
        mean: success of all who are compared in the table.
        q: of no difference from the others, corrected for the number of rows.
        typical_ms: geometric mean of the duration.
        quality: the application's own score, 0-100.
        satisfaction: feedback scores, 0-10.
        cost_usd: of one execution.
        errors: its most frequent kinds of failures.
    """

    dimension: str
    name: str
    within: str
    group: str
    rank: int | None
    attempts: int
    successes: int
    failures: int
    infrastructure: int
    user_caused: int
    unknown: int
    success: Estimate
    adjusted: Estimate
    drawn: Estimate
    mean: float | None
    q: float | None
    typical_ms: Estimate
    quality: Estimate
    satisfaction: Estimate
    cost_usd: Estimate
    errors: tuple[ErrorKind, ...] = ()

    @property
    def worse_by(self) -> float:
        """Return how much less it succeeds than all, on the same cases; 0 where that is not known."""
        value = self.adjusted.number
        return 0.0 if value is None or self.mean is None else self.mean - value


@dataclass(frozen=True, slots=True)
class Validation:
    """What validators and users found in the results of one language, tier, model or prompt; absent has no value."""

    dimension: str
    name: str
    validations: int
    flawed: Estimate
    syntax_errors: Estimate
    style_issues: Estimate
    security_warnings: Estimate
    coverage: Estimate
    documentation: Estimate
    overall: Estimate
    low_satisfaction: Estimate


@dataclass(frozen=True, slots=True)
class Grain:
    """What landed with the night, added up by execution, session or user, or for the whole system."""

    grain: str
    level: str
    rows: int
    requests: int
    failures: int
    errors: int
    feedback: int
    validations: int
    hit: Estimate


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to look at, and the rows of this artifact that it stands on."""

    title: str
    why: str
    rows: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A request to a prompt whose result failed or passed: what a refinement is tried on before its experiment.

    Attributes:
        verdict: `failing`, or `passing` where validators or people looked and found nothing wrong.
        faults: what was wrong, '' of a passing one.
        request_text: redacted, at most 500 characters.
    """

    prompt_id: str
    prompt_version: str
    intent: str
    verdict: str
    faults: str
    interaction_id: str
    request_text: str


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """One model at one intent, as if all models had had the same cases.

    Attributes:
        efficient: no other model is at least as good in success, cost and time and better in one of them.
    """

    model: str
    attempts: int
    efficient: bool
    success: Estimate
    cost_usd: Estimate
    typical_ms: Estimate


@dataclass(frozen=True, slots=True)
class Choice:
    """The models that answered one intent ('' for all), which of them is used most, and which surely does better."""

    intent: str
    today: str
    better: str
    reason: str
    models: tuple[ModelFigures, ...]

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Choice:
        """Return the choice that stands in `agents.json`."""
        intent, today, better, reason = (str(record[name]) for name in ("intent", "today", "better", "reason"))
        return cls(intent, today, better, reason, tuple(_figures(m) for m in record["models"]))


def _figures(record: Mapping[str, Any]) -> ModelFigures:
    measured = (Estimate.from_record(record[name]) for name in ("success", "cost_usd", "typical_ms"))
    return ModelFigures(record["model"], record["attempts"], record["efficient"], *measured)


@dataclass(frozen=True, slots=True)
class AgentsResult:
    """Agents as of a night."""

    as_of: date
    reason: str
    league: tuple[LeagueRow, ...]
    validation: tuple[Validation, ...]
    levels: tuple[Grain, ...]
    recommendations: tuple[Recommendation, ...]
    choices: tuple[Choice, ...] = ()
    cases: tuple[Case, ...] = ()
    definitions: dict[str, str] = field(default_factory=dict)

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `agents.json`."""
        return {"artifact": "agents", **as_record(self)}
