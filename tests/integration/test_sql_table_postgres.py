"""A table of a real PostgreSQL: its types, its rights, its silence; what landed gives the same bytes without it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pytest

from ratchet import cli
from ratchet.home import Home
from ratchet.log.ingest import IngestOptions, ingest_until
from ratchet.log.sources import LandedSource

from .postgres import PASSWORD, Server, running

DAY = date(2026, 11, 10)
SOURCE = """
name: questions
description: questions of a made-up shop
format: table
table:
  connection: shop_db
  schema: shop
  name: Asked Questions
  watermark: written_at
  key: [id]
"""
MAPPING = """
select source_file, source_line, cast(json_object(
    'event_id', 'shop:' || (record ->> '$.row.id'),
    'event_type', 'interaction',
    'occurred_at', strftime(log_time(record ->> '$.at'), '%Y-%m-%dT%H:%M:%S.%fZ'),
    'request_text', record ->> '$.row.question',
    'params', record -> '$.row.options',
    'cost_usd', try_cast(record ->> '$.row.cost' as double),
    'success', try_cast(record ->> '$.row.answered' as boolean)
) as varchar) as event
from raw order by source_file, source_line"""
TABLE = """
create schema shop;
create table shop."Asked Questions" (
    id uuid primary key, written_at timestamptz not null, question text, options jsonb, tags text[],
    cost numeric(12, 6), answered boolean, took interval, raw bytea);
create role reader login password %s;
create role stranger login password %s;
grant usage on schema shop to reader, stranger;
grant select on all tables in schema shop to reader;
insert into shop."Asked Questions"
select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid,
    timestamptz '2026-11-09 22:00:00+00' + n * interval '1 hour',
    'What is ' || n || '? ☕',
    jsonb_build_object('n', n), array['a', 'b'], n / 7.0, mod(n, 2) = 0, interval '90 seconds',
    '\\x00ff'::bytea
from generate_series(1, 12) as n"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as found:
        found.execute(TABLE, PASSWORD, PASSWORD)
        yield found


@pytest.fixture
def source(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "questions"
    folder.mkdir()
    (folder / "source.yaml").write_text(SOURCE)
    (folder / "interaction.sql").write_text(MAPPING)
    connect(server, monkeypatch)
    return str(folder)


def connect(server: Server, monkeypatch: pytest.MonkeyPatch, user: str = "reader", password: str = PASSWORD) -> None:
    fields = {"conn_type": "postgres", "login": user, "password": password, "host": "127.0.0.1", "port": server.port}
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", json.dumps({**fields, "schema": "app"}))


def landed(folder: Path, source: str) -> dict[str, bytes]:
    from ratchet.log.tables.land import land
    from ratchet.log.tables.settings import from_environment

    land([LandedSource(source, folder)], DAY, from_environment)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.zst"))}


def brought_in(home: Path, zone: Path, source: str) -> dict[str, bytes]:
    reports = ingest_until(Home(home), [LandedSource(source, zone)], DAY, IngestOptions(threads=1), DAY + timedelta(2))
    assert sum(report.totals["loaded"] for report in reports) == 12
    found = (path for path in home.rglob("*") if path.is_file() and path.name != ".fingerprints.json")
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in sorted(found)}


def test_rows_land_by_day_and_two_homes_hold_the_same_bytes(source, tmp_path):
    one, two = landed(tmp_path / "one", source), landed(tmp_path / "two", source)
    assert list(one) == ["dt=2026-11-09/questions.rows.zst", "dt=2026-11-10/questions.rows.zst"]
    assert one == two
    stream = pa.CompressedInputStream(str(tmp_path / "one" / "dt=2026-11-09" / "questions.rows.zst"), "zstd")
    [line] = [json.loads(line) for line in stream.read().splitlines()]
    assert line["at"] == "2026-11-09T23:00:00Z"
    assert line["row"] == {
        "id": "00000000-0000-0000-0000-000000000001",
        "written_at": "2026-11-09T23:00:00+00:00",
        "question": "What is 1? ☕",
        "options": {"n": 1},
        "tags": ["a", "b"],
        "cost": 0.142857,
        "answered": False,
        "took": 90.0,
        "raw": "AP8=",
    }
    assert brought_in(tmp_path / "h1", tmp_path / "one", source) == brought_in(
        tmp_path / "h2", tmp_path / "two", source
    )


def test_the_newest_rows_can_be_looked_at_before_anything_lands(source, capsys):
    assert cli.main(["sources", "check", source]) == 0
    said = capsys.readouterr().out
    assert "$.row.question" in said
    assert "$.row.tags[]" in said.split("in no event, field by field")[1]


@pytest.mark.parametrize(
    ("user", "password", "said", "way_out"),
    [
        ("reader", "wrong " + PASSWORD, "the database refuses the login", "check user and password"),
        ("stranger", PASSWORD, "permission denied for table", "grant select on the table"),
    ],
)
def test_what_the_server_refuses_is_one_line(server, source, monkeypatch, capsys, user, password, said, way_out):
    connect(server, monkeypatch, user, password)
    assert cli.main(["sources", "check", source]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert said in told
    assert way_out in told
    assert PASSWORD not in told
    assert quote(PASSWORD) not in told


def test_a_schema_or_table_that_is_not_there_is_named(source, capsys):
    settings = Path(source) / "source.yaml"
    settings.write_text(SOURCE.replace("Asked Questions", "asked questions"))
    assert cli.main(["sources", "check", source]) == 2
    assert "did you mean Asked Questions?" in capsys.readouterr().err
    settings.write_text(SOURCE.replace("schema: shop", "schema: shoop"))
    assert cli.main(["sources", "check", source]) == 2
    assert "there is no table 'Asked Questions'" in capsys.readouterr().err


def test_a_server_that_is_down_is_told_and_what_landed_needs_it_no_more(server, source, tmp_path, capsys):
    before = landed(tmp_path / "zone", source)
    server.stop()
    assert landed(tmp_path / "zone", source) == before
    assert cli.main(["sources", "check", source]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "the database cannot be reached" in told
    assert PASSWORD not in told
