"""What the report says of deployed fixes, of the ledger, and of learning."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.unit.report import impact_fixtures
from tests.unit.report.fixtures import night
from tests.unit.report.values import DAY

from ratchet import report
from ratchet.report import impact_charts
from ratchet.report.view import Tone


def blocks(name: str, **changes: Any) -> list[Any]:
    view = report.build(night(**changes), DAY)
    (section,) = (s for c in view.chapters for s in c.sections if s.id == name)
    return list(section.blocks)


def cards(*fixes: dict[str, Any]) -> list[Any]:
    (found,) = (b for b in blocks("impact", impact=impact_fixtures.impact(fixes or None)) if b.kind == "effects")
    return list(found.effects)


def test_what_was_undone_comes_first() -> None:
    shown = cards()
    assert [(e.verdict.text, e.verdict.tone) for e in shown] == [
        ("rolled back", Tone.BAD),
        ("kept", Tone.GOOD),
        ("unmeasurable", Tone.WARN),
        ("undecided", Tone.PLAIN),
    ]
    assert str(blocks("impact")[0].text) == (
        "4 deployed fixes under judgement: 1 rolled back, 1 kept, 1 unmeasurable, 1 undecided."
    )


def test_a_card_says_before_and_with_the_fix() -> None:
    (card,) = cards(impact_fixtures.fix("kept"))
    facts = {f.label: (f.value, f.note) for f in card.facts}
    assert facts["Failed before"][0] == 0.2
    assert facts["Failed with the fix"] == (0.03, "1.0–5.0% · n = 1,600")
    assert facts["Requests spared"][0] == pytest.approx(272)
    assert facts["Days with the fix"] == (8, "loaded by 92.0% of requests")
    assert "against intents that no fixed error hits" in card.about
    assert impact_charts.in_words(card).endswith("; 7 days left out.")


def test_the_picture_shows_every_day_and_the_deployment() -> None:
    (card,) = cards(impact_fixtures.fix("kept"))
    drawn = str(impact_charts.picture(card))
    points = dict(re.findall(r'class="(dot[^"]*)" d="([^"]*)"', drawn))
    assert {name: path.count("M") for name, path in points.items()} == {"dot": 14, "dot left-out": 7, "dot with-fix": 8}
    assert (drawn.count('class="band"'), drawn.count('class="center"')) == (2, 2)
    (line,) = re.findall(r'class="deployed" d="M([\d.]+) ', drawn)
    assert float(line) == pytest.approx(100 * 21 / 29, abs=0.01)
    assert "<title>Requests that failed with the error: before 20.0%" in drawn


def test_a_fix_without_days_has_no_picture_and_a_reason() -> None:
    (card,) = cards(impact_fixtures.fix("unmeasurable"))
    assert card.days == ()
    assert [f.label for f in card.facts] == ["Days with the fix"]
    html = report.render_html(
        report.build(night(impact=impact_fixtures.impact([impact_fixtures.fix("unmeasurable")])), DAY)
    )
    assert "no request carried a version" in html


def test_checks_are_passed_allowed_for_or_speak_against_it() -> None:
    findings = [c.finding.text for c in cards(impact_fixtures.fix("undecided"))[0].checks]
    assert findings == ["passed", "speaks against it", "allowed for"]


def test_more_fixes_than_are_shown_are_counted() -> None:
    found = impact_fixtures.impact([impact_fixtures.fix("undecided", i) for i in range(9)])
    (block,) = (b for b in blocks("impact", impact=found) if b.kind == "effects")
    assert (len(block.effects), block.total, block.file) == (5, 9, "impact.json")


def test_the_ledger_says_how_far_improvements_came() -> None:
    lead, shares, by_type, entries = blocks("ledger")
    assert "19 generated, 9 validated, 6 approved, 5 deployed, 2 verified, 1 refuted, 1 unmeasurable" in lead.text
    assert {f.label: f.value for f in shares.items}["Verified, of those judged"] == 0.667
    assert by_type.rows[0]["type"] == "error fix"
    assert [row["verdict"].text for row in entries.rows] == ["kept", "rolled back", "unmeasurable", "undecided"]


def test_learning_names_what_cannot_be_computed_and_why() -> None:
    facts, missing = blocks("learning")
    assert {f.label: f.value for f in facts.items}["Requests spared"] == 272
    assert (
        "Worth, Return (the setting values_usd.successful_interaction does not say what one is worth)" in missing.text
    )


def test_a_night_before_anything_was_proposed_says_so() -> None:
    nothing = impact_fixtures.nothing()
    assert "no deployed improvement is under judgement" in blocks("impact", impact=nothing)[0].text
    assert "Nothing was proposed yet" in blocks("ledger", impact=nothing)[0].text


@pytest.mark.parametrize("name", ["impact", "ledger", "learning"])
def test_an_older_result_without_a_part_is_no_failure(name: str) -> None:
    older = {k: v for k, v in impact_fixtures.impact().items() if k not in ("impacts", "ledger", "learning", "returns")}
    assert blocks(name, impact=older)[0].kind == "paragraph"
