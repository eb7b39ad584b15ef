"""The cells of `mart_agents` with their failures told apart by who is to blame; how cells are compared is beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from ratchet import frames
from ratchet.analyze.failure_classes import AGENT, INFRASTRUCTURE, USER, Rule, classified

DIMENSIONS = (
    "intent",
    "agent",
    "agent_tier",
    "task_type",
    "language",
    "model",
    "config_hash",
    "prompt_id",
    "prompt_version",
)
KEY = ("level", *DIMENSIONS, "error_kind")
CLASSES = {AGENT: "agent_failures", INFRASTRUCTURE: "infrastructure", USER: "user_caused"}


def cells_of(agents: pd.DataFrame, rules: Sequence[Rule], as_of: date) -> pd.DataFrame:
    """Return the night's rows of what users asked, with a column of failures for each class of them.

    `known` counts the outcomes that an agent is to blame or praised for; `stratum` numbers the kinds of cases.

    Args:
        agents: mart_agents.
        rules: the setting `failure_classes`.
        as_of: the night's day.
    """
    rows = frames.rows_of(agents, as_of, KEY)
    rows = classified(rows[rows["level"] == "root"].reset_index(drop=True), rules)
    found = {name: rows["failures"].where(rows["failure_class"] == kind, 0) for kind, name in CLASSES.items()}
    rows = rows.assign(**found)
    stratum = rows.groupby(["intent", "language", "task_type"], sort=True).ngroup()
    return rows.assign(known=rows["successes"] + rows["agent_failures"], stratum=stratum)
