"""Days come in once, in order, whole; duplicates, late events, changed files, killed runs and full disks."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from ratchet import files
from ratchet.contracts.streams import STREAMS, field_specs
from ratchet.errors import LandingError, SourceError, StorageError
from ratchet.home import Home
from ratchet.log import commit, ingest
from ratchet.log.ingest import IngestOptions, ingest_until, load_reports
from ratchet.log.landing import Landing, landed_days
from ratchet.log.sources import LandedSource

from .conftest import DAY, LATER, event, lines

MINIMAL = {
    "interaction": {},
    "error": {"error_type": "E"},
    "feedback": {"interaction_id": "i", "kind": "rating", "rating": 3},
    "flag_evaluation": {"flag_key": "f", "variant": "v", "unit_id": "u"},
    "outcome": {"metric": "m", "value": 1, "unit_id": "u"},
    "api_call": {"api": "a", "method": "GET", "path": "/"},
    "validation": {"interaction_id": "i"},
    "resource": {"host": "h"},
    "heartbeat": {},
    "support_ticket": {"ticket_id": "t", "status": "opened"},
    "change": {"kind": "release", "target": "x", "ended_at": "2026-11-10T09:00:00+01:00"},
}


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def test_every_stream_has_the_columns_of_the_contract_in_order(zone):
    zone.put("a.jsonl", lines(*(event(s, s, **own) for s, own in MINIMAL.items())))
    zone.load()
    for stream in STREAMS:
        path = zone.home.bronze / stream / "event_date=2026-11-10" / "landed=2026-11-10.parquet"
        described = duckdb.sql(f"describe from read_parquet('{path}', hive_partitioning = false)").fetchall()
        own = [(spec.name, spec.sql_type) for spec in field_specs(stream)]
        added = [("source", "VARCHAR"), ("source_file", "VARCHAR"), ("source_line", "BIGINT"), ("landed_date", "DATE")]
        assert [row[:2] for row in described] == own + added
    assert zone.rows("select clock, unit_type from {bronze} where event_id = 'eoutcome'") == [("real", "user")]
    assert zone.rows("select ended_at::varchar, landed_date from {bronze} where event_id = 'echange'") == [
        ("2026-11-10 08:00:00", DAY)
    ]


def test_duplicates_in_a_file_across_files_and_across_days(zone):
    zone.put("b.jsonl", lines(event(1), event(2), event(1)))
    zone.put("a.jsonl", lines(event(2, user_id="first"), event(3)))
    zone.put("c.jsonl", lines(event(3), event(4)), day(3))
    zone.put("a.jsonl", lines(event(3, "interaction"), event(4)), day(7))
    zone.put("a.jsonl", lines(event(1), event(3), event(5)), day(8))
    reports = zone.load()
    assert [(r[0], r[1], r[2]) for r in zone.kept() if r[3] == DAY] == [
        ("e1", "dt=2026-11-10/b.jsonl", 1),
        ("e2", "dt=2026-11-10/a.jsonl", 1),
        ("e3", "dt=2026-11-10/a.jsonl", 2),
    ]
    assert [(r[0], r[3]) for r in zone.kept() if r[3] > DAY] == [("e1", day(8)), ("e4", day(3)), ("e5", day(8))]
    assert zone.rows("""select event_id, source_file, source_line, first_file, first_line, first_landed, landed_date
        from {duplicates} order by all""") == [
        ("e1", "dt=2026-11-10/b.jsonl", 3, "dt=2026-11-10/b.jsonl", 1, DAY, DAY),
        ("e2", "dt=2026-11-10/b.jsonl", 2, "dt=2026-11-10/a.jsonl", 1, DAY, DAY),
        ("e3", f"dt={day(3)}/c.jsonl", 1, None, None, DAY, day(3)),
        ("e3", f"dt={day(7)}/a.jsonl", 1, None, None, DAY, day(7)),
        ("e3", f"dt={day(8)}/a.jsonl", 2, None, None, day(3), day(8)),  # seen then, though not kept
        ("e4", f"dt={day(7)}/a.jsonl", 2, None, None, day(3), day(7)),
    ]
    assert [r["totals"]["duplicates"] for r in reports] == [2, 1, 2, 1]


def test_a_refused_line_does_not_make_a_later_good_one_a_duplicate(zone):
    zone.put("a.jsonl", lines(event(1, up="no"), event(1), event(1, up=None)))
    zone.load()
    assert [(row[0], row[2]) for row in zone.kept()] == [("e1", 2)]


def test_the_window_of_duplicates_is_an_option(zone):
    zone.options = replace(zone.options, dedup_days=2)
    for number in (0, 2, 5):
        zone.put("a.jsonl", lines(event(1)), day(number))
    zone.load()
    assert [row[3] for row in zone.kept()] == [DAY, day(5)]


def test_late_and_early_events_lie_under_the_day_they_happened(zone):
    moments = ("2026-11-10T00:00:00Z", "2026-11-09T23:59:59Z", "2026-08-01T00:00:00+02:00", "2026-11-12T23:00:00Z")
    zone.put("a.jsonl", lines(*(event(i, occurred_at=m, clock="synthetic") for i, m in enumerate(moments))))
    [report] = zone.load()
    found = zone.rows("select event_id, event_date::varchar from {bronze} order by all")
    assert found == [("e0", "2026-11-10"), ("e1", "2026-11-09"), ("e2", "2026-07-31"), ("e3", "2026-11-12")]
    assert report["streams"] == [
        {
            "stream": "heartbeat",
            "loaded": 4,
            "late": 2,
            "earliest": "2026-07-31T22:00:00.000000Z",
            "latest": "2026-11-12T23:00:00.000000Z",
            "synthetic": 4,
        }
    ]


def test_nothing_is_done_twice_and_a_changed_file_replaces_its_whole_day(zone):
    path = zone.put("a.jsonl", lines(event(1), event(2, occurred_at="2026-11-08T08:00:00Z"), "bad", event(1)))
    zone.put("a.jsonl", lines(event(1)), day(1))
    assert len(zone.load()) == 2
    assert zone.load() == []
    path.write_bytes(lines(event(3)))
    changed = zone.load()
    assert [r["landed_date"] for r in changed] == [
        "2026-11-10",
        "2026-11-11",
    ]  # the next day looked for duplicates in it
    assert [(row[0], row[3]) for row in zone.kept()] == [("e1", day(1)), ("e3", DAY)]
    assert not list(zone.home.quarantine.rglob("*.parquet"))
    assert not (zone.home.bronze / "heartbeat" / "event_date=2026-11-08").exists()


def test_touching_a_file_changes_nothing(zone):
    path = zone.put("a.jsonl", lines(event(1)))
    zone.load()
    os.utime(path, ns=(1, 1))
    assert zone.load() == []


def test_days_brought_in_in_any_order_give_the_same_bytes(zone, tmp_path):
    for number in range(4):
        zone.put("a.jsonl", lines(*(event(i, color=i) for i in range(number, number + 3)), "bad"), day(number))
    for upto in (0, 2, 1, 3):
        zone.load(upto=day(upto))
    at_once = replace(zone, home=Home(tmp_path / "other"))
    at_once.load()
    assert zone.content() == at_once.content()
    for report in load_reports(zone.home, day(1)):
        assert report["landed_date"] <= "2026-11-11"


def test_a_day_that_lands_late_corrects_the_days_after_it(zone):
    zone.put("a.jsonl", lines(event(1)), day(2))
    zone.load()
    zone.put("a.jsonl", lines(event(1)))
    assert [r["landed_date"] for r in zone.load()] == ["2026-11-10", "2026-11-12"]
    assert [row[3] for row in zone.kept()] == [DAY]


def test_a_landing_zone_that_is_cleared_up_changes_nothing_that_came_in(zone):
    old = zone.put("a.jsonl", lines(event(1)))
    zone.put("a.jsonl", lines(event(1), event(2)), day(1))
    zone.load()
    old.unlink()
    old.parent.rmdir()
    assert zone.load() == []


def test_days_before_the_history_or_after_the_wanted_one_are_left_alone(zone):
    for number in range(4):
        zone.put("a.jsonl", lines(event(number)), day(number))
    zone.options = replace(zone.options, history_start=day(1))
    assert [r["landed_date"] for r in zone.load(upto=day(2))] == ["2026-11-11", "2026-11-12"]


def test_many_files_many_threads_the_same_bytes(zone, tmp_path):
    filler = "x" * 300
    for name in ("a", "b", "c"):
        many = (event(f"{name}{i}", "interaction", request_text=f"{filler}{i}", color=i % 3) for i in range(9000))
        zone.put(f"{name}.jsonl", lines(*many, "bad", event("a1")))
    zone.load()
    several = replace(zone, home=Home(tmp_path / "several"), options=IngestOptions(threads=4))
    several.load()
    assert zone.content() == several.content()
    ordered = zone.rows(
        """select bool_and(ok) from (select (source_file, source_line)
        > lag((source_file, source_line)) over (order by file_row_number) as ok
        from read_parquet('"""
        + str(zone.home.bronze)
        + """/interaction/*/*.parquet', file_row_number = true))"""
    )
    assert ordered == [(True,)]


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


@pytest.mark.parametrize("moves", [0, 1, 2, 3, 5, 8])
def test_a_killed_run_leaves_the_old_day_or_the_new_and_the_next_heals_it(zone, tmp_path, monkeypatch, moves):
    path = zone.put("a.jsonl", lines(event(1), event(2, occurred_at="2026-11-01T00:00:00Z"), "bad", event(1)))
    zone.load()
    old = zone.content()
    path.write_bytes(lines(event(5), event(6, occurred_at="2026-11-02T00:00:00Z"), event(7, "interaction"), "worse"))
    fresh = replace(zone, home=Home(tmp_path / "fresh"))
    fresh.load()
    left = [moves]

    def kill_after(function):
        def run(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return function(*args, **kwargs)

        return run

    with monkeypatch.context() as patched:
        patched.setattr(commit, "_move", kill_after(commit._move))
        patched.setattr(commit, "_remove", kill_after(commit._remove))
        patched.setattr(files, "write_json", kill_after(files.write_json))
        try:
            zone.load()
        except Killed:
            if not list(zone.home.loads.glob(".pending-*")):
                kept = {name: content for name, content in zone.content().items() if not name.startswith("work/")}
                assert kept in (old, fresh.content())
    commit.recover(zone.home)
    assert zone.content() in (old, fresh.content())
    zone.load()
    assert zone.content() == fresh.content()


def test_a_full_disk_is_one_line_and_leaves_the_old_day(zone, monkeypatch):
    path = zone.put("a.jsonl", lines(event(1)))
    zone.load()
    old = zone.content()
    path.write_bytes(lines(event(2)))

    def full(*_args):
        raise duckdb.IOException("IO Error: Could not write file: No space left on device\nmore")

    monkeypatch.setattr(ingest, "write_bronze", full)
    with pytest.raises(StorageError) as caught:
        zone.load()
    assert "No space left on device" in str(caught.value)
    assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert zone.content() == old
    zone.load()
    assert [row[0] for row in zone.kept()] == ["e2"]


def test_a_home_that_cannot_be_written_is_one_line(zone):
    zone.put("a.jsonl", lines(event(1)))
    zone.home.root.write_text("a file, no folder")
    with pytest.raises(StorageError, match="cannot write"):
        zone.load()


def test_a_day_short_of_memory_is_done_again_on_one_thread(zone, monkeypatch):
    zone.put("a.jsonl", lines(event(1)))
    asked = []
    write = ingest.write_bronze

    def short_at_first(connection, *args):
        asked.append(connection.execute("select current_setting('threads')").fetchone()[0])
        if len(asked) == 1:
            raise duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate")
        return write(connection, *args)

    monkeypatch.setattr(ingest, "write_bronze", short_at_first)
    zone.options = replace(zone.options, threads=3)
    assert len(zone.load()) == 1
    assert asked == [3, 1]


def test_nothing_private_is_written_anywhere(zone, monkeypatch):
    seen = []
    judge = ingest.judge

    def look(connection, stage, landed):
        seen.append(stage.read_bytes())
        return judge(connection, stage, landed)

    monkeypatch.setattr(ingest, "judge", look)
    secret = "joe.secret@example.com"
    bad = event(2, user_id=secret, up="no"), '{"m": "' + secret, json.dumps(event(3, n=secret)).encode()[:-1] + b"\xff}"
    zone.put("a.jsonl", lines(event(1, user_id=secret, note=[{secret: secret}]), *bad))
    zone.options = replace(zone.options, max_line_bytes=1000)
    zone.put("b.jsonl", lines(event(4, note=f"{secret} " * 100)))
    zone.load()
    everything = [*zone.content().values(), *seen]
    assert not any(secret.encode() in content for content in everything)
    texts = str(zone.rows("select * from {bronze}") + zone.rows("select * from {quarantine}"))
    assert secret not in texts
    assert texts.count("[EMAIL") > 4


def test_a_flat_zone_lands_each_file_on_its_day_of_change(tmp_path):
    root = tmp_path / "flat"
    (root / "sub").mkdir(parents=True)
    for number, name in enumerate(("a.jsonl", "sub/b.jsonl")):
        (root / name).write_bytes(lines(event(number)))
        moment = 1_762_732_800 + number * 86_400
        os.utime(root / name, (moment, moment))
    (root / "LICENSE").write_text("x")
    sources = [LandedSource("native", root)]
    assert landed_days(sources) == [date(2025, 11, 10), date(2025, 11, 11)]
    assert [file.name for file in Landing(sources).files(date(2025, 11, 11))] == ["sub/b.jsonl"]
    assert landed_days([LandedSource("native", root / "a.jsonl")]) == [date(2025, 11, 10)]


def test_a_zone_behind_a_url_is_read_like_a_local_one(zone, tmp_path):
    import fsspec

    memory = fsspec.filesystem("memory")
    content = lines(event(1), "bad")
    memory.pipe("/zone/dt=2026-11-10/a.jsonl", content)
    memory.pipe("/zone/dt=2026-11-10/skip.txt", b"x")
    zone.put("a.jsonl", content)
    zone.put("skip.txt", b"x")
    zone.load()
    home = Home(tmp_path / "remote")
    ingest_until(home, [LandedSource("native", "memory://zone")], LATER, zone.options, LATER)
    assert replace(zone, home=home).content() == zone.content()
    memory.rm("/zone", recursive=True)


def test_empty_missing_and_strange_zones(zone, tmp_path):
    assert zone.load() == []
    assert landed_days([LandedSource("native", zone.root)]) == []
    (zone.root / "dt=2026-13-01").mkdir()
    zone.put("a.jsonl", lines(event(1)))
    assert len(zone.load()) == 1
    with pytest.raises(LandingError, match="does not exist"):
        landed_days([LandedSource("native", tmp_path / "nowhere")])
    with pytest.raises(SourceError, match="no source"):
        landed_days([LandedSource("natives!", zone.root)])


def test_a_file_that_cannot_be_read_is_named(zone, monkeypatch):
    zone.put("a.jsonl", lines(event(1)))
    zone.put("b.jsonl", lines(event(2)))
    usual = Path.open

    def refuse(self, *args, **kwargs):
        if self.name == "a.jsonl":
            raise PermissionError(13, "Permission denied")
        return usual(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    [report] = zone.load()
    assert [(f["loaded"], f["problem"]) for f in report["files"]] == [
        (0, "read up to byte 0: Permission denied"),
        (1, None),
    ]
    monkeypatch.undo()
    assert len(zone.load()) == 1


def test_progress_is_told_day_by_day(zone):
    told = []
    for number in range(2):
        zone.put("a.jsonl", lines(event(number)), day(number))
    sources = [LandedSource("native", zone.root)]
    ingest_until(zone.home, sources, LATER, zone.options, LATER, lambda *args: told.append(args))
    assert told == [(1, 2, DAY), (2, 2, day(1))]
