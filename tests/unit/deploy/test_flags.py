"""What is published is valid flagd, gives every unit the variant its trial says, and audits as sound."""

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from ratchet.client import Client
from ratchet.contracts.audits import AuditVerdict
from ratchet.contracts.buckets import Hash
from ratchet.contracts.experiments import Arm, Experiment, TrialKind
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.contracts.rollouts import Assignment, FlagState
from ratchet.contracts.splits import of_experiment, of_rollout
from ratchet.deploy import flags, publish
from ratchet.errors import SettingsError
from ratchet.home import Home
from ratchet.measure.audit import audit
from ratchet.phases import Seen, phases

SCHEMAS = Path(__file__).resolve().parents[4] / "shared" / "data" / "openfeature_flagd" / "schemas"
DAY = date(2026, 11, 20)
METRIC = Metric("accepted", MetricKind.PROPORTION, Direction.INCREASE)


def experiment(**changes):
    given = {
        "id": "summary-1", "hypothesis": "it helps", "flag_key": "summary", "unit_type": "user",
        "arms": (Arm("control", 5), Arm("structured", 3), Arm("short", 2)), "salt": "summary-1.", "hash": Hash.FLAGD,
        "primary": METRIC, "guardrails": (), "secondaries": (), "mde": 0.1, "horizon_days": 28,
    }  # fmt: skip
    return Experiment(**given | changes)


def state(percentage=25.0, members=("ann", "bob"), **changes):
    given = {"flag_key": "search", "variants": ("off", "on"), "salt": "search.", "unit_type": "user"}
    assignment = Assignment(**given | {"hash": Hash.FLAGD} | changes)
    return FlagState(assignment, percentage, ("testers",) if members else (), members, holdback_pct=0.0)


def flag_of(content, key):
    assert flags.problems(content) == []
    return content["flags"][key]


def conformance(folder):
    return sorted((SCHEMAS / "test" / "flags" / folder).glob("*.json")) if SCHEMAS.exists() else []


def test_the_conformance_files_are_there():
    if not SCHEMAS.exists():
        pytest.skip(f"{SCHEMAS} is not beside this checkout")
    assert (len(conformance("positive")), len(conformance("negative"))) == (9, 9)
    for name in ("flags.json", "targeting.json", "flagd.json"):
        shipped = Path(flags.__file__).parents[1] / "contracts" / "schemas" / "flagd" / name
        assert shipped.read_bytes() == (SCHEMAS / name).read_bytes()


@pytest.mark.parametrize("path", conformance("positive"), ids=lambda p: p.name)
def test_every_positive_file_of_flagd_is_valid(path):
    content = json.loads(path.read_text("utf-8"))
    assert flags.problems(content, Path(content["$schema"]).name) == []


@pytest.mark.parametrize("path", conformance("negative"), ids=lambda p: p.name)
def test_every_negative_file_of_flagd_is_refused(path):
    content = json.loads(path.read_text("utf-8"))
    assert flags.problems(content, Path(content["$schema"]).name) != []


def test_an_experiment_under_way_splits_by_an_explicit_key():
    flag = flag_of(flags.document([flags.experiment_flag(experiment(), DAY)]), "summary")
    assert flag == {
        "state": "ENABLED",
        "variants": {"control": "control", "structured": "structured", "short": "short"},
        "defaultVariant": "control",
        "targeting": {
            "if": [
                {"!!": [{"var": "targetingKey"}]},
                {
                    "fractional": [
                        {"cat": ["summary-1.", {"var": "targetingKey"}]},
                        *(["structured", 3], ["short", 2], ["control", 5]),
                    ]
                },
            ]
        },
        "metadata": {
            "trial_id": "summary-1",
            "kind": "experiment",
            "unit_type": "user",
            "hash": "flagd",
            "metric": "accepted",
        },
    }


