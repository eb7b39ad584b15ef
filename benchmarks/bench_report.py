"""How long a night's report takes to draw and to open, and how large it is.

    python benchmarks/bench_report.py

Draws a usual night and a crowded one (500 improvements, 1,000 kinds of error, 200 gaps) from the fixtures of the unit
tests, and the shelf of 400 nights; opens each page in Chromium where there is one. Figures go to
benchmarks/results/report.json. Promised: drawn within 2 s, at most 1 MB (the index 500 kB), first contentful paint from a
local file within 1 s.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.unit.report import fixtures  # noqa: E402
from tests.unit.report.values import DAY  # noqa: E402
from tests.unit.shelf import shelves  # noqa: E402

from ratchet import files, report, shelf  # noqa: E402 - the fixtures are found from the root

RESULTS = ROOT / "benchmarks" / "results" / "report.json"
RUNS = 5
_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def main() -> None:
    nights = {"usual": fixtures.night(), "crowded": fixtures.crowded()}
    found = {name: measured(night) for name, night in nights.items()}
    found["400 nights"] = shelved()
    files.write_json(RESULTS, found)
    for name, figures in found.items():
        print(f"{name}: {', '.join(f'{key} {value}' for key, value in figures.items())}")


def measured(night: dict[str, Any]) -> dict[str, Any]:
    first, _ = drawn(night)
    again = [drawn(night) for _ in range(RUNS)]
    html = again[0][1]
    return {
        "first_s": round(first, 3),
        "median_s": round(statistics.median(seconds for seconds, _ in again), 3),
        "html_kb": round(len(html.encode()) / 1000),
        "first_paint_ms": opened(html),
    }


def shelved() -> dict[str, Any]:
    """Return what a night pays for the shelf of 400 nights, and how large and quick its index is."""
    with tempfile.TemporaryDirectory() as folder:
        home = shelves.home(Path(folder), 400, shelves.summary())
        seconds = []
        for _ in range(1 + RUNS):
            start = time.perf_counter()
            index = shelf.write(home, shelves.LAST)
            seconds.append(time.perf_counter() - start)
        html = index.read_text("utf-8")
    return {
        "first_s": round(seconds[0], 3),
        "median_s": round(statistics.median(seconds[1:]), 3),
        "html_kb": round(len(html.encode()) / 1000),
        "first_paint_ms": opened(html),
    }


def drawn(night: dict[str, Any]) -> tuple[float, str]:
    """Return how long all three forms take, and the page."""
    start = time.perf_counter()
    view = report.build(night, DAY)
    html = report.render_html(view)
    report.render_markdown(view)
    files.to_json(view.as_dict())
    return time.perf_counter() - start, html


def opened(html: str) -> int | None:
    """Return the first contentful paint from a local file in milliseconds, None without Chromium."""
    path = shutil.which("chromium")
    if path is None:
        return None
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "report.html"
        page_file.write_text(html, "utf-8")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(page_file.as_uri())
        page.wait_for_timeout(500)
        painted = page.evaluate(_PAINT)
        browser.close()
    return None if painted is None else round(painted)


if __name__ == "__main__":
    main()
