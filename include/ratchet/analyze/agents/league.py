"""League tables: who does better at the same work, adjusted for the cases that each of them had (R72, R78).

The statistics belong to `statistics/case_mix.py`; what follows from a table to `recommend.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ratchet import frames
from ratchet.contracts.agents import ErrorKind, LeagueRow
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.names import bounded, in_words
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import Array, Intervals
from ratchet.statistics.case_mix import Adjusted, adjusted, drawn_together
from ratchet.statistics.comparisons import benjamini_hochberg
from ratchet.statistics.means import bounded_mean_interval, mean_interval
from ratchet.statistics.proportions import wilson

LEAST = 10  # outcomes of a row that is compared
_ERRORS = 3
_ALONE = "nobody else had the same cases, or too few of them"


class Table(NamedTuple):
    """What is compared, and among whom: those who share a value of `within`; '' compares all."""

    dimension: str
    within: str


TABLES = (
    Table("agent_tier", "task_type"),
    Table("agent", "task_type"),
    Table("model", "task_type"),
    Table("model", ""),
    Table("config_hash", "agent"),
    Table("prompt_version", "prompt_id"),
)
_COUNTS = (
    *("requests", "successes", "agent_failures", "infrastructure", "user_caused", "unknown", "known"),
    *("duration_n", "duration_ln", "duration_ln_sq", "quality_n", "quality_sum", "scored", "score_sum"),
    *("cost_n", "cost_usd", "cost_sq"),
)


def league(cells: pd.DataFrame, tables: Sequence[Table] = TABLES) -> list[LeagueRow]:
    """Return every table, the best first; rows of tables with a single name are left out.

    Args:
        cells: what `cells_of` returns.
        tables: which ones.
    """
    found = [row for table in tables for row in _table(cells, table)]
    if not found:
        return []
    corrected = benjamini_hochberg([float("nan") if row.q is None else row.q for row in found])
    return [replace(row, q=None if row.q is None else float(q)) for row, q in zip(found, corrected, strict=True)]


def _table(cells: pd.DataFrame, table: Table) -> list[LeagueRow]:
    named = cells[cells[table.dimension] != ""]
    named = named.assign(within=named[table.within] if table.within else "")
    errors = _errors(named, table.dimension)
    sums = named.groupby(["within", table.dimension], sort=True)[list(_COUNTS)].sum()
    rows: list[LeagueRow] = []
    for group in sums.index.unique(0):
        own = sums.loc[group]
        if len(own) > 1:
            rows += _group(named[named["within"] == group], own, table, str(group), errors)
    return rows


def _group(
    own: pd.DataFrame, sums: pd.DataFrame, table: Table, group: str, errors: Mapping[tuple[str, str], list[ErrorKind]]
) -> list[LeagueRow]:
    names = list(sums.index)
    compared = effects_of(own, table.dimension, names, ("known", "successes", "successes"), LEAST)
    drawn = drawn_together(compared.effects.value, np.diag(compared.covariance))
    rank = _ranks(drawn.value)
    lines = frames.records(sums)
    rows = [
        _row(table, name, group, rank[at], lines[at], at, compared, drawn, tuple(errors.get((group, name), ())))
        for at, name in enumerate(names)
    ]
    return sorted(rows, key=lambda r: (r.rank is None, r.rank or 0, -r.attempts, r.name))


def effects_of(
    cells: pd.DataFrame, dimension: str, names: Sequence[str], columns: tuple[str, str, str], least: int
) -> Adjusted:
    """Return the effect of each name on a mean, adjusted for intent, language and type of task.

    Args:
        cells: of all names.
        dimension: the column that holds a name.
        names: in the order of the result.
        columns: number, sum and sum of squares of the values.
        least: values that a name needs to be compared.
    """
    place = {name: at for at, name in enumerate(names)}
    at = cells[dimension].map(place).to_numpy(dtype=np.intp)
    n, total, squares = (cells[c].to_numpy(dtype=np.float64) for c in columns)
    enough = np.bincount(at, weights=n, minlength=len(names))[at] >= least
    kept = enough & (n > 0)
    stratum = cells["stratum"].to_numpy()
    return adjusted(stratum[kept], at[kept], n[kept], total[kept], squares[kept], len(names))


def _ranks(values: Array) -> list[int | None]:
    order = [int(i) for i in np.argsort(-values, kind="stable") if np.isfinite(values[i])]
    place = {at: n + 1 for n, at in enumerate(order)}
    return [place.get(at) for at in range(len(values))]


def _row(
    table: Table,
    name: str,
    group: str,
    rank: int | None,
    line: Any,
    at: int,
    compared: Adjusted,
    drawn: Intervals,
    errors: tuple[ErrorKind, ...],
) -> LeagueRow:
    known = int(line["known"])
    p = float(compared.p[at])
    return LeagueRow(
        dimension=table.dimension,
        name=bounded(name),
        within=table.within,
        group=bounded(group),
        rank=rank,
        attempts=int(line["requests"]),
        successes=int(line["successes"]),
        failures=int(line["agent_failures"]),
        infrastructure=int(line["infrastructure"]),
        user_caused=int(line["user_caused"]),
        unknown=int(line["unknown"]),
        success=wilson(line["successes"], known).estimate(0, known, "no request with a known outcome"),
        adjusted=_share(compared.effects, compared.mean, at, known),
        drawn=_share(drawn, compared.mean, at, known),
        mean=compared.mean if np.isfinite(p) else None,
        q=p if np.isfinite(p) else None,
        typical_ms=_typical(line),
        quality=bounded_mean(line["quality_sum"], line["quality_n"], 100, "no quality score was logged"),
        satisfaction=bounded_mean(line["score_sum"], line["scored"], 10, "no feedback with a score"),
        cost_usd=_cost(line),
        errors=errors,
    )


def _share(effects: Intervals, mean: float, at: int, n: int) -> Estimate:
    value, low, high = (float(v[at]) for v in (effects.value, effects.low, effects.high))
    if not np.isfinite(value):
        return Estimate(NotComputable(_ALONE), n)
    value, low, high = (float(np.clip(mean + v, 0, 1)) for v in (value, low, high))
    return Estimate(value, n, low, high)


def _typical(line: Any) -> Estimate:
    n = int(line["duration_n"])
    found = mean_interval(line["duration_ln"], line["duration_ln_sq"], n).estimate(0, n, "no duration by a real clock")
    if found.number is None:
        return found
    low, high = (None if bound is None else float(np.exp(bound)) for bound in (found.low, found.high))
    return Estimate(float(np.exp(found.number)), n, low, high)


def _cost(line: Any) -> Estimate:
    n = int(line["cost_n"])
    return mean_interval(line["cost_usd"], line["cost_sq"], n).estimate(0, n, "no cost was logged")


def bounded_mean(total: float, n: float, top: float, reason: str) -> Estimate:
    """Return the mean of values between 0 and a bound."""
    return bounded_mean_interval(total, n, 0, top).estimate(0, n, reason)


def _errors(named: pd.DataFrame, dimension: str) -> dict[tuple[str, str], list[ErrorKind]]:
    """Return the most frequent kinds of failures of every row of a table."""
    keys = ["within", dimension, "error_kind", "failure_class"]
    failed: pd.DataFrame = named[named["failures"] > 0].groupby(keys, as_index=False)[["failures"]].sum()
    failed = failed.sort_values(["failures", *keys], ascending=[False, True, True, True, True])
    found: dict[tuple[str, str], list[ErrorKind]] = {}
    for row in frames.records(failed):
        own = found.setdefault((row["within"], row[dimension]), [])
        if len(own) < _ERRORS:
            own.append(ErrorKind(in_words(row["error_kind"], 120), row["failure_class"], int(row["failures"])))
    return found
