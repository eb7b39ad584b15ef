"""Hundreds at once, and hostile names in what people open elsewhere: spreadsheets, terminals, messages."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.unit.deploy import waiting_home
from tests.unit.deploy.waiting_home import DAY
from tests.unit.report import fixtures, trial_fixtures
from tests.unit.report.improvement_fixtures import improvement, improvements
from tests.unit.report.values import DAY as NIGHT

from ratchet import artifacts, files, report, status
from ratchet.deploy import approvals
from ratchet.deploy.decisions import fold, read
from ratchet.deploy.lifecycle import open_night, settle
from ratchet.home import Home
from ratchet.night import Night

MANY, PAGE_BYTES = 500, 1_000_000
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.fixture
def _long_cells() -> Iterator[None]:
    """Let CSV be read again with the longest of names."""
    before = csv.field_size_limit(100_000_000)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("_long_cells")
def test_no_cell_of_any_table_of_a_hostile_night_starts_a_formula(tmp_path: Path) -> None:
    night, seen = fixtures.hostile(), []
    attacks = [attack for attack in fixtures.HOSTILE if attack.lstrip().startswith(STARTS)]
    assert attacks
    for name, result in night.items():
        for csv_name, rows in artifacts.tables(name, files.plain(result)):
            path = tmp_path / csv_name
            files.write_csv(path, rows, list(dict.fromkeys(key for row in rows for key in row)))
            with path.open(newline="", encoding="utf-8") as handle:
                cells = [cell for row in csv.reader(handle) for cell in row]
            bad = [cell for cell in cells if cell.lstrip(" ").startswith(STARTS) and not number(cell)]
            assert bad == [], csv_name
            seen += [cell for cell in cells if cell[1:] in attacks]
    assert len(seen) >= 5, "the attacks are in the tables, each behind an apostrophe"


def test_a_thousand_experiments_are_one_small_page_and_all_in_the_data() -> None:
    tried, rolled = trial_fixtures.many(lambda i: f"trial-{i:04}", lambda i: f"arm-{i}", 1000)
    view = report.build(fixtures.night(experiments=tried, rollouts=rolled), NIGHT)
    page = report.render_html(view)
    assert len(page.encode()) <= PAGE_BYTES
    assert "1,000" in page
    assert len(tried["experiments"]) == 1000


@pytest.mark.parametrize("name", fixtures.HOSTILE)
def test_whom_an_improvement_is_assigned_to_is_text_everywhere(name: str) -> None:
    made = improvements([improvement(1, "one") | {"assigned_to": name, "snoozed_until": None}])
    view = report.build(fixtures.night(improvements=made), NIGHT)
    page, text = report.render_html(view), report.render_markdown(view)
    assert "assigned to" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\x00" not in page + text
    assert not re.search(r"(?<!\\)\]\(javascript:", text), "the bracket is escaped"


def test_a_snooze_is_said_until_it_is_over() -> None:
    for until, said in ((NIGHT + timedelta(days=1), True), (NIGHT, False)):
        made = improvements([improvement(1, "one") | {"snoozed_until": until.isoformat()}])
        page = report.render_html(report.build(fixtures.night(improvements=made), NIGHT))
        assert (f"snoozed until {until}" in page) is said


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Five hundred improvements that wait at once; their names have ten thousand characters, or are hostile."""
    names = [*fixtures.HOSTILE, *(f"{n}-" + "long " * 2000 for n in range(MANY - len(fixtures.HOSTILE)))]
    made = [waiting_home.improvement(f"target {n}", title=name) for n, name in enumerate(names)]
    plain = [replace(i, title=i.title.encode("utf-8", "replace").decode()) for i in made]
    return waiting_home.home(tmp_path_factory.mktemp("crowd") / "home", *plain)


def test_five_hundred_that_wait_are_a_short_list_and_the_count_of_the_rest(
    crowd: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_HOME", str(crowd.root))
    said = status.read(Night.from_environment(DAY)).in_words()
    assert f"{MANY} improvements wait for a decision" in said
    assert f"and {MANY - status.SHOWN} more" in said
    assert len(said) < 20_000
    assert "\x00" not in said


def test_five_hundred_are_settled_again_the_next_night_without_a_decision_twice(crowd: Home) -> None:
    night = open_night(crowd.decisions, DAY + timedelta(days=1), 30)
    assert len(night.standings) == MANY
    found = settle(night, (), ())
    assert len(found.improvements) == MANY
    kinds = [d.decision.value for d in found.decisions]
    assert kinds.count("vanished") == MANY
    waits = approvals.waiting(fold(read(crowd.decisions, date.max), date.max), DAY)
    assert len({s.improvement_id for s in waits}) == MANY


@pytest.mark.parametrize("name", [name for name in fixtures.night() if name not in ("steps", "target_failures")])
def test_a_result_of_an_older_version_spares_the_rest_of_the_report(name: str) -> None:
    night = fixtures.night()
    for older in ({}, {key: night[name][key] for key in ("artifact", "as_of") if key in night[name]}):
        view = report.build(night | {name: older}, NIGHT)
        assert [c.id for c in view.chapters] == ["log", "analyze", "generate", "validate", "deploy", "measure"]
        assert len([s for c in view.chapters for s in c.sections if s.blocks]) > 15
