"""Frames become JSON Lines, column by column, so that a million lines take seconds.

Which columns hold JSON already is read from the contract. What is wrong with some lines is the business of `spoil.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from ratchet.contracts.streams import Kind, field_specs
from ratchet.samples.frames import Array, texts

_quoted = json.encoder.encode_basestring
_OFFSET_SERVICE, _OFFSET_HOURS = "mobile-gateway", 2  # one service logs local time with its offset


def lines(frame: pd.DataFrame, stream: str) -> Array:
    """Return one JSON object a row, absent values left out, columns that begin with an underscore too."""
    columns = [name for name in frame if not str(name).startswith("_")]
    parts = [_column(frame, str(name), stream) for name in columns]
    head = f'{{"event_type":"{stream}"'
    return texts([f"{head}{''.join(row)}}}" for row in zip(*parts, strict=True)])


def _column(frame: pd.DataFrame, name: str, stream: str) -> list[str]:
    """Return for each row the piece `,"name":value`, or nothing where the value is absent."""
    column, key = frame[name], f",{_quoted(name)}:"
    if name == "occurred_at":
        return _instants(frame, key)
    if isinstance(column.dtype, pd.CategoricalDtype):
        pieces = np.array([*(key + _quoted(str(value)) for value in column.cat.categories), ""], dtype=object)
        return list(pieces[column.cat.codes.to_numpy()])
    if column.dtype == object:
        write = str if name in _json_names(stream) else _quoted
        return [key + write(value) if value is not None else "" for value in column.tolist()]
    return _plain(column, key)


def _plain(column: pd.Series[Any], key: str) -> list[str]:
    values: Iterable[str]
    if column.dtype.kind == "b":
        values = ["true" if value else "false" for value in column.to_numpy(dtype=bool, na_value=False).tolist()]
    elif column.dtype.kind == "i":
        values = map(str, column.to_numpy(dtype=np.int64, na_value=0).tolist())
    else:
        values = [f"{value:.15g}" for value in column.to_numpy(dtype=np.float64).tolist()]
    absent = column.isna().tolist()
    return ["" if gone else key + value for value, gone in zip(values, absent, strict=True)]


def _instants(frame: pd.DataFrame, key: str) -> list[str]:
    when: Array = frame["occurred_at"].to_numpy().astype("datetime64[us]")
    zone = np.zeros(len(when), dtype=bool)
    if "service" in frame:
        zone = (frame["service"] == _OFFSET_SERVICE).to_numpy()
    local: Array = when + zone * np.timedelta64(_OFFSET_HOURS, "h")
    shown = np.datetime_as_string(local, unit="ms").tolist()
    suffix = np.where(zone, f"+{_OFFSET_HOURS:02d}:00", "Z").tolist()
    return [f'{key}"{instant}{offset}"' for instant, offset in zip(shown, suffix, strict=True)]


@cache
def _json_names(stream: str) -> frozenset[str]:
    return frozenset(spec.name for spec in field_specs(stream) if spec.kind in (Kind.JSON, Kind.OBJECT))
