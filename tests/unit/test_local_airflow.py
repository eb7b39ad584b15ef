import json
import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from ratchet import airflow_api, local_airflow
from ratchet.errors import RatchetError
from ratchet.local_airflow import LocalAirflow
from ratchet.settings import PROJECT_ROOT


@pytest.fixture
def airflow(tmp_path, monkeypatch):
    monkeypatch.setenv("RATCHET_AIRFLOW", str(tmp_path / "airflow"))
    monkeypatch.setenv("RATCHET_AIRFLOW_PORT", str(local_airflow.free_port()))
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    (tmp_path / "airflow").mkdir()
    return LocalAirflow.from_environment()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eighty", "80 80", "８０"])
def test_a_port_that_is_none_is_refused(monkeypatch, capsys, port):
    monkeypatch.setenv("RATCHET_AIRFLOW_PORT", port)
    assert local_airflow.main(["up"]) == 2
    assert capsys.readouterr().err.startswith("make up: RATCHET_AIRFLOW_PORT is ")


def test_make_up_switches_every_dag_on():
    names = {path.stem for path in (PROJECT_ROOT / "dags").glob("*.py")}
    assert set(local_airflow.DAG_IDS) == names
    assert len(local_airflow.DAG_IDS) == len(names)


def test_a_taken_port_is_one_line_with_the_way_out(airflow, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", airflow.port))
        other.listen()
        assert local_airflow.main(["up"]) == 2
    error = capsys.readouterr().err
    assert error == (
        f"make up: port {airflow.port} cannot be used: Address already in use — RATCHET_AIRFLOW_PORT=8081 make up\n"
    )
    assert not airflow.state.exists()


def test_stopping_what_does_not_run_is_fine(airflow, capsys):
    assert local_airflow.main(["down"]) == 0
    assert local_airflow.main(["down"]) == 0
    assert capsys.readouterr().out == "Airflow is not running.\n" * 2


def test_two_at_once_do_not_meet(airflow, capsys):
    with local_airflow._alone(airflow):
        assert local_airflow.main(["up"]) == 2
    assert "another make up or make down is at work" in capsys.readouterr().err


def test_the_variables_keep_the_users_own_and_name_the_home(airflow, monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "64")
    monkeypatch.setenv("AIRFLOW__EMAIL__FROM_EMAIL", "night@example.org")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATCHET_CONFIG", "config")
    found = local_airflow.environment(airflow)
    assert found["AIRFLOW__EMAIL__FROM_EMAIL"] == "night@example.org"
    assert found["AIRFLOW__CORE__PARALLELISM"] == "4"
    assert found["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert found["RATCHET_HOME"] == str(tmp_path / "home")
    assert found["RATCHET_CONFIG"] == str(tmp_path / "config")
    assert found["AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT"] != found["AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT"]
    assert found["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


def test_the_password_is_made_once_and_is_the_owners_alone(airflow):
    first = local_airflow._password(airflow)
    assert len(first) >= 16
    assert local_airflow._password(airflow) == first
    assert stat.S_IMODE(airflow.passwords.stat().st_mode) == 0o600
    assert json.loads(airflow.passwords.read_text()) == {"admin": first}


FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in sys.argv else signal.SIG_DFL)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def start_family(airflow):
    """Start what stands for Airflow: a leader, and a child in a process group of its own, as tasks are."""
    started = []

    def start(*arguments):
        leader = subprocess.Popen(
            [sys.executable, "-c", FAMILY, *arguments], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        child = int(leader.stdout.readline())
        created = repr(psutil.Process(leader.pid).create_time())
        airflow.state.write_text(json.dumps({"pid": leader.pid, "created": created, "port": airflow.port}))
        started.append(leader)
        return leader, child

    yield start
    for leader in started:
        for process in local_airflow._session(leader.pid):
            process.kill()
        leader.wait()
        leader.stdout.close()


def alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_stopping_takes_the_whole_session(airflow, start_family):
    leader, child = start_family()
    local_airflow.down(airflow)
    assert not alive(leader.pid)
    assert not alive(child)
    assert not airflow.state.exists()


def test_what_ignores_the_request_is_killed(airflow, start_family, monkeypatch):
    monkeypatch.setattr(local_airflow, "STOP_WITHIN_S", 0.5)
    leader, child = start_family("stubborn")
    time.sleep(0.3)
    local_airflow.down(airflow)
    assert not alive(leader.pid)
    assert not alive(child)


def test_children_whose_leader_was_killed_are_stopped_too(airflow, start_family):
    leader, child = start_family()
    leader.kill()
    leader.wait()
    assert alive(child)
    local_airflow.down(airflow)
    assert not alive(child)


def test_a_number_that_was_given_to_another_process_is_left_alone(airflow, capsys):
    airflow.state.write_text(json.dumps({"pid": os.getpid(), "created": "1.0", "port": 1}))
    local_airflow.down(airflow)
    assert capsys.readouterr().out == "Airflow is not running.\n"


def test_a_server_that_dies_is_reported_with_its_last_words(airflow):
    program = """
import sys
from ratchet import local_airflow
broken = [sys.executable, "-c", "import sys; sys.exit('the database is from the future')"]
local_airflow._command = lambda *arguments: broken
sys.exit(local_airflow.main(["up"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("make up: Airflow ended by itself: the database is from the future")
    assert done.stderr.count("\n") == 1
    assert not airflow.state.exists()


def test_a_server_that_is_not_there_is_waited_for():
    assert airflow_api.not_ready(local_airflow.free_port()) == "the API server"


@pytest.fixture
def answers(monkeypatch):
    """Stand for the server: path -> answer."""
    known = {}

    def request(port, method, path, body=None, headers=None):
        return known[path] if isinstance(known[path], tuple) else (200, known[path])

    monkeypatch.setattr(airflow_api, "request", request)
    return known


def test_each_part_is_waited_for(answers):
    healthy = {p: {"status": "healthy"} for p in ("metadatabase", "scheduler", "dag_processor", "triggerer")}
    answers["/api/v2/monitor/health"] = healthy
    assert airflow_api.not_ready(1) is None
    answers["/api/v2/monitor/health"] = {**healthy, "dag_processor": {"status": None}}
    assert airflow_api.not_ready(1) == "the dag processor"
    answers["/api/v2/monitor/health"] = (500, "broken")
    assert airflow_api.not_ready(1) == "the API server"


def test_a_missing_pool_is_found(answers):
    answers["/api/v2/pools?limit=100"] = {"pools": [{"name": "default_pool"}, {"name": "fold"}]}
    answers["/api/v2/pools"] = {"create": {"errors": []}}
    api = airflow_api.AirflowApi(1, "token")
    assert airflow_api.missing_pools(api) == ["warehouse"]
    with pytest.raises(RatchetError, match="no pool warehouse"):
        airflow_api.import_pools(api)


def test_a_broken_dag_file_is_reported_at_once(answers):
    answers["/api/v2/dags?limit=100"] = {"dags": []}
    answers["/api/v2/importErrors"] = {"import_errors": [{"filename": "nightly.py", "stack_trace": "SyntaxError"}]}
    with pytest.raises(RatchetError, match=r"nightly.py cannot be imported: SyntaxError"):
        airflow_api.switch_on(airflow_api.AirflowApi(1, "token"), "nightly", 1)


def test_a_refused_login_is_one_line(answers):
    answers["/auth/token"] = (401, {"detail": "Invalid credentials"})
    with pytest.raises(RatchetError, match="Airflow answered 401: .*Invalid credentials"):
        airflow_api.AirflowApi.login(1, "admin", "wrong")
