"""Who counts as retained: the rule of the key figures, rendered as dbt does it, against days written out."""

from __future__ import annotations

import random
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

MACROS = Path(__file__).resolve().parents[2] / "dbt_project" / "macros" / "behaviours.sql"
AS_OF, START = date(2026, 11, 20), date(2026, 9, 1)


@cache
def rendered(start: date) -> Any:
    context = {"as_of": f"date '{AS_OF}'", "history_start": f"date '{start}'"}
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    return environment.from_string(
        MACROS.read_text("utf-8"), {"run_context": context.__getitem__, "return": str}
    ).module


def judged(after: int, age: int, days_ago: set[int], start: date = START) -> tuple[bool, bool]:
    """Return whether a user whose first day was `age` days ago is of the cohort, and came back."""
    module = rendered(start)
    bits = sum(1 << day for day in days_ago)
    user = f"(select {age} as age, {bits}::ubigint as days)"
    [found] = (
        duckdb.connect().sql(f"select {module.is_cohort(after)}, {module.came_back(after)} from {user}").fetchall()
    )
    return found


@pytest.mark.parametrize("after", [7, 30])
def test_a_user_is_retained_who_was_there_in_the_week_that_begins_so_many_days_after_the_first(after: int) -> None:
    rng = random.Random(after)
    for _ in range(150):
        age = rng.randrange(62)
        first = AS_OF - timedelta(days=age)
        seen = {first, *(first + timedelta(days=rng.randrange(age + 1)) for _ in range(rng.randrange(4)))}
        week = {first + timedelta(days=after + n) for n in range(7)}
        is_over = max(week) <= AS_OF
        is_recent = age < after + 20  # two weeks of first days
        is_new = first - START >= timedelta(days=14)
        in_cohort, came_back = judged(after, age, {(AS_OF - day).days for day in seen})
        assert in_cohort == (is_over and is_recent and is_new), (age, seen)
        if in_cohort:
            assert came_back == bool(seen & week), (age, seen)


def test_whoever_was_there_when_the_log_began_is_not_new() -> None:
    assert judged(7, 20, {20, 12})[0] is True
    assert judged(7, 20, {20, 12}, start=AS_OF - timedelta(days=33))[0] is False
