"""Takes the pictures of docs/images from the demo's own pages: `make screenshots`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from tests.browser.conftest import ARGUMENTS

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


def main(home: Path) -> None:
    """Take every picture of the newest night of a home."""
    shelf = home.absolute() / "artifacts" / "index.html"
    nights = sorted((home.absolute() / "artifacts").glob("????-??-??/report.html"))
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no Chromium: apt-get install chromium")
    if not nights:
        raise SystemExit(f"no night in {home}: run make demo first")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for name, address, viewport, anchor in (
            ("report", nights[-1], DESKTOP, ""),
            ("report_phone", nights[-1], PHONE, ""),
            ("report_dark", nights[-1], DESKTOP, ""),
            ("services", nights[-1], DESKTOP, "services"),
            ("improvements", nights[-1], DESKTOP, "improvements"),
            ("key_figures", nights[-1], DESKTOP, "kpis"),
            ("shelf", shelf, DESKTOP, ""),
            ("shelf_phone", shelf, PHONE, ""),
        ):
            scheme = "dark" if name.endswith("_dark") else "light"
            page = browser.new_page(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(address.as_uri())
            if name == "services":
                page.check("#service-1")
            taken(page, anchor, IMAGES / f"{name}.png")
            page.close()
        browser.close()


def taken(page: Page, anchor: str, path: Path) -> None:
    """Write what the window shows, with the heading of an anchor at its top."""
    if anchor:
        page.locator(f"#{anchor}").evaluate("e => scrollTo(0, e.getBoundingClientRect().top + scrollY - 24)")
    page.screenshot(path=path)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
