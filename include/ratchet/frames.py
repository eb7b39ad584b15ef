"""Reads a mart's frame: the rows of one day, in an order of their own, with plain Python values.

The learning packages get frames and never open a file; what a mart holds is documented beside its model in dbt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd


def rows_of(frame: pd.DataFrame, as_of: date, keys: Sequence[str]) -> pd.DataFrame:
    """Return a day's rows sorted by the mart's key, so that no result depends on the order in which they came.

    Args:
        frame: a mart, with a column `as_of`.
        as_of: the day.
        keys: the rest of the mart's key; in its texts a missing one becomes '' and NUL becomes `␀0` (and `␀` itself
            `␀.`), since pandas takes two texts that differ only behind a NUL for one.
    """
    days = pd.to_datetime(frame["as_of"]).dt.date
    rows = frame.loc[(days == as_of).to_numpy()].copy()
    for key in keys:
        if rows[key].dtype == object or isinstance(rows[key].dtype, pd.StringDtype):
            rows[key] = rows[key].map(_key).astype(object)
    return rows.sort_values(list(keys), kind="stable", ignore_index=True)


def counts(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return the named columns as whole numbers, missing ones as 0."""
    return frame[list(columns)].astype("float64").fillna(0).astype("int64")


def sums(frame: pd.DataFrame, by: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Return the columns added up by key; the sum of a group does not depend on the order of its rows."""
    return frame.groupby(list(by), sort=True)[list(columns)].sum(min_count=0)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as mappings, for results of few rows."""
    return [dict(zip(map(str, frame.columns), row, strict=True)) for row in frame.itertuples(index=False, name=None)]


def texts(value: Any) -> tuple[str, ...]:
    """Return a list column's cell as strings, without missing entries."""
    return tuple(str(v) for v in _cells(value))


def integers(value: Any) -> tuple[int, ...]:
    """Return a list column's cell as whole numbers, without missing entries."""
    return tuple(int(v) for v in _cells(value))


def day(value: Any) -> date | None:
    """Return a date column's cell."""
    return None if pd.isna(value) else pd.Timestamp(value).date()


def number(value: Any) -> float | None:
    """Return a number, None where it is missing or not finite."""
    found = float("nan") if value is None or pd.isna(value) else float(value)
    return found if np.isfinite(found) else None


def text(value: Any) -> str:
    """Return a text column's cell, '' where it is missing."""
    return value if isinstance(value, str) else ""


def _key(value: Any) -> Any:
    if isinstance(value, date):
        return value
    return value.replace("␀", "␀.").replace("\0", "␀0") if isinstance(value, str) else ""


def _cells(value: Any) -> list[Any]:
    if value is None or np.isscalar(value):
        return []
    cells: list[Any] = np.ma.compressed(np.ma.asarray(value, dtype=object)).tolist()
    return [v for v in cells if not pd.isna(v)]
