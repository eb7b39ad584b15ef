"""The hourly DAG knows its hour, checks it, and tells people what was recorded."""

import copy
import json
import shutil
from datetime import timedelta

import pytest

from ratchet import hourly
from ratchet.analyze.grades import Alert, Severity
from ratchet.deploy import decisions, incidents
from ratchet.night import Night
from tests.unit.test_notices import webhook

from .conftest import DAY, ROOT

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="session")
def hourly_dag(bag):
    """The hourly DAG."""
    return bag.dags["hourly_health"]


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    return Night.from_environment(DAY)


def test_the_schedule_checks_the_hour_that_is_over(hourly_dag):
    import pendulum
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import DagRunInfo, TimeRestriction

    tick = pendulum.datetime(2026, 11, 20, 14, 5)
    before = DagRunInfo(run_after=tick - timedelta(hours=1), data_interval=None, partition_date=None, partition_key="x")
    restriction = TimeRestriction(earliest=hourly_dag.start_date, latest=None, catchup=True)
    timetable = coerce_to_core_timetable(hourly_dag.timetable)
    info = timetable.next_dagrun_info_v2(last_dagrun_info=before, restriction=restriction)
    assert (info.run_after, info.partition_key) == (tick, "2026-11-20T13")


@pytest.mark.parametrize(("hour", "good"), [(None, True), ("2026-11-20T13", True), ("2026-11-20", False), (13, False)])
def test_the_parameter_is_checked_before_anything_runs(hourly_dag, hour, good):
    from airflow.sdk.exceptions import ParamValidationError

    filled = copy.deepcopy(hourly_dag.params)
    if good:
        filled.update({"hour": hour})
        return
    with pytest.raises(ParamValidationError):
        filled.update({"hour": hour})


def test_a_run_without_an_hour_checks_the_newest_one_and_an_empty_home_has_no_data(hourly_dag, airflow_tables, home):
    home.home.landing.mkdir(parents=True)
    done = hourly_dag.test(run_conf={"hour": None}, logical_date=None)
    assert done.state == "success"
    found = done.get_task_instance("check").xcom_pull(task_ids="check")
    assert (found["status"], found["alerts"], found["problems"]) == ("no data", 0, 0)
    assert found["hour"] == json.loads((home.home.health / "latest.json").read_text())["hour"]


def test_an_hour_that_is_not_over_fails_at_once(hourly_dag, airflow_tables, home, capfd):
    done = hourly_dag.test(run_conf={"hour": "2999-01-01T00"}, logical_date=None)
    assert done.state == "failed"
    assert "the hour 2999-01-01T00 is not over" in capfd.readouterr().out


@pytest.mark.parametrize("fails", [False, True])
def test_people_are_told_over_an_airflow_connection(hourly_dag, airflow_tables, home, monkeypatch, tmp_path, fails):
    settings = tmp_path / "config"
    shutil.copytree(ROOT / "include" / "config", settings)
    said = (settings / "settings.yaml").read_text("utf-8").replace("notify: null", "notify: team")
    (settings / "settings.yaml").write_text(said, "utf-8")
    monkeypatch.setenv("RATCHET_CONFIG", str(settings))
    alert = Alert("a1", "silence", "", "", Severity.HIGH, "2026-11-12T07:00Z", True, "nothing was logged")

    def run(night, end, now):
        decisions.append(night.home.decisions, incidents.news([], [alert], set(), "2026-11-12T08:00Z", DAY))
        if fails:
            raise OSError("no space left")
        kept = {"hour": "2026-11-12T07:00Z", "status": "no data", "reason": "", "rolled_back": []}
        return kept | {"alerts": [], "problems": []}

    monkeypatch.setattr(hourly, "run", run)
    monkeypatch.setattr(hourly_dag.get_task("check"), "retries", 0)
    with webhook() as (connection, got):
        monkeypatch.setenv("AIRFLOW_CONN_TEAM", json.dumps({"conn_type": "http", "host": connection.host}))
        hourly_dag.test(run_conf={"hour": None}, logical_date=None)
        hourly_dag.test(run_conf={"hour": None}, logical_date=None)
    texts = [text for _, _, text in got]
    assert texts[0].startswith("Nothing is logged. high, since 2026-11-12T07:00Z: nothing was logged.")
    assert texts[1:] == (["The hourly check failed. no space left"] if fails else [])
