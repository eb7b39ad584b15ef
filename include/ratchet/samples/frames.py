"""Small tools to fill frames column by column: ids, picks from a list, instants.

Frames hold one event a row. Columns that begin with an underscore are notes between the modules and are never written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]
SHARED = ("user_id", "session_id", "trace_id")


def ids(prefix: str, rng: np.random.Generator, size: int) -> Array:
    """Return unique ids: the prefix and 60 random bits in hexadecimal."""
    numbers = rng.integers(0, 2**60, size=size).tolist()
    return texts([f"{prefix}{number:015x}" for number in numbers])


def texts(values: Sequence[str | None]) -> Array:
    """Return strings as an array of objects; None is an absent value."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def pick(values: Sequence[str], codes: Array) -> pd.Categorical:
    """Return the values at these positions; -1 is an absent value."""
    positions: Any = np.asarray(codes, dtype=np.int32)
    return pd.Categorical.from_codes(positions, categories=pd.Index(list(values)))


def where(present: Array, values: pd.Series) -> Array:
    """Return the values as objects, None where `present` is false."""
    kept = np.full(len(present), None, dtype=object)
    kept[present] = values.to_numpy(dtype=object)[present]
    return kept


def choose(
    values: Sequence[str], rng: np.random.Generator, size: int, p: Sequence[float] | None = None
) -> pd.Categorical:
    """Return random picks from a list."""
    return pick(values, rng.choice(len(values), size=size, p=p))


def whole(values: Array, present: Array | None = None) -> pd.arrays.IntegerArray:
    """Return integers, absent where `present` is false."""
    absent = np.zeros(len(values), dtype=bool) if present is None else ~present
    return pd.arrays.IntegerArray(np.asarray(values, dtype=np.int64), absent)


def numbers(values: Array, digits: int, present: Array | None = None) -> Array:
    """Return rounded numbers, NaN where `present` is false."""
    rounded = np.round(np.asarray(values, dtype=np.float64), digits)
    return rounded if present is None else np.where(present, rounded, np.nan)


def flags(values: Array, present: Array | None = None) -> pd.arrays.BooleanArray:
    """Return booleans, absent where `present` is false."""
    absent = np.zeros(len(values), dtype=bool) if present is None else ~present
    return pd.arrays.BooleanArray(np.asarray(values, dtype=bool), absent)


def later(when: Array, milliseconds: Array) -> Array:
    """Return instants moved by so many milliseconds."""
    moved: Array = when + (np.asarray(milliseconds) * 1000).astype("timedelta64[us]")
    return moved


def hour_of(when: Array) -> Array:
    """Return the hour of the day (UTC) with its fraction."""
    hour: Array = (when - when.astype("datetime64[D]")).astype(np.int64) / 3.6e9
    return hour


def busy(when: Array) -> Array:
    """Return how busy the hour is, from 0 at night to 1 at the peak."""
    hour = hour_of(when)
    share: Array = np.exp(-(((hour - 10.0) / 2.6) ** 2)) * 0.9 + np.exp(-(((hour - 15.0) / 2.4) ** 2))
    return share
