from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from tests.unit.report import fix_fixtures, fixtures
from tests.unit.report.data_fixtures import check, gate
from tests.unit.report.fixtures import marks, night
from tests.unit.report.values import DAY

from ratchet import files, report
from ratchet.contracts.fixes import Declined
from ratchet.contracts.improvements import ImprovementType, State
from ratchet.report.sections.fixes import _STANDINGS, REASONS
from ratchet.report.sections.improvements import _FOUND_IN
from ratchet.report.view import Section, Standing, Status, Tone, View

NIGHTS = [fixtures.night, fixtures.hostile, fixtures.crowded, fixtures.failed_gate, fixtures.empty, dict]
ARTIFACTS = (
    "quality",
    "drift",
    "features",
    "errors",
    "fixes",
    "feedback",
    "usage",
    "health",
    "trends",
    "agents",
    "patterns",
    "tuning",
    "kpis",
    "improvements",
    "experiments",
    "rollouts",
    "impact",
    "apis",
    "capabilities",
)


def built(**changes: Any) -> View:
    return report.build(night(**changes), DAY)


def sections(view: View) -> dict[str, Any]:
    return {s.id: s for c in view.chapters for s in c.sections}


def said(section: Any) -> str:
    return " ".join(str(b.text) for b in section.blocks if b.kind == "paragraph")


def values(node: Any, name: str) -> Iterator[Any]:
    """Yield every value of a field anywhere in the view."""
    if is_dataclass(node) and not isinstance(node, type):
        for f in fields(node):
            if f.name == name:
                yield getattr(node, f.name)
            yield from values(getattr(node, f.name), name)
    elif isinstance(node, tuple | list):
        for item in node:
            yield from values(item, name)
    elif isinstance(node, dict):
        yield from values(list(node.values()), name)


@pytest.mark.parametrize("artifact", ARTIFACTS)
def test_the_fixtures_have_the_shapes_in_which_steps_store_their_results(
    conforms: Callable[..., None], artifact: str
) -> None:
    conforms(artifact, night()[artifact])


@pytest.mark.parametrize("make", NIGHTS)
def test_any_night_conforms_to_the_schema(conforms: Callable[..., None], make: Callable[[], dict[str, Any]]) -> None:
    conforms("report", report.build(make(), DAY).as_dict())


def test_the_same_results_give_the_same_view_whatever_their_order() -> None:
    once, turned = night(), dict(reversed(night().items()))
    turned["steps"] = list(reversed(once["steps"]))
    assert files.to_json(report.build(once, DAY).as_dict()) == files.to_json(report.build(turned, DAY).as_dict())


def test_steps_after_the_report_change_nothing() -> None:
    later = [
        *marks(),
        {"step": "report", "state": "done", "reason": ""},
        {"step": "publish", "state": "failed", "reason": "x"},
    ]
    assert built(steps=later) == built()


def test_a_usual_night_answers_the_three_questions() -> None:
    view = built()
    assert view.status is Status.DEGRADED
    assert view.headline == (
        "Success rose 4.0 points on a week before, to 86.1%, but errors per request got worse. "
        "3 feature gaps stand out, 1 intent disappoints and 3 proposals wait for a decision."
    )
    assert [f.metric for f in view.figures] == ["success_rate", "satisfaction", "error_rate", "p95_ms", "active_users"]
    did, needs, failed = view.lists
    assert did.items[0].text == "Read 12,410 lines in 3 files: 12,161 loaded, 143 duplicates, 98 quarantined, 8 blank."
    assert [i.target for i in needs.items] == [
        "health",
        *(f"improvement-{i}" for i in (f"{0:012x}", f"{1:012x}", "a" * 12)),
    ]
    assert [(i.tone, i.target) for i in failed.items] == [(Tone.WARN, "quality"), (Tone.WARN, "experiments")]


def test_the_chapters_are_the_verbs_that_have_content() -> None:
    assert [c.id for c in built().chapters] == ["log", "analyze", "generate", "validate", "deploy", "measure"]


def test_every_definition_that_is_named_is_there() -> None:
    for make in NIGHTS:
        view = report.build(make(), DAY)
        if view.status is not Status.UNKNOWN:
            known = {d.id for d in view.definitions}
            assert {d for d in values(view, "definition") if d} <= known


