"""What is read of an hour: whole lines of that hour, each once, whatever one source or file does."""

import json
from datetime import date, datetime, time, timedelta

from ratchet.log.ingest import IngestOptions
from ratchet.log.recent import Wanted, read_recent
from ratchet.log.sources import LandedSource

from .conftest import event, lines

DAY = date(2026, 11, 10)
EIGHT = datetime.combine(DAY, time(8))


def recent(tmp_path, *hours, sources=None, until=DAY):
    zones = sources or [LandedSource("native", tmp_path)]
    return read_recent(zones, Wanted(tuple(hours) or (EIGHT,), until, IngestOptions(threads=1)))


def put(tmp_path, content, day=DAY, name="a.jsonl"):
    folder = tmp_path / f"dt={day}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def ask(number, user, at="08:10:00", **fields):
    when = {"occurred_at": f"2026-11-10T{at}Z", "user_id": user}
    return event(f"i{number}", "interaction", **when, **fields)


def see(number, user, variant, at="08:00:00", **fields):
    own = {"flag_key": "search", "variant": variant, "unit_id": user, "reason": "SPLIT"}
    return event(f"f{number}", "flag_evaluation", occurred_at=f"2026-11-10T{at}Z", **(own | fields))


def test_only_whole_lines_of_the_hour_count_and_each_once(tmp_path):
    good, again = event(1), event(1, up=False)
    before, after = (event(n, occurred_at=f"2026-11-10T0{n}:59:59Z") for n in (7, 9))
    elsewhere = event(3, occurred_at="2026-11-10T10:30:00+02:00")
    half = json.dumps(event(4)).encode()
    put(tmp_path, lines(good, again, before, after, elsewhere, "no json", event(5, up="x")) + half)
    found = recent(tmp_path)
    assert found.hours[["service", "heartbeats", "heartbeats_up"]].to_dict("records") == [
        {"service": "", "heartbeats": 2, "heartbeats_up": 2},
        {"service": "s", "heartbeats": 2, "heartbeats_up": 2},
    ]
    put(tmp_path, lines(good, again, before, after, elsewhere, "no json", event(5, up="x")) + half + b"\n")
    assert recent(tmp_path).hours["heartbeats"].tolist() == [3, 3]


def test_what_landed_later_and_synthetic_clocks(tmp_path):
    put(tmp_path, lines(event(1), event(2, clock="synthetic")))
    put(tmp_path, lines(event(1), event(3)), day=DAY + timedelta(days=1))
    assert recent(tmp_path).hours["heartbeats"].tolist() == [1, 1]
    assert recent(tmp_path, until=DAY + timedelta(days=1)).hours["heartbeats"].tolist() == [2, 2]


def test_nothing_landed_is_an_empty_hour(tmp_path):
    found = recent(tmp_path)
    assert (len(found.hours), len(found.arms), found.changes, found.problems) == (0, 0, [], {})


def test_a_source_that_cannot_be_read_spares_the_others(tmp_path):
    put(tmp_path, lines(event(1)))
    (tmp_path / f"dt={DAY}" / "b.jsonl.gz").write_bytes(b"no gzip")
    gone = LandedSource("otlp", tmp_path / "gone")
    unknown = LandedSource("nobody", tmp_path)
    found = recent(tmp_path, sources=[LandedSource("native", tmp_path), gone, unknown])
    assert found.hours["heartbeats"].tolist() == [1, 1]
    assert "landing zone does not exist" in found.problems["otlp"]
    assert set(found.problems) == {"otlp", "nobody", f"dt={DAY}/b.jsonl.gz"}


def test_units_with_a_feature_count_from_their_first_exposure_on(tmp_path):
    events = [see(1, "on", "on"), see(2, "off", "off"), see(3, "both", "on"), see(4, "both", "off")]
    events += [see(5, "late", "on", at="08:30:00"), see(6, "default", "on", reason="DEFAULT")]
    asked = [("on", False), ("on", True), ("off", True), ("both", False), ("late", False), ("default", True)]
    events += [ask(n, user, success=ok, timed_out=not ok) for n, (user, ok) in enumerate(asked)]
    events += [ask(9, "late", at="08:40:00", success=True), ask(10, "nobody", success=None)]
    put(tmp_path, lines(*events))
    arms = recent(tmp_path).arms.set_index("variant")
    columns = ["known_units", "failing_units", "known", "failures", "timeouts"]
    assert arms.loc["on", columns].tolist() == [2, 1, 3, 1, 1]
    assert arms.loc["off", columns].tolist() == [1, 0, 1, 0, 0]
    assert arms.loc["", columns].tolist() == [1, 0, 1, 0, 0]


def test_incidents_of_the_hour_are_read(tmp_path):
    put(tmp_path, lines(event(1, "change", kind="incident", target="db", ended_at="2026-11-10T09:00:00Z")))
    (found,) = recent(tmp_path).changes
    assert (found["kind"], found["target"], found["ended_at"]) == ("incident", "db", datetime.combine(DAY, time(9)))
