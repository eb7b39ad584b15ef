"""Rows of an application's table land a day once, late ones on the next day, and no error shows a password."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from ratchet import cli
from ratchet.errors import RatchetError, SourceError
from ratchet.log.sources import LandedSource, load_source
from ratchet.log.tables.databases import database_url, shown
from ratchet.log.tables.land import land
from ratchet.log.tables.read import plain

DAY = date(2026, 11, 10)
NEXT = DAY + timedelta(days=1)
TABLE = """
create table requests (
    id integer primary key, created_at timestamp not null, user_id integer, request_text text, success boolean,
    cost_usd numeric(10, 4), "odd ""name; drop" text
)"""

ENCRYPTED = json.dumps({"conn_type": "postgres", "host": "h", "schema": "db", "extra": {"sslmode": "require", "x": 1}})


class App:
    """An application's database and the landing zone of its table."""

    def __init__(self, folder: Path) -> None:
        self.database, self.landing = folder / "app.db", folder / "landing"
        self.execute(TABLE)

    def execute(self, sql: str, *values: object) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(sql, values)

    def add(self, number: int, at: str, text: str = "hello") -> None:
        values = (number, at, number, text, number % 2, 0.25, "x")
        self.execute("insert into requests values (?, ?, ?, ?, ?, ?, ?)", *values)

    def land(self, upto: date = DAY, source: str = "sql_table") -> list[date]:
        return land([LandedSource(source, self.landing)], upto, lambda _: None)

    def ids(self, day: date) -> list[int]:
        return [line["row"]["id"] for line in rows(self.landing / f"dt={day}" / "sql_table.rows.zst")]


def rows(path: Path) -> Iterator[dict[str, object]]:
    with pa.CompressedInputStream(str(path), "zstd") as stream:
        yield from (json.loads(line) for line in stream.read().splitlines())


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    found = App(tmp_path)
    monkeypatch.setenv("RATCHET_TABLE_CONNECTION", f"sqlite:///{found.database}")
    monkeypatch.setenv("RATCHET_TABLE", "requests")
    monkeypatch.setenv("RATCHET_TABLE_WATERMARK", "created_at")
    return found


def test_each_day_has_its_rows_and_is_never_written_again(app):
    app.add(2, "2026-11-10 09:00:00")
    app.add(1, "2026-11-10 08:00:00.5")
    app.add(3, "2026-11-08 23:59:59.999999")
    app.add(4, "2026-11-11 00:00:00")
    assert app.land() == [DAY - timedelta(days=2), DAY]
    assert (app.ids(DAY), app.ids(DAY - timedelta(days=2))) == ([1, 2], [3])
    before = {path: path.read_bytes() for path in app.landing.rglob("*.zst")}
    app.execute("delete from requests where id = 1")
    app.database.rename(app.database.with_suffix(".gone"))
    assert app.land() == []  # no database is asked for a day that landed
    assert {path: path.read_bytes() for path in app.landing.rglob("*") if path.is_file()} == before


def test_a_late_row_lands_on_the_first_day_that_has_no_file_and_only_once(app):
    app.add(1, "2026-11-10 08:00:00")
    app.land()
    app.add(2, "2026-11-10 07:00:00")
    app.add(3, "2026-11-11 08:00:00")
    app.add(4, "2026-11-09 08:00:00")  # later than late_days: a documented limit
    app.execute("update requests set request_text = 'changed' where id = 1")
    assert app.land(NEXT) == [NEXT]
    assert (app.ids(DAY), app.ids(NEXT)) == ([1], [2, 3])
    assert app.land(NEXT + timedelta(days=1)) == [NEXT + timedelta(days=1)]
    assert app.ids(NEXT + timedelta(days=1)) == []


def test_rows_of_one_instant_land_in_one_order_whatever_the_table_says(app, tmp_path):
    contents = []
    for turn, order in enumerate(((1, 2, 3), (3, 1, 2))):
        other = tmp_path / str(turn)
        other.mkdir()
        app.execute("delete from requests")
        for number in order:
            app.add(number, "2026-11-10 08:00:00")
        land([LandedSource("sql_table", other)], DAY, lambda _: None)
        contents.append((other / f"dt={DAY}" / "sql_table.rows.zst").read_bytes())
    assert contents[0] == contents[1]


def test_a_row_whose_columns_are_named_as_the_contract_is_an_event(app, capsys):
    app.add(7, "2026-11-10 08:00:00", "What is 7?")
    assert cli.main(["sources", "check", "sql_table"]) == 0
    said = capsys.readouterr().out
    assert "$.row.request_text" in said
    assert "1 lines in 1 file(s): 1 loaded" in said
    assert "1 interaction events" in said


