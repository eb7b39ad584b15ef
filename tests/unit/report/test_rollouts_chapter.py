"""The chapter on rollouts: stages over time, guardrails, objectives and recoveries."""

from __future__ import annotations

import pytest
from tests.unit.report.lifts import lift
from tests.unit.report.rollout_fixtures import phases, recovery, rollout
from tests.unit.report.trial_pages import timelines

from ratchet.report.trial_view import SpanState


def test_a_timeline_shows_what_was_where_it_is_and_what_comes() -> None:
    found = timelines()["smart_search"]
    assert [(s.stage, s.state.value) for s in found.spans] == [
        ("internal", "past"),
        ("beta", "past"),
        ("quarter", "present"),
        ("most", "planned"),
        ("everyone", "planned"),
    ]
    assert [s.when for s in found.spans[:3]] == [
        "9 Nov to 10 Nov, 48 hours",
        "12 Nov to 14 Nov, 72 hours",
        "since 16 Nov, 120 hours",
    ]
    assert (found.spans[0].start, found.spans[2].end) == (0.0, 288.0)
    assert [s.groups for s in found.spans[:2]] == [("internal_testers",), ()]
    assert (found.from_day, found.to_day) == ("2026-11-09", "2026-11-20")


def test_the_next_step_is_said_with_who_takes_it() -> None:
    found = timelines()
    assert found["smart_search"].next_step == "Next: stage most, 75% of units."
    assert found["dark_launch"].next_step == "Next: stage internal, 0% of units and internal_testers."
    assert found["bulk_export"].next_step == "Next: the application should take it back from everyone."
    assert found["instant_preview"].next_step == ""
    assert "its file was edited since" in found["instant_preview"].about


def test_a_rolled_back_feature_is_off_until_tonight_and_has_nothing_planned() -> None:
    found = timelines()["old_editor"]
    assert found.verdict.text == "rolled back"
    assert [(s.stage, s.percentage, s.state) for s in found.spans][-1] == ("off", 0.0, SpanState.PRESENT)
    assert not [s for s in found.spans if s.state is SpanState.PLANNED]


def test_rollouts_that_must_be_taken_back_come_first_and_a_new_stage_is_news() -> None:
    found = timelines()
    assert next(iter(found)) == "bulk_export"
    assert found["instant_preview"].news == ("new stage: quarter",)
    assert found["smart_search"].news == ()


def test_guardrails_stand_with_their_margin_and_objectives_with_their_target() -> None:
    found = timelines()
    rows = found["instant_preview"].forest.rows
    assert [(str(r.label), r.margin, r.outcome.text) for r in rows] == [
        ("failure_rate", 0.1, "open"),
        ("cost_usd", 0.1, "not computable"),
    ]
    assert [r.margin for r in found["smart_search"].forest.rows] == [0.1, -0.05]
    (row,) = found["team_spaces"].objectives.rows
    assert (row["name"], row["met"].text, row["wanted"]) == ("success_rate", "met", 0.9)


@pytest.mark.parametrize(
    ("met", "is_critical", "words"),
    [(True, False, "met"), (False, False, "breached"), (None, False, "too few to judge"), (False, True, "critical")],
)
def test_an_objective_is_met_breached_or_not_judged(met: bool | None, is_critical: bool, words: str) -> None:
    entry = {"name": "uptime", "target": 0.9, "critical": 0.8, "wanted": 0.9, "share": lift(0.9, 0.1), "met": met}
    judged = rollout("r", "hold", "waits", phases([1]), objectives=[entry | {"is_critical": is_critical}])
    assert timelines(judged)["r"].objectives.rows[0]["met"].text == words


@pytest.mark.parametrize("finding", ["recovered", "not yet", "not enough data"])
def test_a_roll_back_says_whether_what_was_harmed_came_back(finding: str) -> None:
    gone = rollout(
        "r", "done", "it was rolled back", phases([3]), stage="off", recovery=recovery(finding, "errors <b>")
    )
    check = timelines(gone)["r"].checks[0]
    assert (check.name, check.finding.text) == ("Recovery", finding)
    assert "errors <b>" in str(check.text)
    assert all(c.name != "Recovery" for c in timelines(rollout("s", "hold", "waits", phases([1])))["s"].checks)


def test_an_objective_of_latency_says_what_is_counted() -> None:
    entry = {"name": "latency_p95_ms", "target": 10_000, "critical": 30_000, "wanted": 0.95, "share": lift(0.9, 0.1)}
    judged = rollout("r", "hold", "waits", phases([1]), objectives=[entry | {"met": False, "is_critical": False}])
    (row,) = timelines(judged)["r"].objectives.rows
    assert (str(row["name"]), row["wanted"]) == ("latency_p95_ms: requests within 10,000 ms", 0.95)
