from __future__ import annotations

import pytest

from ratchet.contracts.fix_cases import shape_of
from ratchet.contracts.fixes import Case


def called(name: str, values: list[object]) -> list[Case]:
    return [Case(f"c{at}", False, "op", {name: value}) for at, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "known"),
    [
        (["utf-8", "cp1252"] * 10, ("cp1252", "utf-8")),
        ([f"tool_{n % 25}" for n in range(200)], ()),
        (["2026-12-01", "2026-12-02"] * 20, ()),
        (["run_10231", "run_10232"] * 20, ()),
        ([1, 2] * 20, ()),
        (["once", "twice", "thrice"], ()),
    ],
    ids=["few", "many", "dates", "numbered", "numbers", "seldom"],
)
def test_a_parameter_has_known_values_only_where_another_one_would_be_a_surprise(
    values: list[object], known: tuple[str, ...]
) -> None:
    assert shape_of(called("of", values)).values.get("of", ()) == known
