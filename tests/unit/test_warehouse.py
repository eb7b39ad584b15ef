from __future__ import annotations

from datetime import date
from pathlib import Path

from ratchet.home import Home
from ratchet.warehouse import Warehouse

FIRST, SECOND = date(2026, 1, 1), date(2026, 1, 2)


def test_a_new_warehouse_has_everything_pending(tmp_path: Path) -> None:
    with Warehouse.open(Home(tmp_path)) as warehouse:
        assert warehouse.pending({FIRST: "a", SECOND: "b"}, SECOND) == [FIRST, SECOND]


def test_landing_days_after_the_night_are_left_alone(tmp_path: Path) -> None:
    with Warehouse.open(Home(tmp_path)) as warehouse:
        assert warehouse.pending({FIRST: "a", SECOND: "b"}, FIRST) == [FIRST]
