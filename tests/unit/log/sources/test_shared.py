"""What every mapping may count on: the shared macros, and the tables that lie beside it as CSV."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ratchet.errors import SourceError
from ratchet.log.sources import MACROS_FILE, load_source

from .conftest import Mapped

SETTINGS = "name: own\ndescription: d\nformat: json\nfiles: '*.json'\n"


def own(folder: Path, table: str) -> str:
    (folder / "source.yaml").write_text(SETTINGS)
    (folder / "error.sql").write_text("select 1")
    (folder / "names.csv").write_text(table)
    return str(folder)


def test_a_csv_beside_a_mapping_is_a_table(tmp_path: Path) -> None:
    source = load_source(own(tmp_path, 'field,value\na,"it\'s, ""so"""\nb,\n'))
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        connection.execute(source.prepare)
        rows = connection.execute("select field, value from names order by field").fetchall()
    assert rows == [("a", 'it\'s, "so"'), ("b", "")]


def test_the_prepared_text_names_no_place_on_this_machine(tmp_path: Path) -> None:
    assert str(tmp_path) not in load_source(own(tmp_path, "a,b\n1,2\n")).prepare


@pytest.mark.parametrize("table", ["", "a,b\n1\n", "a\n"])
def test_a_csv_that_is_no_table_is_refused(tmp_path: Path, table: str) -> None:
    with pytest.raises(SourceError, match=r"names\.csv"):
        load_source(own(tmp_path, table))


def test_the_example_in_the_docs_works(mapped: Mapped, tmp_path: Path) -> None:
    text = (Path(__file__).parents[4] / "docs" / "sources.md").read_text()
    block = text.split("in an order with no ties:")[1].split("The relations `raw`")[0]
    (tmp_path / "source.yaml").write_text("name: own\ndescription: d\nformat: json\nfiles: '*.json'\n")
    (tmp_path / "interaction.sql").write_text(block)
    record = {"at": 1763625600, "question": "Why?", "ok": True}
    [event] = mapped(str(tmp_path), [record])["interaction"]
    assert (event["occurred_at"], event["request_text"], event["success"]) == (
        "2025-11-20T08:00:00.000000Z",
        "Why?",
        True,
    )


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("2026-11-20T08:00:00.123456789Z", "2026-11-20 08:00:00.123456"),
        ("2026-11-20t08:00:00z", "2026-11-20 08:00:00"),
        ("2026-11-20T08:00:00+0530", "2026-11-20 02:30:00"),
        ("2026-11-20", "2026-11-20 00:00:00"),
        ("1.7636256e9", "2025-11-20 08:00:00"),
        ("infinity", None),
        ("epoch", None),
        ("290000-01-01", None),
        ("99999999999999999999999999999999999999999", None),
        ("2026-11-20T25:00:00Z", None),
        ("Thu, 20 Nov 2026 08:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_times_of_any_form_become_utc_or_nothing(text: str | None, seen: str | None) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"set timezone = 'Asia/Tokyo'; {MACROS_FILE.read_text()}")
        [found] = connection.execute("select log_time(cast(? as varchar))", [text]).fetchone()
    assert (found and str(found)) == seen
