"""A sample of a source's mapping names where each value came from, and what came nowhere."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from ratchet import cli
from ratchet.log.landing import LandedFile
from ratchet.log.sampling import RECORDS, Sample, leaves, sample
from ratchet.log.sources import load_source

from .conftest import DAY, event, lines

MAPPING = """
select source_file, source_line, cast(json_object(
    'event_id', 'own:' || md5(cast(record as varchar)),
    'event_type', 'interaction',
    'occurred_at', strftime(log_time(record ->> '$.at'), '%Y-%m-%dT%H:%M:%S.%fZ'),
    'request_text', record ->> '$.question',
    'user_id', record ->> '$.who.id',
    'duration_ms', try_cast(record ->> '$.seconds' as double) * 1000,
    'success', try_cast(record ->> '$.ok' as boolean)
) as varchar) as event
from raw order by source_file, source_line"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "source.yaml").write_text("name: own\ndescription: d\nformat: jsonl\nfiles: '*.jsonl'\n")
    (folder / "interaction.sql").write_text(MAPPING)
    return folder


def record(number: int, **fields: object) -> dict[str, object]:
    asked = {
        "at": 1763625600 + number,
        "question": f"What is {number}?",
        "who": {"id": f"u{number}", "age": 30 + number},
    }
    return {**asked, "seconds": 1.5 + number, "ok": number % 2 == 0, **fields}


def sampled(folder: Path, records: list[dict[str, object]], day: date = DAY) -> Sample:
    path = folder.parent / "a.jsonl"
    path.write_bytes(lines(*records))
    source = load_source(str(folder))
    return sample(LandedFile(source.name, path.name, path.stat().st_size, "", str(path)), source, day)


def test_each_field_has_the_path_of_its_value(own):
    found = sampled(own, [record(n) for n in range(12)])
    assert found.records == RECORDS
    paths = {row.field: (row.records, row.path) for row in found.placed}
    assert paths == {
        "event_id": (10, ""),
        "occurred_at": (10, "$.at"),
        "request_text": (10, "$.question"),
        "user_id": (10, "$.who.id"),
        "duration_ms": (10, ""),
        "success": (10, "$.ok"),
    }


def test_a_path_that_holds_the_value_by_chance_in_one_record_is_not_told(own):
    found = sampled(own, [record(0, twin="u0"), record(1, twin="u0")])
    assert next(row.path for row in found.placed if row.field == "user_id") == "$.who.id"


def test_fields_that_are_in_no_event_are_named_with_an_example(own):
    found = sampled(own, [record(n, tags=["x", {"deep": f"value {n}"}]) for n in range(3)])
    assert [(row.path, row.values, row.example) for row in found.unplaced] == [
        ("$.seconds", 3, "1.5"),
        ("$.tags[]", 3, "x"),
        ("$.tags[].deep", 3, "value 0"),
        ("$.who.age", 3, "30"),
    ]


def test_json_within_a_text_is_looked_into_and_broken_json_is_a_text():
    assert list(leaves({"a": '{"b": [1, null, ""]}', "c": "[oops", "d": {}})) == [("$.a.b[]", 1), ("$.c", "[oops")]


def test_the_command_shows_the_mapping_and_what_would_be_loaded(own, tmp_path, capsys):
    (tmp_path / "a.jsonl").write_bytes(lines(*[record(n, note="\x1b[31mred") for n in range(2)]))
    assert cli.main(["sources", "check", str(own), str(tmp_path / "a.jsonl")]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert re.search(r"request_text +2 +\$\.question +What is 0\?", said)
    assert re.search(r"\$\.note +2 +\\x1b\[31mred", said)
    assert "2 lines in 1 file(s): 2 loaded" in said


def test_native_lines_are_held_against_the_contract_as_they_are(tmp_path, capsys):
    (tmp_path / "a.jsonl").write_bytes(lines(event(1, color=1), "no json"))
    assert cli.main(["sources", "check", "native", str(tmp_path / "a.jsonl")]) == 1
    said = capsys.readouterr().out
    assert "1 with color, unknown, kept" in said
    assert "1 refused as not_json" in said


@pytest.mark.parametrize(
    ("name", "way_out"), [("chat_transcript", "did you mean chat_transcripts?"), ("otlp", "match")]
)
def test_a_wrong_name_or_place_is_one_line(tmp_path, capsys, name, way_out):
    assert cli.main(["sources", "check", name, str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert way_out in said


def test_every_source_is_listed(capsys):
    assert cli.main(["sources"]) == 0
    said = capsys.readouterr().out
    for name in ("native", "chat_transcripts", "otlp", "sentry"):
        assert f"{name}\n  " in said


def test_a_file_that_is_no_json_has_no_record(own, tmp_path):
    (tmp_path / "a.jsonl").write_text("no json\n")
    source = load_source(str(own))
    found = sample(LandedFile("own", "a.jsonl", 8, "", str(tmp_path / "a.jsonl")), source, DAY)
    assert (found.records, found.placed, found.unplaced) == (0, (), ())
    assert json.dumps(found.in_words()) == '"No record was found in a.jsonl."'
