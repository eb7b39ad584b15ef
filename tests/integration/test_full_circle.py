"""The full circle in one home: errors become fixes, people and the night approve them, and what helps is kept.

Nothing is planted: nights propose the fixes from the log, replay them in the sandbox, deploy and judge them.
"""

import json
import shutil
from datetime import date, timedelta

import pytest

from ratchet import cli, steps
from ratchet.deploy import approvals, decisions, publish
from ratchet.deploy.approvals import Answer, Reply
from ratchet.deploy.decisions import NIGHT, Kind
from ratchet.home import Home
from ratchet.night import Night
from ratchet.nights import run_nights

from .circle import CALM, ERRORS, FAILS, FAMILIES, WITH_FIX, land
from .conftest import ROOT, fingerprints

pytestmark = pytest.mark.slow
FIRST = date(2026, 10, 1)
BEFORE = 10
DAYS = [FIRST + timedelta(days=n) for n in range(2 * BEFORE)]
PROPOSED, DEPLOYED_BY = DAYS[1], DAYS[BEFORE - 1]
UNDONE, KEPT = DAYS[BEFORE + 1], DAYS[BEFORE + 6]
JUDGED = (DAYS[BEFORE], UNDONE, KEPT, DAYS[-1])  # days without a night come in with the next one, as after an outage
ASIDE = ("check_raw", "check_marts", "drift", "trends", "usage")  # steps that no fix depends on, a third of a night


def run(home, landing, day, live=True):
    """Run one night; the days before it that no night ran for come in with it."""
    night = Night.from_environment(home=home, landing=str(landing), live=live)
    (outcome,) = run_nights(night, [day], lambda day, step: None)
    assert [str(e) for e in outcome.failures.values()] == []


def artifact(home, name, day):
    return json.loads((home / "artifacts" / day.isoformat() / f"{name}.json").read_text("utf-8"))


def in_force(home):
    """Return the operations whose fix an application finds."""
    index = home / "published" / "fixes" / "index.json"
    return {fix["operation"] for fix in json.loads(index.read_text("utf-8"))["fixes"]}


def set_safety_mode(config, on):
    settings, words = config / "settings.yaml", ("safety_mode: false", "safety_mode: true")
    settings.write_text(settings.read_text("utf-8").replace(words[not on], words[on], 1), "utf-8")


