"""The expectation types that suites may use, and how each is said in words.

A type that is not listed here is refused: what a reader of the report cannot be told should not stop a night.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Kwargs = Mapping[str, Any]
BETWEEN = "expect_column_values_to_be_between"
PAIR_AT_LEAST = "expect_column_pair_values_a_to_be_greater_than_b"
PAIR_EQUAL = "expect_column_pair_values_to_be_equal"


def _between(kwargs: Kwargs) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low == high:
        return f"{low}"
    if high is None:
        return f"at least {low}"
    return f"at most {high}" if low is None else f"{low} to {high}"


def _pair(kwargs: Kwargs) -> str:
    relation = "at least" if kwargs.get("or_equal") else "more than"
    return f"{kwargs['column_A']} {relation} {kwargs['column_B']}"


KNOWN_EXPECTATIONS: dict[str, Callable[[Kwargs], str]] = {
    BETWEEN: _between,
    "expect_column_values_to_be_in_set": lambda kwargs: "one of " + ", ".join(str(v) for v in kwargs["value_set"]),
    "expect_column_values_to_match_regex": lambda kwargs: f"the form {kwargs['regex']}",
    "expect_column_values_to_be_unique": lambda kwargs: "no value twice",
    "expect_compound_columns_to_be_unique": lambda kwargs: f"no {' + '.join(kwargs['column_list'])} twice",
    PAIR_AT_LEAST: _pair,
    PAIR_EQUAL: lambda kwargs: f"{kwargs['column_A']} equal to {kwargs['column_B']}",
}


def columns_of(kwargs: Kwargs) -> tuple[str, ...]:
    """Return the columns that an expectation reads."""
    names = [kwargs.get("column"), kwargs.get("column_A"), kwargs.get("column_B"), *kwargs.get("column_list", ())]
    return tuple(str(name) for name in names if name is not None)


def in_words(expect: str, kwargs: Kwargs) -> str:
    """Return what an expectation asks for, in words."""
    return KNOWN_EXPECTATIONS[expect](kwargs)
