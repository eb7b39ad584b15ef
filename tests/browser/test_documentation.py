"""The documentation site in Chromium: axe-core, phone, dark, keyboard, words of a log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.test_report import DESKTOP, PHONE, TOO_WIDE
from tests.unit.report import documentation_fixtures, fixtures

from ratchet import files
from ratchet.report.site import site

pytestmark = pytest.mark.browser

MADE = {
    "full": documentation_fixtures.capabilities(),
    "hostile": documentation_fixtures.capabilities(fixtures.HOSTILE),
    "nothing": documentation_fixtures.nothing(),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    for kind, found in MADE.items():
        for name, text in site(found).items():
            files.write_text(root / kind / name, text)
    return root


@pytest.fixture(scope="module")
def open_page(browser: Browser, folder: Path) -> Iterator[Callable[..., Page]]:
    opened = []

    def opener(path: Path, viewport: dict[str, int], scheme: str = "light") -> Page:
        context = browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
        opened.append(context)
        page = context.new_page()
        page.goto(path.as_uri())
        return page

    yield opener
    for context in opened:
        context.close()


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop"])
@pytest.mark.parametrize("kind", MADE)
def test_axe_finds_no_violation_and_nothing_reaches_beyond_the_edge(
    open_page: Callable[..., Page], folder: Path, axe: str, kind: str, viewport: dict[str, int], scheme: str
) -> None:
    pages = sorted((folder / kind).glob("*.html"))
    assert len(pages) >= 4
    page = open_page(pages[0], viewport, scheme)
    for path in pages:
        page.goto(path.as_uri())
        width, beyond = page.evaluate(TOO_WIDE.replace(".scroll,", ".scroll, .code pre,"))
        assert (path.name, beyond) == (path.name, [])
        assert width <= viewport["width"]
        page.evaluate(axe)
        found: dict[str, Any] = page.evaluate("() => axe.run({resultTypes: ['violations']})")
        violations = [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found["violations"]]
        assert json.dumps([path.name, violations]) == json.dumps([path.name, []])


def test_every_page_is_a_click_away_and_the_keyboard_skips_to_the_content(
    open_page: Callable[..., Page], folder: Path
) -> None:
    page = open_page(folder / "full" / "index.html", DESKTOP)
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.getAttribute('href')") == "#main"
    page.get_by_role("navigation").get_by_text("Getting started").click()
    assert page.title().startswith("Getting started")
    assert page.locator("nav [aria-current=page]").inner_text() == "Getting started"


def test_words_of_a_log_run_nowhere(open_page: Callable[..., Page], folder: Path) -> None:
    page = open_page(folder / "hostile" / "index.html", DESKTOP)
    for path in sorted((folder / "hostile").glob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate("() => [window.pwned, document.scripts.length]") == [None, 0]
