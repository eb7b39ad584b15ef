"""The dry run tells what an ingestion would do and leaves nothing behind."""

from __future__ import annotations

import tempfile
from datetime import date

import pytest

from ratchet.errors import LandingError
from ratchet.log.validate import SHOWN, validate

from .conftest import DAY, event, lines


def test_a_file_of_any_name_is_held_against_the_contract(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    path = tmp_path / "app.log"
    path.write_bytes(lines(event(1), event(1), event(2, color=1), "bad joe@x.com", event(3, up=1)) + b'{"a"')
    verdict = validate(path, today=DAY)
    assert verdict.totals == {"lines": 6, "loaded": 2, "duplicates": 1, "quarantined": 3}
    assert [(r.line, r.reason, r.detail) for r in verdict.refused] == [
        (4, "not_json", None),
        (5, "wrong_type", "up is not true or false"),
        (6, "not_json", None),
    ]
    words = verdict.in_words()
    assert words.startswith(
        "6 lines in 1 file(s): 2 loaded, 1 duplicates, 3 quarantined, 0 blank. Nothing was written."
    )
    assert "app.log:4: not_json: bad [EMAIL]" in words
    assert "1 with color, unknown, kept" in words
    assert [p.name for p in tmp_path.rglob("*")] in (["scratch", "app.log"], ["app.log", "scratch"])


def test_a_zone_is_looked_at_day_by_day(zone):
    late = event(1, occurred_at="2026-11-12T00:00:00Z")
    zone.put("a.jsonl", lines(late))
    zone.put("a.jsonl", lines(late), date(2026, 11, 8))
    verdict = validate(zone.root, today=DAY)
    assert [(r.landed_date.day, r.totals["loaded"]) for r in verdict.reports] == [(8, 0), (10, 1)]
    assert [r.reason for r in verdict.refused] == ["clock"]
    assert not zone.home.root.exists()


def test_no_more_than_twenty_refused_lines_are_shown(zone):
    zone.put("a.jsonl", lines(*("bad" for _ in range(50))))
    verdict = validate(zone.root, today=DAY)
    assert (verdict.totals["quarantined"], len(verdict.refused)) == (50, SHOWN)


def test_nothing_to_read_is_said(tmp_path):
    with pytest.raises(LandingError, match="nothing to read"):
        validate(tmp_path, today=DAY)
    with pytest.raises(LandingError, match="no such file or folder"):
        validate(tmp_path / "nowhere", today=DAY)
