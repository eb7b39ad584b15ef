"""Which times of a conversation are believed."""

from __future__ import annotations

import statistics

from .chats import SOURCE, asks, call, conversation, roots, steps
from .conftest import Mapped


def test_without_timestamps_the_clock_is_synthetic_and_keeps_the_order(mapped: Mapped) -> None:
    events = mapped(SOURCE, [conversation(asks(call())), conversation(note="second")])
    first, second = roots(events)
    assert [r["attributes"]["clock_note"] for r in (first, second)] == ["no_timestamps"] * 2
    assert {e["clock"] for e in events["interaction"]} == {"synthetic"}
    assert first["occurred_at"] == "2026-11-20T00:00:00.000000Z"
    assert second["occurred_at"] == "2026-11-20T00:00:00.001000Z"
    assert first["occurred_at"] < steps(events)[0]["occurred_at"] < second["occurred_at"]
    assert {r["duration_ms"] for r in (first, second)} == {None}


def test_sessions_that_all_start_at_midnight_and_last_a_minute_have_no_clock(mapped: Mapped) -> None:
    faked = [
        conversation(id=f"s{n}", start_time=f"2026-11-1{n}T00:00:00", end_time=f"2026-11-1{n}T00:01:00")
        for n in range(4)
    ]
    events = mapped(SOURCE, [faked])
    assert {(r["clock"], r["attributes"]["clock_note"], r["duration_ms"]) for r in roots(events)} == {
        ("synthetic", "midnight_starts", None)
    }
    assert roots(events)[1]["attributes"]["claimed_start"] == "2026-11-11T00:00:00"


def test_one_start_for_every_session_is_no_clock(mapped: Mapped) -> None:
    events = mapped(SOURCE, [[conversation(id=f"s{n}", created="2026-11-19T08:07:06Z") for n in range(3)]])
    assert {r["attributes"].get("clock_note") for r in roots(events)} == {"constant_starts"}


def test_one_duration_for_every_session_is_no_clock(mapped: Mapped) -> None:
    faked = [
        conversation(start_time=f"2026-11-19T0{n}:30:0{n}Z", end_time=f"2026-11-19T0{n}:31:0{n}Z") for n in range(5)
    ]
    events = mapped(SOURCE, [faked])
    assert {(r["clock"], r["attributes"].get("clock_note")) for r in roots(events)} == {
        ("synthetic", "constant_durations")
    }


def test_fake_times_are_seen_across_files_of_one_conversation_each(mapped: Mapped) -> None:
    files = {f"run/{n}.json": [conversation(id=f"s{n}", created="2026-11-19T08:07:06Z")] for n in range(3)}
    assert {r["clock"] for r in roots(mapped(SOURCE, files))} == {"synthetic"}


def test_a_fake_file_does_not_spoil_the_clock_of_its_neighbour(mapped: Mapped) -> None:
    fake = [conversation(id=f"s{n}", created="2026-11-19T00:00:00Z") for n in range(3)]
    real = [conversation(id=f"r{n}", created=f"2026-11-19T08:0{n}:11Z") for n in range(3)]
    clocks = {r["session_id"]: r["clock"] for r in roots(mapped(SOURCE, {"fake.json": [fake], "real.json": [real]}))}
    assert clocks == {"s0": "synthetic", "s1": "synthetic", "s2": "synthetic", "r0": "real", "r1": "real", "r2": "real"}


def test_times_are_read_in_every_usual_form(mapped: Mapped) -> None:
    cases = [
        (1763625600, "2025-11-20T08:00:00.000000Z"),
        (1763625600.25, "2025-11-20T08:00:00.250000Z"),
        ("1763625600", "2025-11-20T08:00:00.000000Z"),
        (1763625600123, "2025-11-20T08:00:00.123000Z"),
        (1763625600123456, "2025-11-20T08:00:00.123456Z"),
        ("1763625600123456789", "2025-11-20T08:00:00.123456Z"),
        ("2025-11-20T08:00:00Z", "2025-11-20T08:00:00.000000Z"),
        ("2025-11-20T13:30:00+05:30", "2025-11-20T08:00:00.000000Z"),
        ("2025-11-20 08:00:00", "2025-11-20T08:00:00.000000Z"),
    ]
    found = roots(mapped(SOURCE, [conversation(created=created) for created, _ in cases]))
    assert [(r["occurred_at"], r["clock"]) for r in found] == [(seen, "real") for _, seen in cases]


def test_a_time_that_is_none_leaves_a_synthetic_clock(mapped: Mapped) -> None:
    created = [0, -5, "soon", "infinity", "1970-01-01T00:00:07Z"]
    found = roots(mapped(SOURCE, [conversation(created=c) for c in created]))
    assert [(r["clock"], r["attributes"]["clock_note"]) for r in found] == [("synthetic", "no_timestamps")] * 4 + [
        ("synthetic", "before_2000")
    ]


def test_a_duration_below_zero_is_not_believed(mapped: Mapped) -> None:
    record = conversation(start_time="2026-11-19T08:00:09Z", end_time="2026-11-19T08:00:00Z")
    [root] = roots(mapped(SOURCE, [record]))
    assert (root["clock"], root["duration_ms"]) == ("real", None)


def test_durations_of_many_believable_sessions_are_kept(mapped: Mapped) -> None:
    records = [
        conversation(start_time=f"2026-11-19T08:00:0{n}Z", end_time=f"2026-11-19T08:01:0{2 * n}Z") for n in range(5)
    ]
    durations = [r["duration_ms"] for r in roots(mapped(SOURCE, [records]))]
    assert statistics.median(durations) == 62_000
