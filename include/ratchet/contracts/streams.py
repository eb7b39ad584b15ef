"""The event contract, version 1: one typed record for every stream.

The records are the contract: JSON Schema, the data dictionary, the bronze tables and the checks of `log/` are all
derived from their fields. What a stream's fields may hold belongs here; how a line is read does not (`log/`).
"""

from __future__ import annotations

import functools
import types
import typing
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

CONTRACT_VERSION = 1
NUMBER_LIMIT = 1e15  # beyond it sums lose their last digits; such a value is quarantined as out of range


class Kind(StrEnum):
    """The closed set of types a field may have."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    JSON = "json"
    OBJECT = "object"


SQL_TYPES = {
    Kind.STRING: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.NUMBER: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.JSON: "VARCHAR",
    Kind.OBJECT: "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """What one field may hold; `minimum` and `maximum` are inclusive, `choices` is a closed set."""

    name: str
    kind: Kind
    required: bool
    doc: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    max_length: int | None = None
    item_keys: tuple[str, ...] = ()

    @property
    def sql_type(self) -> str:
        """Return the DuckDB type of the bronze column."""
        return SQL_TYPES[self.kind]


def _spec(doc: str, *, required: bool = False, kind: Kind | None = None, default: Any = None, **bounds: Any) -> Any:
    metadata = {"doc": doc, "required": required, "kind": kind, **bounds}
    return field(metadata=metadata) if required else field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event carries."""

    event_id: str = _spec("unique id of the event", required=True, max_length=128)
    occurred_at: datetime = _spec("when it happened: RFC 3339 with offset, kept in UTC", required=True)
    clock: str = _spec(
        "`synthetic` when the source has no timestamps and made one up; such events never feed health or latency",
        default="real",
        choices=("real", "synthetic"),
    )
    user_id: str | None = _spec("pseudonymous user")
    session_id: str | None = _spec("session or conversation")
    trace_id: str | None = _spec("trace that ties the events of one request")
    service: str | None = _spec("service that logged it")
    release: str | None = _spec("release of that service")
    environment: str | None = _spec("such as production or staging")
    published_version: str | None = _spec("version of `published/` the application had loaded")
    attributes: dict[str, Any] | None = _spec("anything else; unknown fields are kept here", kind=Kind.OBJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction(Event):
    """What a user asked (root), or one step of it, such as a tool call (`parent_id` set)."""

    parent_id: str | None = _spec("the interaction this is a step of; null for what a user asked")
    intent: str | None = _spec("what was wanted; for a step the tool's name")
    success: bool | None = _spec("null is unknown, and counted beside every rate")
    error: str | None = _spec("`ErrorType: message` when it failed")
    request_text: str | None = _spec("what was asked, in words")
    response_text: str | None = _spec("what was answered, in words")
    params: Any = _spec("arguments of the call", kind=Kind.JSON)
    duration_ms: float | None = _spec("wall time", minimum=0)
    ttft_ms: float | None = _spec("time to the first token", minimum=0)
    timed_out: bool | None = _spec("true when the time limit ended it")
    timeout_ms: float | None = _spec("the time limit in force", minimum=0)
    agent: str | None = _spec("agent that acted")
    agent_tier: str | None = _spec("tier of that agent")
    task_type: str | None = _spec("kind of task, such as `conversation`")
    complexity: float | None = _spec("complexity as the application sees it", minimum=0, maximum=1)
    size: int | None = _spec("number of items worked on", minimum=0)
    language: str | None = _spec("natural or programming language")
    model: str | None = _spec("model that answered")
    prompt_id: str | None = _spec("prompt used")
    prompt_version: int | None = _spec("version of that prompt")
    config_hash: str | None = _spec("hash of the agent's configuration")
    input_tokens: int | None = _spec("tokens in", minimum=0)
    output_tokens: int | None = _spec("tokens out", minimum=0)
    cost_usd: float | None = _spec("cost in US dollars", minimum=0)
    quality_score: float | None = _spec("the application's own score", minimum=0, maximum=100)
    feature: str | None = _spec("feature of the application")
    fix_id: str | None = _spec("published fix that acted")
    host: str | None = _spec("host it ran on")
    batch_id: str | None = _spec("batch it belonged to")
    batch_size: int | None = _spec("items in that batch", minimum=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Error(Event):
    """An error that the application caught or let through."""

    error_type: str = _spec("class of the error", required=True)
    message: str | None = _spec("its message")
    stack_trace: str | None = _spec("its stack trace")
    context: Any = _spec("what a replay needs: operation, arguments, limits, raw output", kind=Kind.JSON)
    interaction_id: str | None = _spec("interaction in which it happened")
    api: str | None = _spec("API that was called")
    http_status: int | None = _spec("HTTP status", minimum=100, maximum=599)
    retry_after_s: float | None = _spec("Retry-After in seconds", minimum=0)
    attempt: int | None = _spec("attempt number", minimum=1)
    handled: bool | None = _spec("true when the application recovered")
    fix_id: str | None = _spec("published fix that acted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback(Event):
    """What a user, an expert or an evaluator thought of an interaction."""

    interaction_id: str = _spec("interaction that is judged", required=True)
    kind: str = _spec(
        "form of the feedback", required=True, choices=("rating", "thumb", "behaviour", "score", "comment")
    )
    rating: float | None = _spec("1 to 5", minimum=1, maximum=5)
    thumb: str | None = _spec("up or down", choices=("up", "down"))
    action: str | None = _spec("what the user did with the answer; an unknown one is counted and has no score")
    score: float | None = _spec("score between `score_min` and `score_max`")
    score_min: float | None = _spec("lower bound of the score")
    score_max: float | None = _spec("upper bound of the score")
    comment: str | None = _spec("free text")
    rater_id: str | None = _spec("pseudonymous rater")
    rater: str | None = _spec("who judged", choices=("user", "expert", "evaluator"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagEvaluation(Event):
    """A feature flag was evaluated for a unit."""

    flag_key: str = _spec("flag", required=True)
    variant: str = _spec("variant that was served", required=True)
    unit_id: str = _spec("unit of randomisation", required=True)
    unit_type: str = _spec("what the unit is", default="user")
    reason: str | None = _spec("DEFAULT and ERROR are no exposure", choices=("SPLIT", "TARGETING", "DEFAULT", "ERROR"))
    flag_version: str | None = _spec("version of the flag")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Event):
    """A metric's value for a unit."""

    metric: str = _spec("metric", required=True)
    value: float = _spec("its value", required=True)
    unit_id: str = _spec("unit it was measured on", required=True)
    unit_type: str = _spec("what the unit is", default="user")
    denominator: float | None = _spec("denominator of a ratio metric")
    pair_id: str | None = _spec("pair in a paired design")
    interaction_id: str | None = _spec("interaction it belongs to")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall(Event):
    """One attempt of a call to an API."""

    api: str = _spec("API", required=True)
    method: str = _spec("HTTP method", required=True)
    path: str = _spec("path that was called", required=True)
    call_id: str | None = _spec("one call, all its attempts")
    attempt: int | None = _spec("attempt number", minimum=1)
    status_code: int | None = _spec("HTTP status", minimum=100, maximum=599)
    duration_ms: float | None = _spec("wall time", minimum=0)
    params: Any = _spec("parameters of the call", kind=Kind.JSON)
    error_type: str | None = _spec("class of the error")
    error: str | None = _spec("its message")
    retry_after_s: float | None = _spec("Retry-After in seconds", minimum=0)
    interaction_id: str | None = _spec("interaction it served")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation(Event):
    """What a validator found in an interaction's result; absent is not zero."""

    interaction_id: str = _spec("interaction that was validated", required=True)
    language: str | None = _spec("language of the result")
    syntax_errors: int | None = _spec("syntax errors", minimum=0)
    style_issues: int | None = _spec("style issues", minimum=0)
    security_warnings: int | None = _spec("security warnings", minimum=0)
    test_coverage: float | None = _spec("covered share", minimum=0, maximum=1)
    doc_score: float | None = _spec("documentation score", minimum=0, maximum=100)
    overall_score: float | None = _spec("the validator's score", minimum=0, maximum=100)
    findings: list[dict[str, str]] | None = _spec(
        "list of findings", kind=Kind.JSON, item_keys=("category", "indicator", "message", "field")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource(Event):
    """State of a host."""

    host: str = _spec("host", required=True)
    cpu_percent_free: float | None = _spec("free processor", minimum=0, maximum=100)
    memory_percent_free: float | None = _spec("free memory", minimum=0, maximum=100)
    concurrency: int | None = _spec("work in parallel", minimum=1)
    batch_size: int | None = _spec("batch size in force", minimum=1)
    queue_depth: int | None = _spec("work waiting", minimum=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Event):
    """A service says that it is there."""

    service: str = _spec("service that beats", required=True)
    up: bool = _spec("whether it is up", required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportTicket(Event):
    """A support ticket was opened or resolved."""

    ticket_id: str = _spec("ticket", required=True)
    status: str = _spec("what happened to it", required=True, choices=("opened", "resolved"))
    intent: str | None = _spec("what it is about")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Event):
    """Something was changed: overlays, baselines and 'new since' stand on it."""

    kind: str = _spec(
        "what kind of thing",
        required=True,
        choices=("release", "prompt", "model", "configuration", "feature", "incident", "other"),
    )
    target: str = _spec("what was changed", required=True)
    before: str | None = _spec("value before")
    after: str | None = _spec("value after")
    ended_at: datetime | None = _spec("when it ended, such as an incident")


STREAMS: dict[str, type[Event]] = {
    "interaction": Interaction,
    "error": Error,
    "feedback": Feedback,
    "flag_evaluation": FlagEvaluation,
    "outcome": Outcome,
    "api_call": ApiCall,
    "validation": Validation,
    "resource": Resource,
    "heartbeat": Heartbeat,
    "support_ticket": SupportTicket,
    "change": Change,
}
RESERVED_STREAMS = ("decision",)  # Ratchet's own; in a landing zone they are quarantined

_KINDS = {str: Kind.STRING, int: Kind.INTEGER, float: Kind.NUMBER, bool: Kind.BOOLEAN, datetime: Kind.TIMESTAMP}


@functools.cache
def field_specs(stream: str) -> tuple[FieldSpec, ...]:
    """Return the specs of a stream's fields, common ones first, in the order of bronze columns.

    Raises:
        KeyError: if no such stream exists.
    """
    record = STREAMS[stream]
    hints = typing.get_type_hints(record)
    return tuple(_field_spec(f.name, hints[f.name], dict(f.metadata)) for f in fields(record))


def common_names() -> tuple[str, ...]:
    """Return the names of the fields that every event carries."""
    return tuple(f.name for f in fields(Event))


def default_of(stream: str, name: str) -> Any:
    """Return a field's default, None where it has none."""
    found = next(f for f in fields(STREAMS[stream]) if f.name == name)
    return None if found.default is MISSING else found.default


def _field_spec(name: str, hint: Any, metadata: dict[str, Any]) -> FieldSpec:
    kind = metadata.pop("kind") or _KINDS[_plain(hint)]
    return FieldSpec(name=name, kind=kind, **metadata)


def _plain(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        return next(a for a in typing.get_args(hint) if a is not type(None))
    return hint
