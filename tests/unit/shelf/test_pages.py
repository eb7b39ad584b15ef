from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from tests.unit.deploy.waiting_home import decision, improvement
from tests.unit.report import fixtures
from tests.unit.shelf import shelves

from ratchet import files, shelf
from ratchet.deploy.decisions import append
from ratchet.home import Home
from ratchet.report.view import Status
from ratchet.shelf import pages
from ratchet.shelf.cards import PAGES, cards

LAST = shelves.LAST
EVIL = "<script>alert(1)</script> {{ 7 * 7 }} \u202e" + "x" * 10_000


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.tags = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.found += [value for name, value in attributes if name == "href"]


@pytest.fixture(scope="module")
def record():
    return shelves.summary()


def written(home, day=LAST):
    shelf.write(home, day)
    return home.root / "artifacts"


def test_the_index_of_four_hundred_full_nights_is_small_and_links_to_each(tmp_path, record):
    services = [record["services"][0] | {"service": f"a-service-with-a-name-{n}"} for n in range(12)]
    fixes = [{"fix_id": f"{n:012}", "title": "x" * 100, "holds": True} for n in range(9)]
    full = record | {"headline": "word " * 200, "services": services, "fixes": fixes}
    home = shelves.home(tmp_path, 400, full)
    for n in range(400):
        for page in PAGES:
            path = home.artifacts(LAST - timedelta(days=n)) / page
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    folder = written(home)
    page = (folder / "index.html").read_bytes()
    assert len(page) <= 500_000
    found = Links(page.decode()).found
    assert len([link for link in found if link.endswith("/report.html")]) == 400 + 1  # the newest twice
    assert all((folder / link).exists() for link in found if link.endswith("report.html"))
    assert "and 8 services" in page.decode()


def test_beyond_four_hundred_nights_the_others_are_counted(record):
    card = cards_of(record)
    many = [shelves_card(card, LAST - timedelta(days=n)) for n in reversed(range(420))]
    assert "20 older nights" in pages.index(many)


def cards_of(record):
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        return cards(shelves.home(Path(folder), 1, record))[0]


def shelves_card(card, day):
    from dataclasses import replace

    return replace(card, day=day)


def test_every_link_of_the_shelf_leads_somewhere(tmp_path, record):
    folder = written(shelves.home(tmp_path, 40, record))
    for page in sorted(folder.rglob("*.html")):
        for link in Links(page.read_text("utf-8")).found:
            path = link.partition("#")[0]
            if path and not path.startswith("data:") and "/fixes/" not in path:
                assert (page.parent / path).exists(), (page, link)


def test_the_order_of_nights_does_not_matter(tmp_path, record):
    days = [LAST - timedelta(days=n) for n in range(20)]
    homes = [Home(tmp_path / name) for name in ("onwards", "backwards")]
    for home, order in zip(homes, (sorted(days), days), strict=True):
        for day in order:
            shelves.night(home, day, record | {"as_of": day.isoformat()})
            shelf.write(home, day)
    first, second = (
        {str(p.relative_to(h.root)): p.read_bytes() for p in (h.root / "artifacts").rglob("*.html")} for h in homes
    )
    assert first == second
    assert len([name for name in first if "/weeks/" in name]) == 4


def test_an_empty_shelf_says_how_to_begin(tmp_path):
    page = (written(Home(tmp_path)) / "index.html").read_text("utf-8")
    assert "No night has run yet" in page
    assert "nightly_improvement" in page


@pytest.mark.parametrize("damage", ["{", "[]", '{"figures": 3}', '{"needs": [], "services": [{"success": 1}]}', None])
def test_a_night_of_another_version_or_damaged_spares_the_others(tmp_path, record, damage):
    home = shelves.home(tmp_path, 3, record)
    folder = shelves.night(home, LAST, None)
    (folder / "summary.json").unlink()
    if damage is not None:
        (folder / "summary.json").write_text(damage)
    found = cards(home)
    assert [c.day for c in found] == [LAST - timedelta(days=n) for n in (2, 1, 0)]
    assert found[-1].status is Status.UNKNOWN
    assert f'href="{LAST}/report.html"' in (written(home) / "index.html").read_text("utf-8")