@pytest.fixture(scope="module")
def circle(tmp_path_factory):
    """Ten days of errors, three fixes, and ten days with them; returns home, landing and ids by operation."""
    root = tmp_path_factory.mktemp("circle")
    home, landing, config = root / "home", root / "landing", root / "config"
    shutil.copytree(ROOT / "include" / "config", config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RATCHET_CONFIG", str(config))
        for step in ASIDE:
            patch.setitem(steps.STEPS, step, lambda night: {})
        set_safety_mode(config, on=True)
        for day in DAYS[:2]:
            land(landing, day, None, ())
        run(home, landing, PROPOSED)
        names = approved_by_people(home)
        for day in DAYS[2:BEFORE]:
            land(landing, day, publish.current(Home(home)), in_force(home))
        set_safety_mode(config, on=False)
        run(home, landing, DEPLOYED_BY)
        for day in DAYS[BEFORE:]:
            land(landing, day, publish.current(Home(home)), in_force(home))
            if day in JUDGED:
                run(home, landing, day)
        yield home, landing, names


def approved_by_people(home):
    """Approve two of the three fixes that wait; the third is left to the night. Returns ids by operation."""
    found = artifact(home, "improvements", PROPOSED)["improvements"]
    fixes = {i["evidence"]["operation"]: i for i in found if i["type"] == "error_fix"}
    assert {operation: (i["key"], i["state"]) for operation, i in fixes.items()} == {
        operation: (family, "validated") for operation, family in FAMILIES.items()
    }
    names = {operation: i["improvement_id"] for operation, i in fixes.items()}
    assert cli.main(["approve", names["search"], "--home", str(home), "--reason", "it may help"]) == 0
    approvals.record(Home(home), Reply(names["export"], Answer.APPROVE, "ann", "exports matter"), ())
    return names


def verdicts(home, name):
    recorded = decisions.read(home / "decisions", DAYS[-1])
    return [
        d
        for d in recorded
        if d.improvement_id == name and d.decision in (Kind.KEPT, Kind.ROLLED_BACK, Kind.UNMEASURABLE)
    ]


def impact_of(home, name, day):
    return next(i for i in artifact(home, "impact", day)["impacts"] if i["improvement_id"] == name)


def test_people_and_the_night_have_approved_what_the_night_deployed(circle):
    home, _, names = circle
    recorded = decisions.read(home / "decisions", DAYS[-1])
    approved = {d.improvement_id: (d.actor, d.effective_date) for d in recorded if d.decision is Kind.APPROVED}
    assert approved[names["refund"]] == (NIGHT, DEPLOYED_BY)
    assert approved[names["export"]] == ("ann", DAYS[2])
    assert approved[names["search"]][0] != NIGHT
    deployed = {d.improvement_id: d for d in recorded if d.decision is Kind.DEPLOYED}
    assert deployed.keys() == set(names.values())
    for name, made in deployed.items():
        proven = home / "artifacts" / PROPOSED.isoformat() / "fixes" / name / "fix.py"
        assert (made.facts["source"], made.effective_date) == (proven.read_text("utf-8"), DAYS[BEFORE])


def test_a_useful_fix_is_kept_with_an_interval_that_covers_its_effect(circle):
    home, _, names = circle
    (kept,) = verdicts(home, names["refund"])
    assert kept.decision is Kind.KEPT
    assert kept.effective_date == KEPT  # every day of the week was seen
    effect = kept.facts["effect"]
    assert effect["low"] <= WITH_FIX["refund"] - FAILS <= effect["high"] < 0
    assert kept.facts["estimator"] == "difference_in_differences"
    assert kept.facts["saved"]["low"] > 0


def test_a_useless_fix_is_not_kept(circle):
    home, _, names = circle
    assert verdicts(home, names["search"]) == []
    found = impact_of(home, names["search"], DAYS[-1])
    assert found["verdict"] == "undecided"
    assert found["effect"]["low"] <= 0 <= found["effect"]["high"]
    assert "days left" in found["reason"]


def test_a_harmful_fix_is_rolled_back_within_days(circle):
    home, _, names = circle
    (undone,) = verdicts(home, names["export"])
    assert undone.decision is Kind.ROLLED_BACK
    assert undone.effective_date == UNDONE
    assert undone.facts["harm"]
    assert undone.facts["effect"]["low"] <= WITH_FIX["export"] - FAILS <= undone.facts["effect"]["high"]


def test_what_is_undone_is_no_longer_published(circle):
    home, _, names = circle
    index = json.loads((home / "published" / "fixes" / "index.json").read_text("utf-8"))
    assert {fix["fix_id"] for fix in index["fixes"]} == {names["refund"], names["search"]}
    assert (home / "published" / "fixes" / names["refund"] / "fix.py").exists()
    assert not (home / "published" / "fixes" / names["export"]).exists()


def test_errors_that_are_still_logged_on_the_first_try_are_no_failures(circle):
    home, _, names = circle
    kept = impact_of(home, names["refund"], KEPT)
    assert kept["with_fix"]["value"] < 0.1
    errors = artifact(home, "errors", DAYS[-1])["errors"]
    tried = [e for e in errors if e["error_type"] == ERRORS["refund"]["error_type"]]
    assert tried[0]["occurrences"] > 100


def test_the_ledger_says_what_became_of_them(circle):
    home, _, _ = circle
    found = artifact(home, "impact", DAYS[-1])
    fixes = next(row for row in found["ledger"]["by_type"] if row["type"] == "error_fix")
    assert {k: fixes[k] for k in ("generated", "deployed", "verified", "refuted")} == {
        "generated": 3,
        "deployed": 3,
        "verified": 1,
        "refuted": 1,
    }
    assert found["learning"]["change_failure_rate"]["value"] == 0.5
    assert found["returns"]["saved_requests"]["value"] > 50
    assert CALM not in json.dumps(found["impacts"])


def test_a_night_run_again_reads_what_was_recorded(circle):
    home, landing, _ = circle
    before, recorded = fingerprints(home, [KEPT]), decisions.read(home / "decisions", DAYS[-1])
    run(home, landing, KEPT, live=False)
    assert fingerprints(home, [KEPT]) == before
    assert decisions.read(home / "decisions", DAYS[-1]) == recorded
