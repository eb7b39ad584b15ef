"""A warehouse of an older version is built again from bronze: the same numbers, and the old file until it is whole."""

import logging
from datetime import timedelta

import pytest

from ratchet import inputs, marts, upgrades
from ratchet.errors import OutdatedError, StepFailedError, StorageError
from ratchet.log.sources import LandedSource
from ratchet.night import Night
from ratchet.retention import Kept, _write
from ratchet.settings import load
from ratchet.warehouse import SCHEMA_VERSION, Warehouse

from .conftest import FIRST

LAST = FIRST + timedelta(days=4)
DAILY = (
    "int_interactions_daily",
    "int_feedback_daily",
    "int_errors_daily",
    "int_exposures_daily",
    "int_sessions_daily",
)


@pytest.fixture
def old(five_nights_copy):
    """Five nights in a warehouse of the version before, of another shape."""
    with Warehouse.open(five_nights_copy.home) as warehouse:
        warehouse.connection.execute("alter table intermediate.int_interactions_daily drop column requests")
        warehouse.connection.execute("update run.version set schema_version = ?", [SCHEMA_VERSION - 1])
    return five_nights_copy


@pytest.fixture
def night(old):
    landing = LandedSource("native", old.home.root / "landing")
    return Night(old.home, LAST, load("development"), (landing,), LAST + timedelta(days=1))


def daily(lake):
    """Return every row of some daily statistics, in one order; ids of combinations are the warehouse's own."""
    sql = "select * exclude (combination_id) from {} order by all"
    with Warehouse.open(lake.home) as warehouse:
        has_ids = "select table_name from information_schema.columns where column_name = 'combination_id'"
        ids = {name for (name,) in warehouse.connection.execute(has_ids).fetchall()}
        found = {
            table: warehouse.frame(sql.format(table) if table in ids else f"select * from {table} order by all")
            for table in DAILY
        }
    return {table: frame.to_json(date_format="iso") for table, frame in found.items()}


def test_opening_it_says_what_to_do(old):
    with pytest.raises(OutdatedError, match=f"schema {SCHEMA_VERSION - 1}.*run a night"), Warehouse.open(old.home):
        pass


def test_the_first_step_that_needs_it_builds_it_again_in_batches(night, old, five_nights, monkeypatch, caplog):
    monkeypatch.setattr(upgrades, "BATCH_DAYS", 3)
    with caplog.at_level(logging.WARNING), inputs.warehouse(night) as (warehouse, pending):
        assert pending == []
        assert warehouse.frame("select count(*) as n from mart_usage")["n"][0] == 0
    assert "building it again from bronze: 5 landing days" in caplog.text
    assert daily(old) == daily(five_nights)
    assert not (old.home.root / "upgrade").exists()
    old.night(LAST)
    assert old.snapshot_bytes(LAST) == five_nights.snapshot_bytes(LAST)


@pytest.mark.parametrize(
    "blow", [KeyboardInterrupt(), StorageError("the disk is full", way_out="free some space and run again")]
)
def test_one_that_is_killed_or_finds_the_disk_full_leaves_the_old_file_and_starts_again(night, old, monkeypatch, blow):
    before = old.home.warehouse.read_bytes()
    build, built = marts.build, []

    def struck(home, day):
        built.append(day)
        if len(built) == 2:
            raise blow
        return build(home, day)

    with monkeypatch.context() as patched:
        patched.setattr(upgrades, "BATCH_DAYS", 2)
        patched.setattr(marts, "build", struck)
        with pytest.raises(type(blow)), inputs.warehouse(night):
            pass
    assert old.home.warehouse.read_bytes() == before
    (old.home.root / "upgrade").mkdir(exist_ok=True)  # as after a kill that nothing could tidy up
    (old.home.root / "upgrade" / "warehouse.duckdb").write_bytes(b"half a warehouse")
    with inputs.warehouse(night) as (_, pending):
        assert pending == []


def test_a_build_that_fails_names_the_model_and_leaves_the_old_file(night, old, monkeypatch):
    before = old.home.warehouse.read_bytes()

    def failing(home, day):
        raise StepFailedError("model mart_usage: a column is missing")

    monkeypatch.setattr(marts, "build", failing)
    with pytest.raises(StepFailedError, match="mart_usage"), inputs.warehouse(night):
        pass
    assert old.home.warehouse.read_bytes() == before
    assert not (old.home.root / "upgrade").exists()


def test_history_begins_with_the_first_day_whose_events_are_kept(night, old):
    kept = FIRST + timedelta(days=2)
    _write(old.home, Kept(kept, kept, kept))
    assert upgrades.rebuild(night, "older") == 3
    with Warehouse.open(old.home) as warehouse:
        assert warehouse.frame("select min(landed_date) as first from run.built")["first"][0].date() == kept
        assert warehouse.context()["history_start"] == kept
