from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.unit.report import fixtures
from tests.unit.report.values import DAY

from ratchet import report

pytestmark = pytest.mark.browser

NIGHTS = {
    "usual": fixtures.night,
    "hostile": fixtures.hostile,
    "crowded": fixtures.crowded,
    "failed gate": fixtures.failed_gate,
    "empty": fixtures.empty,
}
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
A4 = {"width": 794, "height": 1123}

# Text whose contrast with what lies behind it is below WCAG AA (4.5, or 3 where it is large).
PALE_TEXT = """() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number);
    return {rgb: m.slice(0, 3), a: m.length > 3 ? m[3] : 1}; };
  const over = (top, base) => top.rgb.map((v, i) => v * top.a + base[i] * (1 - top.a));
  const linear = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = rgb => { const [r, g, b] = rgb.map(linear); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { const c = parse(getComputedStyle(e).backgroundColor);
    return c.a === 1 ? c.rgb : over(c, e.parentElement ? behind(e.parentElement) : [255, 255, 255]); };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  let seen = 0;
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || e.closest('svg') || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), base = behind(e), ink = over(parse(style.color), base);
    const [a, b] = [light(ink), light(base)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    seen += 1;
    if (ratio < (large ? 3 : 4.5)) found.push([walker.currentNode.data.trim().slice(0, 40), ratio.toFixed(2)]);
  }
  return {seen, found};
}"""
OUTLINE = "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))"
DANGLING = """() => [...document.querySelectorAll('a[href^="#"]')]
  .map(a => a.getAttribute('href').slice(1)).filter(id => !document.getElementById(id))"""
REPEATED = """() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  return ids.filter((id, i) => ids.indexOf(id) !== i); }"""
OF_FORESTS = """() => [...document.querySelectorAll('figure.forest')].map(figure => {
  const middle = e => { const r = e.getBoundingClientRect(); return (r.left + r.right) / 2; };
  const label = [...figure.querySelectorAll('.lift-axis span')].find(s => s.textContent === '0');
  const plots = [...figure.querySelectorAll('svg.interval')].map(s => s.getBoundingClientRect());
  const lines = [...figure.querySelectorAll('.span')].map(s => s.getBoundingClientRect());
  return {off: Math.abs(middle(figure.querySelector('.zero')) - middle(label)),
    inside: lines.every(l => l.left >= plots[0].left - 1 && l.right <= plots[0].right + 1),
    height: Math.max(...plots.map(p => p.height))}; })"""
