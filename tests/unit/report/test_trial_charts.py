"""Pictures of intervals and stages, and the pages that hold them."""

from __future__ import annotations

import math
import re

import pytest
from tests.unit.report import fixtures, trial_fixtures
from tests.unit.report.fixtures import night
from tests.unit.report.lifts import lift, none
from tests.unit.report.rollout_fixtures import phases, rollout
from tests.unit.report.trial_fixtures import comparison, experiment, units
from tests.unit.report.trial_pages import line, timelines
from tests.unit.report.values import DAY

from ratchet import report
from ratchet.contracts.estimates import Estimate
from ratchet.report import trial_charts
from ratchet.report.logtext import logged
from ratchet.report.trial_view import Interval, Span, SpanState
from ratchet.report.view import Tone


def test_an_axis_shows_no_change_every_lift_and_every_margin() -> None:
    axis = trial_charts.axis([line(), line(0.2, 0.1, 0.3, margin=0.4)])
    assert all(axis.holds(v) for v in (0.0, 0.04, 0.2, 0.3, 0.4))
    assert 2 <= len(axis.ticks) <= 6
    assert 0.0 in axis.ticks


@pytest.mark.parametrize("rows", [[], [line(None, None, None)], [line(0.0, 0.0, 0.0)], [line(0.5, None, None)]])
def test_an_axis_of_nearly_nothing_has_a_width(rows: list[Interval]) -> None:
    axis = trial_charts.axis(rows)
    assert axis.high > axis.low
    assert axis.holds(0.0)


def test_one_very_wide_interval_ends_in_an_arrow_and_leaves_the_others_their_size() -> None:
    rows = [*[line() for _ in range(9)], line(0.05, -40.0, 55.0)]
    axis = trial_charts.axis(rows)
    assert axis.high < 1
    assert "M-7-5L0 0 -7 5" in trial_charts.interval(rows[-1], axis)
    assert "M-7-5" not in trial_charts.interval(rows[0], axis)
    assert "▸" in trial_charts.strip(rows[-1], axis)


def test_bounds_that_are_not_finite_are_left_out_of_the_axis() -> None:
    axis = trial_charts.axis([line(0.05, -math.inf, math.inf), line()])
    assert math.isfinite(axis.low)
    assert math.isfinite(axis.high)


def test_what_is_established_is_told_apart_without_colour() -> None:
    axis = trial_charts.axis([line()])
    assert "<circle" in trial_charts.interval(line(), axis)
    assert "<circle" not in trial_charts.interval(line(tone=Tone.GOOD), axis)


@pytest.mark.parametrize(("margin", "start"), [(0.1, False), (-0.1, True)])
def test_harm_is_shaded_from_the_margin_to_the_edge(margin: float, start: bool) -> None:
    row = line(margin=margin)
    axis = trial_charts.axis([row])
    drawn = re.search(r'class="harm" x="([\d.]+)%" width="([\d.]+)%"', trial_charts.interval(row, axis))
    assert drawn is not None
    x, width = map(float, drawn.groups())
    assert (x == 0) is start
    assert (x + width == pytest.approx(100)) is not start


def test_a_lift_in_words_holds_values_interval_and_p() -> None:
    row = line(p=0.031, margin=-0.1, control=Estimate(0.5, 9), treatment=Estimate(0.52, 9))
    assert trial_charts.interval_in_words(row) == (
        "+4.0%, −1.0 to +9.0%, n = 10, undecided; 0.52 against 0.50; p = 0.031 for harm beyond −10.0%"
    )
    assert trial_charts.interval_in_words(line(None, None, None)) == "not computable: too few units, undecided"


def test_a_lift_as_text_has_one_width_and_marks_zero_value_and_margin() -> None:
    row = line(margin=-0.05)
    axis = trial_charts.axis([row])
    drawn = trial_charts.strip(row, axis)
    assert len(drawn) == 41
    assert drawn.index(":") < drawn.index("├") < drawn.index("│") < drawn.index("●") < drawn.index("┤")
    assert set(trial_charts.strip(line(None, None, None), axis)) == {"·", "│"}


def test_a_timeline_places_what_was_left_and_what_comes_right_of_tonight() -> None:
    past = Span("a", 5.0, (), SpanState.PAST, "then", 0.0, 24.0)
    now = Span("b", 25.0, (logged("<g>"),), SpanState.PRESENT, "since then", 24.0, 48.0)
    coming = Span("c", 100.0, (), SpanState.PLANNED, "planned")
    drawn = str(trial_charts.timeline([past, now, coming], "x"))
    places = re.findall(r'class="stage (\w+)" x="([\d.]+)%"', drawn)
    assert places == [("past", "0"), ("present", "35"), ("planned", "70")]
    assert "b, 25% + &lt;g&gt;, since then" in drawn
    assert (trial_charts.past_share([past]), trial_charts.past_share([coming])) == (100.0, 0.0)
    assert trial_charts.timeline_in_words([], "x") == "Stages of x: none"


def test_a_phase_without_any_time_still_has_a_width() -> None:
    fresh = Span("a", 5.0, (), SpanState.PRESENT, "from 21 Nov on", 0.0, 0.0)
    assert 'width="1%"' in trial_charts.timeline([fresh], "x")


def test_a_stage_that_begins_after_the_night_is_there_without_hours() -> None:
    begins = phases([1])[0] | {"starts_at": "2026-11-21T00:00:00+00:00", "hours": 0.0}
    found = timelines(rollout("r", "no data", "not in force for a day yet", [begins]))["r"]
    assert found.spans[0].when == "from 21 Nov on"
    assert found.news == ("new stage: internal",)


def test_a_report_in_markdown_holds_pictures_verdicts_and_checks() -> None:
    written = report.render_markdown(report.build(night(), DAY))
    assert "#### answers\\_with\\_sources" in written
    assert "**ship** (new verdict, was keep running): accepted is better" in written
    assert re.search(r"\| accepted \(primary, more is better\) \| 0\.13|\| accepted .*`·*│·*├─+●─+┤·*`", written)
    assert "- Units so far: 32,304 (101% of 31,900 planned)" in written
    assert "- Sample ratio: **broken**." in written
    assert "| quarter | 25% | since 16 Nov, 120 hours | **now** |" in written


def test_names_of_files_and_logs_stay_text() -> None:
    view = report.build(fixtures.hostile(), DAY)
    page = report.render_html(view)
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(&#39;xss&#39;)&lt;/script&gt;") > 10
    ids = re.findall(r' id="((?:experiment|rollout)-[^"]*)"', page)
    assert len(ids) == len(set(ids)) > 5
    assert all(re.fullmatch(r"[\w-]+", i) for i in ids)


def test_not_computable_says_why_on_the_page() -> None:
    entry = experiment(
        "e",
        "keep running",
        "x",
        [
            comparison("m", "primary", "undecided", lift(0.1, 0.2)),
            comparison("n", "secondary", "not computable", none("no unit")),
        ],
        units(5, 5),
    )
    page = report.render_html(report.build(night(experiments=trial_fixtures.experiments([entry])), DAY))
    assert '<span class="none">not computable</span><span class="sure">no unit</span>' in page
