"""From nights over real files to what the application serves: approved by a person, and by the night itself."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ratchet.client import Client
from ratchet.deploy.decisions import fold, read
from ratchet.deploy.flags import problems
from ratchet.night import Night
from ratchet.nights import run_nights

from .conftest import ROOT, ratchet

pytestmark = pytest.mark.slow
FIRST = date(2026, 11, 10)
TESTERS = ("ann", "bob", "cem")
USERS = [f"user_{n}" for n in range(900)]
EXPERIMENT = """
id: greeting
hypothesis: A greeting makes answers useful.
flag_key: greeting
arms: [{name: plain, weight: 50}, {name: friendly, weight: 50}]
hash: flagd
primary: useful
mde: 0.1
horizon_days: 28
conversion_days: 1
"""
ROLLOUT = """
id: search
flag_key: search
alpha: 0.01
guardrails: [{metric: useful, margin: 0.1}]
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """Settings under which the rollout is sure enough for the night, the experiment is for a person."""
    folder = tmp_path_factory.mktemp("decisions") / "config"
    shutil.copytree(ROOT / "include" / "config", folder)
    for old in (*(folder / "experiments").glob("*.yaml"), *(folder / "rollouts").glob("*.yaml")):
        old.unlink()
    (folder / "experiments" / "greeting.yaml").write_text(EXPERIMENT, "utf-8")
    (folder / "rollouts" / "search.yaml").write_text(ROLLOUT, "utf-8")
    (folder / "metrics.yaml").write_text("useful: {kind: proportion, direction: increase}\n", "utf-8")
    (folder / "groups.yaml").write_text(f"internal_testers: [{', '.join(TESTERS)}]\n", "utf-8")
    path = folder / "settings.yaml"
    said = path.read_text("utf-8").replace("auto_implement_threshold: 0.7", "auto_implement_threshold: 0.97")
    path.write_text(said.replace("ab_test_duration: 7d", "ab_test_duration: 1d"), "utf-8")
    return folder


def live(home: Path, day: date) -> None:
    """Run a live night; what it publishes is in force the day after."""
    night = Night.from_environment(home=home, landing=str(home / "landing"), live=True)
    (outcome,) = run_nights(night, [day], lambda day, step: None)
    assert outcome.error is None
    assert outcome.failures == {}


def application(home: Path, day: date) -> Client:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Client(home, service="chat", clock=lambda: noon)


def use(home: Path, day: date) -> dict[str, str]:
    """Let every user ask once on a day; whom the friendly variant greets finds the answer useful twice as often."""
    client = application(home, day)
    served = {user: client.assign_variant("greeting", user) for user in USERS}
    for n, (user, variant) in enumerate(served.items()):
        client.should_show_feature("search", user)
        client.log_outcome("useful", float(n % 10 < (6 if variant == "friendly" else 3)), user)
    client.close()
    return served


@pytest.fixture(scope="module")
def home(config, tmp_path_factory):
    return tmp_path_factory.mktemp("decisions") / "home"


@pytest.fixture(scope="module")
def nights(home, config):
    """Five live nights; between the second and the third a person approves."""
    served = {}
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RATCHET_CONFIG", str(config))
        for n in range(5):
            served[n] = use(home, FIRST + timedelta(days=n))
            live(home, FIRST + timedelta(days=n))
            if n == 1:
                approve(home, config)
        yield served


def approve(home: Path, config: Path) -> None:
    standings = fold(read(home / "decisions", date.max), date.max)
    (waiting,) = [s.improvement_id for s in standings.values() if s.record["type"] == "experiment_decision"]
    environment = {"RATCHET_CONFIG": str(config), "PATH": "/usr/bin:/bin"}
    done = ratchet("approve", waiting, "--home", home, "--reason", "friendly it is", env=environment)
    assert done.returncode == 0, done.stderr


def test_before_anything_is_published_everybody_gets_the_code_s_default(nights):
    assert set(nights[0].values()) == {"control"}  # not an arm: it is what assign_variant returns without a flag


def test_the_night_splits_the_experiment_and_brings_the_rollout_to_its_testers_by_itself(home, nights):
    shares = [list(nights[1].values()).count(arm) / len(USERS) for arm in ("plain", "friendly")]
    assert min(shares) > 0.45
    decided = read(home / "decisions", FIRST + timedelta(days=1))
    step = next(d for d in decided if d.decision == "deployed" and d.facts.get("rollout_id") == "search")
    approved = next(d for d in decided if d.decision == "approved" and d.improvement_id == step.improvement_id)
    assert (approved.actor, step.facts["stage"]) == ("night", "internal")
    client = application(home, FIRST + timedelta(days=3))
    assert {user: client.should_show_feature("search", user) for user in (*TESTERS, "user_1")} == {
        "ann": True, "bob": True, "cem": True, "user_1": False
    }  # fmt: skip
    client.close()


def test_what_a_person_approved_is_served_to_everybody_from_the_next_night_on(home, nights):
    found = json.loads((home / "artifacts" / f"{FIRST + timedelta(days=1)}" / "experiments.json").read_text("utf-8"))
    assert [(e["verdict"], e["arm"]) for e in found["experiments"]] == [("ship", "friendly")]
    assert nights[2] == nights[1]  # approved, but not published yet
    flags = json.loads((home / "published" / "flags.json").read_text("utf-8"))
    assert problems(flags) == []
    assert "targeting" not in flags["flags"]["greeting"]
    client = application(home, FIRST + timedelta(days=3))
    assert {client.assign_variant("greeting", user) for user in USERS[:200]} == {"friendly"}
    client.close()
    made = [d for d in read(home / "decisions", date.max) if d.decision == "deployed" and "experiment_id" in d.facts]
    assert [d.effective_date for d in made] == [FIRST + timedelta(days=3)]


def test_what_shipped_is_followed_on_with_the_experiment_s_own_units(home, nights):
    assert set(nights[4].values()) == {"friendly"}
    found = json.loads((home / "artifacts" / f"{FIRST + timedelta(days=4)}" / "experiments.json").read_text("utf-8"))
    (ended,) = found["programme"]["lifts"]
    plain = list(nights[1].values()).count("plain")
    assert ended["realised"]["n"] == plain + len(USERS)
    assert ended["realised"]["low"] < 1 < ended["realised"]["high"]  # it was useful to 3 of 10, now to 6
    assert ended["realised"]["low"] > 0.5