def test_a_night_without_a_summary_is_told_from_its_report(tmp_path, record):
    from tests.unit.report.values import DAY

    from ratchet import report

    results = fixtures.night()
    home = shelves.home(tmp_path, 1, record, DAY)
    expected = cards(home)
    folder = home.artifacts(DAY)
    (folder / "summary.json").unlink()
    files.write_json(folder / "report.json", report.build(results, DAY).as_dict())
    for name in ("health", "fixes"):
        files.write_json(folder / f"{name}.json", results[name])
    assert cards(home) == expected


def test_words_of_a_log_are_text(tmp_path, record):
    evil = record | {"headline": EVIL, "label": EVIL, "services": [evil_service(record)], "fixes": [evil_fix()]}
    evil["figures"] = [f | {"label": EVIL, "counted": EVIL, "unit": EVIL} for f in record["figures"]]
    made = improvement("search", title=EVIL)
    home = shelves.home(tmp_path, 8, evil)
    append(home.decisions, [decision(made, "proposed", LAST, reason=EVIL, **made.as_record())])
    folder = written(home)
    for path in ("index.html", "weeks/2026-W47.html", "months/2026-11.html"):
        page = (folder / path).read_text("utf-8")
        assert "script" not in Links(page).tags, path
        assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }} ·U+202E·" in page, path
        assert "x" * 1000 not in page, path


def evil_service(record):
    return record["services"][0] | {"service": EVIL, "success": {"value": 0.5, "n": 60, "low": 0.4, "high": 0.6}}


def evil_fix():
    return {"fix_id": "abc123", "title": EVIL, "holds": True}


def test_a_week_tells_what_became_of_improvements(tmp_path, record):
    home = shelves.home(tmp_path, 8, record)
    made, late = improvement("search", title="Search better"), improvement("voice", title="Speak")
    append(
        home.decisions,
        [
            decision(made, "proposed", LAST - timedelta(days=9), **made.as_record()),
            decision(made, "validated", LAST - timedelta(days=9)),
            decision(made, "approved", LAST, actor="ana", reason="good"),
            decision(late, "proposed", LAST, **late.as_record()),
        ],
    )
    page = (written(home) / "weeks" / "2026-W47.html").read_text("utf-8")
    assert "1 approved, 1 proposed." in page
    assert page.index("Search better") < page.index("Speak")
    assert "ana" in page


def test_the_page_of_a_fix_shows_what_it_would_change():
    record = {"title": EVIL, "why": "because", "holds": True, "found": "saves 9 of 10", "family": "rate_limit"}
    new = "import time\n\ndef apply(call):\n    return call()\n"
    page = pages.fix(record, {"fix.py": new, "test_fix.py": "<img src=x>"}, {}, date(2026, 11, 20))
    assert '<span class="add">+import time\n</span>' in page
    assert "&lt;img src=x&gt;" in page
    assert not {"script", "img"} & set(Links(page).tags)
    changed = pages.fix(record, {"fix.py": new}, {"fix.py": new.replace("time", "math")}, date(2026, 11, 20))
    assert '<span class="cut">-import math\n</span><span class="add">+import time\n</span>' in changed
    assert "Unchanged since" in pages.fix(record, {"fix.py": new}, {"fix.py": new}, date(2026, 11, 20))


@pytest.mark.parametrize("night", [fixtures.night, fixtures.hostile, fixtures.failed_gate, fixtures.empty])
def test_the_summary_of_a_night_holds_to_its_schema_and_is_small(conforms, night):
    found = shelves.summary(night)
    conforms("summary", found)
    assert len(files.to_json(found)) < 20_000
