"""Agents as of a night: league tables, validations, grains and what they recommend."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from ratchet.analyze.agents.cases import cases_of
from ratchet.analyze.agents.cells import cells_of
from ratchet.analyze.agents.choices import LEAST as LEAST_OF_MODELS
from ratchet.analyze.agents.choices import choices
from ratchet.analyze.agents.league import LEAST, league
from ratchet.analyze.agents.recommend import recommend
from ratchet.analyze.agents.validation import levels, validations
from ratchet.analyze.failure_classes import Rule
from ratchet.contracts.agents import MARGIN, AgentsResult


def compare_agents(
    agents: pd.DataFrame, executions: pd.DataFrame, rules: Sequence[Rule], least_units: int, as_of: date
) -> AgentsResult:
    """Return who does which work how well.

    Args:
        agents: mart_agents.
        executions: mart_executions.
        rules: the setting `failure_classes`.
        least_units: the setting `k_anonymity`.
        as_of: the night's day.
    """
    cells = cells_of(agents, rules, as_of)
    rows, validated = league(cells), validations(cells)
    return AgentsResult(
        as_of=as_of,
        reason="" if rows else "no two agents, models or configurations were logged in the last 30 days",
        league=tuple(rows),
        validation=tuple(validated),
        levels=tuple(levels(executions, as_of)),
        recommendations=tuple(recommend(rows, validated)),
        choices=tuple(choices(cells)),
        cases=tuple(cases_of(agents, least_units, as_of)),
        definitions=_definitions(least_units),
    )


def _definitions(least_units: int) -> dict[str, str]:
    return {
        "attempts": "what users asked in the last 30 days",
        "success": (
            "successes of the outcomes that the agent is to blame or praised for, with Wilson's 95 % interval; "
            "failures of the infrastructure and of users are counted apart, by the rules of the setting failure_classes"
        ),
        "adjusted": (
            "success if all had had the same mix of intents, languages and types of task: least squares with an effect "
            f"of each mix and of each name; from {LEAST} outcomes on, among those who share cases"
        ),
        "drawn": (
            "adjusted success drawn toward the mean of the table, by how far all effects lie apart (hierarchical "
            "model); the rank goes by it"
        ),
        "q": "chance of such a difference without any, corrected for the number of rows (Benjamini-Hochberg)",
        "typical_ms": "geometric mean of durations by a real clock",
        "quality": "mean of the application's own quality score, 0 to 100",
        "satisfaction": "mean of the feedback scores, 0 to 10",
        "cost_usd": "mean cost of those with a cost logged",
        "choices": (
            f"models with {LEAST_OF_MODELS} outcomes at an intent, with the same cases; another one is better when "
            f"surely better in success, cost or time, surely at most {MARGIN:.0%} behind in success, and not surely "
            "worse in the rest (5 % over all comparisons); efficient: beaten by nobody in all three"
        ),
        "cases": (
            f"requests to a prompt whose results failed or were found faulty, and of the same intent such as were "
            f"looked at without a fault; redacted, where at least {least_units} users or sessions are among them"
        ),
        "validation": "what validators found; what they did not look at is left out, not zero",
        "levels": "what landed with the night; executions, sessions, users and the system add up to the same",
    }
