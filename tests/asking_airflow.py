"""A real Airflow over a small home in which improvements wait."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import date, timedelta

import pytest

from ratchet import local_airflow
from ratchet.deploy.decisions import append, read
from ratchet.home import Home
from ratchet.local_airflow import LocalAirflow
from ratchet.settings import PROJECT_ROOT
from tests.integration import circle
from tests.patient_api import PatientApi
from tests.unit.deploy import waiting_home
from tests.unit.deploy.waiting_home import DAY, improvement

DAG = "/dags/deploy_improvements"
ASK = "question.ask"
TARGETS = ("billing", "export", "hints", "login", "search", "summary")
IDS = {target: improvement(target).improvement_id for target in TARGETS}
FIX = "refund"  # an error of `circle.py`, whose fix is asked about as well
PATIENCE_S = 200
READING_S = 5  # as a person needs; what comes in the second in which Airflow asks may be lost, and it asks again
UP = """
import sys
from ratchet import local_airflow
local_airflow.DAG_IDS = ("deploy_improvements",)
sys.exit(local_airflow.main(["up"]))
"""
PROPOSE = """
import sys
from datetime import date
from pathlib import Path
from ratchet import steps
from ratchet.night import Night
from ratchet.nights import PLAN
day, home, landing = sys.argv[1:]
night = Night.from_environment(date.fromisoformat(day), home=Path(home), landing=landing, live=True)
aside = ("check_raw", "check_marts", "drift", "usage", "health", "trends", "kpis", "documentation", "report", "publish")
with night.home.lock():
    for step in PLAN:
        if step.name not in aside:
            steps.execute(step.name, night)
