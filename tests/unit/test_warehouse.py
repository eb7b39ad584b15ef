from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ratchet.contracts.experiments import Trial, TrialKind
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.contracts.streams import STREAMS, field_specs
from ratchet.errors import HomeBusyError, StorageError
from ratchet.home import Home
from ratchet.warehouse import LOOKBACK_DAYS, SCHEMA_VERSION, Warehouse, explain

FIRST, SECOND = date(2026, 1, 1), date(2026, 1, 2)


@dataclass(frozen=True)
class Windows:
    gap_window_days: int = 7
    suggestion_window_days: int = 30
    rephrase_window_s: float = 120
    rephrase_similarity: float = 0.8
    escalation_intents: tuple[str, ...] = ("escalate",)
    history_start: date | None = None


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def committed(home: Home, landed: date, event_dates: list[date]) -> None:
    """Write heartbeats of one landing day as `log/` leaves them, one event a date."""
    for event_date in event_dates:
        path = home.bronze / "heartbeat" / f"event_date={event_date}" / f"landed={landed}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        row = {"event_id": f"{landed}-{event_date}", "service": "chat", "up": True, "landed_date": landed}
        pq.write_table(pa.Table.from_pylist([row]), path)
    dates = sorted(event_dates)
    ends = {"earliest": f"{dates[0]}T00:00:00Z", "latest": f"{dates[-1]}T23:00:00Z"}
    home.loads.mkdir(parents=True, exist_ok=True)
    report = {"streams": [{"stream": "heartbeat", "loaded": len(dates), **ends}]}
    (home.loads / f"{landed}.json").write_text(json.dumps(report))


def test_a_new_warehouse_has_everything_pending(home: Home) -> None:
    with Warehouse.open(home) as warehouse:
        assert warehouse.pending({FIRST: "a", SECOND: "b"}, SECOND) == [FIRST, SECOND]


def test_landing_days_after_the_night_are_left_alone(home: Home) -> None:
    with Warehouse.open(home) as warehouse:
        assert warehouse.pending({FIRST: "a", SECOND: "b"}, FIRST) == [FIRST]


def test_what_was_built_is_not_pending(home: Home) -> None:
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(SECOND, [FIRST, SECOND], Windows())
        warehouse.mark_built({FIRST: "a", SECOND: "b"}, [FIRST, SECOND])
        assert warehouse.pending({FIRST: "a", SECOND: "b"}, SECOND) == []


def test_a_changed_landing_day_takes_along_the_days_that_may_speak_of_it(home: Home) -> None:
    days = [FIRST + timedelta(days=n) for n in range(LOOKBACK_DAYS + 3)]
    loads = dict.fromkeys(days, "same")
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(days[-1], days, Windows())
        warehouse.mark_built(loads, days)
        changed = loads | {SECOND: "other"}
        assert warehouse.pending(changed, days[-1]) == days[1 : LOOKBACK_DAYS + 2]


def test_a_landing_day_that_vanished_is_built_away(home: Home) -> None:
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(SECOND, [FIRST, SECOND], Windows())
        warehouse.mark_built({FIRST: "a", SECOND: "b"}, [FIRST, SECOND])
        assert warehouse.pending({SECOND: "b"}, SECOND) == [FIRST, SECOND]
        warehouse.prepare(SECOND, [FIRST, SECOND], Windows())
        warehouse.mark_built({SECOND: "b"}, [FIRST, SECOND])
        assert warehouse.pending({SECOND: "b"}, SECOND) == []


def test_a_build_is_told_its_night_and_its_windows(home: Home) -> None:
    with Warehouse.open(home) as warehouse:
        assert warehouse.context() == {}
        warehouse.prepare(SECOND, [FIRST], Windows(gap_window_days=5))
        assert warehouse.context() == {
            "as_of": SECOND,
            "history_start": FIRST,
            "gap_window_days": 5,
            "suggestion_window_days": 30,
            "rephrase_window_s": 120.0,
            "rephrase_similarity": 0.8,
            "escalation_intents": ["escalate"],
        }


def test_history_starts_where_the_setting_says(home: Home) -> None:
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(SECOND, [FIRST, SECOND], Windows(history_start=SECOND))
        assert warehouse.context()["history_start"] == SECOND


def test_history_starts_with_the_first_landing_day_ever_built(home: Home) -> None:
    later = SECOND + timedelta(days=40)
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(SECOND, [FIRST], Windows())
        warehouse.mark_built({FIRST: "a"}, [FIRST])
        warehouse.prepare(later, [later], Windows())
        assert warehouse.context()["history_start"] == FIRST


def test_what_was_built_of_days_before_the_start_is_built_away(home: Home) -> None:
    days = [FIRST + timedelta(days=n) for n in range(LOOKBACK_DAYS + 3)]
    loads = dict.fromkeys(days, "same")
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(days[-1], days, Windows())
        warehouse.mark_built(loads, days)
        warehouse.prepare(days[-1], [], Windows(history_start=SECOND))
        told = warehouse.frame("select landed_date from run.pending order by 1")["landed_date"]
        assert [d.date() for d in told] == days[: LOOKBACK_DAYS + 1]
        warehouse.mark_built(loads, days[: LOOKBACK_DAYS + 1])
        assert warehouse.pending({d: h for d, h in loads.items() if d >= SECOND}, days[-1]) == []