def test_only_what_is_shown_is_defined() -> None:
    named = {d.id for d in built(features=None).definitions}
    assert not [name for name in named if name.startswith("features-")]
    assert {"kpis-success_rate", "kpis-verdict", "errors-state"} <= named


def test_definitions_name_mart_and_sample_events() -> None:
    found = {d.id: d for d in built().definitions}
    assert found["features-failure_rate"].mart == "mart_feature_gaps, mart_feature_gap_errors, mart_request_texts"
    assert found["features-failure_rate"].sample_event_ids[0].startswith("evt-expo")
    assert found["kpis-success_rate"].sample_event_ids == found["features-failure_rate"].sample_event_ids


def test_a_failed_gate_greys_out_what_stands_on_it_and_says_so_first() -> None:
    view = report.build(fixtures.failed_gate(), DAY)
    assert (view.status, view.status_label) == (Status.FAILED_GATE, "Failed gate")
    assert "nothing new is published" in view.headline
    assert {c.id: c.standing for c in view.chapters} == {
        "log": Standing.OK,
        "analyze": Standing.GATED,
        "generate": Standing.GATED,
        "validate": Standing.GATED,
        "deploy": Standing.GATED,
        "measure": Standing.GATED,
    }
    assert view.chapters[1].reason == "marts gate failed: 1 of 1 checks broken"
    assert view.figures == ()
    assert view.lists[1].items[0].text == "Cure the data: ask the application's owner why scores are missing"
    assert [i.text.split(":")[0] for i in view.lists[2].items] == [
        "Data check denominator of mart kpis daily failed",
        "Not run for want of them",
    ]


def test_one_failed_part_spares_the_rest_and_hides_its_old_result() -> None:
    view = built(steps=marks(errors="failed"))
    found = sections(view)
    assert found["errors"].standing is Standing.FAILED
    assert found["errors"].reason == "ValueError: it broke (step of the night)"
    assert found["errors"].blocks == ()
    assert found["gaps"].blocks
    assert view.status is Status.DEGRADED
    assert [i.text for i in view.lists[2].items][-1] == "errors: ValueError: it broke (step of the night)"
    assert "Repair the step errors and run the night again." in [i.text for i in view.lists[1].items]


def test_a_missing_result_is_said_to_be_missing() -> None:
    section = sections(built(feedback=None))["feedback"]
    assert (section.standing, section.reason) == (Standing.MISSING, "the step feedback stored no result")


def test_a_broken_build_is_the_reason_of_all_that_follows() -> None:
    view = report.build({"load": fixtures.load(), "steps": marks(build_marts="failed", health="skipped")}, DAY)
    assert view.status is Status.FAILED
    assert view.headline == "The night could not be finished: build_marts failed."
    assert view.chapters[1].reason.startswith("build_marts failed: ValueError")


@pytest.mark.parametrize(
    ("state", "status"),
    [("healthy", Status.HEALTHY), ("critical", Status.CRITICAL), ("no data", Status.NO_DATA), ("??", Status.UNKNOWN)],
)
def test_the_badge_is_the_health(state: str, status: Status) -> None:
    assert built(health=fixtures.health(state)).status is status


def test_without_health_nothing_is_called_healthy() -> None:
    view = built(health=None, steps=marks(health="failed"))
    assert view.status is Status.UNKNOWN
    assert view.status_reason.startswith("Health was not computed: ValueError")


def test_a_night_without_results_is_still_a_report() -> None:
    view = report.build({}, DAY)
    assert view.status is Status.UNKNOWN
    assert all(s.standing is Standing.MISSING for s in sections(view).values())
    assert report.render_html(view)
    assert report.render_markdown(view)


def test_a_day_without_a_line_is_no_data_and_never_healthy() -> None:
    view = report.build(fixtures.empty(), DAY)
    assert view.status is Status.NO_DATA
    assert view.headline == "No log line landed on 20 November 2026, so there is nothing to judge."


def test_a_home_without_any_log_is_no_data() -> None:
    reason = "no data: nothing has landed (native: /landing) — put logs under dt=YYYY-MM-DD/"
    steps = [{"step": "ingest", "state": "failed", "reason": reason}]
    view = report.build({"steps": steps}, DAY)
    assert view.status is Status.NO_DATA
    assert view.headline.startswith("No log line landed on 20 November 2026")


