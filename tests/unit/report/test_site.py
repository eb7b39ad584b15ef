from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from tests.unit.report import documentation_fixtures, fixtures
from tests.unit.report.test_html import parsed

from ratchet.report.site import site

FLOOD = tuple(f"{i}<&\N{GRINNING FACE}>" * 2000 for i in range(100))
MAKERS = {
    "usual": documentation_fixtures.capabilities(),
    "hostile": documentation_fixtures.capabilities(fixtures.HOSTILE),
    "flooded": documentation_fixtures.capabilities(FLOOD),
    "nothing": documentation_fixtures.nothing(),
}


@pytest.fixture(params=MAKERS, scope="module")
def made(request: pytest.FixtureRequest) -> dict[str, str]:
    return site(MAKERS[request.param])


def test_every_page_is_there_as_html_and_as_markdown_and_says_from_which_data(made: dict[str, str]) -> None:
    pages = {name.rpartition(".")[0] for name in made}
    assert {"index", "getting_started", "actions", "confusing"} <= pages
    assert {f"{p}.{kind}" for p in pages for kind in ("html", "md")} == made.keys()
    assert all(re.fullmatch(r"[a-z0-9_]+", p) for p in pages)
    for text in made.values():
        assert re.search(r"Use from 7 November 2026 to 20 November|Use from 20 November|Code of ", text)
        assert re.search(r"\d+ requests? and|\d+ files?", text)


def test_every_page_is_well_formed_self_contained_and_its_links_lead_somewhere(made: dict[str, str]) -> None:
    for name, text in made.items():
        if name.endswith(".html"):
            tags = parsed(text)
            assert not {"script", "iframe", "img", "form", "base"} & {tag for tag, _ in tags.seen}
            assert not [a for _, attributes in tags.seen for a in attributes if a.startswith("on")]
            ids = [a["id"] for _, a in tags.seen if "id" in a]
            assert len(ids) == len(set(ids))
            for link in (a["href"] or "" for _, a in tags.seen if "href" in a):
                beside = ("data:,", "../capabilities.json", "../capabilities.csv", "../report.html")
                assert link in made or link in beside or link.removeprefix("#") in ids, link
            assert len(text.encode()) < 1_000_000


def test_nothing_that_was_logged_or_written_in_code_is_more_than_text() -> None:
    made = site(MAKERS["hostile"])
    for name, text in made.items():
        assert "\x07" not in text
        assert "\u202e" not in text
        if name.endswith(".html"):
            assert "<script>alert" not in text
            assert "<img src=x" not in text
        else:
            drawn = MarkdownIt("commonmark").enable("table").render(text)
            assert "<script>alert" not in drawn
            assert "<img" not in drawn
            assert 'href="javascript' not in drawn


def test_code_that_holds_a_fence_stays_inside_its_own() -> None:
    made = site(documentation_fixtures.capabilities())
    (page,) = [text for name, text in made.items() if name.startswith("code_1") and name.endswith(".md")]
    assert "````\nbook_flight()\n```\nbook_flight\n````" in page


def test_headings_of_markdown_step_down_one_at_a_time(made: dict[str, str]) -> None:
    for text in (text for name, text in made.items() if name.endswith(".md")):
        tokens = MarkdownIt("commonmark").parse(text)
        levels = [int(t.tag[1]) for t in tokens if t.type == "heading_open"]
        assert levels[0] == 1
        assert {*levels[1:]} <= {2}


def test_the_pages_say_what_was_found() -> None:
    made = site(documentation_fixtures.capabilities())
    assert "Most begin with book\\_flight, as 40 of 120 new users did; it works for 85% of them" in made["index.md"]
    assert "30 of them were first seen in the log" in made["getting_started.md"]
    assert "2 topics of 2 are asked again beyond chance." in made["confusing.md"]
    assert "Left out: search\\_index.py:1: invalid syntax" in made["reference.md"]
    assert "search\\_index is required" in made["changes.md"]
    assert '{"search_index": "…"}' in made["actions.md"]


@pytest.mark.parametrize(
    ("signature", "lines"),
    [
        ("find(a: str, b: int = 1) -> str", ["find(a: str, b: int = 1) -> str"]),
        (
            f"find({'a' * 80}: dict[str, int], *, b: str = 'x, (y', c=(1, 2)) -> list[str]",
            [
                "find(",
                f"    {'a' * 80}: dict[str, int],",
                "    *,",
                "    b: str = 'x, (y',",
                "    c=(1, 2),",
                ") -> list[str]",
            ],
        ),
        (f"find(a='{'x' * 100}", [f"find(a='{'x' * 100}"]),
        ("x" * 100, ["x" * 100]),
    ],
)
def test_a_wide_signature_has_an_argument_a_line(signature: str, lines: list[str]) -> None:
    found = documentation_fixtures.capabilities()
    found["capabilities"][0]["signature"] = signature
    (page,) = [text for name, text in site(found).items() if name.startswith("code_1") and name.endswith(".md")]
    assert "```\n" + "\n".join(lines) + "\n```" in page


def test_the_same_content_gives_the_same_bytes() -> None:
    assert site(documentation_fixtures.capabilities()) == site(documentation_fixtures.capabilities())


@pytest.mark.parametrize("name", MAKERS)
def test_the_fixtures_have_the_shape_in_which_the_step_stores_its_result(conforms: Any, name: str) -> None:
    conforms("capabilities", MAKERS[name])


def test_a_night_links_its_site_from_the_report() -> None:
    from tests.unit.report.test_html import page

    assert 'href="docs/index.html"' in page(fixtures.night())
    assert Path("docs/index.html").name in site(fixtures.night()["capabilities"])
