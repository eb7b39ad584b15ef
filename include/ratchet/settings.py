"""Ratchet's settings: read once from `include/config/settings.yaml`, validated, frozen.

A setting's meaning is in docs/settings.md; what a step does with it belongs to that step. Objectives, experiments and
the other files of `include/config/` have loaders of their own.
"""

from __future__ import annotations

import difflib
import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError, model_validator

from ratchet.errors import SettingsError
from ratchet.files import digest

PROJECT_ROOT = Path(__file__).resolve().parents[2]
MOST_LISTED = 20  # names in a message
ENVIRONMENTS = ("development", "staging", "production")
REACH_DAYS = 28  # a night looks so far back in events: drift compares it with the four weeks before
_PLACES = {"sources", "fix_repository"}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: Any) -> Any:
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+)([smhd])", value)):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    if isinstance(value, timedelta):
        return value
    raise ValueError("must be a number and a unit, such as 15m, 6h or 7d")


def _in_seconds(value: timedelta) -> str:
    return f"{int(value.total_seconds())}s"


def _regex(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from error
    return value


Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]
Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(_in_seconds)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FailureRule(_Strict):
    """Names who failed when the pattern is found in an error's type or message."""

    pattern: Annotated[str, BeforeValidator(_regex)]
    failure_class: Literal["agent", "infrastructure", "user"]


class ValueTable(_Strict):
    """What things are worth in US dollars; None where nobody has said."""

    successful_interaction: float | None = None
    support_ticket: float | None = None
    hour_of_work: float | None = None
    cost_unit: float | None = None


class Settings(_Strict):
    """Every setting in force; defaults and environments are documented in docs/settings.md."""

    environment: Literal["development", "staging", "production"]
    sources: dict[str, str | None]
    improvement_confidence_threshold: Share
    auto_implement_threshold: Share
    feedback_window: Duration
    safety_mode: bool
    min_feedback_count: Positive
    rollback_threshold: Share
    impact_horizon_days: Positive
    impact_baseline_days: Positive
    impact_min_days: Positive
    max_improvements_per_cycle: Count
    max_deployed_per_cycle: Count
    max_concurrent_improvements: Count
    improvement_budget: float = Field(ge=0)
    improvement_costs: dict[str, Annotated[float, Field(ge=0)]]
    pattern_confidence_threshold: Share
    pattern_support_threshold: Share
    ab_test_duration: Duration
    gap_window_days: Positive
    gap_floor_events: Count
    gap_floor_units: Count
    suggestion_window_days: Positive
    high_priority_demand: Count
    error_floor: Count
    timeout_default_s: Seconds
    timeout_min_s: Seconds
    timeout_max_s: Seconds
    batch_size_min: Positive
    batch_size_max: Positive
    concurrency_min: Positive
    concurrency_max: Positive
    breaker_failures: Positive
    breaker_recovery_s: Seconds
    calls_per_minute_min: Positive
    calls_per_minute_max: Positive
    rephrase_window_s: Annotated[float, Field(gt=0, le=600)]  # as far as int_request_behaviours compares words
    rephrase_similarity: Annotated[float, Field(ge=0.5, le=1)]
    k_anonymity: Positive
    dedup_days: Count
    max_quarantine_share: Share
    max_line_bytes: int = Field(ge=1024, le=1 << 30)
    retention_days: Positive
    history_start: date | None
    failure_classes: tuple[FailureRule, ...]
    escalation_intents: tuple[str, ...]
    approvers: tuple[Annotated[str, Field(min_length=1)], ...]
    notify: Annotated[str, Field(min_length=1)] | None
    fix_repository: str | None
    fix_branch: Annotated[str, Field(min_length=1)]
    values_usd: ValueTable

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Settings:
        for low, high in (
            ("timeout_min_s", "timeout_default_s"),
            ("timeout_default_s", "timeout_max_s"),
            ("batch_size_min", "batch_size_max"),
            ("concurrency_min", "concurrency_max"),
            ("calls_per_minute_min", "calls_per_minute_max"),
            ("gap_window_days", "suggestion_window_days"),
            ("impact_min_days", "impact_horizon_days"),
            ("impact_min_days", "impact_baseline_days"),
        ):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(f"{low} must not be above {high}")
        if self.retention_days <= self.reach_days:
            raise ValueError(f"retention_days must be above {self.reach_days}: a night looks so far back in events")
        return self

    @property
    def reach_days(self) -> int:
        """Return how many days back a night looks in events, duplicates included."""
        return max(REACH_DAYS, self.dedup_days)

    @property
    def hash(self) -> str:
        """Return the hash of everything that can change a result: not of places, nor of who may approve."""
        return digest(self.model_dump(mode="json", exclude=_PLACES | {"approvers", "notify"}))[:16]

    def shown(self) -> dict[str, Any]:
        """Return the settings as a manifest may show them: without places, which may hold a password."""
        return self.model_dump(mode="json", exclude=_PLACES)