TOO_WIDE = """() => [document.documentElement.scrollWidth,
  [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest('.scroll, svg, .vh, thead, .x-axis')).map(e => e.outerHTML.slice(0, 120)).slice(0, 5)]"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    found = {}
    for name, night in NIGHTS.items():
        found[name] = folder / f"{name.replace(' ', '-')}.html"
        found[name].write_text(report.render_html(report.build(night(), DAY)), "utf-8")
    return found


@pytest.fixture
def open_page(browser: Browser, pages: dict[str, Path]) -> Iterator[Callable[..., Page]]:
    opened = []

    def opener(name: str, viewport: dict[str, int], scheme: str = "light", scripts: bool = True) -> Page:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, java_script_enabled=scripts)  # type: ignore[arg-type]
        opened.append(context)
        page = context.new_page()
        page.goto(pages[name].as_uri())
        return page

    yield opener
    for context in opened:
        context.close()


@pytest.mark.parametrize("name", NIGHTS)
def test_the_page_is_silent_and_asks_nobody(browser: Browser, pages: dict[str, Path], name: str) -> None:
    asked, said = [], []
    page = browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(pages[name].as_uri(), wait_until="networkidle")
    page.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [pages[name].as_uri()]


@pytest.mark.parametrize("name", NIGHTS)
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP, A4], ids=["phone", "desktop", "paper"])
def test_nothing_reaches_beyond_the_edge(open_page: Callable[..., Page], name: str, viewport: dict[str, int]) -> None:
    page = open_page(name, viewport)
    if viewport is A4:
        page.emulate_media(media="print")
    width, beyond = page.evaluate(TOO_WIDE)
    assert beyond == []
    assert width <= viewport["width"]


@pytest.mark.parametrize("name", NIGHTS)
def test_headings_step_down_one_at_a_time_and_links_and_ids_are_whole(
    open_page: Callable[..., Page], name: str
) -> None:
    page = open_page(name, DESKTOP)
    levels = page.evaluate(OUTLINE)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in itertools.pairwise(levels))
    assert page.evaluate(DANGLING) == []
    assert page.evaluate(REPEATED) == []


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", NIGHTS)
def test_axe_finds_no_violation(
    open_page: Callable[..., Page], axe: str, name: str, viewport: dict[str, int], scheme: str
) -> None:
    page = open_page(name, viewport, scheme)
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("() => axe.run({resultTypes: ['violations']})")
    assert json.dumps([(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found["violations"]]) == "[]"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["usual", "failed gate"])
def test_every_text_stands_out_from_what_lies_behind_it(open_page: Callable[..., Page], name: str, scheme: str) -> None:
    page = open_page(name, DESKTOP, scheme)
    page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
    found = page.evaluate(PALE_TEXT)
    assert found["seen"] > 100
    assert found["found"] == []


def test_the_contrast_check_sees_pale_text(open_page: Callable[..., Page]) -> None:
    page = open_page("usual", DESKTOP)
    page.add_style_tag(content="h2 { color: #bbb !important }")
    assert page.evaluate(PALE_TEXT)["found"]


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_no_change_is_where_its_label_is_and_intervals_stay_in_their_plot(
    open_page: Callable[..., Page], viewport: dict[str, int]
) -> None:
    page = open_page("usual", viewport)
    found = page.evaluate(OF_FORESTS)
    assert len(found) > 8
    assert max(f["off"] for f in found) < 1
    assert all(f["inside"] and f["height"] < 120 for f in found)


def test_the_present_stage_is_marked_and_alone(open_page: Callable[..., Page]) -> None:
    page = open_page("usual", PHONE)
    assert page.locator("#rollout-smart_search [aria-current=step]").inner_text().startswith("quarter 25%")
    assert page.locator("#rollout-smart_search rect.stage.present").count() == 1
    assert page.locator("#rollout-smart_search rect.stage.planned").count() == 2


def test_a_hostile_log_is_shown_as_text(open_page: Callable[..., Page]) -> None:
    page = open_page("hostile", DESKTOP)
    assert page.evaluate("() => document.scripts.length + document.querySelectorAll('main img, [onerror]').length") == 0
    shown = page.inner_text("main")
    assert "<script>alert('xss')</script>" in shown
    assert "{{ 7 * 7 }}" in shown
    assert "49" not in page.inner_text("#gaps ~ .scroll tbody")


def test_keyboard_users_can_skip_to_the_report(open_page: Callable[..., Page]) -> None:
    page = open_page("usual", DESKTOP)
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"


def test_the_page_needs_no_script(open_page: Callable[..., Page]) -> None:
    page = open_page("usual", PHONE, scripts=False)
    page.click("summary >> nth=0")
    assert page.locator("details[open]").count() == 1


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_one_service_is_chosen_without_a_script(
    open_page: Callable[..., Page], axe: str, viewport: dict[str, int]
) -> None:
    page = open_page("hostile", viewport, scripts=False)
    shown = page.locator(".by-service > .panel:visible")
    assert shown.locator("caption").first.inner_text().startswith("All services")
    for n in (1, 8):
        page.check(f"#service-{n}")
        assert shown.count() == 1
        assert shown.get_attribute("aria-labelledby") == f"service-{n}-name"
    assert shown.locator("h4").inner_text().startswith("x" * 59)
    width, beyond = page.evaluate(TOO_WIDE)
    assert (beyond, width <= viewport["width"]) == ([], True)
    page.keyboard.press("ArrowUp")
    assert shown.get_attribute("aria-labelledby") == "service-7-name"
    page.click("a[href='#services']")
    page.check("#service-0")
    assert shown.count() == 1


def test_axe_finds_no_violation_in_one_service(open_page: Callable[..., Page], axe: str) -> None:
    page = open_page("usual", DESKTOP)
    page.check("#service-1")
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("() => axe.run('#services ~ .by-service', {resultTypes: ['violations']})")
    assert [v["id"] for v in found["violations"]] == []


def test_it_prints_on_paper_with_every_chapter(open_page: Callable[..., Page]) -> None:
    page = open_page("usual", DESKTOP)
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert 3 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") <= 35
