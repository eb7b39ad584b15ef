"""Discovery against a live server that behaves well, badly, and hostile."""

import json
import threading
import time
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ratchet import api_discovery, api_snapshots
from ratchet.connected_apis import ConnectedApi
from ratchet.home import Home

SECRET = "t0ken-of-the-tests"
DAY, NEXT = date(2026, 1, 30), date(2026, 1, 31)
PETS = [{"id": 1, "name": "Rex"}, {"id": 2, "tag": None}]


def spec():
    ok = {"200": {"description": "ok"}}
    shown = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}, "example": 1}
    hidden = {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}
    paths = {
        "/pets": {"get": {"responses": ok}, "post": {"responses": ok}},
        "/pets/{id}": {
            "get": {"parameters": [shown], "responses": ok},
            "delete": {"parameters": [shown], "responses": ok},
        },
        "/search": {"get": {"parameters": [hidden], "responses": ok}},
    }
    return json.dumps({"openapi": "3.0.3", "info": {"title": "Pets", "version": "1"}, "paths": paths}).encode()


class _Api(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization")))
        status, headers, content = self.server.answers.get(self.path, (404, {}, b"no"))
        if status == 200 and self.headers.get("If-None-Match") and headers.get("ETag") == self.headers["If-None-Match"]:
            status, content = 304, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        for at in range(0, len(content), self.server.piece):
            time.sleep(self.server.pause_s)
            try:
                self.wfile.write(content[at : at + self.server.piece])
            except ConnectionError:  # nobody waits any longer
                return

    do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815 -- http.server's names

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Api) as server:
        server.seen, server.answers, server.piece, server.pause_s = [], {}, 1 << 20, 0
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def look(server, tmp_path, day=DAY, probe=False, **options):
    api = ConnectedApi(base_url=f"http://127.0.0.1:{server.server_port}/v1", timeout_s=2, **options)
    return api_discovery.discover(Home(tmp_path), {"pets": api}, day, probe=probe)[0]


def test_a_specification_is_found_in_a_usual_place_and_kept_while_it_does_not_change(server, tmp_path):
    server.answers["/swagger.json"] = (200, {"ETag": '"1"', "Content-Type": "application/json"}, spec())
    first = look(server, tmp_path)
    again = look(server, tmp_path, NEXT)
    assert (first.state, first.spec_day, first.address[-13:]) == ("fetched", DAY, "/swagger.json")
    assert (again.state, again.spec_day, again.sha256) == ("unchanged", DAY, first.sha256)
    assert not (tmp_path / "apis" / "pets" / NEXT.isoformat() / "spec").exists()
    assert api_snapshots.spec_of(Home(tmp_path), again) == spec()
    assert api_snapshots.history(Home(tmp_path), "pets", NEXT) == [first, again]


def test_without_leave_nothing_but_the_specification_is_asked_for(server, tmp_path):
    server.answers["/v1/openapi.json"] = (200, {}, spec())
    found = look(server, tmp_path)
    assert [path for _, path, _ in server.seen] == ["/v1/openapi.json"]
    reasons = {entry["operation"]: entry["reason"] for entry in found.untested}
    assert reasons == {
        "GET /pets": "dry run: it would ask /pets",
        "POST /pets": "POST may change something",
        "GET /pets/{id}": "dry run: it would ask /pets/1",
        "DELETE /pets/{id}": "DELETE may change something",
        "GET /search": "its specification shows no example for 'q'",
    }


def test_safe_operations_are_tried_with_examples_and_only_the_shape_is_kept(server, tmp_path):
    server.answers["/v1/openapi.json"] = (200, {}, spec())
    server.answers["/v1/pets"] = (200, {"Content-Type": "application/json"}, json.dumps(PETS).encode())
    found = look(server, tmp_path, probe=True)
    listed, one = found.probes
    assert listed["shape"]["items"]["n"] == 2
    assert listed["shape"]["items"]["fields"]["name"] == {"n": 1, "types": {"string": 1}}
    assert (one["operation"], one["status"], one["reason"]) == ("GET /pets/{id}", 404, "answered 404")
    assert {method for method, _, _ in server.seen} == {"GET"}
    assert "Rex" not in (tmp_path / "apis/pets" / DAY.isoformat() / "snapshot.json").read_text("utf-8")


def test_the_budget_is_kept_and_what_it_left_out_is_named(server, tmp_path):
    server.answers["/v1/openapi.json"] = (200, {}, spec())
    found = look(server, tmp_path, probe=True, budget=2)
    assert len(server.seen) == 2
    assert {"operation": "GET /pets/{id}", "reason": "the budget of requests is used up"} in found.untested


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        ((404, {}, b""), "failed", "none of the usual places has one"),
        ((500, {}, b""), "failed", "none of the usual places has one"),
        ((200, {"Content-Type": "text/html"}, b"<html>openapi</html>"), "failed", "none of the usual places has one"),
        ((200, {}, b"asyncapi: 2.0.0\nchannels: {}"), "fetched", "this is an AsyncAPI document"),
        ((200, {}, b"openapi: 3.0.0\ninfo: {title: a}\npaths: {}"), "fetched", "not valid OpenAPI 3.0"),
        (
            (302, {"Location": "http://169.254.169.254/latest"}, b""),
            "failed",
            "host '169.254.169.254' is not in allow_hosts",
        ),
        ((302, {"Location": "file:///etc/passwd"}, b""), "failed", "is not in allow_hosts"),
        ((302, {"Location": "/v1/openapi.json"}, b""), "failed", "too many redirects"),
    ],
)
def test_an_api_that_answers_nonsense_gives_one_reason(server, tmp_path, answer, state, reason):
    server.answers["/v1/openapi.json"] = answer
    found = look(server, tmp_path, budget=100)
    assert found.state == state
    assert reason in found.reason


