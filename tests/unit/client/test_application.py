"""Variants as the source documents ask for them, from what is published, each with its evaluation logged."""

import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import date

import pytest

from ratchet.client import Client
from ratchet.contracts.buckets import Hash, assign
from ratchet.contracts.experiments import TrialKind
from ratchet.deploy import publish
from ratchet.deploy.flags import Flag, document

from .conftest import NOW, in_child, read, split

EXPERIMENT = Flag(
    key="summary_prompt",
    variants={"control": "control", "structured": "structured"},
    default="control",
    trial_id="summary-1",
    kind=TrialKind.EXPERIMENT,
    unit_type="user",
    hash=Hash.FLAGD,
    salt="summary.",
    split=(("structured", 1), ("control", 1)),
    metric="accepted",
)
DAY = date(2026, 11, 19)


def test_assign_variant_is_the_published_split_and_is_logged(client, home):
    version = publish.publish(home, DAY, {"flags.json": document([EXPERIMENT])})
    for number in range(50):
        unit = f"user-{number}"
        expected = ("structured", "control")[assign(Hash.FLAGD, "summary.", unit, [1, 1])]
        assert client.assign_variant("summary-1", unit) == client.assign_variant("summary_prompt", unit) == expected
    events = read(home.landing)
    assert len(events) == 100
    assert {event["published_version"] for event in events} == {version}
    assert {(event["flag_key"], event["reason"]) for event in events} == {("summary_prompt", "SPLIT")}
    assert {event["unit_id"] for event in events} == {f"user-{number}" for number in range(50)}


def test_record_result_logs_the_primary_metric(client, home):
    publish.publish(home, DAY, {"flags.json": document([EXPERIMENT])})
    client.record_result("summary-1", "u", 1.0, denominator=2)
    (event,) = read(home.landing)
    assert (event["metric"], event["value"], event["denominator"], event["unit_id"]) == ("accepted", 1.0, 2, "u")


def test_what_is_not_published_is_not_shown_and_no_exposure(client, home, warnings_of):
    assert client.assign_variant("exp", "u") == "control"
    assert client.assign_variant("exp", "u", default="old") == "old"
    assert client.should_show_feature("f", "u") is False
    events = read(home.landing)
    assert [(event["variant"], event["reason"]) for event in events] == [("none", "ERROR")] * 3
    assert all("published_version" not in event for event in events)
    assert client.counts == {"unknown_flag": 3}
    assert len(warnings_of()) == 1


def test_a_feature_is_shown_to_its_share_and_to_nobody_without_an_id(client, home, publish_flags):
    publish_flags({"f": split(on=25)})
    shown = sum(client.should_show_feature("f", f"user-{number}") for number in range(2000))
    assert shown == pytest.approx(500, abs=60)
    for nobody in (None, "", True, [], {}):
        assert client.should_show_feature("f", nobody) is False
    assert len(read(home.landing)) == 2000


def test_a_static_flag_is_served_and_is_no_exposure(client, home, publish_flags):
    publish_flags({"f": split(targeting={}, defaultVariant="on"), "g": split(state="DISABLED")})
    assert client.should_show_feature("f", "u") is True
    assert client.should_show_feature("g", "u") is False
    assert [(e["variant"], e["reason"]) for e in read(home.landing)] == [("on", "DEFAULT"), ("none", "DEFAULT")]


def test_rules_may_ask_for_what_the_application_knows(client, publish_flags):
    publish_flags({"f": split(targeting={"if": [{"sem_ver": [{"var": "app"}, ">=", "2.0.0"]}, "on"]})})
    assert client.should_show_feature("f", "u", app="2.1.0") is True
    assert client.should_show_feature("f", "u", app="1.9.0") is False


def test_ids_are_hashed_before_they_are_assigned_so_that_an_audit_still_works(home, publish_flags):
    publish_flags({"f": split(on=50)})
    client = Client(home.root, id_key="secret", clock=lambda: NOW)
    for number in range(200):
        client.should_show_feature("f", f"maria{number}@example.com")
    for event in read(home.landing):
        assert event["variant"] == ("on", "off")[assign(Hash.FLAGD, "salt.", event["unit_id"], [50, 50])]
        assert "maria" not in str(event)


