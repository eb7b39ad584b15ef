"""Evidently's page of the same comparisons, for those who want to see the distributions.

Evidently takes seven seconds to import, so it is imported inside the function. The verdicts are made in `drift.py`;
the page gets the same methods and limits, and a test holds its distances against ours.
"""

from __future__ import annotations

import html
import math
import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ratchet.files import write_text
from ratchet.quality.drift_config import ColumnKind

if TYPE_CHECKING:
    from ratchet.quality.drift import Verdict

_MARKUP = re.compile(r"[<>&\"'`\\\x00-\x1f\x7f\u2028\u2029]")
_EMPTY = "<!doctype html><meta charset=utf-8><title>Drift</title><p>Nothing could be compared: {reason}</p>\n"


def write_drift_page(verdicts: Sequence[Verdict], path: Path) -> None:
    """Write the page, self-contained, with Evidently's own distance of each column.

    Log text becomes labels in a script of the page, so markup in it is replaced before Evidently sees it.

    Raises:
        StorageError: if the page cannot be written.
    """
    if not verdicts:
        reason = "there are too few values or landed days; drift.json says which for each column."
        write_text(path, _EMPTY.format(reason=html.escape(reason)))
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _written(verdicts, path)


def _written(verdicts: Sequence[Verdict], path: Path) -> None:
    os.environ.setdefault("DO_NOT_TRACK", "1")
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    titles = {v.comparison.question.title: v for v in verdicts}
    kinds = {kind: [t for t, v in titles.items() if v.comparison.question.kind is kind] for kind in ColumnKind}
    definition = DataDefinition(
        numerical_columns=kinds[ColumnKind.NUMERIC], categorical_columns=kinds[ColumnKind.CATEGORICAL]
    )
    sides = [
        Dataset.from_pandas(_frame(verdicts, side), data_definition=definition) for side in ("current", "reference")
    ]

    class Preset(DataDriftPreset):  # type: ignore[misc]
        def generate_metrics(self, context: Any) -> Any:
            """Leave out the second drawing of each column, which its page does not show."""
            return super().generate_metrics(context)[:1]

    preset = Preset(
        columns=list(titles),
        per_column_method={title: v.comparison.question.kind.method for title, v in titles.items()},
        per_column_threshold={title: v.limit for title, v in titles.items()},
        drift_share=math.floor(1000 / len(titles)) / 1000,  # the page says "drift" for one column, as we do
    )
    write_text(path, Report([preset]).run(*sides).get_html_str(as_iframe=False))


def _frame(verdicts: Sequence[Verdict], side: str) -> pd.DataFrame:
    """Return one side's columns; shorter ones end in missing values, which Evidently leaves out."""
    columns = {v.comparison.question.title: _harmless(v, side).reset_index(drop=True) for v in verdicts}
    return pd.DataFrame(columns)


def _harmless(verdict: Verdict, side: str) -> pd.Series[Any]:
    values: pd.Series[Any] = getattr(verdict.comparison, side)
    if verdict.comparison.question.kind is ColumnKind.NUMERIC:
        return values
    names, *_ = verdict.comparison.counts()
    labels: dict[str, str] = {}
    for name in names:
        label = plain = _MARKUP.sub(" ", name)
        while label in labels.values():  # two values that differ in markup alone stay two
            label = f"{plain} ({sum(used.startswith(plain) for used in labels.values()) + 1})"
        labels[name] = label
    return values.map(labels)
