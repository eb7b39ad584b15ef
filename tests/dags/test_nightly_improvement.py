"""The nightly DAG follows the plan, knows its day, and says what failed."""

import copy
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from ratchet import nights, steps
from ratchet.errors import GateFailedError, SourceError, StepFailedError
from ratchet.log.sources import LandedSource
from ratchet.log.tables import databases
from ratchet.log.tables.land import land
from ratchet.night import Night
from tests.unit.test_notices import webhook

from .conftest import DAY, ROOT

pytestmark = pytest.mark.airflow


def test_the_tasks_are_the_plan_and_a_verdict(nightly):
    tasks = {task.task_id: task for task in nightly.tasks}
    assert set(tasks) == {step.name for step in nights.PLAN} | {"verdict"}
    for step in nights.PLAN:
        task = tasks[step.name]
        assert task.upstream_task_ids == set(step.needs), step.name
        assert (None if task.pool == "default_pool" else task.pool) == step.pool, step.name
        assert task.trigger_rule == ("all_done" if step.always else "all_success"), step.name
        group = task.task_group.group_id
        assert group in (step.group, None if step.group == step.name else step.group), step.name


def resolved(nightly, name):
    """Return the database of an Airflow connection, found by the function that every task hands to its step."""
    connection = nightly.get_task("ingest").python_callable.__globals__["connection"]
    return databases.database_url(name, connection, "source shop")


@pytest.mark.parametrize(
    "said",
    [
        "postgresql://reader:p%40ss%3Aw%2Frd@db.example:5433/app?sslmode=require",
        '{"conn_type": "postgres", "login": "reader", "password": "p@ss:w/rd", "host": "db.example", "port": 5433, '
        '"schema": "app", "extra": {"sslmode": "require"}}',
    ],
    ids=["uri", "json"],
)
def test_a_table_is_reached_by_an_airflow_connection_as_a_task_finds_it(nightly, monkeypatch, said):
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", said)
    url = resolved(nightly, "shop_db")
    assert (url.get_backend_name(), url.username, url.password) == ("postgresql", "reader", "p@ss:w/rd")
    assert (url.host, url.port, url.database, dict(url.query)) == ("db.example", 5433, "app", {"sslmode": "require"})


def test_rows_of_a_table_land_over_an_airflow_connection(nightly, monkeypatch, tmp_path):
    with closing(sqlite3.connect(tmp_path / "app.db")) as database, database:
        database.execute("create table asked (id integer, written_at timestamp, question text)")
        database.execute(f"insert into asked values (1, '{DAY} 08:00:00', 'Where is it?')")
    for name, value in (("TABLE", "asked"), ("TABLE_WATERMARK", "written_at"), ("TABLE_CONNECTION", "shop_db")):
        monkeypatch.setenv(f"RATCHET_{name}", value)
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", f'{{"conn_type": "sqlite", "host": "{tmp_path / "app.db"}"}}')
    connection = nightly.get_task("ingest").python_callable.__globals__["connection"]
    assert land([LandedSource("sql_table", tmp_path / "rows")], DAY, connection) == [DAY]


def test_a_connection_that_airflow_does_not_know_is_one_line_with_the_way_out(nightly):
    with pytest.raises(SourceError) as caught:
        resolved(nightly, "nobody_made_it")
    assert str(caught.value) == (
        "there is no Airflow connection 'nobody_made_it' (source shop) — add it in Airflow, "
        "or export AIRFLOW_CONN_NOBODY_MADE_IT=postgresql://…"
    )


def test_the_report_and_the_verdict_wait_for_every_part(nightly):
    """A task is given up as soon as one of its needs has failed, while others of them may still run."""
    report = nightly.get_task("report")
    leaves = {t.task_id for t in nightly.tasks if not t.downstream_task_ids}
    assert leaves == {"verdict"}
    assert nightly.get_task("verdict").upstream_task_ids == {"report", "publish"}
    findings = nightly.get_task("check_marts").downstream_task_ids | nightly.get_task("check_raw").downstream_task_ids
    assert findings - {"build_marts"} <= report.upstream_task_ids


def core_timetable(dag):
    from airflow.serialization.encoders import coerce_to_core_timetable

    return coerce_to_core_timetable(dag.timetable)


def test_the_schedule_runs_the_day_before_two_hours_after_its_end(nightly):
    from airflow.timetables.base import DagRunInfo, TimeRestriction

    tick = datetime(2026, 11, 13, 2, tzinfo=UTC)
    before = DagRunInfo(run_after=tick - timedelta(days=1), data_interval=None, partition_date=None, partition_key="x")
    restriction = TimeRestriction(earliest=nightly.start_date, latest=None, catchup=True)
    info = core_timetable(nightly).next_dagrun_info_v2(last_dagrun_info=before, restriction=restriction)
    assert info.run_after == tick
    assert info.partition_key == "2026-11-12"