def test_names_of_tables_and_columns_may_hold_anything(app, tmp_path, monkeypatch):
    hostile = 'we"ird`; drop table requests; --'
    column = "at'; select 1 --"
    quoted, named = hostile.replace('"', '""'), column
    app.execute(f'create table "{quoted}" ("{named}" timestamp, "${{x}}" text)')
    app.execute(f'insert into "{quoted}" values (?, ?)', "2026-11-10 08:00:00", "<script>")
    monkeypatch.setenv("RATCHET_TABLE", hostile)
    monkeypatch.setenv("RATCHET_TABLE_WATERMARK", column)
    app.land()
    assert [line["row"]["${x}"] for line in rows(app.landing / f"dt={DAY}" / "sql_table.rows.zst")] == ["<script>"]
    app.execute("select 1 from requests")


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("RATCHET_TABLE", "request", "there is no table 'request' (source sql_table, sqlite"),
        ("RATCHET_TABLE", "request", "did you mean requests?"),
        ("RATCHET_TABLE_WATERMARK", "created", "the table has no column 'created'"),
        ("RATCHET_TABLE_WATERMARK", "created", "did you mean created_at?"),
        ("RATCHET_TABLE_WATERMARK", "request_text", "of the type TEXT"),
        ("RATCHET_TABLE_CONNECTION", "app_db", "export AIRFLOW_CONN_APP_DB=postgresql://"),
        ("RATCHET_TABLE_CONNECTION", "", "the variable RATCHET_TABLE_CONNECTION is not set"),
        ("RATCHET_TABLE_CONNECTION", "nosuch://host/x", "there is no database of the kind 'nosuch'"),
        ("RATCHET_TABLE_CONNECTION", "postgresql://u:se/cr@et:x@host/db", "cannot be read as a URL"),
        ("RATCHET_TABLE_CONNECTION", "sqlite:////nowhere/at/all.db", "there is no such database file"),
        ("RATCHET_TABLE_CONNECTION", "postgresql://u:p@secret@host/db", "cannot be read as a URL"),
        ("RATCHET_TABLE_CONNECTION", "postgresql://u:p@ss/secret@host/db", "cannot be read as a URL"),
        ("RATCHET_TABLE_CONNECTION", "host=db password=secret", "cannot be read as a URL"),
        ("RATCHET_TABLE_CONNECTION", '{"conn_type": "postgres", "password": "secret"', "cannot be read as a URL"),
        ("RATCHET_TABLE_CONNECTION", "postgresql://u:secret@127.0.0.1:1/db", "the database cannot be reached"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_a_way_out(app, monkeypatch, capsys, setting, value, said):
    monkeypatch.setenv(setting, value)
    assert cli.main(["run", "--source", "sql_table", "--landing", str(app.landing), "--home", str(app.landing)]) > 0
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert said in told
    assert " — " in told
    assert "secret" not in told
    assert "se/cr" not in told


@pytest.mark.parametrize("command", [("sources", "check", "sql_table"), ("run", "--source", "sql_table")], ids=" ".join)
def test_a_database_file_that_is_not_there_is_told_and_not_made(app, tmp_path, monkeypatch, capsys, command):
    missing = tmp_path / "typo.db"
    monkeypatch.setenv("RATCHET_TABLE_CONNECTION", f"sqlite:///{missing}")
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    assert cli.main([*command]) == 2
    assert "there is no such database file" in capsys.readouterr().err
    assert not missing.exists()


def test_a_failure_leaves_no_cause_that_a_log_could_print(app, monkeypatch):
    monkeypatch.setenv("RATCHET_TABLE_CONNECTION", "postgresql://u:secret@127.0.0.1:1/db?sslpassword=hidden")
    with pytest.raises(RatchetError) as caught:
        app.land()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "hidden" not in str(caught.value)


def test_a_value_that_its_column_cannot_hold_is_told(app):
    app.execute("insert into requests (id, created_at) values (1, '2026-11-10 not a time')")
    with pytest.raises(SourceError, match="a row cannot be read"):
        app.land()
    assert not list(app.landing.rglob("*.zst"))
    assert not list(app.landing.rglob("*.tmp"))


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("postgres://u:p%40w@h:5/db", "postgresql+psycopg2://u:p%40w@h:5/db"),
        ("postgres://u:p@h/db?__extra__=%7B%7D&sslmode=require", "postgresql+psycopg2://u:p@h/db?sslmode=require"),
        ('{"conn_type": "postgres", "login": "u", "password": "p@w", "host": "h", "port": 5, "schema": "db"}',
         "postgresql+psycopg2://u:p%40w@h:5/db"),
        (ENCRYPTED, "postgresql+psycopg2://h/db?sslmode=require"),
        ('{"conn_type": "sqlite", "host": "/tmp/a.db"}', "sqlite:////tmp/a.db"),
    ],
)  # fmt: skip
def test_an_airflow_connection_is_read_as_airflow_writes_it(given, url):
    found = database_url("app", {"app": given}.get, "here")
    assert found.render_as_string(hide_password=False) == url
    assert "p@w" not in shown(found)


def test_a_password_in_the_settings_is_refused_and_a_variable_is_not(monkeypatch):
    with pytest.raises(SourceError, match="a password stands in the settings"):
        database_url("postgresql://u:secret@h/db", lambda _: None, "here")
    monkeypatch.setenv("PW", "s3")
    assert database_url("postgresql://u:${PW}@h/db", lambda _: None, "here").password == "s3"


def test_values_have_a_form_in_json():
    found = [plain(v) for v in (Decimal("1.50"), Decimal(12345678901234567890), float("nan"), b"\x00", {"a": (1,)})]
    assert found == [1.5, 12345678901234567890, "nan", "AA==", {"a": [1]}]
    assert [plain(date(2026, 1, 2)), plain(timedelta(minutes=1)), plain(None)] == ["2026-01-02", 60.0, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("table: {connection: c, name: t, watermark: w, watermak: x}", "watermak"),
        ("table: {connection: c, name: t}", "table.watermark: field required"),
        ("table: {connection: c, name: t, watermark: w, late_days: 99}", "late_days"),
        ("", "format table comes with the key table"),
    ],
)
def test_settings_that_cannot_be_used_are_told(tmp_path, text, said):
    (tmp_path / "source.yaml").write_text(f"name: mine\ndescription: d\nformat: table\n{text}\n")
    (tmp_path / "interaction.sql").write_text("select 1")
    with pytest.raises(RatchetError, match=said):
        load_source(str(tmp_path))


def test_times_that_do_not_sort_as_texts_are_refused_and_no_day_is_written_twice(app):
    app.add(1, "2026-11-09 23:00:00-05:00")
    app.add(2, "2026-11-09 23:30:00")
    with pytest.raises(SourceError, match="does not sort by time"):
        app.land()
