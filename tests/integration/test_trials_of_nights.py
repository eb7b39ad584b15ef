"""Experiments and rollouts through whole nights: counted, judged, audited, published, edited and broken."""

import json
import shutil
from datetime import timedelta

import pandas as pd
import pytest

from ratchet.client import Client
from ratchet.deploy import decisions
from ratchet.deploy.flags import problems
from ratchet.night import Night
from ratchet.nights import run_nights

from .conftest import LAST, ROOT

pytestmark = pytest.mark.slow
EXPERIMENT, ROLLOUT = "summary_prompt", "smart_search"


def artifact(home, name, day=LAST):
    return json.loads((home / "artifacts" / day.isoformat() / f"{name}.json").read_text("utf-8"))


def exposures(home, flag):
    paths = sorted((home / "bronze" / "flag_evaluation").rglob("*.parquet"))
    events = pd.concat([pd.read_parquet(path, partitioning=None) for path in paths])
    return events[(events["flag_key"] == flag) & ~events["reason"].isin(["DEFAULT", "ERROR"])]


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("settings") / "config"
    shutil.copytree(ROOT / "include" / "config", folder)
    return folder


@pytest.fixture(scope="module")
def edited(landing, config, tmp_path_factory):
    """Two live nights: before the second the file of one experiment was edited and that of the other broken."""
    home = tmp_path_factory.mktemp("edited") / "home"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RATCHET_CONFIG", str(config))
        live(home, landing, LAST - timedelta(days=1))
        rewrite(config / "experiments" / f"{EXPERIMENT}.yaml", "mde: 0.1", "mde: 0.2")
        rewrite(config / "experiments" / "sidebar_layout.yaml", "horizon_days:", "horizon_dayz:")
        live(home, landing, LAST)
    return home


def live(home, landing, day):
    night = Night.from_environment(home=home, landing=str(landing), live=True)
    (outcome,) = run_nights(night, [day], lambda day, step: None)
    assert outcome.error is None


def rewrite(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_units_are_those_of_the_log(in_order):
    units = exposures(in_order, EXPERIMENT).sort_values("occurred_at").groupby("unit_id")["variant"].first()
    (found,) = (e for e in artifact(in_order, "experiments")["experiments"] if e["id"] == EXPERIMENT)
    names = [arm["name"] for arm in found["arms"]]
    assert dict(zip(names, found["units"]["units"], strict=True)) == units.value_counts().to_dict()


def test_the_audit_agrees_with_the_log(in_order):
    audits = artifact(in_order, "experiments")["audit"]["trials"]
    assert {a["trial_id"] for a in audits} == {EXPERIMENT, "sidebar_layout", ROLLOUT}
    assert {a["verdict"] for a in audits} == {"agrees"}
    assert sum(a["checked"] for a in audits) > 50


def test_published_flags_serve_what_the_log_shows(in_order):
    content = json.loads((in_order / "published" / "flags.json").read_text("utf-8"))
    assert problems(content) == []
    client = Client(in_order, service="test")
    seen = exposures(in_order, EXPERIMENT)[["unit_id", "variant"]].drop_duplicates()
    assert len(seen) > 20
    served = [client.assign_variant(EXPERIMENT, unit) for unit in seen["unit_id"]]
    assert served == seen["variant"].tolist()


def test_a_flag_that_the_application_moves_is_not_published(in_order):
    content = json.loads((in_order / "published" / "flags.json").read_text("utf-8"))
    assert ROLLOUT not in content["flags"]
    (rollout,) = artifact(in_order, "rollouts")["rollouts"]
    assert rollout["moved_by"] == "application"
    assert [phase["percentage"] for phase in rollout["phases"]] == [5, 25, 75]


def test_what_a_night_saw_is_recorded_once(in_order):
    recorded = decisions.read(in_order / "decisions", LAST)
    seen = [d.facts["spec"]["id"] for d in recorded if d.decision is decisions.Kind.SPEC_SEEN]
    assert sorted(seen) == ["sidebar_layout", EXPERIMENT]


def test_an_edit_is_recorded_and_shown(edited):
    recorded = decisions.read(edited / "decisions", LAST)
    versions = [d for d in recorded if d.decision is decisions.Kind.SPEC_SEEN and d.facts["spec"]["id"] == EXPERIMENT]
    assert [d.effective_date for d in versions] == [LAST - timedelta(days=1), LAST]
    assert versions[0].facts["spec_hash"] != versions[1].facts["spec_hash"]


def test_a_broken_file_is_named_and_spares_the_rest(edited):
    found = artifact(edited, "experiments")
    (problem,) = found["problems"]
    assert "experiments/sidebar_layout.yaml" in problem
    assert "horizon_days" in problem
    assert {e["id"] for e in found["experiments"]} == {EXPERIMENT}
    assert "horizon_dayz" in (edited / "artifacts" / LAST.isoformat() / "report.html").read_text("utf-8")


def test_a_broken_file_takes_its_flag_from_nobody(edited):
    content = json.loads((edited / "published" / "flags.json").read_text("utf-8"))
    assert set(content["flags"]) == {EXPERIMENT, "sidebar_layout"}