@pytest.mark.parametrize(
    ("changes", "decided", "default"),
    [({}, "short", "short"), ({}, "control", "control"), ({"start": date(2026, 11, 21)}, None, "control")],
)
def test_a_decided_or_future_experiment_serves_one_variant(changes, decided, default):
    flag = flag_of(flags.document([flags.experiment_flag(experiment(**changes), DAY, decided)]), "summary")
    assert flag["defaultVariant"] == default
    assert "targeting" not in flag


def test_a_decision_for_an_arm_that_is_not_there_is_refused():
    with pytest.raises(SettingsError, match=r"purple is no arm of this experiment \(summary-1\)"):
        flags.experiment_flag(experiment(), DAY, "purple")


def test_a_decision_holds_until_an_edit_begins_a_new_phase():
    first, edited = experiment(start=date(2026, 11, 1)), experiment(start=date(2026, 11, 1), mde=0.2)
    seen = [Seen(first, date(2026, 11, 1))]
    ended, decided = {"summary-1": date(2026, 11, 10)}, {"summary-1": "short"}
    (running,) = flags.experiment_flags(phases([first], seen, DAY), {}, DAY)
    (shipped,) = flags.experiment_flags(phases([first], seen, DAY, ended), decided, DAY)
    seen.append(Seen(edited, date(2026, 11, 15)))
    (again,) = flags.experiment_flags(phases([edited], seen, DAY, ended), decided, DAY)
    assert (running.is_live, shipped.is_live, again.is_live) == (True, False, True)
    assert shipped.default == "short"
    elsewhere = experiment(hash=Hash.GROWTHBOOK_V2)
    assert flags.experiment_flags(phases([elsewhere], [], DAY), {}, DAY) == []


def test_an_experiment_whose_file_is_gone_keeps_its_flag():
    old, new = experiment(id="gone"), experiment(id="gone", mde=0.3)
    seen = [Seen(new, date(2026, 11, 9)), Seen(old, date(2026, 11, 1)), Seen(experiment(), date(2026, 11, 1))]
    assert flags.left_behind([experiment()], seen) == (new,)
    found = phases(flags.left_behind([experiment()], seen), seen, DAY, {"gone": date(2026, 11, 12)})
    (flag,) = flags.experiment_flags(found, {"gone": "structured"}, DAY)
    assert (flag.default, flag.is_live) == ("structured", False)


@pytest.mark.parametrize("hash_", [Hash.GROWTHBOOK_V1, Hash.GROWTHBOOK_V2, Hash.NONE])
def test_what_another_tool_serves_is_not_published(hash_):
    assert flags.experiment_flag(experiment(hash=hash_), DAY) is None
    assert flags.rollout_flag("r", state(hash=hash_)) is flags.rollout_flag("r", None) is None
    assert flags.document([None]) == {"flags": {}, "metadata": {"flagSetId": "ratchet"}}


def test_a_rollout_serves_its_groups_first_then_its_share():
    flag = flag_of(flags.document([flags.rollout_flag("search-rollout", state())]), "search")
    assert flag["variants"] == {"on": True, "off": False}
    members, variant, _, split = flag["targeting"]["if"]
    assert (members, variant) == ({"in": [{"var": "targetingKey"}, ["ann", "bob"]]}, "on")
    assert split["fractional"][1:] == [["on", 1], ["off", 3]]


def test_a_rollout_that_is_off_is_off_for_everybody():
    flag = flag_of(flags.document([flags.rollout_flag("r", state(0.0, ()))]), "search")
    assert flag["defaultVariant"] == "off"
    assert "targeting" not in flag


def test_flags_are_in_order_of_their_keys_whatever_the_order_they_come_in():
    two = [flags.experiment_flag(experiment(), DAY), flags.rollout_flag("r", state())]
    assert flags.document(two) == flags.document(two[::-1])
    assert list(flags.document(two)["flags"]) == ["search", "summary"]


