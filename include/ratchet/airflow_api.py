"""Speaks to an Airflow on this machine over its REST API: is it healthy, are its pools there, is a DAG switched on.

How that Airflow is started belongs to `local_airflow.py`.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ratchet import files
from ratchet.errors import RatchetError
from ratchet.settings import PROJECT_ROOT

_PARTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")


@dataclass(frozen=True, slots=True)
class AirflowApi:
    """A logged-in user of the Airflow that listens on a port of this machine."""

    port: int
    token: str = field(repr=False)

    @classmethod
    def login(cls, port: int, user: str, password: str) -> AirflowApi:
        """Exchange a password for a token.

        Raises:
            RatchetError: if Airflow refuses.
        """
        return cls(
            port,
            _checked(*request(port, "POST", "/auth/token", {"username": user, "password": password}))["access_token"],
        )

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer to a request below `/api/v2`.

        Raises:
            RatchetError: if Airflow refuses.
        """
        headers = {"Authorization": f"Bearer {self.token}"}
        return _checked(*request(self.port, method, f"/api/v2{path}", body, headers))


def request(
    port: int, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Send one request and return the status with the answer; what is no JSON is returned as text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", errors="replace")
    finally:
        connection.close()
    try:
        return answer.status, json.loads(text) if text else None
    except json.JSONDecodeError:
        return answer.status, text


def _checked(status: int, answer: Any) -> Any:
    if status >= HTTPStatus.BAD_REQUEST:
        raise RatchetError(f"Airflow answered {status}: {json.dumps(answer)[:300]}")
    return answer


def not_ready(port: int) -> str | None:
    """Return the part of Airflow that is not healthy yet, None when all are."""
    try:
        status, health = request(port, "GET", "/api/v2/monitor/health")
    except (OSError, http.client.HTTPException):
        return "the API server"
    if status != HTTPStatus.OK:
        return "the API server"
    late = [part for part in _PARTS if (health.get(part) or {}).get("status") != "healthy"]
    return f"the {late[0].replace('_', ' ')}" if late else None


def wanted_pools() -> list[dict[str, Any]]:
    """Return the pools of `include/config/pools.json` as the API speaks of them."""
    pools = files.read_json(PROJECT_ROOT / "include" / "config" / "pools.json")
    return [{"name": name, **pool} for name, pool in pools.items()]


def import_pools(api: AirflowApi) -> None:
    """Create the pools, or set them back to what the file says.

    Raises:
        RatchetError: if one is still missing.
    """
    action = {"action": "create", "action_on_existence": "overwrite", "entities": wanted_pools()}
    answer = api.call("PATCH", "/pools", {"actions": [action]})
    missing = missing_pools(api)
    if missing:
        raise RatchetError(f"no pool {missing[0]}: {answer}", way_out="airflow pools import include/config/pools.json")


def missing_pools(api: AirflowApi) -> list[str]:
    """Return the pools that Airflow lacks: a task of a missing pool waits for ever without a word."""
    there = {pool["name"] for pool in api.call("GET", "/pools?limit=100")["pools"]}
    return [pool["name"] for pool in wanted_pools() if pool["name"] not in there]


def switch_on(api: AirflowApi, dag_id: str, within_s: float) -> None:
    """Wait until a DAG is there and unpause it.

    Raises:
        RatchetError: if a DAG file cannot be imported, or the DAG does not appear in time.
    """
    deadline = time.monotonic() + within_s
    while not any(found["dag_id"] == dag_id for found in api.call("GET", "/dags?limit=100")["dags"]):
        broken = api.call("GET", "/importErrors")["import_errors"]
        if broken:
            raise RatchetError(f"{broken[0]['filename']} cannot be imported: {broken[0]['stack_trace'][-300:]}")
        if time.monotonic() > deadline:
            raise RatchetError(f"no DAG {dag_id} after {within_s:.0f} s")
        time.sleep(0.5)
    api.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})