def test_a_switch_is_seen_whatever_its_direction(client, home, publish_flags):
    first = publish_flags({"f": split(targeting={}, defaultVariant="on")})
    assert client.should_show_feature("f", "u") is True
    publish_flags({"f": split(targeting={})})
    assert client.should_show_feature("f", "u") is False
    link = home.root / "back"
    link.symlink_to(f"versions/{first}")
    link.replace(home.published)
    assert client.should_show_feature("f", "u") is True


def test_a_version_is_looked_for_no_more_often_than_asked(home, publish_flags):
    publish_flags({"f": split(targeting={})})
    now = [0.0]
    client = Client(home.root, check_every_s=10)
    client.published._clock, client.published._next_check = lambda: now[0], 10
    publish_flags({"f": split(targeting={}, defaultVariant="on")})
    now[0] = 9.9
    assert client.should_show_feature("f", "u") is False
    now[0] = 10
    assert client.should_show_feature("f", "u") is True


@pytest.mark.parametrize(
    "damage",
    [
        lambda home: (home.published / "flags.json").write_text('{"flags": {'),
        lambda home: (home.published / "flags.json").write_text("[]"),
        lambda home: (home.published / "flags.json").write_text('{"flags": []}'),
        lambda home: (home.published / "flags.json").write_text("[" * 100_000),
        lambda home: (home.published / "flags.json").write_bytes(b"\xff"),
        lambda home: home.published.unlink(),
    ],
)
def test_a_damaged_version_leaves_the_one_before_in_force(client, home, publish_flags, warnings_of, damage):
    version = publish_flags({"f": split(targeting={}, defaultVariant="on")})
    assert client.should_show_feature("f", "u") is True
    publish_flags({"f": split(targeting={})})
    damage(home)
    for _ in range(3):
        assert client.should_show_feature("f", "u") is True
    assert client.published.current().name == version
    assert len(warnings_of()) == 1


def test_a_flag_of_no_use_is_as_if_it_were_not_there(client, publish_flags):
    publish_flags({"a": 1, "b": {"state": "ENABLED"}, "c": split(metadata=3), "d": split(targeting={"what": 1})})
    assert [client.assign_variant(key, "u") for key in "abcd"] == ["control"] * 4
    assert client.counts == {"unknown_flag": 3, "flag_error": 1}


def test_threads_always_see_one_whole_version(home, publish_flags):
    """Two flags agree in every version; no evaluation ever sees one of the old and one of the new."""
    both = [
        {"f": split(targeting={}, defaultVariant=v), "g": split(targeting={}, defaultVariant=v)} for v in ("on", "off")
    ]
    publish_flags(both[0])
    client = Client(home.root, check_every_s=0, clock=lambda: NOW)
    torn, seen, stop = [], Counter(), threading.Event()

    def ask():
        while not stop.is_set():
            version = client.published.current()
            pair = {version.flags[key]["defaultVariant"] for key in "fg"}
            seen.update(pair)
            torn.extend([pair] if len(pair) != 1 else [])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(40):
        publish_flags(both[number % 2])
        time.sleep(0.005)
    stop.set()
    for thread in threads:
        thread.join()
    assert torn == []
    assert set(seen) == {"on", "off"}
    assert client.counts == {}


def test_a_forked_child_reads_new_versions_though_the_parent_was_reading(client, home, publish_flags):
    client.published._reading.acquire()

    def work():
        publish_flags({"f": split(targeting={}, defaultVariant="on")})
        assert client.should_show_feature("f", "u") is True

    try:
        assert in_child(work) == 0
    finally:
        client.published._reading.release()


ALONE = """
import sys
import ratchet.client
known = sys.stdlib_module_names | {"ratchet", "__main__", "sitecustomize", "__mp_main__"}
print(sorted(m for m in sys.modules if m.split(".")[0] not in known and not m.startswith(("_", "__editable__"))))
client = ratchet.client.Client(sys.argv[1])
client.assign_variant("e", "u")
"""


def test_the_client_needs_nothing_but_python(tmp_path):
    """In a fresh interpreter nothing from outside the standard library is imported."""
    done = subprocess.run([sys.executable, "-c", ALONE, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
    assert "flag e is not published" in done.stderr
