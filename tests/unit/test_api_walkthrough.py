"""docs/apis.md, done as a newcomer does it: connect, look, publish, and its code against a live server."""

import json
import re
import shutil
import sys
import textwrap
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from ratchet import api_catalogue, cli, connected_apis
from ratchet.deploy import api_clients, publish
from ratchet.home import Home
from ratchet.settings import PROJECT_ROOT
from ratchet.validate.api_clients import Verdict

PAGE = (PROJECT_ROOT / "docs" / "apis.md").read_text("utf-8")
BLOCKS = [textwrap.dedent(block).strip() for block in re.findall(r"(?m)(?:^ {4,}\S.*\n|^\n(?= {4}))+", PAGE)]
DAY = date(2026, 11, 20)
TOKEN = "t0ken-of-the-walk"
PETS = [{"id": str(n), "name": f"pet {n}"} for n in range(250)]
STRING = {"type": "string"}
PET = {"type": "object", "required": ["id", "name"], "properties": {"id": STRING, "name": STRING}}


def spec(address):
    page = {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
    query = [{"name": name, "in": "query", "schema": {"type": "integer"}} for name in ("offset", "limit")]
    path = {"name": "petId", "in": "path", "required": True, "schema": STRING}

    def answers(schema):
        return {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}

    one = {
        "operationId": "showPetById",
        "parameters": [path],
        "responses": answers({"$ref": "#/components/schemas/Pet"}),
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": address}],
        "security": [{"token": []}],
        "paths": {
            "/pets": {"get": {"operationId": "listPets", "parameters": query, "responses": answers(page)}},
            "/pets/{petId}": {"get": one},
        },
        "components": {"schemas": {"Pet": PET}, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


class _Pets(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        status, answer = self._answer(urlsplit(self.path))
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answer(self, asked):
        if asked.path == "/v1/openapi.json":
            return 200, spec(f"http://127.0.0.1:{self.server.server_port}/v1")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"error": "who are you?"}
        if asked.path == "/v1/pets":
            query = {key: int(value) for key, (value,) in parse_qs(asked.query).items()}
            begin = query.get("offset", 0)
            return 200, PETS[begin : begin + query.get("limit", 20)]
        found = [pet for pet in PETS if asked.path == f"/v1/pets/{pet['id']}"]
        return (200, found[0]) if found else (404, {"error": "no such pet"})

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pets) as server:
        server.seen = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def connected(server, tmp_path, monkeypatch):
    """Step 1 of the page: its block in apis.yaml, with the address of the local server."""
    (block,) = [each for each in BLOCKS if each.startswith("apis:")]
    folder = tmp_path / "config"
    shutil.copytree(PROJECT_ROOT / "include" / "config", folder)
    found = yaml.safe_load(block)
    found["apis"]["pets"]["base_url"] = f"http://127.0.0.1:{server.server_port}/v1"
    (folder / "apis.yaml").write_text(yaml.safe_dump(found))
    monkeypatch.setenv("RATCHET_CONFIG", str(folder))
    monkeypatch.setenv("PETS_TOKEN", TOKEN)
    return connected_apis.load(folder)


def published(home, connected, monkeypatch):
    """Return the folder of the published client; its proof by mypy and a stub has tests of its own."""
    monkeypatch.setattr(api_catalogue.checks, "proven", lambda files, name: (dict(files), Verdict(2, 3, ())))
    (entry,) = api_catalogue.with_clients(home, api_catalogue.catalogue(home, connected, [], DAY, 5))
    texts = {"pets": api_catalogue.client_texts(home, entry.client.digest)}
    publish.publish(home, DAY, {api_clients.INDEX_FILE: api_clients.index(texts)}, api_clients.texts(texts))
    return home.published / api_clients.FOLDER


def test_the_page_leads_from_a_name_in_a_file_to_answers_of_a_live_server(
    server, connected, tmp_path, monkeypatch, capsys
):
    home = Home(tmp_path / "home")
    assert cli.main(["discover", "pets", "--home", str(home.root), "--date", DAY.isoformat()]) == 0
    assert "pets: fetched" in capsys.readouterr().out
    folder = published(home, connected, monkeypatch)
    server.seen.clear()

    (code,) = [each for each in BLOCKS if "from pets import" in each]
    monkeypatch.syspath_prepend(str(folder))
    names = {"seen": []}
    try:
        exec(compile(f"import os\n{code.replace('...', 'seen.append(each)')}", "docs/apis.md", "exec"), names)
        assert names["pet"] == PETS[17]
        assert names["seen"] == PETS
        assert server.seen[0][0] == "/v1/pets/17"
        assert {sent for _, sent in server.seen} == {f"Bearer {TOKEN}"}
        with pytest.raises(names["ApiStatusError"]) as missing:
            names["client"].show_pet_by_id("none")
        assert (missing.value.status, missing.value.body) == (404, {"error": "no such pet"})
        assert TOKEN not in str(missing.value)
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "pets"]:
            del sys.modules[name]


def test_the_token_of_the_walk_is_in_no_file(connected, tmp_path, monkeypatch):
    home = Home(tmp_path / "home")
    cli.main(["discover", "--home", str(home.root), "--date", DAY.isoformat()])
    published(home, connected, monkeypatch)
    kept = [path for path in Path(tmp_path).rglob("*") if path.is_file()]
    assert len(kept) > 10
    assert not [path for path in kept if TOKEN.encode() in path.read_bytes()]