def test_a_day_that_was_left_out_of_the_landing_zone_is_said_to_be_empty() -> None:
    assert said(sections(built(load=None))["landing"]) == "No log line landed on this day."


def test_nothing_found_is_said_with_row_counts() -> None:
    view = built(features=fixtures.features(()), errors=fixtures.errors([]), improvements=fixtures.improvements([]))
    found = sections(view)
    assert "21,480 requests of the last 30 days, 2,310 of which failed" in said(found["gaps"])
    assert "9 errors in 7 days" in said(found["errors"])
    assert said(found["improvements"]).startswith("Nothing is proposed")
    assert found["landing"].blocks[0].text.startswith("12,410 lines in 3 files")


def test_long_tables_say_how_many_are_left_out_and_where_they_are() -> None:
    view = report.build(fixtures.crowded(), DAY)
    table = next(b for b in sections(view)["errors"].blocks if b.kind == "table")
    assert (len(table.rows), table.total, table.file) == (10, 1000, "errors.csv")
    cards = next(b for b in sections(view)["improvements"].blocks if b.kind == "proposals")
    assert (len(cards.proposals), cards.total) == (10, 500)
    assert (len(view.lists[1].items), view.lists[1].total) == (5, 501)


def test_what_waits_for_a_decision_comes_first_and_what_vanished_last() -> None:
    found = [
        fixtures.improvement(4, "gone", vanished_on="2026-11-19"),
        fixtures.improvement(5, "done", "approved"),
        fixtures.improvement(6, "weak", "proposed"),
        fixtures.improvement(7, "asleep", snoozed_until="2026-12-01"),
        fixtures.improvement(8, "ready"),
    ]
    view = built(improvements=fixtures.improvements(found))
    cards = next(b for b in sections(view)["improvements"].blocks if b.kind == "proposals").proposals
    assert [c.title.split()[1] for c in cards] == ["ready", "weak", "asleep", "done", "gone"]
    assert [i.target for i in view.lists[1].items] == ["health", f"improvement-{8:012x}"]


def test_a_proposal_shows_why_evidence_confidence_and_state() -> None:
    card = next(b for b in sections(built())["improvements"].blocks if b.kind == "proposals").proposals[0]
    assert card.why.endswith("9 in 10 of these requests failed.")
    shown = {fact.label: fact for fact in card.facts}
    assert (shown["Failed requests"].value, shown["Failed for"].note) == (46, "users")
    assert shown["Failed share"].note == "75.2–93.5% · n = 53"
    assert card.source == "mart_feature_gaps; 30 days; q = 0.00021; more than 5 failed requests by at least 2 units"
    assert (card.confidence, card.state.text, card.is_new) == (0.75, "waiting for a decision", True)
    assert card.evidence.event_ids[0].startswith("evt-imp0")


def test_every_type_of_proposal_points_to_a_section_that_there_is() -> None:
    there = {s.id: s.title for s in sections(built()).values()}
    assert set(_FOUND_IN) == set(ImprovementType)
    assert {place.id: place.title for place in _FOUND_IN.values()}.items() <= there.items()


def test_a_change_is_good_or_bad_only_where_the_verdict_says_so() -> None:
    found = {f.metric: f.change for f in built().figures}
    assert (found["success_rate"].tone, found["success_rate"].verdict) == (Tone.GOOD, "better than a week before")
    assert found["error_rate"].tone is Tone.BAD
    assert (found["satisfaction"].tone, found["satisfaction"].verdict) == (Tone.MUTED, "no clear change")


def test_the_band_is_where_a_day_would_have_been_no_clear_change() -> None:
    kpi = next(k for k in night()["kpis"]["kpis"] if k["metric"] == "success_rate")
    difference, reference = kpi["trailing"]["difference"], kpi["trailing"]["reference"]
    band = next(f.band for f in built().figures if f.metric == "success_rate")
    assert band is not None
    half = difference["high"] - difference["value"]
    assert (band.low, band.center, band.high) == pytest.approx((reference - half, reference, reference + half))