def test_a_trial_under_way_owns_its_flag():
    ended = flags.experiment_flag(experiment(), DAY, "short")
    follower = flags.experiment_flag(experiment(id="summary-2"), DAY)
    for order in ([ended, follower], [follower, ended]):
        assert flags.document(order)["flags"]["summary"]["metadata"]["trial_id"] == "summary-2"
    later = flags.experiment_flag(experiment(id="summary-3"), DAY, "control")
    assert flags.document([ended, later])["flags"]["summary"]["metadata"]["trial_id"] == "summary-3"
    with pytest.raises(SettingsError, match="summary-2 and summary-3 are both under way on the flag summary"):
        flags.document([follower, flags.experiment_flag(experiment(id="summary-3"), DAY)])


def test_what_breaks_the_schema_is_not_published():
    broken = flags.Flag("f", {"on": True, "off": "no"}, "off", "t", TrialKind.ROLLOUT, "user", Hash.FLAGD, "s")
    with pytest.raises(SettingsError, match="break flagd's schema"):
        flags.document([broken])


@pytest.mark.parametrize("name", ["</script>", "a.b.c", "$flagd.flagKey", "ключ", "x" * 200, "=1+1", '{"var": "x"}'])
def test_any_name_is_only_a_name(name):
    arms = (Arm("control", 1), Arm(name, 1))
    content = flags.document([flags.experiment_flag(experiment(flag_key=name, salt=name, arms=arms), DAY)])
    assert flag_of(content, name)["variants"][name] == name


@pytest.mark.parametrize("hash_", [Hash.FLAGD, Hash.FLAGD_V1, Hash.FLAGD_V3])
def test_what_the_client_serves_audits_as_sound(tmp_path, hash_):
    """From the spec to the flag, through the client into the log, and back: no unit disagrees."""
    spec = experiment(hash=hash_)
    content = flags.document(
        [flags.experiment_flag(spec, DAY), flags.rollout_flag("search-rollout", state(hash=hash_))]
    )
    publish.publish(Home(tmp_path), DAY, {flags.FLAGS_FILE: content})
    client = Client(tmp_path, id_key="secret")
    for number in range(300):
        client.assign_variant("summary-1", f"user{number}@example.com")
        client.should_show_feature("search-rollout", f"user{number}@example.com")
    logged = [json.loads(line) for path in tmp_path.glob("landing/dt=*/*") for line in path.read_bytes().splitlines()]
    keys = {"summary": "summary-1", "search": "search-rollout"}
    frame = pd.DataFrame(
        {
            "as_of": DAY,
            "trial_id": [keys[event["flag_key"]] for event in logged],
            "phase": 1,
            "unit_id": [event["unit_id"] for event in logged],
            "variant": [event["variant"] for event in logged],
            "reason": [event["reason"] for event in logged],
            "first_exposed_at": pd.to_datetime([event["occurred_at"] for event in logged]).tz_localize(None),
            **dict.fromkeys(("crossover", "rebucketed", "exposed_after_outcome"), False),
        }
    )
    counted = ("units", "crossovers", "rebucketed", "exposed_after_outcome")
    units = pd.DataFrame(columns=["as_of", "trial_id", "phase", "variant", "dimension", "value", *counted])
    splits = [of_experiment(spec), of_rollout("search-rollout", state(hash=hash_).assignment, 1, 25.0)]
    found = audit(frame, units, splits, DAY).trials
    assert [(t.verdict, t.checked) for t in found] == [(AuditVerdict.AGREES, 300)] * 2


def test_a_stage_contains_the_one_before_in_what_is_served(tmp_path):
    client = Client(tmp_path, check_every_s=0)
    shown = []
    for percentage in (0.0, 5.0, 25.0, 75.0, 97.5):
        content = flags.document([flags.rollout_flag("r", state(percentage))])
        publish.publish(Home(tmp_path), DAY, {flags.FLAGS_FILE: content})
        units = ["ann", "bob", *(f"user-{i}" for i in range(1000))]
        shown.append({unit for unit in units if client.should_show_feature("r", unit)})
    assert shown[0] == {"ann", "bob"}
    assert shown[0] < shown[1] < shown[2] < shown[3] < shown[4]
    assert len(shown[4]) == pytest.approx(975, abs=20)
