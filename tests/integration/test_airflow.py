"""A real Airflow runs nights by schedule, over REST and as a backfill, with the very bytes of `ratchet run`."""

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil
import pytest
import yaml

from ratchet import airflow_api, local_airflow, samples
from ratchet.errors import RatchetError
from tests.patient_api import PatientApi

from .conftest import DATA, ROOT, fingerprints, run

pytestmark = [pytest.mark.slow, pytest.mark.airflow]
DAG = "/dags/nightly_improvement"
DUE = timedelta(days=1, hours=2)  # after a day begins, its night starts
TAKES = timedelta(minutes=20)  # so long before a night is due, the tests wait for it: it would come between the others
LAST = (datetime.now(UTC) + TAKES - DUE).date()  # the night that is due when Airflow starts
DAYS = [LAST - timedelta(days=n) for n in reversed(range(5))]
COMPARED = [DAYS[0], DAYS[2], LAST]  # one by hand, one of the backfill, one by schedule
PATIENCE_S = 1800  # nights take half a minute each on two idle cores


class Server:
    """An Airflow of its own, over a home and settings that can be exchanged while it runs."""

    def __init__(self, folder):
        self.folder = folder
        self.home, self.config = folder / "home", folder / "config"
        ours = {
            "RATCHET_AIRFLOW": folder / "airflow",
            "RATCHET_AIRFLOW_PORT": local_airflow.free_port(),
            "RATCHET_CONFIG": self.config,
            "RATCHET_HOME": self.home,
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "RATCHET"))}
        self.environment = {**clean, **{name: str(value) for name, value in ours.items()}}

    def command(self, name):
        """Run `make up` or `make down`."""
        command = [sys.executable, "-m", "ratchet.local_airflow", name]
        return subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900
        )

    def use(self, name, **sources):
        """Let the runs from now on work on the home of this name, with these sources."""
        for link in (self.home, self.config):
            link.unlink(missing_ok=True)
            link.symlink_to(self.folder / f"{name}_{link.name}", target_is_directory=True)
        (self.folder / f"{name}_home").mkdir()
        shutil.copytree(ROOT / "include" / "config", self.folder / f"{name}_config")
        settings = self.config / "settings.yaml"
        values = yaml.safe_load(settings.read_text("utf-8"))
        values["sources"] = {source: str(landing) for source, landing in sources.items()}
        settings.write_text(yaml.safe_dump(values), "utf-8")

    def login(self):
        """Log in as the user that `make up` has printed."""
        password = json.loads((self.folder / "airflow" / "passwords.json").read_text())["admin"]
        self.api = PatientApi.login(int(self.environment["RATCHET_AIRFLOW_PORT"]), "admin", password)

    def trigger(self, day):
        """Start the night of a day over REST."""
        body = {"logical_date": None, "partition_key": day.isoformat()}
        return self.api.call("POST", f"{DAG}/dagRuns", body)["dag_run_id"]

    def backfill(self, first, last, at_once):
        """Start a backfill."""
        body = {
            "dag_id": "nightly_improvement",
            "from_date": f"{first}T00:00:00Z",
            "to_date": f"{last}T00:00:00Z",
            "max_active_runs": at_once,
            "reprocess_behavior": "none",
        }
        return self.api.call("POST", "/backfills", body)["id"]

    def runs(self):
        """Return every run, oldest first."""
        return self.api.call("GET", f"{DAG}/dagRuns?limit=100&order_by=id")["dag_runs"]

    def finished(self, count):
        """Wait until so many runs have ended and return them all; say what went wrong when one fails."""
        deadline = time.monotonic() + PATIENCE_S
        most_at_once = 0
        while True:
            runs = self.runs()
            most_at_once = max(most_at_once, sum(run["state"] == "running" for run in runs))
            ended = [run for run in runs if run["state"] in ("success", "failed")]
            if len(ended) >= count:
                assert [self.why(run) for run in ended if run["state"] == "failed"] == []
                return ended, most_at_once
            assert time.monotonic() < deadline, [(run["partition_key"], run["state"]) for run in runs]
            time.sleep(1)

    def why(self, run):
        """Return what the run's verdict says."""
        log = self.api.call("GET", f"{DAG}/dagRuns/{run['dag_run_id']}/taskInstances/verdict/logs/1")["content"]
        return run["partition_key"], [entry["event"] for entry in log if entry.get("level") == "error"]


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    """Five small days of native logs, the last of which is the last that is over."""
    folder = tmp_path_factory.mktemp("airflow_logs") / "landing"
    samples.write(folder, days=len(DAYS), events_per_day=400, seed=5, end=LAST)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory, landing):
    """Start Airflow over an empty home; whatever happens, nothing of it is left running."""
    folder = tmp_path_factory.mktemp("airflow")
    found = Server(folder)
    found.use("native", native=landing)
    while datetime.now(UTC) < datetime.combine(LAST, datetime.min.time(), UTC) + DUE:
        time.sleep(1)
    try:
        up = found.command("up")
        assert up.returncode == 0, up.stdout + up.stderr
        found.printed = up.stdout
        found.login()
        yield found
    finally:
        state = folder / "airflow" / "running.json"
        leader = json.loads(state.read_text())["pid"] if state.exists() else None
        down = found.command("down")
        assert down.returncode == 0, down.stderr
        if leader is not None:
            assert [process.cmdline() for process in local_airflow._session(leader)] == []
            assert not psutil.pid_exists(leader) or psutil.Process(leader).status() == psutil.STATUS_ZOMBIE