def test_figures_that_cannot_be_computed_give_way_to_those_that_can() -> None:
    kpis = fixtures.kpis()
    nothing = {"value": None, "n": 0, "low": None, "high": None, "reason": "no real clock"}
    for kpi in kpis["kpis"]:
        if kpi["metric"] == "p95_ms":
            kpi |= {"value": nothing}
    shown = [f.metric for f in built(kpis=kpis).figures]
    assert "p95_ms" not in shown
    assert len(shown) == 5


def test_a_raw_gate_that_only_warns_stops_nothing() -> None:
    warned = fixtures.quality(gate("raw", check("feedback.x", passed=False, severity="warn")))
    view = built(quality=warned)
    assert sections(view)["quality"].standing is Standing.OK
    assert all(c.standing is Standing.OK for c in view.chapters)


def test_lines_begin_with_the_first_logged_day() -> None:
    kpis = fixtures.kpis()
    for kpi in kpis["kpis"]:
        for point in kpi["series"][:14]:
            point["value"] = None
    assert {len(f.series) for f in built(kpis=kpis).figures} == {14}


def test_columns_without_any_value_give_way_to_the_reason() -> None:
    features = fixtures.features()
    for gap in features["features"]:
        gap["trend"]["ratio"] = {
            "value": None,
            "n": 0,
            "low": None,
            "high": None,
            "reason": "there is no window before",
        }
    section = sections(built(features=features))["gaps"]
    table = next(b for b in section.blocks if b.kind == "table")
    assert "trend" not in {c.key for c in table.columns}
    assert "Not computable: Rate, against before (there is no window before)." in said(section)


def section_of(name: str, **changes: Any) -> Section:
    return next(s for c in report.build(night(**changes), DAY).chapters for s in c.sections if s.id == name)


def test_the_error_dashboard_says_whom_an_error_hurts_and_what_is_done_about_it() -> None:
    _lead, hurt, table, *_ = section_of("errors").blocks
    assert (
        hurt.text == "Errors kept their users waiting for a success 260 minutes in these 7 days (at most 30 an error)."
    )
    rows = [(r["units"], r["impact"], r["fix"].text) for r in table.rows]
    assert rows == [
        (62, 155.0, "waiting for a decision"),
        (32, 80.0, "deployed"),
        (10, 25.0, "no fix"),
    ]


def test_fixes_show_what_was_proven_and_where_they_stand() -> None:
    section = section_of("fixes")
    lead, table, without, link = section.blocks
    assert lead.text == "3 fixes for frequent errors, 1 of them waiting for a decision; 1 error without one."
    assert [r["standing"].text for r in table.rows] == ["waiting for a decision", "deployed", "failed its proof"]
    assert [(r["saved"].n, r["broken"].number) for r in table.rows] == [(41, 0.0), (20, 0.0), (41, 2 / 150)]
    assert [str(r["fix"][2]) for r in table.rows] == [
        "confidence 0.80 reaches the threshold of 0.60",
        "published; since version 2026-11-18-5f0c9a3e",
        "it breaks 2 of 150 past successes",
    ]
    assert [(r["error"], r["reason"]) for r in without.rows] == [
        ("KeyError: <quoted>", "no kind of fix is known for it")
    ]
    assert link.file == "fixes.json"


def test_a_fix_that_is_held_back_and_a_target_that_failed_are_said_first() -> None:
    usual = fix_fixtures.usual()
    held = fix_fixtures.improvement(usual[0], "approved")
    held["evidence"]["held_back"] = "it breaks 1 of 9 past successes"
    told, _lead, table, *_ = section_of(
        "fixes",
        improvements=fixtures.improvements([held]),
        target_failures=["git push: no rights (/srv/app.git) — published/ is not touched by this"],
    ).blocks
    assert (told.tone, told.text) == (
        Tone.BAD,
        "Not published everywhere: git push: no rights (/srv/app.git) — published/ is not touched by this",
    )
    assert table.rows[0]["standing"].text == "held back"


def test_every_reason_without_a_fix_has_words() -> None:
    assert set(REASONS) == set(Declined)
    assert set(_STANDINGS) == set(State)


def test_a_night_without_frequent_errors_has_nothing_to_fix() -> None:
    (said,) = section_of("fixes", fixes=fix_fixtures.fixes([], []) | {"reason": "no error is frequent enough"}).blocks
    assert said.text == "Nothing to fix: no error is frequent enough."