@pytest.mark.parametrize(("piece", "pause_s", "reason"), [(9, 0.1, "took too long"), (1 << 20, 3.0, "no answer (")])
def test_an_api_that_is_slow_is_waited_for_no_longer_than_its_timeout(server, tmp_path, piece, pause_s, reason):
    server.answers["/v1/openapi.json"] = (200, {}, spec())
    server.piece, server.pause_s = piece, pause_s
    base = f"http://127.0.0.1:{server.server_port}/v1"
    api = ConnectedApi(base_url=base, spec=f"{base}/openapi.json", timeout_s=1.0)
    started = time.monotonic()
    found = api_discovery.discover(Home(tmp_path), {"slow": api}, DAY)[0]
    assert time.monotonic() - started < 5
    assert found.state == "failed"
    assert reason in found.reason


def test_an_api_that_is_down_leaves_the_others_alone_and_keeps_what_was_known(server, tmp_path):
    server.answers["/v1/openapi.json"] = (200, {}, spec())
    up = ConnectedApi(base_url=f"http://127.0.0.1:{server.server_port}/v1", timeout_s=2)
    down = ConnectedApi(base_url="http://127.0.0.1:9/v1", timeout_s=2)
    api_discovery.discover(Home(tmp_path), {"a_down": up, "up": up}, DAY)
    found = {s.api: s for s in api_discovery.discover(Home(tmp_path), {"a_down": down, "up": up}, NEXT)}
    assert found["a_down"].state == "failed"
    assert found["a_down"].reason.startswith("no answer (")
    assert found["a_down"].spec_day == DAY
    assert found["up"].state == "unchanged"


def test_a_token_goes_to_the_api_and_into_no_file_even_where_the_api_repeats_it(server, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("PETS_TOKEN", SECRET)
    echo = {"ETag": SECRET, "Content-Type": f"application/{SECRET}"}
    server.answers["/v1/openapi.json"] = (200, echo, spec().replace(b"Pets", SECRET.encode()))
    server.answers["/v1/pets"] = (200, echo, json.dumps({SECRET: 1}).encode())
    server.answers["/v1/pets/1"] = (302, {"Location": f"http://other.example/{SECRET}"}, b"")
    found = look(server, tmp_path, probe=True, token_env="PETS_TOKEN")
    assert {token for _, _, token in server.seen} == {f"Bearer {SECRET}"}
    written = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()]
    assert not [content for content in written if SECRET.encode() in content]
    assert SECRET not in repr(found) + caplog.text


@pytest.mark.parametrize("form", [SECRET, SECRET.upper()])
def test_a_redirect_that_carries_the_token_is_refused_without_a_word_of_it(server, tmp_path, monkeypatch, form):
    monkeypatch.setenv("PETS_TOKEN", SECRET)
    server.answers["/v1/openapi.json"] = (302, {"Location": f"http://{form}.example/{form}"}, b"")
    found = look(
        server, tmp_path, token_env="PETS_TOKEN", spec=f"http://127.0.0.1:{server.server_port}/v1/openapi.json"
    )
    assert "is not in allow_hosts" in found.reason
    assert SECRET not in found.reason.lower()


@pytest.mark.parametrize("echoed", ['a/b+c="d', "a%2Fb%2Bc%3D%22d", "a/b%2Bc%3D%22d", r"a\/b+c=\"d"])
def test_a_token_is_blotted_out_however_it_is_written(server, tmp_path, monkeypatch, echoed):
    monkeypatch.setenv("PETS_TOKEN", 'a/b+c="d')
    server.answers["/v1/openapi.json"] = (200, {}, spec().replace(b"Pets", b"before " + echoed.encode() + b" after"))
    look(server, tmp_path, token_env="PETS_TOKEN")
    (kept,) = (tmp_path / "apis").rglob("spec*")
    assert b"before *** after" in kept.read_bytes()


def test_a_token_that_is_not_there_is_said_and_the_rest_goes_on(server, tmp_path, monkeypatch):
    monkeypatch.delenv("PETS_TOKEN", raising=False)
    server.answers["/v1/openapi.json"] = (200, {}, spec())
    found = look(server, tmp_path, token_env="PETS_TOKEN")
    assert (found.state, found.reason) == ("fetched", "environment variable PETS_TOKEN is not set")


def test_a_specification_may_be_a_file(server, tmp_path):
    (tmp_path / "pets.json").write_bytes(spec())
    assert look(server, tmp_path, spec=str(tmp_path / "pets.json")).state == "fetched"
    assert (
        look(server, tmp_path, NEXT, spec=str(tmp_path / "none.json")).reason
        == "the file cannot be read: No such file or directory"
    )
    assert server.seen == []
