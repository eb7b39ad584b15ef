"""Who uses what, how well it works and what it costs: one table, by dimension (R68).

Trends of these figures belong to `measure/kpis.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ratchet import frames
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.names import bounded
from ratchet.statistics.arrays import divide
from ratchet.statistics.proportions import wilson

_KEY = ("window_days", "level", "dimension", "value")
_COUNTS = (
    *("requests", "successes", "failures", "unknown", "timed_out", "units", "duration_n", "token_n", "cost_n"),
    *("quality_n", "satisfaction_n"),
)
_QUANTILES = (
    *("duration_p50_ms", "duration_p95_ms", "duration_p99_ms", "tokens_p50", "tokens_p95", "tokens_p99"),
    *("cost_p50_usd", "cost_p95_usd", "cost_p99_usd", "quality_p05", "quality_p50", "quality_p95"),
    *("satisfaction_p05", "satisfaction_p50", "satisfaction_p95"),
)
_ORDER = ["window_days", "level", "dimension", "requests", "value"]


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One value of one dimension in one window.

    Attributes:
        window_days: days up to the night.
        level: root (what users asked) or step (what was done for it).
        dimension: what it is cut by; `all` is the whole.
        value: the value of the dimension, '' where none was logged.
        share: of the requests of its level and window.
        input_tokens: of the `token_n` interactions that logged tokens; None where none did.
        cost_usd: of the `cost_n` interactions that logged a cost; None where none did.
        quality_n: interactions with the application's own quality score, 0-100.
        satisfaction_n: scores that people gave, 0-10; `_p05` to `_p99` are quantiles, None where nothing was logged.
    """

    window_days: int
    level: str
    dimension: str
    value: str
    requests: int
    share: float | None
    successes: int
    failures: int
    unknown: int
    success_rate: Estimate
    timed_out: int
    units: int
    duration_n: int
    duration_p50_ms: float | None
    duration_p95_ms: float | None
    duration_p99_ms: float | None
    token_n: int
    input_tokens: int | None
    output_tokens: int | None
    tokens_p50: float | None
    tokens_p95: float | None
    tokens_p99: float | None
    cost_n: int
    cost_usd: float | None
    cost_p50_usd: float | None
    cost_p95_usd: float | None
    cost_p99_usd: float | None
    quality_n: int
    quality_p05: float | None
    quality_p50: float | None
    quality_p95: float | None
    satisfaction_n: int
    satisfaction_p05: float | None
    satisfaction_p50: float | None
    satisfaction_p95: float | None


@dataclass(frozen=True, slots=True)
class UsageResult:
    """Usage as of a night, the most used first within each table."""

    as_of: date
    reason: str
    usage: tuple[UsageRow, ...]
    definitions: dict[str, str] = field(default_factory=dict)

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `usage.json`."""
        return {"artifact": "usage", **as_record(self)}


def tabulate(usage: pd.DataFrame, as_of: date) -> UsageResult:
    """Return usage by every dimension.

    Args:
        usage: mart_usage.
        as_of: the night's day.
    """
    rows = frames.rows_of(usage, as_of, _KEY)
    rows[list(_COUNTS)] = frames.counts(rows, _COUNTS)
    whole = rows[rows["dimension"] == "all"].set_index(["window_days", "level"])["requests"]
    totals = [whole.get((days, level), np.nan) for days, level in zip(rows["window_days"], rows["level"], strict=True)]
    rows = rows.assign(share=divide(rows["requests"], totals) if len(rows) else [])
    rows = rows.sort_values(_ORDER, ascending=[True, True, True, False, True], kind="stable", ignore_index=True)
    known = (rows["successes"] + rows["failures"]).to_numpy()
    rates = wilson(rows["successes"], known)
    reason = "no request with a known outcome"
    return UsageResult(
        as_of=as_of,
        reason="" if len(rows) else "no interaction was logged in the last 30 days",
        usage=tuple(_row(line, rates.estimate(at, known[at], reason)) for at, line in enumerate(frames.records(rows))),
        definitions=_definitions(),
    )


def _row(line: dict[str, Any], success_rate: Estimate) -> UsageRow:
    counts: dict[str, Any] = {c: int(line[c]) for c in _COUNTS}
    quantiles: dict[str, Any] = {c: frames.number(line[c]) for c in _QUANTILES}
    return UsageRow(
        window_days=int(line["window_days"]),
        level=line["level"],
        dimension=line["dimension"],
        value=bounded(line["value"]),
        share=frames.number(line["share"]),
        success_rate=success_rate,
        input_tokens=_whole(line["input_tokens"]) if line["token_n"] else None,
        output_tokens=_whole(line["output_tokens"]) if line["token_n"] else None,
        cost_usd=frames.number(line["cost_usd"]) if line["cost_n"] else None,
        **counts,
        **quantiles,
    )


def _whole(value: Any) -> int | None:
    found = frames.number(value)
    return None if found is None else int(found)


def _definitions() -> dict[str, str]:
    return {
        "level": "root: what users asked; step: a part of it, such as a tool call",
        "requests": "interactions of that level",
        "success_rate": "successes of those with a known outcome, with Wilson's 95 % interval; unknown beside it",
        "units": "distinct users, else sessions, else traces",
        "duration": "quantiles from histograms whose buckets are 2 % wide; real clocks only",
        "cost_usd": "sum of the logged cost; empty where none was logged",
        "quantiles": (
            "half and 95 % of the requests cost no more, took no more tokens; half and 95 % of the scores are no less; "
            "from histograms whose buckets are 2 % wide. Quality is the application's own score, 0 to 100; "
            "satisfaction the feedback of people, 0 to 10"
        ),
    }
