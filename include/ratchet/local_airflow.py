"""Starts and stops the Airflow of `make up`: one session of processes, the same home as `ratchet run`.

For an Airflow that is there to stay see docker-compose.yaml. Nothing here imports Airflow: it is started as a command
and spoken to through `airflow_api.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ratchet import airflow_api, files
from ratchet.airflow_api import AirflowApi
from ratchet.errors import HomeBusyError, RatchetError
from ratchet.home import Home
from ratchet.settings import PROJECT_ROOT

DAG_ID = "nightly_improvement"
DAG_IDS = (DAG_ID, "deploy_improvements", "hourly_health", "api_discovery")  # each does nothing where nothing is to do
USER = "admin"
START_WITHIN_S = 600  # it takes 20 s on an idle machine, minutes on a busy one; a dead one is seen at once
STOP_WITHIN_S = 20
TELL_EVERY_S = 15


@dataclass(frozen=True, slots=True)
class LocalAirflow:
    """An embedded Airflow: where it keeps its state and where it listens."""

    folder: Path
    port: int

    @classmethod
    def from_environment(cls) -> LocalAirflow:
        """Read RATCHET_AIRFLOW (default `.airflow/` of the project) and RATCHET_AIRFLOW_PORT (default 8080).

        Raises:
            RatchetError: if the port is no port.
        """
        port = os.environ.get("RATCHET_AIRFLOW_PORT") or "8080"
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise RatchetError(f"RATCHET_AIRFLOW_PORT is {port!r}", way_out="set it to a number from 1 to 65535")
        return cls(Path(os.environ.get("RATCHET_AIRFLOW") or PROJECT_ROOT / ".airflow").absolute(), int(port))

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> Path:
        """What all its parts print."""
        return self.folder / "standalone.log"

    @property
    def state(self) -> Path:
        """The process it runs as: pid, creation time, port."""
        return self.folder / "running.json"

    @property
    def passwords(self) -> Path:
        """User -> password, readable by the owner alone."""
        return self.folder / "passwords.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Start Airflow, stop it, or run one of its own commands beside it; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m ratchet.local_airflow", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("command", choices=("up", "down", "airflow"))
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="of airflow, such as: dags list")
    options = parser.parse_args(arguments)
    try:
        airflow = LocalAirflow.from_environment()
        if options.command == "airflow":
            return subprocess.call(_command(*options.arguments), env=environment(airflow))  # noqa: S603  the user's own words
        with _alone(airflow):
            up(airflow) if options.command == "up" else down(airflow)
    except RatchetError as error:
        sys.stderr.write(f"make {options.command}: {error}\n")
        return error.exit_code
    return 0


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]


@contextmanager
def _alone(airflow: LocalAirflow) -> Iterator[None]:
    try:
        with Home(airflow.folder).lock():
            yield
    except HomeBusyError as error:
        raise RatchetError("another make up or make down is at work", way_out="wait for it") from error


def up(airflow: LocalAirflow) -> None:
    """Start Airflow, import the pools, switch the DAGs on, and say where it is; does nothing twice.

    Raises:
        RatchetError: if the port is taken, or Airflow is not ready in time or dies; nothing is left running then.
    """
    running = _running(airflow)
    if running is not None:
        airflow = LocalAirflow(airflow.folder, int(running["port"]))
        _say("Airflow is running already.")
    else:
        _start(airflow)
    try:
        _wait_until_ready(airflow)
        api = AirflowApi.login(airflow.port, USER, _password(airflow))
        airflow_api.import_pools(api)
        for dag_id in DAG_IDS:
            airflow_api.switch_on(api, dag_id, START_WITHIN_S)
    except BaseException:
        if running is None:
            down(airflow)
        raise
    _say(f"\n  Airflow   {airflow.url}/dags/{DAG_ID}\n  reports   {airflow.url}/ratchet/")
    _say(f"  user      {USER}\n  password  {_password(airflow)}")
    _say(f"  home      {_home()}\n  stop it   make down")


def down(airflow: LocalAirflow) -> None:
    """Stop the whole session: the command alone would leave its scheduler, workers, server and tasks behind."""
    running = _running(airflow)
    airflow.state.unlink(missing_ok=True)
    if running is None:
        _say("Airflow is not running.")
        return
    for kind, patience_s in ((signal.SIGTERM, STOP_WITHIN_S), (signal.SIGKILL, 5)):
        members = _session(running["pid"])
        for member in members:
            with suppress(psutil.NoSuchProcess):
                member.send_signal(kind)
        _, alive = psutil.wait_procs(members, timeout=patience_s)
        if not alive and not _session(running["pid"]):
            break
    _say("Airflow is stopped.")


def environment(airflow: LocalAirflow) -> dict[str, str]:
    """Return the variables that Airflow is started with; what the caller has set besides stays."""
    listen, logs, triggers = airflow.port, free_port(), free_port()
    ours = {
        "AIRFLOW_HOME": airflow.folder,
        "AIRFLOW__API__BASE_URL": airflow.url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": listen,
        "AIRFLOW__API__WORKERS": 1,
        "AIRFLOW__CORE__DAGS_FOLDER": PROJECT_ROOT / "dags",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{airflow.url}/execution/",
        "AIRFLOW__CORE__LOAD_EXAMPLES": False,
        "AIRFLOW__CORE__PARALLELISM": 4,
        "AIRFLOW__CORE__PLUGINS_FOLDER": PROJECT_ROOT / "plugins",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": airflow.passwords,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": 10,
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": triggers,
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": logs,
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": 12,  # after a restart, tasks start before the server
        "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": 10,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "RATCHET_HOME": _home(),
    }
    if os.environ.get("RATCHET_CONFIG"):
        ours["RATCHET_CONFIG"] = Path(os.environ["RATCHET_CONFIG"]).absolute()
    return {**os.environ, **{name: str(value) for name, value in ours.items()}}


def _home() -> Path:
    return Path(os.environ.get("RATCHET_HOME") or PROJECT_ROOT / "home").absolute()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(airflow: LocalAirflow) -> None:
    _refuse_taken_port(airflow.port)
    _password(airflow)
    if airflow.log.exists():
        airflow.log.replace(airflow.log.with_suffix(".log.1"))
    with airflow.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  nothing of it comes from a user
            _command("standalone"),
            cwd=PROJECT_ROOT,
            env=environment(airflow),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    created = psutil.Process(process.pid).create_time()
    files.write_json(airflow.state, {"pid": process.pid, "created": repr(created), "port": airflow.port})
    _say(f"Starting Airflow on {airflow.url}; its log is {airflow.log}")


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise RatchetError(
                f"port {port} cannot be used: {error.strerror}", way_out="RATCHET_AIRFLOW_PORT=8081 make up"
            ) from error


def _password(airflow: LocalAirflow) -> str:
    known = files.read_json(airflow.passwords) if airflow.passwords.exists() else {}
    if USER not in known:
        known = {**known, USER: secrets.token_urlsafe(12)}
        airflow.passwords.touch(mode=0o600)
        airflow.passwords.write_text(json.dumps(known), "utf-8")
    return str(known[USER])


def _running(airflow: LocalAirflow) -> dict[str, Any] | None:
    """Return the recorded process when it, or any of its session, is still there."""
    if not airflow.state.exists():
        return None
    found: dict[str, Any] = files.read_json(airflow.state)
    leader = psutil.Process(found["pid"]) if psutil.pid_exists(found["pid"]) else None
    if leader is not None and repr(leader.create_time()) != found["created"]:
        return None  # the number was given to another process
    return found if _session(found["pid"]) else None


def _session(leader: int) -> list[psutil.Process]:
    members = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
    return members


def _wait_until_ready(airflow: LocalAirflow) -> None:
    start = told_at = time.monotonic()
    told = ""
    while (waiting_for := airflow_api.not_ready(airflow.port)) is not None:
        now = time.monotonic()
        if waiting_for != told or now - told_at >= TELL_EVERY_S:
            _say(f"  {now - start:3.0f} s  waiting for {waiting_for}")
            told, told_at = waiting_for, now
        if _running(airflow) is None:
            raise RatchetError(f"Airflow ended by itself: {_last_words(airflow)}", way_out=f"see {airflow.log}")
        if now - start > START_WITHIN_S:
            raise RatchetError(f"{waiting_for} is not ready after {START_WITHIN_S} s", way_out=f"see {airflow.log}")
        time.sleep(0.5)


def _last_words(airflow: LocalAirflow) -> str:
    lines = airflow.log.read_text("utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