def test_landing_days_before_the_start_are_not_shown(home: Home) -> None:
    committed(home, FIRST, [FIRST])
    committed(home, SECOND, [SECOND])
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(SECOND, [FIRST, SECOND], Windows(history_start=SECOND))
        assert len(warehouse.frame("select * from bronze.heartbeat")) == 1


def test_streams_without_files_are_empty_and_typed(home: Home) -> None:
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(FIRST, [FIRST], Windows())
        for stream in STREAMS:
            described = dict(
                warehouse.connection.execute(
                    f"select column_name, column_type from (describe bronze.{stream})"
                ).fetchall()
            )
            assert described == {s.name: s.sql_type for s in field_specs(stream)} | {
                "source": "VARCHAR",
                "source_file": "VARCHAR",
                "source_line": "BIGINT",
                "landed_date": "DATE",
                "event_date": "DATE",
            }


def test_a_view_reads_the_committed_files_of_its_landing_days(home: Home) -> None:
    committed(home, FIRST, [FIRST - timedelta(days=3), FIRST])
    committed(home, SECOND, [SECOND])
    uncommitted = home.bronze / "heartbeat" / f"event_date={SECOND}" / "landed=2026-01-03.parquet"
    uncommitted.write_bytes(b"half a file")
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(date(2026, 1, 3), [FIRST, SECOND], Windows())
        found = warehouse.frame("select event_date, landed_date from bronze.heartbeat order by all")
    assert [tuple(d.date() for d in row) for row in found.itertuples(index=False)] == [
        (FIRST - timedelta(days=3), FIRST),
        (FIRST, FIRST),
        (SECOND, SECOND),
    ]


def test_a_column_that_an_old_file_lacks_is_null(home: Home) -> None:
    committed(home, FIRST, [FIRST])
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(FIRST, [FIRST], Windows())
        assert warehouse.frame("select user_id from bronze.heartbeat")["user_id"].isna().all()


def test_landing_days_before_the_lookback_are_not_read(home: Home) -> None:
    far = FIRST + timedelta(days=LOOKBACK_DAYS + 1)
    committed(home, FIRST, [FIRST])
    committed(home, SECOND, [SECOND])
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(far, [FIRST, SECOND], Windows())
        warehouse.mark_built({FIRST: "a", SECOND: "b"}, [FIRST, SECOND])
        warehouse.prepare(far, [far], Windows())
        assert len(warehouse.frame("select * from bronze.heartbeat")) == 1


@pytest.mark.parametrize("name", ["it's", 'a "quoted" one', "star*", "[brackets]", "a b", "ünï"])
def test_a_home_may_have_any_name(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / name)
    committed(home, FIRST, [FIRST])
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(FIRST, [FIRST], Windows())
        assert len(warehouse.frame("select * from bronze.heartbeat")) == 1


def test_a_home_with_a_question_mark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot hold a warehouse"), Warehouse.open(Home(tmp_path / "what?")):
        pass


def test_the_files_of_a_stream_and_day_can_be_had(home: Home) -> None:
    committed(home, FIRST, [FIRST])
    with Warehouse.open(home) as warehouse:
        assert [p.name for p in warehouse.bronze_files("heartbeat", FIRST)] == [f"landed={FIRST}.parquet"]
        assert warehouse.bronze_files("error", FIRST) == []
        assert warehouse.bronze_files("heartbeat", SECOND) == []


def test_values_are_bound_and_never_become_sql(home: Home) -> None:
    hostile = "'; drop table run.built; --"
    with Warehouse.open(home) as warehouse:
        assert warehouse.frame("select ? as told", [hostile])["told"][0] == hostile
        assert warehouse.pending({}, FIRST) == []


def mart(warehouse: Warehouse, rows: str) -> None:
    warehouse.connection.execute(
        f"create or replace table marts.mart_x as select * from (values {rows}) t (as_of, b, c)"
    )


def test_a_snapshot_holds_the_rows_of_its_night_in_order(home: Home) -> None:
    with Warehouse.open(home) as warehouse:
        mart(warehouse, "(date '2026-01-01', 2, 'x'), (date '2026-01-02', 9, 'x'), (date '2026-01-01', 1, null)")
        assert warehouse.snapshot(FIRST) == {"mart_x": 2}
    assert pq.read_table(home.snapshot(FIRST) / "mart_x.parquet")["b"].to_pylist() == [1, 2]


def test_the_order_of_rows_in_the_warehouse_never_shows(home: Home) -> None:
    kept = []
    one, other = "(date '2026-01-01', 2, 'x')", "(date '2026-01-01', 1, null)"
    for rows in (f"{one}, {other}", f"{other}, {one}"):
        with Warehouse.open(home) as warehouse:
            mart(warehouse, rows)
            warehouse.snapshot(FIRST)
        kept.append((home.snapshot(FIRST) / "mart_x.parquet").read_bytes())
    assert kept[0] == kept[1]


