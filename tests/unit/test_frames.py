from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from ratchet import frames

DAY = date(2026, 11, 20)


def _frame(keys):
    return pd.DataFrame({"as_of": pd.to_datetime([DAY] * len(keys)), "key": keys, "n": range(len(keys))})


def test_rows_come_in_the_order_of_their_key_and_of_the_day_only():
    made = pd.concat([_frame(["b", None, "a"]), _frame(["z"]).assign(as_of=pd.Timestamp("2026-11-19"))])
    assert frames.rows_of(made, DAY, ("key",))["key"].tolist() == ["", "a", "b"]


def test_texts_that_differ_only_behind_a_nul_stay_apart():
    names = ["", "\0", "a", "a\0b", "a\0c", "a␀0b", "␀0"]
    rows = frames.rows_of(_frame(names), DAY, ("key",))
    assert len(frames.sums(rows, ("key",), ("n",))) == len(names)
    again = frames.rows_of(_frame(names[::-1]), DAY, ("key",))
    assert again["key"].tolist() == rows["key"].tolist()


def test_an_empty_mart_has_no_rows_and_keeps_its_columns():
    assert list(frames.rows_of(_frame([]), DAY, ("key",)).columns) == ["as_of", "key", "n"]


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (np.array(["a", None], dtype=object), ("a",)),
        (["a", "b"], ("a", "b")),
        (np.ma.masked_array(["a", "b"], mask=[True, False]), ("b",)),
        (None, ()),
        (float("nan"), ()),
        ([], ()),
    ],
)
def test_list_cells_are_read_however_they_come(cell, found):
    assert frames.texts(cell) == found


def test_missing_cells_are_none():
    assert frames.day(pd.NaT) is None
    assert frames.day(pd.Timestamp(DAY)) == frames.day(DAY) == DAY
    assert [frames.number(v) for v in (None, np.nan, np.inf, np.float64(2))] == [None, None, None, 2.0]
    assert frames.text(None) == frames.text(np.nan) == ""
    assert frames.integers(np.array([429, np.nan])) == (429,)


def test_counts_are_whole_numbers_and_missing_ones_are_zero():
    assert frames.counts(pd.DataFrame({"n": [1.0, None]}), ["n"])["n"].tolist() == [1, 0]


def test_days_stay_days_whether_they_come_from_arrow_or_duckdb():
    days = [date(2026, 11, 19), date(2026, 11, 18)]
    for made in (pd.Series(days, dtype=object), pd.to_datetime(pd.Series(days))):
        rows = frames.rows_of(pd.DataFrame({"as_of": [DAY, DAY], "day": made}), DAY, ("day",))
        assert pd.to_datetime(rows["day"]).dt.date.tolist() == sorted(days)


def test_exact_decimals_are_numbers():
    assert frames.number(Decimal("1.25")) == 1.25
