"""What the numbers of the report mean: the meanings that each result carries, with its mart and sample events.

A result's own meanings are written where it is computed; here are only those of the load report, of drift
and of experiments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ratchet.report.impact_view import Effects
from ratchet.report.logtext import Logged
from ratchet.report.results import SHOWN_IDS, Results, Row, event_ids, rows
from ratchet.report.sections import drift, experiments, landing
from ratchet.report.trial_view import Timelines, Trials
from ratchet.report.view import Definition, KeyFigures, Proposals, Trends

_SOURCES = {
    "load": ("What landed", "bronze/_loads/<day>.json, load.json"),
    "features": ("Feature gaps", "mart_feature_gaps, mart_feature_gap_errors, mart_request_texts"),
    "errors": ("Errors", "mart_errors"),
    "fixes": ("Fixes", "mart_fix_cases, mart_error_impact"),
    "feedback": (
        "Feedback",
        "mart_feedback, mart_feedback_response, mart_feedback_comments, mart_feedback_calibration, "
        "mart_rater_agreement",
    ),
    "usage": ("Usage", "mart_usage"),
    "health": ("Health", "mart_health_daily, mart_health_hourly, mart_failures_hourly, mart_usage"),
    "trends": ("Trends", "mart_kpis_daily"),
    "agents": ("Agents and models", "mart_agents, mart_executions"),
    "patterns": (
        "Patterns",
        "mart_pattern_days, mart_errors, mart_sequences, mart_kpis_daily, mart_health_hourly, mart_workflows",
    ),
    "tuning": ("Adaptive settings", "mart_tuning"),
    "kpis": ("Key figures", "mart_kpis_daily, mart_failures_hourly, mart_usage, decisions"),
    "drift": ("Drift", "bronze, the day against the four weeks before"),
    "improvements": ("Improvements", "improvements.json"),
    "apis": ("Connected APIs", "<home>/apis, mart_api_endpoints, apis.json"),
    "capabilities": ("Documentation", "mart_actions, mart_first_steps, mart_usage, <home>/packages"),
    "experiments": ("Experiments", "mart_experiments, mart_experiment_units, mart_experiment_assignments"),
    "rollouts": ("Rollouts", "mart_experiments, mart_experiment_units"),
    "impact": ("Impact", "mart_impact_days, mart_kpis_daily, decisions"),
}
_OURS = {"load": landing.MEANINGS, "drift": drift.MEANINGS, "experiments": experiments.MEANINGS}
# what a renderer names in the head of a block
_OF_BLOCKS: dict[type, tuple[str, ...]] = {
    KeyFigures: tuple(f"kpis-{key}" for key in ("value", "week", "week_before", "trailing", "difference", "verdict")),
    Trends: ("kpis-trailing",),
    Proposals: ("improvements-confidence",),
    Effects: tuple(f"impact-{key}" for key in ("verdict", "regression_to_the_mean", "placebo_dates", "pre_trend")),
    Trials: tuple(f"experiments-{key}" for key in ("verdict", "margin", "p", "sample_ratio", "audit")),
    Timelines: ("rollouts-phase", "rollouts-sample_ratio_p", "rollouts-hold", "experiments-audit"),
}
# whose sample events stand behind the figures of a result that has none of its own
_SAMPLES = {"kpis": "features", "trends": "features", "health": "errors"}


def definitions(results: Results, shown: Iterable[Any]) -> tuple[Definition, ...]:
    """Return the definitions that are named in what is shown, in the order of the chapters."""
    named = {name for part in shown for name in _named(part)}
    return tuple(d for artifact in _SOURCES for d in _of(artifact, results) if d.id in named)


def _named(part: Any) -> Iterator[str]:
    if isinstance(part, tuple | list):
        for item in part:
            yield from _named(item)
    elif isinstance(part, Mapping):
        yield from _named(list(part.values()))
    elif is_dataclass(part) and not isinstance(part, type):
        yield from _OF_BLOCKS.get(type(part), ())
        for f in fields(part):
            value = getattr(part, f.name)
            yield from ([value] if f.name == "definition" and value else _named(value))


def _of(artifact: str, results: Results) -> Iterator[Definition]:
    title, mart = _SOURCES[artifact]
    result = results.get(artifact)
    samples = _samples(result) or _samples(results.get(_SAMPLES.get(artifact, "")))
    for key, meaning in _meanings(artifact, result).items():
        name = f"{title}: {key.replace('_', ' ')}"
        yield Definition(f"{artifact}-{key}", name, _sentence(str(meaning)), mart, samples)


def _meanings(artifact: str, result: Row) -> Mapping[str, Any]:
    if artifact in _OURS:
        return _OURS[artifact]
    figures = {str(k.get("metric")): k["definition"] for k in rows(result, "kpis") if k.get("definition")}
    found = result.get("definitions")
    return {**figures, **(found if isinstance(found, Mapping) else {})}


def _samples(result: Row) -> tuple[Logged, ...]:
    found: dict[Logged, None] = {}
    for value in result.values():
        for row in value if isinstance(value, list) else ():
            if isinstance(row, Mapping):
                found.update(dict.fromkeys(event_ids(row)))
    return tuple(found)[:SHOWN_IDS]


def _sentence(meaning: str) -> str:
    return f"{meaning[:1].upper()}{meaning[1:]}{'' if meaning.endswith('.') else '.'}"
