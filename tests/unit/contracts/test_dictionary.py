from __future__ import annotations

from pathlib import Path

import pytest

from ratchet.contracts.dictionary import data_dictionary
from ratchet.contracts.streams import STREAMS, field_specs
from ratchet.errors import RatchetError

PAGE = Path(__file__).resolve().parents[3] / "docs" / "data_dictionary.md"

MART = """
version: 2
models:
  - name: mart_b
    description: >
      Gaps | by intent.
      One row per intent.
    columns:
      - name: as_of
        data_type: date
        description: day of the run
      - name: undocumented
  - name: mart_a
    description: First. One row per day.
"""


def test_the_page_in_docs_is_the_one_that_is_generated() -> None:
    assert PAGE.read_text("utf-8") == data_dictionary(), "stale: run make docs"


def test_every_stream_and_field_is_on_the_page(tmp_path: Path) -> None:
    page = data_dictionary(tmp_path)
    for stream in STREAMS:
        assert f"### `{stream}`" in page
        assert all(f"| `{spec.name}` |" in page for spec in field_specs(stream))


def test_a_field_that_a_stream_requires_although_the_common_one_is_optional_is_listed_again(tmp_path: Path) -> None:
    section = data_dictionary(tmp_path).split("### `heartbeat`")[1].split("###")[0]
    assert "| `service` | string | yes |" in section
    assert "| `event_id` |" not in section


def test_marts_come_from_the_yml_files_sorted_by_name_with_cells_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "marts"
    folder.mkdir(parents=True)
    (folder / "mart_x.yml").write_text(MART)
    (folder / "empty.yml").write_text("")
    page = data_dictionary(tmp_path)
    assert page.index("### `mart_a`") < page.index("### `mart_b`")
    assert "Gaps | by intent. One row per intent." in page
    assert "| `as_of` | date | day of the run |" in page
    assert "| `undocumented` |  |  |" in page


def test_a_yml_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "marts"
    folder.mkdir(parents=True)
    (folder / "mart_x.yml").write_text("description: a: b")
    with pytest.raises(RatchetError, match=r"mart_x\.yml"):
        data_dictionary(tmp_path)
