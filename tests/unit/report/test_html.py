from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from tests.unit.report import fixtures
from tests.unit.report.values import DAY

from ratchet import report
from ratchet.report.logtext import logged, text
from ratchet.report.markdown import say as say_markdown

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Tags(HTMLParser):
    """Collects tags and attributes, and fails on a tag that is closed out of turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.getpos())


def page(night: dict[str, object]) -> str:
    return report.render_html(report.build(night, DAY))


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    return tags


def test_the_page_is_byte_identical_and_knows_no_time() -> None:
    first, second = page(fixtures.night()), page(fixtures.night())
    assert first == second
    assert "2026" in first
    assert not re.search(r"generated (at|on)", first, re.IGNORECASE)


@pytest.mark.parametrize(
    "make", [fixtures.night, fixtures.hostile, fixtures.crowded, fixtures.flooded, fixtures.failed_gate, fixtures.empty]
)
def test_every_page_is_well_formed_self_contained_and_small(make: object) -> None:
    html = page(make())  # type: ignore[operator]
    tags = parsed(html)
    assert not {"script", "iframe", "object", "embed", "form", "base"} & {tag for tag, _ in tags.seen}
    assert not [a for _, a in tags.seen for name in a if name.startswith("on")]
    links = [a.get("href") or a.get("src") or "" for _, a in tags.seen if "href" in a or "src" in a]
    assert all(
        re.fullmatch(
            r"#[\w-]+|\.\./index\.html|(docs/|data_docs/(raw|marts)/)?[a-z_]+\.(csv|json|md|html)|data:,", link
        )
        for link in links
    )
    assert "url(" not in re.sub(r"url\(#hatch\)", "", html)
    assert len(html.encode()) <= 1_000_000


def test_everything_from_a_log_is_escaped() -> None:
    html = page(fixtures.hostile())
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
    assert "<img" not in html
    assert "{{ 7 * 7 }}" in html
    assert "\x07" not in html
    assert "\u202e" not in html
    html.encode("utf-8")


def test_a_long_name_is_shortened_with_the_rest_in_its_title() -> None:
    html = page(fixtures.hostile())
    assert f'title="{"x" * 159}… [10,000 characters]"' in html
    assert "x" * 401 not in html


def test_text_from_a_log_is_isolated() -> None:
    from ratchet.report.html import say

    assert say(text("about ", logged("שלום <b>"), ".")) == "about <bdi>שלום &lt;b&gt;</bdi>."


@pytest.mark.parametrize("attack", fixtures.HOSTILE)
def test_nothing_from_a_log_acts_in_markdown(attack: str) -> None:
    written = say_markdown(logged(attack))
    bare = re.sub(r"\\.", "", written)
    assert not set("`*_<>[]|#{}") & set(bare)
    assert "\n" not in written


def test_markdown_says_what_the_page_says() -> None:
    view = report.build(fixtures.night(), DAY)
    written = report.render_markdown(view)
    assert written.startswith("# Ratchet: daily improvement report, Friday 20 November 2026\n")
    for chapter in view.chapters:
        assert f"## {chapter.title}" in written
        assert all(f"### {s.title}" in written for s in chapter.sections)
    assert view.headline in written
    assert "Failed share: 86.8% (75.2–93.5% · n = 53)" in written
    tables = re.findall(r"^\|.*\|$", written, re.MULTILINE)
    assert len(tables) > 30


def test_markdown_tables_keep_their_columns_on_a_hostile_night() -> None:
    written = report.render_markdown(report.build(fixtures.hostile(), DAY))
    for table in re.findall(r"(?:^\|.*\|\n)+", written, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1


def test_a_reader_of_markdown_shows_a_hostile_log_as_text() -> None:
    written = report.render_markdown(report.build(fixtures.hostile(), DAY))
    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(written)
    ours = re.compile(r"h[1-4]|p|ul|li|strong|em|code|blockquote|table|thead|tbody|tr|th|td")
    assert [tag for tag in re.findall(r"<(\w+)", page) if not ours.fullmatch(tag)] == []
    assert "<script>alert('xss')</script>" in unescape(page)


def test_a_failed_section_is_named_with_its_reason_in_both_forms() -> None:
    view = report.build(fixtures.night(steps=fixtures.marks(errors="failed")), DAY)
    assert "<b>Failed:</b> " in report.render_html(view)
    assert "> **Failed:** ValueError: it broke" in report.render_markdown(view).replace("\\", "")
