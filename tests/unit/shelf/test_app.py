"""The shelf behind a door: who may read, what may be read, and what a browser is told about it."""

import asyncio
from datetime import date
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from ratchet.home import Home
from ratchet.shelf import app, served
from ratchet.status import Status

DAY = "2026-11-20"


@pytest.fixture
def home(tmp_path):
    found = Home(tmp_path / "home")
    folder = found.artifacts(date.fromisoformat(DAY))
    (folder / "data_docs").mkdir(parents=True)
    (found.root / "secret.json").write_text("{}")
    (folder / "report.html").write_text("the report")
    (folder / "drift.html").write_text("<script>1</script>")
    (folder / "data_docs" / "index.html").write_text("docs")
    (folder / "kpis.json").write_text("{}")
    (folder / ".hidden.json").write_text("{}")
    (folder / "fix.exe").write_text("x")
    (folder / "out.json").symlink_to(found.root / "secret.json")
    (found.root / "artifacts" / "index.html").write_text("all nights")
    (found.root / "artifacts" / "latest").symlink_to(DAY)
    return found


class Client:
    """Asks an application without a server."""

    def __init__(self, outer):
        self.outer = outer

    def get(self, path, **options):
        async def asked():
            transport = httpx.ASGITransport(app=self.outer)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
                return await http.get(path, **options)

        return asyncio.run(asked())


def client(home, may=True, day=None, well=True):
    def reader():
        if not may:
            raise HTTPException(401, "who are you?")

    shelf = app.create(
        reader=reader,
        day_of_run=lambda dag, run: day,
        home=lambda: home,
        health=lambda: Status("healthy" if well else "stale", "because"),
        login=lambda wanted: f"/login?next={wanted}",
    )
    outer = FastAPI()
    outer.mount("/ratchet", shelf)
    return Client(outer)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", "all nights"),
        ("index.html", "all nights"),
        (f"{DAY}/report.html", "the report"),
        ("latest/report.html", "the report"),
        (f"{DAY}/data_docs/", "docs"),
    ],
)
def test_what_stands_on_the_shelf_is_shown(home, path, body):
    answer = client(home).get(f"/ratchet/{path}")
    assert (answer.status_code, answer.text) == (200, body)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.json",
        f"{DAY}/../../secret.json",
        f"{DAY}/%2e%2e/%2e%2e/secret.json",
        f"{DAY}/..%2f..%2fsecret.json",
        f"{DAY}/..%5c..%5csecret.json",
        f"{DAY}/out.json",
        f"{DAY}/.hidden.json",
        f"{DAY}/fix.exe",
        f"{DAY}",
        f"{DAY}/data_docs",
        "%00",
        "/etc/passwd",
        "//etc/passwd",
        "a" * 5000,
        "~root/x.html",
    ],
)
def test_nothing_else_is(home, path):
    answer = client(home).get(f"/ratchet/{path}")
    assert answer.status_code == 404
    assert "{}" not in answer.text


@pytest.mark.parametrize(
    "path", ["../secret.json", "..", "/../secret.json", f"{DAY}/out.json", "a\0b", "x\\..\\y.json"]
)
def test_no_path_leads_out_of_the_artifacts(home, path):
    assert served.find(home, path) is None


def test_pages_of_other_tools_run_in_a_sandbox(home):
    policy = client(home).get(f"/ratchet/{DAY}/drift.html").headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;")
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize("path", ["", "health", f"{DAY}/report.html", "run/d/r", "nowhere"])
def test_whoever_may_not_read_sees_nothing(home, path):
    answer = client(home, may=False, day=date.fromisoformat(DAY)).get(f"/ratchet/{path}")
    assert answer.status_code == 401
    assert answer.json() == {"detail": "who are you?"}


def test_a_browser_that_nobody_knows_is_sent_to_the_login_and_comes_back(home):
    answer = client(home, may=False).get(f"/ratchet/{DAY}/report.html", headers={"accept": "text/html"})
    assert answer.status_code == 307
    assert answer.headers["location"] == f"/login?next=http://testserver/ratchet/{DAY}/report.html"


def test_a_run_leads_to_its_report(home):
    run = "run/nightly_improvement/scheduled__2026-11-20T02:00:00%2B00:00"
    answer = client(home, day=date.fromisoformat(DAY)).get(f"/ratchet/{run}")
    assert answer.headers["location"] == f"/ratchet/{DAY}/report.html"
    assert "not about a day" in client(home).get(f"/ratchet/{run}").text
    assert "no report yet" in client(home, day=date(2026, 11, 21)).get(f"/ratchet/{run}").text


def test_an_empty_home_says_how_to_begin(tmp_path):
    answer = client(Home(Path(tmp_path))).get("/ratchet/")
    assert answer.status_code == 200
    assert "nightly_improvement" in answer.text


def test_health_is_a_status_code_and_a_reason(home):
    good, bad = (client(home, well=well).get("/ratchet/health") for well in (True, False))
    assert (good.status_code, bad.status_code) == (200, 503)
    assert bad.json()["status"] == "stale"
