"""The chapter on experiments: cards, checks, the programme, and what is missing."""

from __future__ import annotations

import pytest
from tests.unit.report import trial_fixtures
from tests.unit.report.fixtures import marks, night
from tests.unit.report.lifts import lift, none
from tests.unit.report.trial_fixtures import comparison, experiment, units
from tests.unit.report.trial_pages import blocks, cards, one, said, timelines
from tests.unit.report.values import DAY

from ratchet import report
from ratchet.report import numbers, trial_charts
from ratchet.report.view import Label, Standing, Tone


def test_experiments_with_news_come_first_and_then_what_asks_for_action() -> None:
    assert list(cards()) == [
        "answers_with_sources",
        "tone_of_voice",
        "longer_context",
        "search_ranking",
        "shorter_onboarding",
        "voice_input",
    ]


def test_the_lead_counts_verdicts_and_what_changed() -> None:
    assert said("experiments").startswith(
        "6 experiments: 1 ship, 1 roll back, 1 invalid, 1 inconclusive, 1 keep running, 1 not computable. "
        "Since the night before, 2 have news."
    )
    calm = [experiment("calm", "keep running", "no clear difference yet", [], units(5, 5))]
    quiet = trial_fixtures.experiments(calm, news=[])
    assert "nothing new was decided or edited" in said("experiments", experiments=quiet)


def test_a_new_verdict_and_a_new_phase_are_news_of_tonight_only() -> None:
    found = cards()
    assert found["answers_with_sources"].news == ("new verdict, was keep running",)
    assert found["tone_of_voice"].news == ("edited: phase 2 begins",)
    assert found["longer_context"].news == ()
    old = experiment("old", "keep running", "waits", [], units(5, 5), phase=2, edited_on="2026-11-19")
    assert cards(old)["old"].news == ()


def test_a_card_holds_verdict_reason_sample_against_plan_and_days_left() -> None:
    card = cards()["tone_of_voice"]
    assert (card.verdict, card.reason) == (Label("keep running", Tone.PLAIN), "no clear difference yet")
    assert (card.sample.units, card.sample.planned) == (12_349, 31_900)
    assert trial_charts.of_plan(card.sample) == "39% of 31,900 planned"
    facts = {f.label: (f.value, f.note) for f in card.facts}
    assert facts["Days left"] == (9, "ends 4 Dec")
    assert facts["Detectable now"] == (0.061, "planned for 5.0%")
    assert facts["For a single look"][0] == 18_400


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("answers_with_sources", "decided before its end, 4 Dec"),
        ("shorter_onboarding", "ended 4 Nov"),
        ("search_ranking", "ends 4 Dec"),
        ("voice_input", "no end is known yet"),
    ],
)
def test_without_days_left_it_says_when_it_ends(name: str, when: str) -> None:
    fact = next(f for f in cards()[name].facts if f.label == "Days left")
    assert (fact.value, fact.note) == (None, when)


def test_the_plan_is_what_the_file_says_else_what_the_data_ask_for() -> None:
    plan = experiment("e", "keep running", "waits", [], units(600, 600), planned_units=5000)
    fresh = experiment("e", "not computable", "no exposures yet", [], units(0, 0))
    fresh["sample"] = {"tuned": 8192, "single_look": None, "every_night": None, "detectable": None}
    assert cards(plan)["e"].sample.planned == 5000
    assert cards(fresh)["e"].sample.planned is None


def test_an_experiment_that_has_not_started_says_when_and_draws_nothing() -> None:
    compared = [comparison("accepted", "primary", "not computable", none("control has no exposures"))]
    early = experiment("e", "not computable", "it starts", compared, units(0, 0), started_on="2026-11-29")
    card = cards(early)["e"]
    assert "starts on 29 November 2026" in card.about
    assert card.forest is None


def test_a_phase_that_an_edit_ended_has_no_card_but_a_line() -> None:
    table = one("experiments", "table")
    assert [(r["id"], r["phase"]) for r in table.rows] == [("tone_of_voice", 1)]
    assert "Phases that an edit ended" in table.caption