@pytest.fixture(scope="module")
def nights(server):
    """Five nights in Airflow: the one that is due, one over REST, and a backfill of five days that finds both done."""
    server.finished(1)
    by_hand = server.trigger(DAYS[0])
    server.finished(2)
    server.backfill(DAYS[0], LAST, at_once=3)
    runs, at_once = server.finished(len(DAYS))
    return {"runs": runs, "at_once": at_once, "by_hand": by_hand}


def test_up_says_where_it_is_and_how_to_get_in(server):
    password = json.loads((server.folder / "airflow" / "passwords.json").read_text())["admin"]
    for word in (f"http://localhost:{server.environment['RATCHET_AIRFLOW_PORT']}", "admin", password, "make down"):
        assert word in server.printed


def test_the_scheduler_has_loaded_what_its_tasks_need(server):
    leader = json.loads((server.folder / "airflow" / "running.json").read_text())["pid"]
    started = [p for p in psutil.process_iter(["cmdline"]) if (p.info["cmdline"] or [])[-1:] == ["scheduler"]]
    scheduler = next(p for p in started if os.getsid(p.pid) == leader)
    loaded = " ".join(mapped.path for mapped in scheduler.memory_maps())
    assert [name for name in ("_duckdb", "pyarrow", "scipy", "sklearn") if name not in loaded] == []


def test_each_run_is_one_day(nights):
    by_type = {}
    for night in nights["runs"]:
        by_type.setdefault(night["run_type"], []).append(night["partition_key"])
    assert by_type.pop("scheduled") == [LAST.isoformat()]
    assert by_type.pop("manual") == [DAYS[0].isoformat()]
    assert {kind: sorted(days) for kind, days in by_type.items()} == {
        "backfill": [day.isoformat() for day in DAYS[1:-1]]  # the first and the last of the five were there
    }
    assert nights["at_once"] > 1


def test_the_artifacts_are_those_of_ratchet_run(nights, server, landing, tmp_path):
    run(landing, tmp_path, COMPARED)
    found = fingerprints(server.folder / "native_home")
    assert {path.split("/")[1] for path in found} == {day.isoformat() for day in DAYS}
    assert fingerprints(server.folder / "native_home", COMPARED) == fingerprints(tmp_path)


