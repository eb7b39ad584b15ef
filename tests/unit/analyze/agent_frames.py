"""Marts of agents by hand, in the shapes in which the warehouse hands them over."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from ratchet.analyze.agents.cells import DIMENSIONS

DAY = date(2026, 11, 20)
_COUNTS = (
    *("requests", "successes", "failures", "unknown", "timed_out", "duration_n", "token_n", "tokens", "cost_n"),
    *("quality_n", "errors", "feedback", "scored", "low", "validations", "syntax_n", "syntax_errors", "style_n"),
    *("style_issues", "security_n", "security_warnings", "flawed", "coverage_n", "doc_n", "validator_n"),
)
_TOTALS = (
    *("duration_ms", "duration_ln", "duration_ln_sq", "cost_usd", "cost_sq", "quality_sum", "quality_sq"),
    *("score_sum", "score_sq", "coverage_sum", "doc_sum", "validator_sum"),
)


def cell(successes: int, failures: int, error: str = "", unknown: int = 0, **more: Any) -> list[dict[str, Any]]:
    """Return the rows of `mart_agents` for one kind of work: what did not fail, and what failed."""
    base = {"as_of": DAY, "level": "root", **dict.fromkeys(DIMENSIONS, ""), "error_kind": "", "sample_error": ""}
    base |= {"failing_cases": [], "passing_cases": []}
    base |= dict.fromkeys(_COUNTS, 0) | dict.fromkeys(_TOTALS, 0.0)
    fine = base | {"requests": successes + unknown, "successes": successes, "unknown": unknown} | more
    named = {name: value for name, value in more.items() if name in (*DIMENSIONS, "level")}
    failed = base | {"requests": failures, "failures": failures, "error_kind": error, "sample_error": error} | named
    return [fine, failed] if failures else [fine]


def agents(*cells: list[dict[str, Any]]) -> pd.DataFrame:
    """Return `mart_agents`."""
    rows = [row for each in cells for row in each]
    return pd.DataFrame(rows or cell(0, 0)).iloc[: len(rows)]


def executions(*rows: tuple[str, str, int, int]) -> pd.DataFrame:
    """Return `mart_executions` of (grain, id, requests, failures)."""
    base = {"as_of": DAY, "level": "root"} | dict.fromkeys(_COUNTS, 0)
    found = [base | {"grain": g, "id": i, "requests": n, "failures": f} for g, i, n, f in rows]
    return pd.DataFrame(found, columns=["as_of", "grain", "level", "id", *_COUNTS])
