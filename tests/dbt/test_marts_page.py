"""dbt draws its site as one page on the shelf, and says who reads the marts."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from ratchet import marts, shelf
from ratchet.errors import StepFailedError
from ratchet.shelf import served

from .conftest import FIRST, Lake

EXPOSURES = yaml.safe_load((marts.PROJECT / "models" / "marts" / "_exposures.yml").read_text("utf-8"))["exposures"]


def test_the_page_holds_every_model_reader_and_owner_and_no_row_of_a_log(five_nights_copy: Lake) -> None:
    home = five_nights_copy.home
    folder = home.artifacts(FIRST)
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("<!doctype html>")
    (folder / "summary.json").write_text("{}")
    assert "dbt.html" not in shelf.write(home, FIRST).read_text("utf-8")
    page = marts.draw_docs(home).read_text("utf-8")
    for name in (*(e["name"] for e in EXPOSURES), "mart_usage", "stg_interaction", "data analysts"):
        assert name in page
    assert "please refund" not in page
    assert 'href="dbt.html"' in shelf.write(home, FIRST).read_text("utf-8")
    assert served.find(home, "dbt.html") == home.marts_page
    assert "sandbox" in served.headers("dbt.html")["Content-Security-Policy"]


def test_every_mart_has_a_reader_and_every_reader_an_owner() -> None:
    read = {name for e in EXPOSURES for name in re.findall(r"ref\('(\w+)'\)", " ".join(e["depends_on"]))}
    assert read == {path.stem for path in (marts.PROJECT / "models" / "marts").glob("*.sql")}
    own: list[dict[str, Any]] = [e["owner"] for e in EXPOSURES]
    assert all(owner["name"] for owner in own)
    assert len({e["name"] for e in EXPOSURES}) == len(EXPOSURES)


def test_what_dbt_cannot_draw_is_one_line(five_nights_copy: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    from dbt.cli import main

    class Refusing:
        def invoke(self, _: list[str]) -> Any:
            return type("Result", (), {"success": False, "exception": ValueError("no project")})()

    monkeypatch.setattr(main, "dbtRunner", Refusing)
    with pytest.raises(StepFailedError, match="dbt cannot draw its pages: no project") as caught:
        marts.draw_docs(five_nights_copy.home)
    assert "\n" not in str(caught.value)
