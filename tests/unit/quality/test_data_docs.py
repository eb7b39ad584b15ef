"""Great Expectations' pages are written whole, call nobody, and cannot be made to run what a log line says."""

from __future__ import annotations

import socket
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from ratchet.quality.results import Outcome, Stage
from ratchet.quality.runner import run_suites
from ratchet.quality.suites import load_suites

DAY = date(2026, 11, 20)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def pages(folder: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.html")))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    calls: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: calls.append(a))
    return calls


def test_pages_show_results_and_escape_log_text(
    good_marts: dict[str, pd.DataFrame], settings: SimpleNamespace, tmp_path: Path, no_network: list[object]
) -> None:
    good_marts["mart_feedback"]["kind"] = HOSTILE
    good_marts["mart_feedback"]["intent"] = HOSTILE
    suites = [s for s in load_suites(Stage.MARTS) if s.name == "mart_feedback"]
    gate = run_suites("marts", good_marts, DAY, settings, docs_dir=tmp_path, suites=suites)
    result = next(r for r in gate.results if r.check == "kinds")
    assert result.outcome is Outcome.FAILED
    assert HOSTILE in result.observed  # our artifact holds the truth, and the report escapes it
    html = pages(tmp_path / "marts")
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert(1)" not in html
    assert "<img src=x" not in html
    assert "great-expectations-web-assets" not in html
    assert "/expectations/" not in html  # no link to pages that are not built
    assert html.count("font-family: system-ui") == 2  # readable without a network: the index and the suite's page
    assert no_network == []


def test_pages_replace_those_of_an_earlier_run_whole(
    good_marts: dict[str, pd.DataFrame], settings: SimpleNamespace, tmp_path: Path
) -> None:
    old = tmp_path / "marts" / "old.html"
    old.parent.mkdir()
    old.write_text("old")
    suites = [s for s in load_suites(Stage.MARTS) if s.name == "mart_errors"]
    run_suites("marts", good_marts, DAY, settings, docs_dir=tmp_path, suites=suites)
    assert not old.exists()
    (page,) = (tmp_path / "marts").glob("validations/mart_errors/*/*/*.html")
    index = (tmp_path / "marts" / "index.html").read_text("utf-8")
    assert f'<a href="{page.relative_to(tmp_path / "marts").as_posix()}">mart_errors</a>' in index
    assert [p.name for p in tmp_path.iterdir()] == ["marts"]
