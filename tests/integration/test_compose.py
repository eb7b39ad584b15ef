"""What docker-compose.yaml starts, started natively: same commands, variables and health checks, a real PostgreSQL."""

import json
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import yaml

from ratchet import airflow_api, local_airflow
from ratchet.airflow_api import AirflowApi

from .conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.airflow]
PATIENCE_S = 420  # a minute on two idle cores
DAG = "/dags/hourly_health"
SECRETS = {
    "AIRFLOW_FERNET_KEY": "ZmVybmV0LWtleS1mb3ItdGhlLXRlc3RzLW9ubHktMzI=",
    "AIRFLOW_SECRET_KEY": "a key for the tests",
    "AIRFLOW_JWT_SECRET": "another key for the tests, long enough to sign",
    "POSTGRES_PASSWORD": "for the tests",
}
SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")


def interpolated(text, known):
    """Resolve ${NAME}, ${NAME:-default} and ${NAME:?message} as docker compose does."""

    def value(found):
        name, default = found["name"], found["default"]
        if name not in known and default is None:
            raise KeyError(f"{name} must be set: {found['message']}")
        return known.get(name, default)

    pattern = r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?(?P<message>[^}]*))?\}"
    return re.sub(pattern, value, text)


def dockerfile_environment():
    """Return what the image sets by ENV."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    words = [word for line in text.splitlines() if line.startswith("ENV ") for word in line.split()[1:]]
    return dict(word.split("=", 1) for word in words)


CHECK = """
import json, os, sys
from airflow.__main__ import main
from airflow.cli.commands import jobs_command
for words in json.loads(sys.argv[1]):
    assert words[0] == "airflow"
    if not os.fork():
        sys.argv = words
        main()
        os._exit(0)
