"""Agents, models and validations, by the real code over marts by hand."""

from __future__ import annotations

from typing import Any

from tests.unit.analyze.agent_frames import DAY, cell, executions
from tests.unit.analyze.agent_frames import agents as mart

from ratchet import settings
from ratchet.analyze.agents.night import compare_agents

_RULES = settings.load("development").failure_classes
_RATES = (0.93, 0.9, 0.78)


def agents(names: tuple[str, ...] = ("senior", "junior", "trainee")) -> dict[str, Any]:
    """Return agents.json of tiers and models of these names that had different work."""
    cells = [_work(name, at, kind) for at, name in enumerate(names) for kind in range(2)]
    grains = [("execution", f"e{i}", 1, int(i % 9 == 0)) for i in range(90)]
    grains += [("session", f"s{i}", 3, int(i % 4 == 0)) for i in range(30)] + [("system", "", 90, 10)]
    return compare_agents(mart(*cells), executions(*grains), _RULES, 5, DAY).as_artifact()


def _work(name: str, at: int, kind: int) -> list[dict[str, Any]]:
    n = 300 if (at + kind) % 2 else 60
    hits = round(n * (_RATES[at % 3] - 0.2 * kind))
    validated = {"validations": 40, "syntax_n": 40, "flawed": 4 + 9 * (at % 2), "syntax_errors": 12, "coverage_n": 20}
    return cell(
        hits,
        n - hits,
        "HTTP 503 from the provider" if at % 3 == 2 else f"Wrong: {name}",
        agent_tier=name,
        model=f"{name} model",
        intent=("summarize", "translate")[kind],
        task_type=name if len(name) > 100 else "text",
        language=("python", "sql")[kind],
        duration_n=n,
        duration_ln=7.0 * n,
        duration_ln_sq=49.5 * n,
        cost_n=n,
        cost_usd=n * (0.004, 0.012, 0.02)[at % 3],
        cost_sq=n * (0.004, 0.012, 0.02)[at % 3] ** 2 * 1.2,
        quality_n=n,
        quality_sum=80.0 * n,
        coverage_sum=12.0,
        **validated,
    )


def nothing() -> dict[str, Any]:
    """Return agents.json of a night on which nothing landed."""
    return compare_agents(mart(), executions(), _RULES, 5, DAY).as_artifact()