def test_margins_lie_on_the_side_that_is_worse() -> None:
    entry = experiment(
        "e",
        "keep running",
        "waits",
        [
            comparison("accepted", "primary", "undecided", lift(0.01, 0.05)),
            comparison("failures", "guardrail", "safe", lift(0.01, 0.05), direction="decrease", margin=0.1),
            comparison("useful", "guardrail", "harmed", lift(-0.2, 0.05), margin=0.1),
        ],
        units(600, 600),
    )
    rows = cards(entry)["e"].forest.rows
    assert [(str(r.label), r.margin, r.outcome.tone) for r in rows] == [
        ("accepted", None, Tone.PLAIN),
        ("failures", 0.1, Tone.GOOD),
        ("useful", -0.1, Tone.BAD),
    ]


@pytest.mark.parametrize(
    ("metric", "kind", "written"),
    [
        ("latency_ms", "mean", "812 ms"),
        ("cost_usd", "mean", "$812.00"),
        ("accepted", "proportion", "11.7%"),
        ("steps", "mean", "812.00"),
    ],
)
def test_values_have_the_unit_of_their_metric(metric: str, kind: str, written: str) -> None:
    entry = experiment(
        "e", "keep running", "", [comparison(metric, "primary", "safe", lift(0, 1), kind=kind)], units(5, 5)
    )
    (row,) = cards(entry)["e"].forest.rows
    assert numbers.number(row.control.number, row.unit) == written


def test_twenty_arms_are_all_named_and_what_is_left_out_is_counted() -> None:
    compared = [
        comparison(metric, role, "safe", lift(0.01 * i, 0.1), arm=f"arm_{i}")
        for metric, role in (("accepted", "primary"), ("failures", "guardrail"))
        for i in range(19)
    ]
    compared[-1]["outcome"] = "harmed"
    seen = units(*[600 + i for i in range(20)])
    card = cards(experiment("e", "roll back", "harm", compared, seen, arms=[f"a{i}" for i in range(20)]))["e"]
    rows = card.forest.rows
    assert (len(rows), card.forest.total) == (20, 38)
    assert [str(r.label) for r in rows[:19]] == [f"arm_{i}" for i in range(19)]
    assert (str(rows[19].note).split(",")[0], rows[19].outcome.text) == ("failures", "harmed")
    assert str(card.checks[0].text).startswith("20 arms with 600 to 619 units")


def test_experiments_of_many_arms_leave_fewer_cards_and_the_others_stand_in_a_table() -> None:
    shown = blocks("experiments", experiments=trial_fixtures.crowded()[0])
    trials = next(b for b in shown if b.kind == "trials")
    table = next(b for b in shown if b.kind == "table")
    assert (len(trials.trials), trials.total) == (2, 300)
    assert (len(table.rows), table.total, table.file) == (15, 298, "experiments.json")
    few = [experiment(f"e{i:02}", "keep running", "waits", [], units(9, 9)) for i in range(15)]
    assert len(cards(*few)) == 10


def test_all_primaries_stand_in_one_picture() -> None:
    forest = one("experiments", "forest")
    found = {str(r.label): (str(r.note), r.outcome.text) for r in forest.rows}
    assert found["longer_context"] == ("roll back: accepted", "undecided")
    assert found["tone_of_voice"] == ("keep running: accepted with friendly", "undecided")
    assert found["search_ranking"][1] == "invalid"
    assert "voice_input" not in found


def test_nothing_stands_out_in_an_experiment_that_cannot_be_believed() -> None:
    forest = cards()["search_ranking"].forest
    assert forest.caption.endswith("not to be believed")
    assert {(r.outcome.text, r.outcome.tone) for r in forest.rows} == {("better", Tone.MUTED)}


def test_the_checks_say_ratio_assignment_crossover_and_order_with_examples() -> None:
    checks = {c.name: c for c in cards()["search_ranking"].checks}
    assert {name: c.finding.text for name, c in checks.items()} == {
        "Sample ratio": "broken",
        "Assignment": "look closer",
        "Crossover": "look closer",
        "Order": "look closer",
    }
    assert checks["Sample ratio"].text == (
        "control 5,500 (50.0% expected), treatment 4,500 (50.0% expected); p < 0.0001; "
        "stands out: service mobile (2,100 / 1,204, p < 0.0001)."
    )
    assert checks["Assignment"].evidence.quotes[0] == "u-0: logged treatment, by its bucket control"
    assert checks["Crossover"].evidence.event_ids == ("u-77", "u-91")


