"""The full circle in one home: errors, their fixes deployed, and nights that keep what helps and undo what harms."""

import json
from datetime import date, timedelta

import pytest

from ratchet.deploy import decisions, publish
from ratchet.deploy.decisions import NIGHT, Decision, Kind
from ratchet.home import Home
from ratchet.night import Night
from ratchet.nights import run_nights

from .circle import CALM, ERRORS, FAILS, WITH_FIX, land
from .conftest import fingerprints

pytestmark = pytest.mark.slow
FIRST = date(2026, 10, 1)
BEFORE = 10
DAYS = [FIRST + timedelta(days=n) for n in range(2 * BEFORE)]
PROPOSED, DEPLOYED_BY = DAYS[1], DAYS[BEFORE - 1]


def run(home, landing, day, live=True):
    """Run one night; the days before it that no night ran for come in with it."""
    night = Night.from_environment(home=home, landing=str(landing), live=live)
    (outcome,) = run_nights(night, [day], lambda day, step: None)
    assert [str(e) for e in outcome.failures.values()] == []


def artifact(home, name, day):
    return json.loads((home / "artifacts" / day.isoformat() / f"{name}.json").read_text("utf-8"))


def proposal(error):
    """Return the record of a fix for an error of `errors.json`."""
    return {
        "type": "error_fix",
        "target": error["fingerprint"],
        "key": "retry",
        "title": f"Retry after {error['error_type']}",
        "why": "It keeps failing.",
        "evidence": {"first_seen": error["first_seen"], "saved": {"value": 0.9, "n": 100}},
        "priority": "high",
        "confidence": 0.8,
        "expected_effect": "fewer failures",
        "proposed_on": PROPOSED.isoformat(),
        "cost": 10.0,
    }


def plant(home, found):
    """Record proposals and their proofs as the night of `PROPOSED` does."""
    made = [
        Decision(name, 1, kind, PROPOSED, NIGHT, "", facts)
        for name, record in found.items()
        for kind, facts in ((Kind.PROPOSED, record), (Kind.VALIDATED, {"confidence": 0.8}))
    ]
    decisions.append(home / "decisions", made)


def deploy(home, found, day, version):
    """Record what a person has approved, and what the night that published it has deployed."""
    approved = [Decision(name, 1, Kind.APPROVED, day, "ann") for name in found]
    deployed = [
        Decision(name, 1, Kind.DEPLOYED, day + timedelta(days=1), NIGHT, "", published(name, record, version))
        for name, record in found.items()
    ]
    decisions.append(home / "decisions", [*approved, *deployed])


def published(name, record, version):
    """Return the facts of a deployment."""
    return {
        "fix_id": name,
        "revision": 1,
        "fingerprint": record["target"],
        "family": "retry",
        "operation": "pay",
        "layer": 1,
        "sha256": "0" * 64,
        "source": "FIX = 1\n",
        "test": "def test(): pass\n",
        "published_version": version,
    }


def in_force(home, names, day):
    """Return the intents whose fix is deployed and not undone."""
    standings = decisions.fold(decisions.read(home / "decisions", day), day)
    return {
        intent for intent, name in names.items() if name in standings and standings[name].state in ("deployed", "kept")
    }


@pytest.fixture(scope="module")
def circle(tmp_path_factory):
    """Ten days of errors, three fixes deployed, and ten nights with them; returns home, landing and names by intent."""
    root = tmp_path_factory.mktemp("circle")
    home, landing = root / "home", root / "landing"
    for day in DAYS[:2]:
        land(landing, day, None, ())
    run(home, landing, PROPOSED)
    by_type = {e["error_type"]: proposal(e) for e in artifact(home, "errors", PROPOSED)["errors"]}
    names = {intent: f"{n:012x}" for n, intent in enumerate(ERRORS, 1)}
    records = {names[intent]: by_type[ERRORS[intent][0]] for intent in ERRORS}
    plant(home, records)
    for day in DAYS[2:BEFORE]:
        land(landing, day, publish.current(Home(home)), ())
    run(home, landing, DEPLOYED_BY)
    deploy(home, records, DEPLOYED_BY, publish.current(Home(home)))
    for day in DAYS[BEFORE:]:
        land(landing, day, publish.current(Home(home)), in_force(home, names, day))
        run(home, landing, day)
    return home, landing, names


def verdicts(home, name):
    recorded = decisions.read(home / "decisions", DAYS[-1])
    return [
        d
        for d in recorded
        if d.improvement_id == name and d.decision in (Kind.KEPT, Kind.ROLLED_BACK, Kind.UNMEASURABLE)
    ]


def impact_of(home, name, day):
    return next(i for i in artifact(home, "impact", day)["impacts"] if i["improvement_id"] == name)


def test_a_useful_fix_is_kept_with_an_interval_that_covers_its_effect(circle):
    home, _, names = circle
    (kept,) = verdicts(home, names["refund"])
    assert kept.decision is Kind.KEPT
    assert kept.effective_date == DAYS[BEFORE + 6]  # every day of the week was seen
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
    assert undone.effective_date <= DAYS[BEFORE + 4]
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
    kept = impact_of(home, names["refund"], DAYS[BEFORE + 6])
    assert kept["with_fix"]["value"] < 0.1
    tried = [e for e in artifact(home, "errors", DAYS[-1])["errors"] if e["error_type"] == ERRORS["refund"][0]]
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
    day = DAYS[BEFORE + 6]
    before, recorded = fingerprints(home, [day]), decisions.read(home / "decisions", DAYS[-1])
    run(home, landing, day, live=False)
    assert fingerprints(home, [day]) == before
    assert decisions.read(home / "decisions", DAYS[-1]) == recorded