def test_a_part_run_again_gives_the_same_bytes(nights, server):
    before = fingerprints(server.folder / "native_home")
    body = {"dag_run_id": nights["by_hand"], "task_ids": ["gaps"], "include_downstream": True, "only_failed": False}
    cleared = server.api.call("POST", f"{DAG}/clearTaskInstances", {**body, "dry_run": False})["task_instances"]
    assert {task["task_id"] for task in cleared} == {"gaps", "apis", "improvements", "report", "publish", "verdict"}
    (server.folder / "native_home" / "artifacts" / DAYS[0].isoformat() / "report.html").write_text("spoilt")
    server.finished(len(DAYS))
    assert fingerprints(server.folder / "native_home") == before


def test_the_verdict_points_at_the_report(nights, server):
    run = nights["runs"][0]
    entry = server.api.call("GET", f"{DAG}/dagRuns/{run['dag_run_id']}/taskInstances/verdict/xcomEntries/return_value")
    value = entry["value"] if isinstance(entry["value"], dict) else json.loads(entry["value"])
    assert Path(value["report"]).read_text("utf-8").lstrip().lower().startswith("<!doctype html>")


def test_a_missing_pool_is_noticed_and_make_up_brings_it_back(nights, server):
    assert airflow_api.missing_pools(server.api) == []
    server.api.call("DELETE", "/pools/fold")
    assert airflow_api.missing_pools(server.api) == ["fold"]
    again = server.command("up")
    assert again.returncode == 0, again.stderr
    assert "running already" in again.stdout
    assert airflow_api.missing_pools(server.api) == []


def test_a_run_that_cannot_be_is_refused_before_it_starts(server):
    for body in ({"partition_key": "yesterday"}, {"conf": {"date": "2026-13-01"}}, {"conf": {"live": "perhaps"}}):
        with pytest.raises(RatchetError, match="answered 400"):
            server.api.call("POST", f"{DAG}/dagRuns", {"logical_date": None, **body})


RETAIL = "tau_bench_retail_agent_variants/tool-calling-"
CONVERSATIONS = {  # landing day -> files, conversations, of which succeed, tool calls, tool errors
    LAST: (
        (
            "tau_bench_airline_gpt4o/gpt-4o-airline.json.gz",
            f"{RETAIL}none-0.1_range_0-100_user-none-llm_06232025.json.gz",
            f"{RETAIL}with-preconditions-none-0.1_range_0-100_user-none-llm_0626123715.json.gz",
        ),
        *(200 + 100 + 100, 84 + 73 + 70, 1164 + 793 + 876, 73 + 34 + 25),
    ),
    date(2026, 7, 31): (("whissle_tau2_airline/airline_run1.json.gz",), 50, 28, 265, 12),
}


def test_real_conversations_are_counted_as_in_their_files(nights, server, tmp_path):
    for day, (names, *_) in CONVERSATIONS.items():
        (tmp_path / f"dt={day}").mkdir()
        for name in names:
            if not (DATA / name).exists():
                pytest.skip(f"{name} is not beside this checkout")
            shutil.copy(DATA / name, tmp_path / f"dt={day}")
    server.use("conversations", chat_transcripts=tmp_path)
    for day in CONVERSATIONS:
        server.trigger(day)
    server.finished(len(nights["runs"]) + len(CONVERSATIONS))
    for day, (_, *expected) in CONVERSATIONS.items():
        assert counted(server.home, day) == expected, day


def counted(home, day):
    """Return conversations, successes, tool calls and tool errors as the night's artifacts count them."""
    read = {
        name: json.loads((home / "artifacts" / str(day) / f"{name}.json").read_text()) for name in ("usage", "errors")
    }
    rows = {row["level"]: row for row in read["usage"]["usage"] if (row["window_days"], row["dimension"]) == (1, "all")}
    asked, called = rows["root"], rows["step"]
    return [asked["requests"], asked["successes"], called["requests"], read["errors"]["occurrences"]]
