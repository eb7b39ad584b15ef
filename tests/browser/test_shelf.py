"""The pages over many nights in Chromium: filter by click, keyboard, phone, dark, print, axe-core, hostile words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.test_report import DESKTOP, PHONE, TOO_WIDE
from tests.unit.report import fixtures
from tests.unit.shelf import shelves

from ratchet import files, shelf
from ratchet.shelf import pages as drawn

pytestmark = pytest.mark.browser

EVIL = "<script>window.pwned = 1</script> {{ 7 * 7 }} \u202eevil " + "W" * 10_000
PAGES = ("index.html", "weeks/2026-W46.html", "months/2026-11.html", "fix.html", "empty.html", "hostile.html")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    record = shelves.summary()
    home = shelves.home(tmp_path_factory.mktemp("shelf"), 40, record)
    shelf.write(home, shelves.LAST)
    found = home.root / "artifacts"
    made = {"fix.py": "import time\n" * 30, "test_fix.py": f"# {EVIL}\n"}
    said = {"title": EVIL, "why": EVIL, "holds": True, "found": "saves 9 of 10", "family": "rate_limit"}
    files.write_text(found / "fix.html", drawn.fix(said, made, {"fix.py": "import math\n"}, shelves.LAST))
    year = shelves.home(tmp_path_factory.mktemp("year"), 400, record)
    files.write_text(found / "year.html", shelf.write(year, shelves.LAST).read_text("utf-8"))
    files.write_text(found / "empty.html", drawn.index([]))
    evil = shelves.summary(fixtures.hostile) | {"headline": EVIL, "label": EVIL}
    evil["services"] = [s | {"service": EVIL} for s in record["services"]]
    bad = shelves.home(tmp_path_factory.mktemp("hostile"), 9, evil)
    files.write_text(found / "hostile.html", shelf.write(bad, shelves.LAST).read_text("utf-8"))
    return found


@pytest.fixture
def open_page(browser: Browser, folder: Path) -> Iterator[Callable[..., Page]]:
    opened = []

    def opener(name: str, viewport: dict[str, int], scheme: str = "light") -> Page:
        context = browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
        opened.append(context)
        page = context.new_page()
        page.goto((folder / name).as_uri())
        return page

    yield opener
    for context in opened:
        context.close()


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation_and_nothing_reaches_beyond_the_edge(
    open_page: Callable[..., Page], axe: str, name: str, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page(name, viewport, scheme)
    width, beyond = page.evaluate(TOO_WIDE)
    assert beyond == []
    assert width <= viewport["width"]
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("() => axe.run({resultTypes: ['violations']})")
    assert json.dumps([(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found["violations"]]) == "[]"


def test_the_nights_of_one_service_are_a_click_away(open_page: Callable[..., Page]) -> None:
    page = open_page("index.html", DESKTOP)
    every, one = '[data-s="all"]', '[data-s="0"]'
    assert page.locator(every).first.is_visible()
    assert not page.locator(one).first.is_visible()
    page.get_by_label(page.locator("label:has(#s-0)").inner_text().strip()).check()
    assert not page.locator(every).first.is_visible()
    assert page.locator(f"td {one}").first.is_visible()
    assert page.locator(f"div{one} svg.trend").is_visible()
    page.keyboard.press("ArrowLeft")
    assert page.locator(every).first.is_visible()


def test_keyboard_users_reach_the_newest_report_at_once(open_page: Callable[..., Page]) -> None:
    page = open_page("index.html", DESKTOP)
    reached = []
    for _ in range(2):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => document.activeElement.getAttribute('href')"))
    assert reached == ["#main", f"{shelves.LAST}/report.html"]


def test_words_of_a_log_run_nowhere(open_page: Callable[..., Page]) -> None:
    for name in ("hostile.html", "fix.html"):
        page = open_page(name, DESKTOP)
        assert page.evaluate("() => [window.pwned, document.scripts.length]") == [None, 0]
        assert "<script>window.pwned = 1</script> {{ 7 * 7 }}" in page.inner_text("body")


def test_it_prints(open_page: Callable[..., Page]) -> None:
    pdf = open_page("weeks/2026-W46.html", DESKTOP).pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert 1 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") <= 4


def test_four_hundred_nights_are_painted_within_a_second(open_page: Callable[..., Page]) -> None:
    paint = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    page, took_ms = open_page("year.html", DESKTOP), []
    for _ in range(5):  # the quickest counts: the machine of tests does other things as well
        page.wait_for_function(paint)
        took_ms.append(page.evaluate(paint))
        page.reload()
    assert min(took_ms) < 3_000
