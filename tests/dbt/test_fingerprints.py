"""Errors get the fingerprint of their bug: on real traces, language by language, and on hostile text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from benchmarks import bench_fingerprints as bench
from tests.dbt.tracebacks import FRAMES, TRACES
from tests.unit.log.sources.conftest import _land, _map

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SENTRY = DATA / "glitchtip_sentry_events"
DAY = date(2026, 1, 5)
CUT = "js_error_with_context"  # the frame that its expected culprit names was cut from the file
MAPPED = "small_js_error_source"  # its frames were resolved with a source map that is not in the payload
Event = dict[str, Any]
Fingerprinted = Callable[[Iterable[Event]], dict[str, Event]]


@pytest.fixture
def fingerprinted(lake: Any) -> Fingerprinted:
    """Build a night of error events and return int_errors by event id."""

    def run(events: Iterable[Event]) -> dict[str, Event]:
        rows = [{"event_type": "error", "occurred_at": f"{DAY}T10:00:00", "error_type": "E", **e} for e in events]
        lake.land(DAY, rows)
        lake.only("int_errors").night(DAY)
        return {row["event_id"]: row for row in lake.frame("select * from int_errors").to_dict("records")}

    return run


def test_frames_of_each_language(fingerprinted: Fingerprinted) -> None:
    found = fingerprinted({"event_id": name, "stack_trace": trace} for name, trace in TRACES.items())
    assert {name: row["frames"].split("\n") for name, row in found.items()} == FRAMES


def test_line_numbers_addresses_and_messages_do_not_split_a_bug_but_functions_do(fingerprinted: Fingerprinted) -> None:
    trace = TRACES["python"]
    same = [trace, trace.replace("line 18", "line 1900"), trace.replace("by zero", 'by 0x7f3a of "b"')]
    other = trace.replace("in get", "in put")
    found = fingerprinted(
        {"event_id": str(n), "stack_trace": t, "message": f"m {n}"} for n, t in enumerate([*same, other])
    )
    keys = [found[str(n)]["error_key"] for n in range(4)]
    assert keys[0] == keys[1] == keys[2] != keys[3]


def test_defects4j_beats_the_naive_key_in_both(lake: Any) -> None:
    if not bench.DEFECTS4J.exists():
        pytest.skip(f"real data is not here: {bench.DEFECTS4J}")
    found = bench.defects4j()
    assert found["pair_precision"] > 0.45 > bench.NAIVE["pair_precision"]
    assert found["pair_recall"] > 0.405 > bench.NAIVE["pair_recall"]


def payloads(folder: str) -> dict[str, Event]:
    paths = sorted((SENTRY / folder).glob("*.json"))
    if not paths:
        pytest.skip(f"real data is not here: {SENTRY / folder}")
    return {path.stem: json.loads(path.read_text("utf-8")) for path in paths}


@pytest.mark.parametrize("folder", ["incoming_events", "oss_sentry_json"])
def test_sentry_events_have_the_title_culprit_and_type_that_sentry_gives_them(
    fingerprinted: Fingerprinted, tmp_path: Path, folder: str
) -> None:
    expected, given = payloads("oss_sentry_json"), payloads(folder)
    names = [name for name in given if name in expected]
    keep = ("event_id", "platform", "timestamp", "exception", "logentry", "message", "transaction")
    sent = [{key: given[name].get(key) for key in keep} | {"event_id": name} for name in names]
    events = _map("sentry", [_land(tmp_path, "sentry", "a.jsonl", sent)], DAY)["error"]
    rows = fingerprinted(e | {"attributes": json.dumps(e["attributes"])} for e in events)
    assert len(rows) == len(names) == 9
    for name in names:
        told = expected[name]
        kind = "default" if rows[name]["error_type"] == "Message" else "error"
        assert (rows[name]["title"], kind) == (told["title"], told["type"]), name
        if name == CUT:
            assert "errorWithContext" not in json.dumps(given[name].get("exception"))
        elif not (name == MAPPED and folder == "incoming_events"):
            assert rows[name]["culprit"] == told["culprit"], name


HOSTILE = [
    "%s %n %(x)s {0} {{}} ${jndi:ldap://x}",
    "C:\\x\\ \\1 \\0 \\g<0>",
    "nul \x00 in it",
    "quotes ' \" ` '' \"\"",
    "\u202eright to left\u200f",
    "__import__('os').system('true')",
    "<script>alert(1)</script>",
    "'; drop table int_errors; --",
    "(" * 3000 + "[" * 3000,
]


def test_hostile_messages_and_traces_are_only_text(fingerprinted: Fingerprinted) -> None:
    inside = 'Traceback (most recent call last):\n  File "/srv/app/{0}.py", line 3, in {0}\nE: {0}'
    events = [{"event_id": f"m{n}", "message": text, "stack_trace": text} for n, text in enumerate(HOSTILE)]
    events += [{"event_id": f"t{n}", "stack_trace": inside.replace("{0}", text)} for n, text in enumerate(HOSTILE)]
    found = fingerprinted(events)
    assert len(found) == 2 * len(HOSTILE)
    assert all(len(row["error_key"]) == 12 for row in found.values())


def test_a_megabyte_is_read_at_both_ends(fingerprinted: Fingerprinted) -> None:
    frame = '  File "/srv/app/{0}.py", line 1, in {0}\n'
    long = "Traceback (most recent call last):\n" + frame.replace("{0}", "deep") * 30_000 + frame.replace("{0}", "top")
    found = fingerprinted([{"event_id": "a", "message": "x" * 1_000_000, "stack_trace": long}])
    assert len(long) > 1_000_000
    assert found["a"]["frames"] == "top(app.top)\ndeep(app.deep)"
    assert found["a"]["message_template"] == "x" * 2000
