"""Frames made ready for checks: tidy types, derived columns, and a label that names each row to a reader.

Derivations keep suites to a few plain expectation types: an identity such as "parts add up" is a derived sum and an
equality. What is derived for which suite is data, in `suites/`.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

LABEL_LENGTH = 120

Derivation = Callable[[pd.DataFrame, date], "pd.Series[Any]"]


def prepared(frame: pd.DataFrame, derive: Mapping[str, Mapping[str, Any]], day: date) -> pd.DataFrame:
    """Return the frame with tidy types and every derived column whose sources are there."""
    tidy = frame.reset_index(drop=True).apply(_tidy)
    for name, rule in derive.items():
        sources = sources_of(rule)
        if all(column in tidy.columns for column in sources):
            tidy[name] = _derived(tidy, rule, day)
    return tidy


def sources_of(rule: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the columns that a derivation reads."""
    operation, *_ = rule
    return (*_names(rule[operation]), *rule.get("where", {}))


def labels(frame: pd.DataFrame, key: tuple[str, ...]) -> pd.Series[Any]:
    """Return one short text a row that names it, such as `window_days=7, intent=refund`."""
    parts = [name + "=" + frame[name].map(_shown) for name in key if name in frame.columns]
    if not parts:
        return pd.Series("", index=frame.index)
    text = parts[0]
    for part in parts[1:]:
        text = text + ", " + part
    return text.str.slice(0, LABEL_LENGTH)


def escaped(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with markup in its texts made harmless: Data Docs puts values into its pages as they are."""
    copy = frame.copy()
    for name in frame.select_dtypes(object):
        copy[name] = frame[name].map(_escape)
    return copy


def _escape(value: Any) -> Any:
    return html.escape(value) if isinstance(value, str) else value


def _shown(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return "(none)" if value is None or value is pd.NaT or value == "" else str(value)


def _tidy(column: pd.Series[Any]) -> pd.Series[Any]:
    if column.dtype != object:
        return column
    known = column.dropna()
    first = known.iloc[0] if len(known) else None
    if isinstance(first, Decimal):
        return pd.to_numeric(column)
    return pd.to_datetime(column) if isinstance(first, date) else column


def _derived(frame: pd.DataFrame, rule: Mapping[str, Any], day: date) -> pd.Series[Any]:
    operation, *_ = rule
    values = DERIVATIONS[operation](frame, rule[operation], day)
    for name, allowed in rule.get("where", {}).items():
        values = values.where(frame[name].isin(allowed))
    return values


def _names(argument: str | list[str]) -> list[str]:
    return [argument] if isinstance(argument, str) else list(argument)


def _sum(frame: pd.DataFrame, names: list[str], day: date) -> pd.Series[Any]:
    return frame[names].astype("float64").sum(axis=1, skipna=False)


def _difference(frame: pd.DataFrame, names: list[str], day: date) -> pd.Series[Any]:
    return frame[names[0]].astype("float64") - frame[names[1]].astype("float64")


def _share(frame: pd.DataFrame, names: list[str], day: date) -> pd.Series[Any]:
    """Return the first column over the second; missing where the second is not above zero."""
    below = frame[names[1]].astype("float64")
    return frame[names[0]].astype("float64") / below.where(below > 0)


def _least(frame: pd.DataFrame, names: list[str], day: date) -> pd.Series[Any]:
    return frame[names].astype("float64").min(axis=1)


def _nulls(frame: pd.DataFrame, names: list[str], day: date) -> pd.Series[Any]:
    return frame[names].isna().sum(axis=1)


def _value(frame: pd.DataFrame, name: str, day: date) -> pd.Series[Any]:
    return frame[name]


def _length(frame: pd.DataFrame, name: str, day: date) -> pd.Series[Any]:
    return frame[name].map(lambda items: 0 if items is None else len(items)).astype("float64")


def _days_between(frame: pd.DataFrame, names: list[str], day: date) -> pd.Series[Any]:
    first, last = (pd.to_datetime(frame[name]) for name in names)  # a column without any date has no type of its own
    return (last - first).dt.days


def _days_after_run_day(frame: pd.DataFrame, name: str, day: date) -> pd.Series[Any]:
    return (pd.to_datetime(frame[name]) - pd.Timestamp(day)).dt.days


def _spread(frame: pd.DataFrame, names: list[str], day: date) -> pd.Series[Any]:
    """Return n * sum of squares - sum squared, which no real numbers make negative; relative to n * sum of squares."""
    total, squares, n = (frame[name].astype("float64") for name in names)
    scale = n * squares
    return (scale - total**2) / scale.where(scale > 0)


DERIVATIONS: dict[str, Callable[[pd.DataFrame, Any, date], pd.Series[Any]]] = {
    "sum": _sum,
    "difference": _difference,
    "share": _share,
    "least": _least,
    "nulls": _nulls,
    "value": _value,
    "length": _length,
    "days_between": _days_between,
    "days_after_run_day": _days_after_run_day,
    "spread": _spread,
}