def test_a_backfill_runs_both_ends_and_knows_the_days_run_by_hand(nightly):
    timetable = core_timetable(nightly)
    first, last = datetime(2026, 2, 27, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    infos = list(timetable.iter_partition_dagrun_infos(earliest=first, latest=last))
    assert [info.partition_key for info in infos] == ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]
    assert infos[0].partition_date == timetable.resolve_partition_date("2026-02-27")


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({}, None),
        ({"date": None, "live": "yes"}, None),
        ({"date": "2026-11-12"}, None),
        ({"date": "yesterday"}, "'date'"),
        ({"date": 20261112}, "not of type"),
        ({"live": "perhaps"}, "not one of"),
        ({"live": None}, "not one of"),
    ],
)
def test_parameters_are_checked_before_anything_runs(nightly, params, problem):
    from airflow.sdk.exceptions import ParamValidationError

    filled = copy.deepcopy(nightly.params)
    if problem is None:
        filled.update(params)
    else:
        with pytest.raises(ParamValidationError, match=problem):
            filled.update(params)


@pytest.fixture
def run(nightly, airflow_tables, monkeypatch, tmp_path):
    """Return a function that runs the DAG with steps that only leave their mark, some of which break."""
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    calls = []

    def start(conf=None, **broken):
        def run_step(name, day, live=None, connection=None):
            calls.append((name, day, live))
            night = Night.from_environment(day)
            if name in broken:
                night.mark(name, "failed", str(broken[name]))
                raise broken[name]
            if name == "report":
                folder = night.home.artifacts(day)
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "report.html").write_text("the report")
            night.mark(name, "done")
            return {"rows": 1}

        monkeypatch.setattr(steps, "run_step", run_step)
        done = nightly.test(run_conf={"date": DAY.isoformat(), "live": "auto", **(conf or {})}, logical_date=None)
        return done, {ti.task_id: ti.state for ti in done.get_task_instances()}, calls

    return start


def test_a_good_night(run, tmp_path):
    done, states, calls = run({"live": "no"})
    assert done.state == "success"
    assert set(states.values()) == {"success"}
    assert sorted(calls) == sorted((step.name, DAY, False) for step in nights.PLAN)
    assert json.dumps(done.get_task_instance("gaps").xcom_pull(task_ids="gaps")) == '{"rows": 1}'
    result = done.get_task_instance("verdict").xcom_pull(task_ids="verdict")
    assert result == {"day": "2026-11-12", "report": str(tmp_path / "home/artifacts/2026-11-12/report.html")}


def test_one_analysis_fails_and_the_rest_goes_on(run, caplog):
    done, states, calls = run(usage=GateFailedError("the column was gone"))
    failed = {task for task, state in states.items() if state != "success"}
    assert done.state == "failed"
    assert failed == {"usage", "verdict"}
    assert {live for _, _, live in calls} == {None}  # the step finds out by itself
    assert "usage failed: the column was gone" in caplog.text


def test_a_failed_gate_stops_the_night_but_not_the_report(run, tmp_path):
    done, states, calls = run(check_raw=GateFailedError("7 % of the lines were quarantined, 5 % are allowed"))
    assert done.state == "failed"
    assert [name for name, _, _ in calls] == ["ingest", "check_raw", "report"]  # a gate is not tried again
    assert states["build_marts"] == states["publish"] == "upstream_failed"
    assert states["report"] == "success"
    assert (tmp_path / "home" / "artifacts" / DAY.isoformat() / "report.html").exists()


def test_what_may_pass_is_tried_again_and_what_cannot_is_not(nightly):
    policy = nightly.get_task("ingest").retry_policy
    actions = {e: policy.evaluate(e("x"), 1, 3).action.value for e in (GateFailedError, StepFailedError, OSError)}
    assert actions == {GateFailedError: "fail", StepFailedError: "default", OSError: "default"}


def test_a_run_without_a_day_fails_at_once_and_says_so(run, capfd):
    done, states, calls = run({"date": None})
    assert done.state == "failed"
    assert calls == []
    assert states["ingest"] == states["report"] == states["verdict"] == "failed"
    assert "the run does not say which day it is about" in capfd.readouterr().out


def test_a_future_day_is_refused(run, capfd):
    done, _, calls = run({"date": "2999-01-01"})
    assert done.state == "failed"
    assert calls == []
    assert "2999-01-01 is in the future" in capfd.readouterr().out


@pytest.mark.parametrize("failed", [False, True])
def test_people_are_told_over_an_airflow_connection(run, monkeypatch, tmp_path, failed):
    settings = tmp_path / "config"
    shutil.copytree(ROOT / "include" / "config", settings)
    said = (settings / "settings.yaml").read_text("utf-8").replace("notify: null", "notify: team")
    (settings / "settings.yaml").write_text(said, "utf-8")
    monkeypatch.setenv("RATCHET_CONFIG", str(settings))
    Night.from_environment(DAY).write(
        "rollouts",
        {"rollouts": [{"rollout_id": "search", "attempt": 1, "phase": 2, "verdict": "roll back", "reason": "worse"}]},
    )
    broken = {"usage": GateFailedError("the column was gone")} if failed else {}
    with webhook() as (connection, got):
        monkeypatch.setenv("AIRFLOW_CONN_TEAM", json.dumps({"conn_type": "http", "host": connection.host}))
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://air.flow")
        run({"live": "yes"}, **broken)
    (message,) = [text for _, _, text in got]
    things = [line for line in message.splitlines() if line[:2] in ("1.", "2.")]
    assert things[-1].startswith(f"{1 + failed}. search is rolled back: worse")
    assert not failed or "usage failed: the column was gone" in things[0]
    assert f"https://air.flow/ratchet/{DAY}/report.html" in message
