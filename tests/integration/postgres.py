"""A PostgreSQL of the tests' own, started in a temporary folder; without the server the tests that want it skip."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

PASSWORD = "top secret/§1"  # no message may repeat it


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `owner` makes tables, `reader` has the password."""

    folder: Path
    port: int

    def execute(self, sql: str, *values: object, database: str = "app") -> None:
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="owner", password=PASSWORD, dbname=database
        )
        connection.autocommit = True  # a database is made outside of a transaction
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, values or None)
        finally:
            connection.close()

    def stop(self) -> None:
        _as_postgres(str(_binaries() / "pg_ctl"), "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    return found[-1].parent


def _as_postgres(*command: str) -> None:
    """Run a command of the server, which refuses to be run by root."""
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*user, *command], check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def running() -> Iterator[Server]:
    """Start a server with the database `app`, and stop it in the end."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="ratchet-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    server = Server(folder, port)
    data = str(folder / "data")
    try:
        _as_postgres(str(binaries / "initdb"), "-D", data, "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        _as_postgres(str(binaries / "pg_ctl"), "-D", data, "-o", options, "-w", "-l", f"{folder}/log", "start")
        server.execute("create database app", database="postgres")
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