"""


class AskingAirflow:
    """An Airflow in which only the DAG that asks people is on."""

    def __init__(self, folder):
        self.folder = folder
        self.airflow = LocalAirflow(folder / "airflow", local_airflow.free_port())
        self.home = waiting_home.home(folder / "home", *(improvement(t, title=f"Do {t}") for t in TARGETS))
        self.ids = dict(IDS)
        shutil.copytree(PROJECT_ROOT / "include" / "config", folder / "config")
        settings = folder / "config" / "settings.yaml"
        settings.write_text(settings.read_text("utf-8").replace("safety_mode: false", "safety_mode: true"), "utf-8")

    def start(self):
        """Start it as `make up` does, while a night makes a fix from a log of two days."""
        night = self._propose()
        try:
            self._up()
        finally:
            said = night.communicate()[0]
        assert night.returncode == 0, said
        self._take_over_the_fix()

    def _propose(self):
        """Begin the steps of a night that lead to its proposals, in a home of its own."""
        for day in (DAY - timedelta(days=1), DAY):
            circle.land(self.folder / "landing", day, None, ())
        command = [sys.executable, "-c", PROPOSE, DAY.isoformat(), self.folder / "night", self.folder / "landing"]
        environment = {**os.environ, "RATCHET_CONFIG": str(self.folder / "config")}
        words = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen([str(word) for word in command], env=environment, **words)

    def _take_over_the_fix(self):
        """Let the fix wait in this home as it waits in that of its night."""
        recorded = read(Home(self.folder / "night").decisions, date.max)
        fixes = [d for d in recorded if d.decision.value == "proposed" and d.facts["type"] == "error_fix"]
        (fix,) = [d for d in fixes if d.facts["evidence"]["operation"] == FIX]
        with self.home.lock():
            append(self.home.decisions, [d for d in recorded if d.improvement_id == fix.improvement_id])
        self.ids[fix.facts["title"]] = fix.improvement_id

    def _up(self):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "RATCHET"))}
        ours = {
            "PYTHONUNBUFFERED": 1,  # `has_asked` reads what it logs
            "RATCHET_AIRFLOW": self.airflow.folder,
            "RATCHET_AIRFLOW_PORT": self.airflow.port,
            "RATCHET_CONFIG": self.folder / "config",
            "RATCHET_HOME": self.home.root,
        }
        environment = {**clean, **{name: str(value) for name, value in ours.items()}}
        done = subprocess.run([sys.executable, "-c", UP], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        self.password = json.loads(self.airflow.passwords.read_text())[local_airflow.USER]
        self.api = PatientApi.login(self.airflow.port, local_airflow.USER, self.password)

    def publish_night(self, day):
        """Let Airflow know what the task `publish` of a night tells it."""
        (asset,) = self.api.call("GET", "/assets?name_pattern=ratchet_night")["assets"]
        self.api.call(
            "POST", "/assets/events", {"asset_id": asset["id"], "extra": {}, "partition_key": day.isoformat()}
        )

    def runs(self):
        """Return the runs of the DAG that asks, oldest first."""
        return self.api.call("GET", f"{DAG}/dagRuns?order_by=id")["dag_runs"]

    def open_questions(self):
        """Return the questions that nobody has answered: target, or title of the fix -> what Airflow says about it."""
        path = "/dags/~/dagRuns/~/hitlDetails?response_received=false&state=awaiting_input&limit=100"
        found = self.api.call("GET", path)["hitl_details"]
        return {detail["subject"].removeprefix("Do "): detail for detail in found}

    def has_asked(self):
        """Return whether Airflow knows that the tasks which ask have ended: it may lose an answer that comes before."""
        ended = r"Received executor event with state success .* task_id='question\.ask'.* map_index=(\d+)"
        return len(set(re.findall(ended, self.airflow.log.read_text("utf-8", "replace")))) == len(self.ids)

    def answer(self, question, option, **said):
        """Answer a question over REST."""
        ti = question["task_instance"]
        path = f"{DAG}/dagRuns/{ti['dag_run_id']}/taskInstances/{ASK}/{ti['map_index']}/hitlDetails"
        return self.api.call("PATCH", path, {"chosen_options": [option], "params_input": said})

    def answer_until_recorded(self, target, option, **said):
        """Answer a question once it was read, and again if Airflow has lost the answer and asks again."""

        def recorded():
            question = self.open_questions().get(target)
            if question is not None and target not in self.decided():
                time.sleep(READING_S)
                self.answer(question, option, **said)
            return target in self.decided()

        self.wait(recorded, f"{target} was not recorded")

    def state(self, question, task=ASK):
        """Return the state of the task that asked, or of the one that records the answer."""
        ti = question["task_instance"]
        path = f"{DAG}/dagRuns/{ti['dag_run_id']}/taskInstances/{task}/{ti['map_index']}"
        return self.api.call("GET", path)["state"]

    def let_time_pass(self):
        """Let the half hour of every open question be over."""
        path = self.airflow.folder / "airflow.db"
        with closing(sqlite3.connect(path, timeout=60)) as database, database:
            database.execute(
                "update task_instance set trigger_timeout = '2026-01-01 00:00:00.000000' where state = 'awaiting_input'"
            )

    def decided(self):
        """Return what people have decided: target -> decision, actor, reason."""
        names = {name: target for target, name in self.ids.items()}
        found = [d for d in read(self.home.decisions, date.max) if d.actor != "night"]
        return {names[d.improvement_id]: (d.decision.value, d.actor, d.reason) for d in found}

    @staticmethod
    def wait(until, what):
        """Wait until something holds and return it."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := until()):
            assert time.monotonic() < deadline, what
            time.sleep(0.5)
        return found


@pytest.fixture(scope="module")
def asking(tmp_path_factory):
    """Start it once for all tests; whatever happens, nothing of it is left running."""
    found = AskingAirflow(tmp_path_factory.mktemp("asking"))
    try:
        found.start()
        found.publish_night(waiting_home.DAY)
        found.wait(lambda: len(found.open_questions()) == len(found.ids), "no questions were asked")
        found.wait(found.has_asked, "the tasks that ask did not end")
        yield found
    finally:
        local_airflow.down(found.airflow)
