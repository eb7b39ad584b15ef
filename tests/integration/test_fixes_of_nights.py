"""An error becomes a proven fix, a person says yes, and the application's failing call succeeds the day after."""

import json
import shutil
import subprocess
from datetime import date, timedelta

import pytest

from ratchet import cli, samples
from ratchet.client import Client
from ratchet.deploy import decisions
from ratchet.night import Night
from ratchet.nights import run_nights

from .conftest import ROOT

pytestmark = pytest.mark.slow
LAST = date(2026, 11, 20)
BEFORE = LAST - timedelta(days=1)


class MissingParameterError(Exception):
    """What the sample application raises."""


def create_event(params):
    """Fail as the sample application does."""
    if "time_zone" not in params:
        raise MissingParameterError("time_zone")
    return f"{params['title']} ({params['time_zone']})"


def live(home, landing, day):
    (outcome,) = run_nights(Night.from_environment(home=home, landing=str(landing), live=True), [day], lambda *_: None)
    assert [str(error) for error in outcome.failures.values()] == []


def artifact(home, name, day):
    return json.loads((home / "artifacts" / day.isoformat() / f"{name}.json").read_text("utf-8"))


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_a_failing_call_succeeds_after_two_nights_and_a_yes(tmp_path, monkeypatch):
    home, landing, config, repository = (tmp_path / name for name in ("home", "landing", "config", "app.git"))
    samples.write(landing, days=14, events_per_day=1000, seed=3, end=LAST)
    repository.mkdir()
    git(repository, "init", "--quiet", "--bare", ".")
    shutil.copytree(ROOT / "include" / "config", config)
    settings = config / "settings.yaml"
    text = settings.read_text().replace("safety_mode: false", "safety_mode: true", 1)
    settings.write_text(text.replace("fix_repository: null", f"fix_repository: {repository}"))
    monkeypatch.setenv("RATCHET_CONFIG", str(config))
    monkeypatch.setenv("RATCHET_HOME", str(home))

    live(home, landing, BEFORE)
    waiting = [i for i in artifact(home, "improvements", BEFORE)["improvements"] if i["key"] == "missing_parameter"]
    ((name, state),) = [(i["improvement_id"], i["state"]) for i in waiting]
    assert state == "validated"
    proven = (home / "artifacts" / BEFORE.isoformat() / "fixes" / name / "fix.py").read_bytes()
    client = Client(home, landing=tmp_path / "own", check_every_s=0)
    with pytest.raises(MissingParameterError):
        client.fixes.apply("create_event", create_event, {"title": "lunch"})
    assert f"ratchet/{name}-r1" in git(repository, "branch", "--list")

    assert cli.main(["approve", name[:6], "--reason", "we need it"]) == 0
    live(home, landing, LAST)
    assert (home / "published" / "fixes" / name / "fix.py").read_bytes() == proven
    assert client.fixes.apply("create_event", create_event, {"title": "lunch"}) == "lunch (Europe/Berlin)"
    client.log_request("u", "create_event", success=True)
    (path,) = (tmp_path / "own").rglob("*.jsonl")
    event = json.loads(path.read_text().splitlines()[-1])
    assert (event["fix_id"], client.counts) == (name, {})
    (made,) = [
        d
        for d in decisions.read(home / "decisions", LAST + timedelta(days=1))
        if d.decision is decisions.Kind.DEPLOYED and d.improvement_id == name
    ]
    assert made.facts["published_version"] == event["published_version"]
    assert git(repository, "show", f"main:fixes/{name}/fix.py").encode() == proven