@pytest.mark.parametrize(
    ("whole", "of_a_day", "finding"),
    [(0.4, 0.04, "fine"), (0.4, 0.004, "look closer"), (0.4, 0.0004, "broken"), (0.0004, 0.4, "broken")],
)
def test_a_day_with_an_odd_ratio_is_named_where_it_is_odd_enough(whole: float, of_a_day: float, finding: str) -> None:
    day = {"dimension": "day", "value": "2026-11-19", "units": [13, 2], "p": of_a_day}
    seen = units(600, 600, sample_ratio_p=whole, worst_slices=[day])
    (ratio, *_) = cards(experiment("e", "keep running", "waits", [], seen))["e"].checks
    assert ratio.finding.text == finding
    assert ("2026-11-19" in ratio.text) is (of_a_day < 0.01)


def test_a_sound_experiment_says_so_and_one_without_units_says_nothing() -> None:
    found = cards()
    assert [c.finding.text for c in found["longer_context"].checks] == ["fine", "fine", "fine"]
    assert "12 units with masked ids left out." in found["answers_with_sources"].checks[1].text
    assert found["shorter_onboarding"].checks[1].finding.text == "not computable"
    assert (found["voice_input"].checks, found["voice_input"].forest) == ((), None)


def test_without_audit_or_programme_the_rest_is_there() -> None:
    old = trial_fixtures.experiments(audit=None, programme=None)
    assert said("programme", experiments=old) == "Not computed for this night."
    found = one("experiments", "trials", experiments=old)
    assert [c.name for c in found.trials[0].checks] == ["Sample ratio", "Crossover"]


def test_problems_of_files_stand_in_the_chapter_and_on_the_first_screen() -> None:
    problems = [f"experiments/e{i}.yaml: mde: is missing" for i in range(7)]
    changed = trial_fixtures.experiments(problems=problems)
    assert "e4.yaml" in said("experiments", experiments=changed)
    assert "and 2 more problems with files" in said("experiments", experiments=changed)
    view = report.build(night(experiments=changed), DAY)
    assert problems[0] in [i.text for i in view.lists[2].items]
    assert "Judged 6 experiments and 6 rollouts; 1 verdict is new." in [i.text for i in view.lists[0].items]


def test_nothing_registered_is_said() -> None:
    nothing = trial_fixtures.experiments([], reason="no experiment is registered", news=[], problems=[])
    assert said("experiments", experiments=nothing) == "Nothing to judge: no experiment is registered."
    nothing = trial_fixtures.rollouts([], reason="no rollout is registered")
    assert said("rollouts", rollouts=nothing) == "Nothing to judge: no rollout is registered."


@pytest.mark.parametrize("step", ["experiments", "rollouts"])
def test_a_failed_step_hides_its_old_result_and_names_the_reason(step: str) -> None:
    view = report.build(night(steps=marks(**{step: "failed"})), DAY)
    section = next(s for c in view.chapters for s in c.sections if s.id == step)
    assert (section.standing, section.blocks) == (Standing.FAILED, ())
    assert section.reason.startswith("ValueError")


def test_a_failed_audit_of_experiments_spares_the_rollouts() -> None:
    found = timelines(experiments=None)
    assert [c.name for c in found["smart_search"].checks] == ["Sample ratio"]


def test_the_programme_says_what_improved_and_what_was_overstated() -> None:
    assert said("programme") == "9 experiments ended: 3 ship, 2 roll back, 1 invalid, 3 inconclusive."
    facts = one("programme", "facts").items
    assert [f.value for f in facts] == [0.375, 0.023, 0.82]
    rows = one("programme", "table").rows
    assert (rows[0]["experiment_id"], rows[0]["expected"].number) == ("ended_7", 0.009)
    none_yet = {"verdicts": {}, "lifts": []}
    empty = trial_fixtures.experiments(programme=trial_fixtures.programme() | none_yet)
    assert said("programme", experiments=empty) == "No experiment has ended yet, so there is nothing to add up."
