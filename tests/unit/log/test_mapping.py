"""A source's mappings run on what really lies in files: records, broken documents, ids that stay."""

from __future__ import annotations

import gzip
import json

import pytest

from ratchet.errors import SourceError
from ratchet.log.ingest import ingest_until
from ratchet.log.sources import LandedSource

from .conftest import LATER

SETTINGS = "name: runs\ndescription: d\nformat: json\nrecords: [$.runs, $]\nfiles: ['*.json', '*.jsonl', '*.json.gz']\n"
PREPARE = "create or replace temp view steps as select *, record ->> '$.who' as who from raw;"
INTERACTION = """
    select source_file, source_line, to_json({
        'event_id': md5(steps.file_key || source_line), 'event_type': 'interaction', 'clock': 'synthetic',
        'occurred_at': steps.landed_date::varchar || 'T00:00:00Z', 'user_id': who, 'intent': record ->> '$.intent',
        'version': documents.document ->> '$.version'
    }) as event
    from steps join documents using (source_file, document_line)
    where who is not null;
"""
OUTCOME = """
    select source_file, source_line, to_json({
        'event_id': 'o' || md5(file_key || source_line), 'event_type': 'outcome', 'metric': 'reward', 'unit_id': who,
        'value': (record -> '$.reward'), 'occurred_at': landed_date::varchar || 'T00:00:00Z'
    }) as event
    from steps where record ->> '$.reward' is not null
"""


@pytest.fixture
def runs(zone, tmp_path):
    """Return the zone and a function that brings it in through a source of the test's own."""
    own = tmp_path / "runs"
    own.mkdir()
    files = {"source.yaml": SETTINGS, "prepare.sql": PREPARE, "interaction.sql": INTERACTION, "outcome.sql": OUTCOME}
    for name, text in files.items():
        (own / name).write_text(text)

    def load(*also: LandedSource):
        sources = [LandedSource(str(own), zone.root), *also]
        return [r.as_record() for r in ingest_until(zone.home, sources, LATER, zone.options, LATER)]

    return zone, own, load


def run(who, intent="ask", **more):
    return {"who": who, "intent": intent, **more}


def test_records_of_documents_and_of_lines_become_events(runs):
    zone, _, load = runs
    zone.put(
        "a.json", json.dumps({"version": 7, "runs": [run("u1", reward=1), run("joe@x.com", reward="high")]}).encode()
    )
    zone.put("b.json", json.dumps([run("u3"), run(None), {"other": 1}]).encode())
    zone.put(
        "c.jsonl",
        json.dumps(run("u4")).encode() + b"\n\nbroken joe@x.com\n" + json.dumps({"runs": [run("u5")] * 2}).encode(),
    )
    zone.put("d.json", b'{"runs": [')
    zone.put("e.json", b"")
    zone.put("f.json", b"\xff\xfe{}")
    zone.put("g.json.gz", gzip.compress(json.dumps(run("u6")).encode()))
    [report] = load()
    found = {
        f["file"].split("/")[1][0]: (f["lines"], f["loaded"], f["quarantined"], f["blank"], f["problem"])
        for f in report["files"]
    }
    assert found == {
        "a": (4, 3, 1, 0, None),
        "b": (1, 1, 0, 0, "2 of 3 records gave no event"),
        "c": (5, 3, 1, 1, None),
        "d": (1, 0, 1, 0, None),
        "e": (0, 0, 0, 0, None),
        "f": (1, 0, 1, 0, None),
        "g": (1, 1, 0, 0, None),
    }
    rows = zone.rows(
        "select source_line, user_id, attributes from {bronze} where metric is null order by source_file, 1"
    )
    assert [row[:2] for row in rows] == [
        *((1, "u1"), (2, "[EMAIL:615b2a483e02]"), (1, "u3"), (1, "u4"), (2, "u5"), (3, "u5"), (1, "u6")),
    ]
    assert rows[0][2] == '{"version":"7"}'
    assert zone.rows("select value, unit_id from {bronze} where metric = 'reward'") == [(1.0, "u1")]
    assert zone.rows("select source_line, reason, raw from {quarantine} where source_file like '%c.jsonl'") == [
        (3, "not_json", "broken [EMAIL]")
    ]


def test_ids_stay_wherever_and_whenever_a_file_lands(runs):
    zone, _, load = runs
    content = json.dumps([run("u1"), run("u2")]).encode()
    zone.put("a.json", content)
    zone.put("renamed.json.gz", gzip.compress(content))
    [report] = load()
    assert report["totals"] == {"lines": 4, "loaded": 2, "duplicates": 2, "quarantined": 0, "blank": 0}


def test_native_lines_beside_a_mapped_source(runs):
    zone, _, load = runs
    native = {"event_id": "n", "event_type": "interaction", "occurred_at": "2026-11-10T00:00:00Z"}
    zone.put("a.jsonl", json.dumps(native).encode() + b"\n")
    zone.put("b.json", json.dumps(run("u1")).encode())
    [report] = load(LandedSource("native", zone.root))
    assert [(f["source"], f["file"][-7:], f["loaded"]) for f in report["files"]] == [
        ("native", "a.jsonl", 1),
        ("runs", "a.jsonl", 0),
        ("runs", "/b.json", 1),
    ]


def test_a_changed_mapping_brings_its_days_in_again(runs):
    zone, own, load = runs
    zone.put("a.json", json.dumps([run("u1")]).encode())
    assert len(load()) == 1
    assert load() == []
    (own / "interaction.sql").write_text(INTERACTION.replace("where", "where 1 = 1 and"))
    assert len(load()) == 1


@pytest.mark.parametrize("broken", ["select nonsense from raw", "select 1 as source_line", "selec"])
def test_a_mapping_that_fails_is_named_in_one_line(runs, broken):
    zone, own, load = runs
    zone.put("a.json", json.dumps([run("u1")]).encode())
    (own / "interaction.sql").write_text(broken)
    with pytest.raises(SourceError, match=r"runs/interaction\.sql") as caught:
        load()
    assert "\n" not in str(caught.value)