def test_a_snapshot_replaces_the_whole_folder(home: Home) -> None:
    home.snapshot(FIRST).mkdir(parents=True)
    (home.snapshot(FIRST) / "mart_old.parquet").write_text("old")
    with Warehouse.open(home) as warehouse:
        mart(warehouse, "(date '2026-01-01', 1, 'x')")
        warehouse.snapshot(FIRST)
    assert [p.name for p in home.snapshot(FIRST).iterdir()] == ["mart_x.parquet"]
    assert [p.name for p in home.snapshot(FIRST).parent.iterdir()] == [FIRST.isoformat()]


def test_a_killed_snapshot_leaves_the_old_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with Warehouse.open(home) as warehouse:
        mart(warehouse, "(date '2026-01-01', 1, 'x')")
        warehouse.snapshot(FIRST)
        mart(warehouse, "(date '2026-01-01', 2, 'x')")
        with monkeypatch.context() as patched:
            patched.setattr("ratchet.files.replace_folder", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                warehouse.snapshot(FIRST)
        assert pq.read_table(home.snapshot(FIRST) / "mart_x.parquet")["b"].to_pylist() == [1]
        warehouse.snapshot(FIRST)
    assert pq.read_table(home.snapshot(FIRST) / "mart_x.parquet")["b"].to_pylist() == [2]


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_warehouse_in_use_is_named_in_one_line(home: Home) -> None:
    with Warehouse.open(home) as warehouse:
        warehouse.connection.execute("checkpoint")
        code = (
            "import sys; from pathlib import Path; from ratchet.home import Home\n"
            "from ratchet.warehouse import Warehouse\n"
            "try:\n"
            "    with Warehouse.open(Home(Path(sys.argv[1]))): pass\n"
            "except Exception as error: print(type(error).__name__, error)\n"
        )
        other = subprocess.run([sys.executable, "-c", code, str(home.root)], capture_output=True, text=True, check=True)
    assert other.stdout.startswith("HomeBusyError process ")
    assert len(other.stdout.splitlines()) == 1


def test_a_damaged_warehouse_is_said_to_be_one(home: Home) -> None:
    home.root.mkdir()
    home.warehouse.write_bytes(b"no database at all" * 1000)
    with pytest.raises(StorageError, match="cannot be read.*move the file away"), Warehouse.open(home):
        pass


def test_a_warehouse_cut_short_is_said_to_be_damaged(home: Home) -> None:
    with Warehouse.open(home) as warehouse:
        warehouse.connection.execute("create table marts.big as select hash(i) as h from range(100000) t(i)")
    whole = home.warehouse.read_bytes()
    home.warehouse.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(StorageError, match="move the file away"), Warehouse.open(home) as warehouse:
        warehouse.frame("select sum(h) from big")


@pytest.mark.parametrize(
    ("step", "said"), [(1, "newer Ratchet.*move the file away"), (-1, "older Ratchet.*run a night")]
)
def test_another_schema_version_is_refused(home: Home, step: int, said: str) -> None:
    with Warehouse.open(home) as warehouse:
        warehouse.connection.execute("update run.version set schema_version = ?", [SCHEMA_VERSION + step])
    with pytest.raises(StorageError, match=said), Warehouse.open(home):
        pass


def test_a_home_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot write"), Warehouse.open(Home(tmp_path / "file")):
        pass


def test_what_a_user_can_act_on_is_told_from_what_not(home: Home) -> None:
    lock = explain(
        'IO Error: Could not set lock on file "x": Conflicting lock is held in python (PID 42)', home.warehouse
    )
    assert isinstance(lock, HomeBusyError)
    assert "process 42" in str(lock)
    full = explain("IO Error: Could not write to file: No space left on device", home.warehouse)
    assert isinstance(full, StorageError)
    assert explain("Binder Error: no such column", home.warehouse) is None


def test_other_errors_of_the_database_keep_their_name(home: Home) -> None:
    with pytest.raises(duckdb.CatalogException), Warehouse.open(home) as warehouse:
        warehouse.frame("select * from nowhere")


def test_a_build_is_told_its_trials_and_those_of_the_night_before_are_forgotten(home: Home) -> None:
    metric = Metric("clicks", MetricKind.MEAN, Direction.INCREASE)
    trial = Trial("button", TrialKind.EXPERIMENT, 1, "f", "user", ("grey", "green"), (metric,), 7)
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(FIRST, [FIRST], Windows())
        warehouse.tell_trials([trial])
        assert warehouse.frame("select trial_id, phase, control from run.trials").values.tolist() == [
            ["button", 1, "grey"]
        ]
        assert warehouse.frame("select variant from run.trial_variants")["variant"].tolist() == ["grey", "green"]
        assert warehouse.frame("select source_metric from run.trial_metrics")["source_metric"].tolist() == ["clicks"]
        warehouse.prepare(SECOND, [SECOND], Windows())
        for table in ("trials", "trial_variants", "trial_metrics"):
            assert warehouse.frame(f"select * from run.{table}").empty
