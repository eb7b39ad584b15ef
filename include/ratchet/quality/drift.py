"""Has the day's traffic changed against the four weeks before? One verdict a column, honest about chance and size.

What is compared is data (`drift.yaml`), made ready in `drift_comparisons.py` from the samples of `drift_samples.py`
and measured in `drift_statistics.py`; Evidently's page is in `drift_page.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ratchet.contracts.estimates import Estimate
from ratchet.quality.drift_comparisons import Comparison, comparisons
from ratchet.quality.drift_config import ColumnKind, DriftConfig, drift_config
from ratchet.quality.drift_statistics import (
    Values,
    jensenshannon,
    jensenshannon_floor,
    wasserstein,
    wasserstein_floor,
)
from ratchet.statistics.proportions import wilson

SHOWN_SHARES = 8
_QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A measured comparison: drifted when the statistic reaches the threshold and what chance alone could reach."""

    comparison: Comparison
    statistic: float
    noise_floor: float

    @property
    def limit(self) -> float:
        """Return what the statistic has to reach."""
        return max(self.comparison.question.threshold, self.noise_floor)

    @property
    def drifted(self) -> bool:
        """Return whether the change matters and is more than chance."""
        return self.statistic >= self.limit


def drift(
    current: pd.DataFrame,
    reference: pd.DataFrame,
    day: date,
    html_path: Path | None = None,
    reference_days: Sequence[date] = (),
    config: DriftConfig | None = None,
) -> dict[str, Any]:
    """Compare the day's sample with that of the days before and return the content of `drift.json`.

    Args:
        current: the day's sample, see `drift_samples.drift_samples`.
        reference: the samples of the days before.
        day: the night's day.
        html_path: where Evidently's page is written, None for none.
        reference_days: the landed days that the reference was drawn from.
        config: another configuration than the shipped one.

    Raises:
        StorageError: if the page cannot be written.
    """
    config = config or drift_config()
    found = comparisons(current, reference, len(reference_days), config)
    judged = judge(found, config.error_level)
    if html_path is not None:
        from ratchet.quality.drift_page import write_drift_page

        write_drift_page(list(judged.values()), html_path)
    return {
        "as_of": day.isoformat(),
        "comparisons": len(judged),
        "error_level": config.error_level,
        "reference": _window(reference_days, config),
        "columns": [_record(c, judged.get(c.question.label)) for c in found],
        "drifted": [label for label, verdict in judged.items() if verdict.drifted],
    }


def judge(found: Sequence[Comparison], error_level: float) -> dict[str, Verdict]:
    """Measure the comparisons that can be answered; the error level is shared among them evenly (Bonferroni)."""
    answerable = [c for c in found if c.problem is None]
    return {c.question.label: _measured(c, error_level / len(answerable)) for c in answerable}


def _measured(comparison: Comparison, level: float) -> Verdict:
    if comparison.question.kind is ColumnKind.NUMERIC:
        now, before = comparison.numbers()
        return Verdict(comparison, wasserstein(now, before), wasserstein_floor(now, before, level))
    _, now, before = comparison.counts()
    return Verdict(comparison, jensenshannon(now, before), jensenshannon_floor(now, before, level))


def _window(days: Sequence[date], config: DriftConfig) -> dict[str, Any]:
    return {
        "from": min(days).isoformat() if days else None,
        "to": max(days).isoformat() if days else None,
        "landed_days": len(days),
        "minimum_days": config.min_reference_days,
    }


def _record(comparison: Comparison, verdict: Verdict | None) -> dict[str, Any]:
    question = comparison.question
    numeric = question.kind is ColumnKind.NUMERIC
    return {
        "column": question.label,
        "of": question.column.record,
        "method": question.kind.method,
        "scale": "log" if question.log else "plain" if numeric else "shares",
        "drifted": verdict.drifted if verdict else None,
        "reason": comparison.problem.reason if comparison.problem else None,
        "statistic": verdict.statistic if verdict else None,
        "threshold": question.threshold,
        "noise_floor": verdict.noise_floor if verdict else None,
        "n": dict(zip(("current", "reference"), comparison.rows, strict=True)),
        "minimum_n": {"current": question.column.min_current, "reference": question.column.min_reference},
        "quantiles": _quantiles(comparison) if numeric and verdict else None,
        "shares": _shares(comparison) if not numeric and verdict else None,
        "why": question.column.why,
    }


def _quantiles(comparison: Comparison) -> dict[str, dict[str, float]]:
    """Return both sides' quantiles as logged; without interpolation, so that the scale does not matter."""
    sides = dict(zip(("current", "reference"), comparison.numbers(), strict=True))
    at = list(_QUANTILES.values())
    values = {side: np.quantile(numbers, at, method="inverted_cdf") for side, numbers in sides.items()}
    return {
        side: {name: comparison.question.raw(v) for name, v in zip(_QUANTILES, found, strict=True)}
        for side, found in values.items()
    }


def _shares(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the values whose share moved most, with Wilson intervals; ties by name."""
    names, now, before = comparison.counts()
    moved = np.abs(now / now.sum() - before / before.sum())
    order = sorted(range(len(names)), key=lambda i: (-round(float(moved[i]), 9), names[i]))[:SHOWN_SHARES]
    sides = {"current": _estimates(now), "reference": _estimates(before)}
    return [{"value": names[i], **{side: found[i].as_record() for side, found in sides.items()}} for i in order]


def _estimates(counts: Values) -> list[Estimate]:
    shares = wilson(counts, counts.sum())
    return [shares.estimate(row, float(counts.sum()), "no rows") for row in range(len(counts))]
