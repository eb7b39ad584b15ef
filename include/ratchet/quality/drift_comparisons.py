"""Which columns can be compared, and both sides of each made ready: numbers on their scale, labels grouped.

How far apart the sides are is in `drift_statistics.py`, what that means in `drift.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ratchet.errors import NotComputable
from ratchet.quality.drift_config import PRESENCE_THRESHOLD, ColumnKind, DriftColumn, DriftConfig
from ratchet.quality.drift_statistics import Values, grouped

ABSENT, REST, LOGGED = "(none)", "(other)", "logged"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a column: how its values are spread, or how often it is logged at all."""

    column: DriftColumn
    label: str
    kind: ColumnKind
    threshold: float

    @property
    def log(self) -> bool:
        """Return whether values are compared on a log scale."""
        return self.column.log and self.kind is ColumnKind.NUMERIC

    @property
    def title(self) -> str:
        """Return the name on Evidently's page."""
        return f"{self.label} (log)" if self.log else self.label

    def raw(self, value: float) -> float:
        """Return a value of the compared scale as it was logged."""
        return float(np.expm1(value)) / self.column.scale if self.log else float(value)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A question with both sides' values; `problem` is the reason why it cannot be answered."""

    question: Question
    current: pd.Series[Any]
    reference: pd.Series[Any]
    problem: NotComputable | None = None

    @property
    def rows(self) -> tuple[int, int]:
        """Return how many values each side has."""
        return len(self.current), len(self.reference)

    def numbers(self) -> tuple[Values, Values]:
        """Return both sides of a numeric comparison."""
        return self.current.to_numpy(dtype=np.float64), self.reference.to_numpy(dtype=np.float64)

    def counts(self) -> tuple[list[str], Values, Values]:
        """Return the labels in order of name, and both sides' counts."""
        names = sorted({*self.current.unique(), *self.reference.unique()})
        now, before = (side.value_counts().reindex(names, fill_value=0) for side in (self.current, self.reference))
        return names, now.to_numpy().astype(np.float64), before.to_numpy().astype(np.float64)


def comparisons(current: pd.DataFrame, reference: pd.DataFrame, days: int, config: DriftConfig) -> list[Comparison]:
    """Return every comparison in the order of the configuration.

    Args:
        current: the day's sample.
        reference: the samples of the days before.
        days: how many landed days the reference was drawn from.
        config: what is compared.
    """
    short = NotComputable(f"{days} landed days before, {config.min_reference_days} are needed")
    found = []
    for column in config.columns:
        now, before = (frame.loc[frame["record"] == column.record, column.name] for frame in (current, reference))
        for comparison in _of_column(column, now, before, config):
            enough = days >= config.min_reference_days
            found.append(comparison if enough else Comparison(comparison.question, now[:0], before[:0], short))
    return found


def _of_column(
    column: DriftColumn, now: pd.Series[Any], before: pd.Series[Any], config: DriftConfig
) -> Iterator[Comparison]:
    question = Question(column, column.name, column.kind, column.threshold)
    if column.kind is ColumnKind.CATEGORICAL:
        yield _shares(question, now, before, config)
        return
    yield _numbers(question, now.dropna(), before.dropna())
    missing = pd.concat([now, before]).isna()
    if missing.any() and not missing.all():
        yield _presence(column, now, before)


def _numbers(question: Question, now: pd.Series[Any], before: pd.Series[Any]) -> Comparison:
    problem = _too_few(question.column, now, before)
    return Comparison(question, _on_scale(question, now), _on_scale(question, before), problem)


def _on_scale(question: Question, side: pd.Series[Any]) -> pd.Series[Any]:
    numbers = side.astype("float64")
    return pd.Series(np.log1p(numbers * question.column.scale)) if question.log else numbers


def _shares(question: Question, now: pd.Series[Any], before: pd.Series[Any], config: DriftConfig) -> Comparison:
    problem = _too_few(question.column, now, before)
    if now.isna().all() and before.isna().all():
        problem = problem or NotComputable("logged on neither side")
    now, before = now.fillna(ABSENT).astype(object), before.fillna(ABSENT).astype(object)
    labels = grouped(now, before, config.categories, config.min_expected, REST)
    return Comparison(question, now.map(labels), before.map(labels), problem)


def _presence(column: DriftColumn, now: pd.Series[Any], before: pd.Series[Any]) -> Comparison:
    """Compare how often a field is logged: one that vanishes has no values left whose spread could be asked about."""
    question = Question(column, f"{column.name} {LOGGED}", ColumnKind.CATEGORICAL, PRESENCE_THRESHOLD)
    said = {True: LOGGED, False: ABSENT}
    problem = _too_few(column, now, before)
    return Comparison(question, now.notna().map(said), before.notna().map(said), problem)


def _too_few(column: DriftColumn, now: pd.Series[Any], before: pd.Series[Any]) -> NotComputable | None:
    if len(now) < column.min_current:
        return NotComputable(f"{len(now)} values on the day, {column.min_current} are needed")
    if len(before) < column.min_reference:
        return NotComputable(f"{len(before)} values before, {column.min_reference} are needed")
    return None
