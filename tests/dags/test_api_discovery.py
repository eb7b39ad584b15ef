"""The daily look at connected APIs: a run with the token of an Airflow connection, which no file keeps."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from .conftest import DAY

pytestmark = pytest.mark.airflow
SECRET = "t0ken-of-a-connection"
SPEC = {"openapi": "3.0.3", "info": {"title": "Pets", "version": "1"}, "paths": {}}


class _Api(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append(self.headers.get("Authorization"))
        content = json.dumps(SPEC).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), _Api) as server:
        server.seen = []
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def connect(monkeypatch, tmp_path):
    """Return a function that writes apis.yaml beside the settings and makes home and settings those of the test."""
    from ratchet.settings import config_folder

    settings = (config_folder() / "settings.yaml").read_text("utf-8")

    def write(text):
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "settings.yaml").write_text(settings, "utf-8")
        (tmp_path / "config" / "apis.yaml").write_text(text, "utf-8")
        monkeypatch.setenv("RATCHET_CONFIG", str(tmp_path / "config"))
        monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))

    return write


def test_a_run_lands_a_snapshot_and_keeps_the_token_to_itself(
    airflow_tables, bag, server, connect, monkeypatch, tmp_path, capfd
):
    monkeypatch.setenv("AIRFLOW_CONN_PETS", json.dumps({"conn_type": "http", "password": SECRET}))
    where = f"http://127.0.0.1:{server.server_port}"
    connect(f"apis:\n  pets: {{base_url: '{where}', connection: pets}}\n")
    done = bag.dags["api_discovery"].test(run_conf={"date": DAY.isoformat()}, logical_date=None)
    assert done.state == "success"
    assert server.seen == [f"Bearer {SECRET}"]
    record = tmp_path / "home" / "apis" / "pets" / DAY.isoformat() / "snapshot.json"
    assert json.loads(record.read_text("utf-8"))["state"] == "fetched"
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and SECRET in p.read_text("utf-8")]
    assert SECRET not in "".join(capfd.readouterr())


def test_settings_that_cannot_be_used_fail_the_task_at_once(airflow_tables, bag, connect, capfd, caplog):
    connect("apis:\n  pets: {base_url: 'https://a.example', tokn_env: X}\n")
    done = bag.dags["api_discovery"].test(run_conf={"date": DAY.isoformat()}, logical_date=None)
    assert [(ti.state, ti.try_number) for ti in done.get_task_instances()] == [("failed", 1)]
    assert "did you mean token_env" in capfd.readouterr().out + caplog.text