def config_folder() -> Path:
    """Return the folder of the settings files: RATCHET_CONFIG or the project's `include/config`."""
    return Path(os.environ.get("RATCHET_CONFIG") or PROJECT_ROOT / "include" / "config")


def load(environment: str | None = None, folder: Path | None = None) -> Settings:
    """Read and validate the settings.

    Args:
        environment: development, staging or production; default RATCHET_ENVIRONMENT, else the file's own.
        folder: where `settings.yaml` lies; default `config_folder()`.

    Raises:
        SettingsError: naming the file, the key, and the nearest valid name or the allowed values.
    """
    path = (folder or config_folder()) / "settings.yaml"
    blocks = _read(path)
    name = environment or os.environ.get("RATCHET_ENVIRONMENT") or blocks.get("environment", "development")
    _check_names((name,), ENVIRONMENTS, path, "environment")
    _check_names(blocks, ("environment", "sources", "defaults", *ENVIRONMENTS), path, "block")
    valid = [field for field in Settings.model_fields if field not in ("environment", "sources")]
    for block in ("defaults", *ENVIRONMENTS):
        _check_names(blocks.get(block) or {}, valid, path, "setting")
    merged = {**(blocks.get("defaults") or {}), **(blocks.get(name) or {})}
    try:
        if isinstance(merged.get("fix_repository"), str):
            merged["fix_repository"] = os.path.expandvars(merged["fix_repository"])
        return Settings.model_validate({"environment": name, "sources": _sources(blocks), **merged})
    except ValidationError as error:
        raise SettingsError(_first_problem(error), where=str(path), way_out="see docs/settings.md") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        blocks = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise SettingsError("no settings file", where=str(path), way_out="set RATCHET_CONFIG to its folder") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"cannot be read: {error}", where=str(path)) from error
    if not isinstance(blocks, dict):
        raise SettingsError("must hold a mapping of blocks", where=str(path), way_out="see docs/settings.md")
    return blocks


def _sources(blocks: dict[str, Any]) -> dict[str, str | None]:
    found = blocks.get("sources") or {"native": None}
    if not isinstance(found, dict):
        raise SettingsError("sources must map a source's name to its landing zone", way_out="see docs/settings.md")
    return {str(k): None if v is None else os.path.expandvars(str(v)) for k, v in found.items()}


def _check_names(names: Any, valid: Any, path: Path, what: str) -> None:
    for name in names:
        if name not in valid:
            near = difflib.get_close_matches(str(name), valid, n=1, cutoff=0.5)
            listed = f"valid are {', '.join(valid)}" if len(valid) <= MOST_LISTED else "docs/settings.md lists them"
            hint = f"did you mean {near[0]}?" if near else listed
            raise SettingsError(f"unknown {what} {str(name)!r}", where=str(path), way_out=hint)


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"])
    reason = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason
