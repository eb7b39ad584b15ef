"""A day of the OpenTelemetry Collector's file exporter: rotated, packed, and cut off where it was stopped."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from ratchet.home import Home
from ratchet.log.ingest import IngestOptions, ingest_until
from ratchet.log.report import LoadReport
from ratchet.log.sources import LandedSource

from .otlp import exported, log, logged, span

DAY = date(2025, 11, 20)


def line(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def landed(folder: Path, files: dict[str, bytes]) -> LoadReport:
    zone = folder / "zone" / f"dt={DAY}"
    zone.mkdir(parents=True)
    for name, content in files.items():
        (zone / name).write_bytes(content)
    source = [LandedSource("otlp", folder / "zone")]
    [report] = ingest_until(Home(folder / "home"), source, DAY, IngestOptions(threads=1), date(2025, 11, 22))
    return report


def test_rotated_and_packed_files_of_traces_and_logs_are_one_day(tmp_path):
    report = landed(
        tmp_path,
        {
            "traces-2025-11-20T08-00-00.000.json": line(exported(span(1)), exported(span(2))),
            "traces-2025-11-20T09-00-00.000.json.gz": gzip.compress(line(exported(span(3)), exported(span(2)))),
            "traces.json": line(exported(span(4))),
            "traces.json.1": line(exported(span(5)), exported(span(6))),
            "traces.json-20251120.gz": gzip.compress(line(exported(span(7)))),
            "traces.jsonl.zst": zstd(line(exported(span(8)), exported(span(9)))),
            "logs.json": line(logged(log("it broke")), logged(log("all is well", severity=9))),
        },
    )
    loaded = {row["stream"]: row["loaded"] for row in report.streams}
    assert loaded["interaction"] == 9
    assert loaded["error"] == 1
    assert (report.totals["duplicates"], report.totals["quarantined"]) == (1, 0)
    problems = {file.file.rpartition("/")[2]: file.problem for file in report.files if file.problem}
    assert problems == {"logs.json": "1 of 2 records gave no event"}


@pytest.mark.parametrize("name", ["traces.json", "traces.jsonl.gz", "traces.json.zst"])
def test_a_last_line_that_was_cut_off_is_quarantined_and_the_others_count(tmp_path, name):
    content = line(exported(span(1)), exported(span(2))) + line(exported(span(3)))[:200]
    packed = {"gz": gzip.compress, "st": zstd}.get(name[-2:], bytes)(content)
    report = landed(tmp_path, {name: packed})
    assert (report.totals["loaded"], report.totals["quarantined"]) == (2, 1)
    with duckdb.connect() as connection:
        refused = f"from read_parquet('{tmp_path}/home/quarantine/*.parquet') select source_line, reason"
        assert connection.execute(refused).fetchall() == [(3, "not_json")]


def test_a_gzip_that_was_cut_off_gives_what_can_be_read_and_is_named(tmp_path):
    whole = line(*(exported(span(number)) for number in range(2000)))
    report = landed(tmp_path, {"traces.json.gz": gzip.compress(whole)[:-2000]})
    assert 0 < report.totals["loaded"] < 2000
    [file] = report.files
    assert "read up to byte" in str(file.problem)
