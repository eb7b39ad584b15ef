"""A night's catalogue: from snapshots on file and calls in a mart, with a client proven once."""

import json
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from ratchet import api_catalogue, api_snapshots
from ratchet.analyze.api_shapes import shape
from ratchet.api_snapshots import Snapshot
from ratchet.connected_apis import ConnectedApi
from ratchet.contracts.improvements import Priority
from ratchet.errors import SpecError
from ratchet.home import Home
from ratchet.validate.api_clients import Verdict

DAY = date(2026, 1, 30)
OK = {"200": {"description": "ok"}}


def spec(*paths):
    document = {"openapi": "3.0.3", "info": {"title": "Pets", "version": "1"}}
    return json.dumps(document | {"paths": {path: {"get": {"responses": OK}} for path in paths}}).encode()


def seen(home, day, content, **more):
    api_snapshots.write(home, Snapshot("pets", day, "fetched", sha256=str(content), spec_day=day, **more), content)


def row(api, path, calls=9):
    return {
        "api": api,
        "method": "GET",
        "path_template": path,
        "calls": calls,
        "failures": 1,
        "parameters": ["q"],
        "sent": ["string q"],
    }


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


@pytest.fixture
def proofs(monkeypatch):
    """Return the names of the clients that were proven; their proof itself has tests of its own."""
    made = []

    def proven(files, name):
        made.append(name)
        return dict(files), Verdict(1, 1, ())

    monkeypatch.setattr(api_catalogue.checks, "proven", proven)
    return made


def made(home, rows=(), day=DAY, **options):
    api = ConnectedApi(base_url="https://a.example", logged_as=("crm",), **options)
    return {e.name: e for e in api_catalogue.catalogue(home, {"pets": api}, rows, day, 5)}


def test_a_night_reads_no_later_snapshot_and_names_what_broke(home):
    seen(home, DAY - timedelta(days=2), spec("/pets", "/toys"))
    seen(home, DAY, spec("/pets", "/food"))
    seen(home, DAY + timedelta(days=1), b"<html>")
    found = made(home)["pets"]
    assert found.difference.added == ("GET /food",)
    assert found.difference.breaking == ("GET /toys is gone",)
    assert made(home, day=DAY - timedelta(days=1))["pets"].difference.breaking == ()


def test_an_api_without_a_specification_is_known_by_its_calls(home):
    rows = [row("crm", "/v1/pets/{id}"), row("crm", "/rare", calls=4), row("mail", "/send")]
    found = made(home, rows)
    assert [o.label for o in found["pets"].api.operations] == ["GET /v1/pets/{pet_id}"]
    assert (found["pets"].hidden, found["pets"].refused) == (1, "not looked at yet: run `ratchet discover`")
    assert (found["mail"].connected, found["mail"].api.dialect) == (False, "traffic")


def test_a_specification_that_cannot_be_used_is_a_reason(home):
    seen(home, DAY, b"asyncapi: 2.0.0")
    assert made(home)["pets"].refused.startswith("this is an AsyncAPI document")


def test_a_client_that_cannot_be_written_is_a_reason_and_leaves_the_others_alone(home, proofs, monkeypatch):
    seen(home, DAY, spec("/pets"))
    write = api_catalogue.client_files

    def written(api, name, runtime):
        if name == "odd":
            raise SpecError("reference '#/x' points at nothing")
        return write(api, name, runtime)

    monkeypatch.setattr(api_catalogue, "client_files", written)
    good = made(home)["pets"]
    odd, pets = api_catalogue.with_clients(home, [replace(good, name="odd"), good])
    assert (odd.client, odd.refused) == (None, "no client can be written: reference '#/x' points at nothing")
    assert pets.client.problems == ()


def test_a_client_is_proven_once_and_kept_by_its_hash(home, proofs):
    seen(home, DAY, spec("/pets"))
    rows = [row("mail", "/send")]
    first = api_catalogue.with_clients(home, made(home, rows).values())
    again = api_catalogue.with_clients(home, made(home, rows).values())
    assert proofs == ["pets"]
    assert first == again
    digest = next(e.client.digest for e in first if e.client)
    assert {"client.py", "models.py", "tools.json", "http.py"} <= api_catalogue.client_texts(home, digest).keys()
    assert api_catalogue.client_texts(home, "0" * 16) == {}


def test_the_artifact_holds_to_its_schema(home, proofs, conforms):
    probe = {"operation": "GET /pets", "status": 200, "media_type": "", "reason": ""}
    left = tuple({"operation": f"GET {path}", "reason": "dry run"} for path in ("/pets", "/x"))
    seen(home, DAY - timedelta(days=1), spec("/pets"), probes=({**probe, "shape": shape({"a": 1})},))
    seen(home, DAY, spec("/pets"), probes=({**probe, "shape": shape({"a": "x", "b": 1})},), untested=left)
    entries = api_catalogue.with_clients(home, made(home, [row("crm", "/v1/pets"), row("crm", "/no")]).values())
    gap = SimpleNamespace(
        feature="find pets",
        demand=9,
        units=3,
        priority=Priority.HIGH,
        failure_rate=SimpleNamespace(number=0.5),
        samples=(),
        sample_event_ids=("e",),
    )
    unmet = api_catalogue.unmet(entries, SimpleNamespace(features=(gap,)))
    days = {"dates": [DAY], "calls_on": [9], "failures_on": [1]}
    called = [row("crm", "/v1/pets") | days, row("mail", "/send") | days]
    connected = {"pets": ConnectedApi(base_url="https://a.example", logged_as=("crm",))}
    used = api_catalogue.adopted(entries, connected, called, {"pets": DAY}, DAY)
    found = api_catalogue.as_artifact(entries, DAY) | {"matches": unmet, "adoption": used, "problems": []}
    conforms("apis", found)
    assert [(a["api"], a["calls"], a["used"]["value"]) for a in found["adoption"]] == [("pets", 9, 1)]
    assert [(u["operation"], u["reason"], u["calls"]) for u in found["untested"]] == [
        ("GET /pets", "dry run", 9),
        ("GET /x", "dry run", 0),
    ]
    assert [m["operation"] for m in found["matches"]] == ["GET /pets"]
    assert {e["path"]: e["in_spec"] for e in found["endpoints"]} == {"/v1/pets": True, "/no": False}
    (answers,) = found["apis"][0]["answers"]
    assert answers["drift"] == [
        {"field": "$.b", "change": "added"},
        {"field": "$.a", "change": "integer became string"},
    ]
    assert [(f["field"], f["present"], f["of"]) for f in answers["fields"]] == [("$.a", 2, 2), ("$.b", 1, 2)]
    conforms("apis", api_catalogue.as_artifact([], DAY) | {"matches": [], "adoption": [], "problems": []})