sys.exit(sum(os.wait()[1] != 0 for _ in json.loads(sys.argv[1])))
"""


class Compose:
    """The services of the file; addresses and paths of containers are those of this machine."""

    def __init__(self, folder, binaries):
        self.folder, self.binaries = folder, binaries
        self.database, self.api = local_airflow.free_port(), local_airflow.free_port()
        self.file = yaml.safe_load((ROOT / "docker-compose.yaml").read_text("utf-8"))["services"]
        self.here = {
            "/opt/ratchet/home": str(folder / "home"),
            "/opt/ratchet/plugins": str(folder / "plugins"),  # all but the libraries of nights, which none runs here
            "/opt/ratchet": str(ROOT),
            "/opt/airflow": str(folder / "airflow"),
            "@postgres/": f"@127.0.0.1:{self.database}/",
            "api-server:8080": f"localhost:{self.api}",
            "localhost:8080": f"localhost:{self.api}",
        }
        self.running = {}

    def adapted(self, text):
        """Return a word of the file as it holds on this machine."""
        found = interpolated(str(text), SECRETS)
        for there, here in self.here.items():
            found = found.replace(there, here)
        return found

    def environment(self, name):
        """Return a service's variables: those of the image, then those of the file."""
        clean = {n: v for n, v in os.environ.items() if not n.startswith(("AIRFLOW", "RATCHET", "POSTGRES"))}
        own = {n: self.adapted(v) for n, v in {**dockerfile_environment(), **self.file[name]["environment"]}.items()}
        local = {  # what containers need not say, each of them being alone
            "AIRFLOW__API__PORT": self.api,
            "AIRFLOW__API__WORKERS": 1,
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": local_airflow.free_port(),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": local_airflow.free_port(),
            "HOSTNAME": socket.gethostname(),  # as in a container
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{self.binaries}{os.pathsep}{clean['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": self.database,
        }
        return {**clean, **own, **{n: str(v) for n, v in local.items()}}

    def command(self, name):
        """Return a service's command."""
        return [self.adapted(word) for word in self.file[name]["command"]]

    def start(self, name):
        """Start a service in a session of its own."""
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                self.command(name), env=self.environment(name), cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def is_healthy(self, name):
        """Run a service's own health check."""
        kind, *words = self.file[name]["healthcheck"]["test"]
        found = [self.adapted(word.replace("$$", "$")) for word in words]
        command = ["/bin/sh", "-c", *found] if kind == "CMD-SHELL" else found
        done = subprocess.run(command, env=self.environment(name), capture_output=True, check=False, timeout=PATIENCE_S)
        return done.returncode == 0

    def wait(self, until, what):
        """Wait until something holds; say which service ended where one did."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := until()):
            ended = [name for name, process in self.running.items() if process.poll() is not None]
            assert not ended, f"{ended[0]} ended: {(self.folder / f'{ended[0]}.log').read_text()[-2000:]}"
            assert time.monotonic() < deadline, what
            time.sleep(0.5)
        return found

    def are_healthy(self, names):
        """Run the health checks of services that are Airflow's own command; it is imported once for all of them."""
        tests = [self.file[name]["healthcheck"]["test"] for name in names]
        assert {kind for kind, _ in tests} == {"CMD-SHELL"}
        checks = [self.adapted(shell.replace("$$", "$")) for _, shell in tests]
        words = json.dumps([shlex.split(check.replace('"$HOSTNAME"', socket.gethostname())) for check in checks])
        command = [sys.executable, "-c", CHECK, words]
        options = {"env": self.environment(names[0]), "capture_output": True, "timeout": PATIENCE_S}
        return subprocess.run(command, check=False, **options).returncode == 0

    def stop(self):
        """End every process that was started, and those that they started."""
        members = [m for process in self.running.values() for m in local_airflow._session(process.pid)]
        for kind, patience_s in ((signal.SIGTERM, 1), (signal.SIGKILL, 15)):
            for member in members:
                with suppress(psutil.NoSuchProcess):
                    member.send_signal(kind)
            psutil.wait_procs(members, timeout=patience_s)
            members = [m for process in self.running.values() for m in local_airflow._session(process.pid)]
        for process in self.running.values():
            process.wait(30)
        assert members == []


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    """A PostgreSQL of its own with the user and database of the file; yields the services over it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    compose = Compose(tmp_path_factory.mktemp("compose"), found[-1].parent)
    compose.folder.joinpath("home", "landing").mkdir(parents=True)
    compose.folder.joinpath("airflow", "state").mkdir(parents=True)
    plugins = compose.folder / "plugins"
    plugins.mkdir()
    (plugins / "report_shelf.py").symlink_to(ROOT / "plugins" / "report_shelf.py")
    data = Path(tempfile.mkdtemp(prefix="ratchet-postgres-"))  # where another user may go
    asked = compose.file["postgres"]["environment"]
    user, database = asked["POSTGRES_USER"], asked["POSTGRES_DB"]
    (data / "password").write_text(compose.adapted(asked["POSTGRES_PASSWORD"]))
    as_who = []
    if os.geteuid() == 0:  # PostgreSQL refuses to be root
        owner = pwd.getpwnam("postgres")
        for path in (data, data / "password"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        as_who = ["runuser", "-u", "postgres", "--"]
    server = f"-p {compose.database} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off"

    def run(name, *words):
        command = [*as_who, str(compose.binaries / name), *map(str, words)]
        subprocess.run(command, cwd=data, check=True, capture_output=True, timeout=120)

    run("initdb", "--no-sync", "-D", data / "db", "-U", user, "-A", "scram-sha-256", f"--pwfile={data / 'password'}")
    run("pg_ctl", "-D", data / "db", "-o", server, "-l", data / "log", "-w", "start")
    try:
        import psycopg2

        words = {"host": "127.0.0.1", "port": compose.database, "user": user, "password": SECRETS["POSTGRES_PASSWORD"]}
        connection = psycopg2.connect(dbname="postgres", **words)
        connection.autocommit = True
        connection.cursor().execute(f"create database {database}")
        connection.close()
        yield compose
    finally:
        run("pg_ctl", "-D", data / "db", "-m", "immediate", "stop")
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="module")
def services(postgres):
    """Every service after `init`, each seen healthy by its own check."""
    compose = postgres
    done = subprocess.run(
        compose.command("init"), env=compose.environment("init"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    try:
        for name in SERVICES:
            compose.start(name)
        compose.wait(lambda: airflow_api.not_ready(compose.api) is None, "Airflow is not healthy")
        assert compose.is_healthy("api-server")
        compose.wait(lambda: compose.are_healthy(SERVICES[1:]), "a service is not healthy by its own check")
        yield compose
    finally:
        compose.stop()


def test_nothing_starts_without_its_secrets():
    for name in SECRETS:
        with pytest.raises(KeyError, match=f"{name} must be set"):
            interpolated(f"${{{name}:?set {name}}}", {})
    text = (ROOT / "docker-compose.yaml").read_text("utf-8")
    for name in SECRETS:
        assert f"${{{name}:?set {name}}}" in text


def test_the_database_is_healthy_by_its_own_check(postgres):
    assert postgres.is_healthy("postgres")
    assert set(postgres.file) == {"postgres", "init", *SERVICES}


def test_all_services_are_healthy_and_run_a_dag(services):
    compose = services
    password = json.loads((compose.folder / "airflow" / "state" / "passwords.json").read_text())["admin"]
    api = AirflowApi.login(compose.api, "admin", password)
    assert airflow_api.missing_pools(api) == []
    airflow_api.switch_on(api, "hourly_health", PATIENCE_S)

    def ended():
        """Return how each kind of run has ended; the hour that is due runs as soon as the DAG is switched on."""
        runs = api.call("GET", f"{DAG}/dagRuns")["dag_runs"]
        return {r["run_type"]: r["state"] for r in runs if r["state"] in ("success", "failed")}

    assert compose.wait(ended, "the run did not end") == {"scheduled": "success"}
    newest = api.call("POST", f"{DAG}/dagRuns", {"logical_date": None})  # what was due is not it until five past
    assert newest["partition_key"] is None
    assert compose.wait(lambda: ended().get("manual"), "the run by hand did not end") == "success"
    assert (compose.folder / "home" / "health" / "latest.json").exists()
