"""What validators found, and what landed at each grain (R59, R60): absent is not zero."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from ratchet import frames
from ratchet.analyze.agents.league import bounded_mean
from ratchet.contracts.agents import Grain, Validation
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.names import bounded
from ratchet.errors import NotComputable
from ratchet.statistics.proportions import wilson

GRAINS = ("execution", "session", "user", "system")
_DIMENSIONS = ("language", "agent_tier", "model", "prompt_id")
_LOOKED = "no validator looked at it"
_SUMS = (
    *("validations", "flawed", "syntax_n", "syntax_errors", "style_n", "style_issues", "security_n"),
    *("security_warnings", "coverage_n", "coverage_sum", "doc_n", "doc_sum", "validator_n", "validator_sum"),
    *("scored", "low"),
)
_COUNTED = ("requests", "failures", "errors", "feedback", "validations")


def validations(cells: pd.DataFrame) -> list[Validation]:
    """Return what was found by language, tier, model and prompt, the most validated first."""
    found: list[Validation] = []
    for dimension in _DIMENSIONS:
        sums = cells[cells[dimension] != ""].groupby(dimension, sort=True)[list(_SUMS)].sum()
        judged = sums[(sums["validations"] > 0) | (sums["scored"] > 0) & (dimension == "prompt_id")]
        rows = [_row(dimension, str(name), line) for name, line in judged.to_dict("index").items()]
        found += sorted(rows, key=lambda r: (-r.validations, r.name))
    return found


def _row(dimension: str, name: str, line: Any) -> Validation:
    looked = int(max(line["syntax_n"], line["security_n"]))
    return Validation(
        dimension=dimension,
        name=bounded(name),
        validations=int(line["validations"]),
        flawed=wilson(min(line["flawed"], looked), looked).estimate(0, looked, _LOOKED),
        syntax_errors=_each(line["syntax_errors"], line["syntax_n"]),
        style_issues=_each(line["style_issues"], line["style_n"]),
        security_warnings=_each(line["security_warnings"], line["security_n"]),
        coverage=bounded_mean(line["coverage_sum"], line["coverage_n"], 1, _LOOKED),
        documentation=bounded_mean(line["doc_sum"], line["doc_n"], 100, _LOOKED),
        overall=bounded_mean(line["validator_sum"], line["validator_n"], 100, _LOOKED),
        low_satisfaction=wilson(line["low"], line["scored"]).estimate(
            0, int(line["scored"]), "no feedback with a score"
        ),
    )


def _each(total: float, n: float) -> Estimate:
    if not n:
        return Estimate(NotComputable(_LOOKED), 0)
    return Estimate(float(total / n), int(n), note="of counts only the sum is kept")


def levels(executions: pd.DataFrame, as_of: date) -> list[Grain]:
    """Return what landed with the night at each grain, and how many of its rows a failure hit.

    Args:
        executions: mart_executions.
        as_of: the night's day.
    """
    rows = frames.rows_of(executions, as_of, ("grain", "level", "id"))
    counts = frames.counts(rows, _COUNTED).assign(grain=rows["grain"], level=rows["level"], named=rows["id"] != "")
    found = []
    for grain in GRAINS:
        for level, own in counts[counts["grain"] == grain].groupby("level", sort=True):
            named = own[own["named"]]
            rows_of_it = 1 if grain == "system" else len(named)
            sums = {name: int(own[name].sum()) for name in _COUNTED}
            found.append(Grain(grain, str(level), rows_of_it, hit=_hit(named, grain), **sums))
    return found


def _hit(named: pd.DataFrame, grain: str) -> Estimate:
    if grain == "system":
        return Estimate(NotComputable("the system is one"), 1)
    return wilson((named["failures"] > 0).sum(), len(named)).estimate(0, len(named), f"no {grain} was logged")
