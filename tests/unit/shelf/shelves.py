"""Homes with many nights, made from what reports of the fixtures say, without running a night."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.unit.report import fixtures
from tests.unit.report.values import DAY

from ratchet import files, report
from ratchet.home import Home

LAST = date(2026, 11, 20)


def summary(night: Any = fixtures.night) -> dict[str, Any]:
    """Return the summary of a fixture's night."""
    results = night()
    record = files.plain(report.build(results, DAY).as_dict())
    return report.summary(record, results.get("health") or {}, results.get("fixes") or {})


def home(root: Path, days: int, record: dict[str, Any], last: date = LAST) -> Home:
    """Return a home with so many nights, each of which says the same of another success rate."""
    found = Home(root)
    for n in range(days):
        day = last - timedelta(days=n)
        shown = record | {"as_of": day.isoformat(), "figures": [moved(f, n) for f in record["figures"]]}
        night(found, day, shown)
    return found


def moved(figure: dict[str, Any], n: int) -> dict[str, Any]:
    """Return a figure as it was so many nights ago."""
    known = figure["estimate"]
    if known.get("value") is None:
        return figure
    return figure | {"estimate": known | {"value": known["value"] * (1 - (n % 7) / 100)}}


def night(found: Home, day: date, record: dict[str, Any] | None) -> Path:
    """Put a night on the shelf; without a record it has nothing but its page."""
    folder = found.artifacts(day)
    files.write_text(folder / "report.html", "<!doctype html><title>x</title>")
    if record is not None:
        files.write_json(folder / "summary.json", record)
    return folder
