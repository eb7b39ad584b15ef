"""Every check of the mart suites fires on its own mutation, and none fires on marts that agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from ratchet.quality.results import Outcome, Stage
from ratchet.quality.runner import run_suites
from ratchet.quality.suites import Suite, load_suites

Frames = dict[str, pd.DataFrame]
DAY = date(2026, 11, 20)
TOMORROW = DAY + timedelta(days=1)
ONLY_DATED = (  # dbt guards their keys
    *("mart_fix_cases", "mart_error_impact", "mart_impact_days", "mart_improvements", "mart_tuning"),
    *("mart_health_hourly", "mart_failures_hourly", "mart_api_endpoints"),
)
MARTS_WITH_OUTCOMES = ("mart_feature_gaps", "mart_health_daily", "mart_usage")


def put(frame: str, values: dict[str, Any], row: int = 0) -> Callable[[Frames], None]:
    def mutate(frames: Frames) -> None:
        for column, value in values.items():
            changed = frames[frame][column].tolist()
            changed[row] = value
            frames[frame][column] = changed

    return mutate


def twice(frame: str) -> Callable[[Frames], None]:
    def mutate(frames: Frames) -> None:
        frames[frame] = pd.concat([frames[frame], frames[frame].head(1)], ignore_index=True)

    return mutate


def of_every_mart() -> dict[str, Callable[[Frames], None]]:
    """Return the mutations of the checks that every mart has."""
    keys = {
        "mart_feature_gaps": ("intent", "requests"),
        "mart_feature_gap_errors": ("intent", "units"),
        "mart_errors": ("message_template", "handled"),
        "mart_feedback": ("intent", "unknown_action"),
        "mart_feedback_response": ("intent", "requests_with_feedback"),
        "mart_feedback_comments": ("comment", "rank"),
        "mart_health_daily": ("service", "cost_usd"),
        "mart_usage": ("value", "input_tokens"),
        "mart_kpis_daily": ("metric", "n"),
        "mart_experiments": ("variant", "pairs_only_here"),
        "mart_experiment_units": ("value", "rebucketed"),
    }
    found: dict[str, Callable[[Frames], None]] = {}
    for mart, (key, count) in keys.items():
        found[f"{mart}.key_unique"] = twice(mart)
        found[f"{mart}.key_present"] = put(mart, {key: None})
        found[f"{mart}.as_of_is_the_day"] = put(mart, {"as_of": DAY - timedelta(days=1)})
        found[f"{mart}.counts_not_negative"] = put(mart, {count: -1})
    for mart in ONLY_DATED:
        found[f"{mart}.as_of_is_the_day"] = put(mart, {"as_of": DAY - timedelta(days=1)})
    for mart in MARTS_WITH_OUTCOMES:
        found[f"{mart}.outcomes_add_up"] = put(mart, {"successes": 0})
        found[f"{mart}.units_within_requests"] = put(mart, {"units": 99})
    return found


def logged_once(frames: Frames) -> None:
    frames["mart_fix_cases"]["logged"] = 1


MUTATIONS: dict[str, Callable[[Frames], None]] = {
    **of_every_mart(),
    "mart_feature_gaps.windows": put("mart_feature_gaps", {"window_days": 8}),
    "mart_feature_gaps.unit_kinds": put("mart_feature_gaps", {"unit_kind": "household"}),
    "mart_feature_gaps.failing_units_within_failures": put("mart_feature_gaps", {"failing_units": 7}),
    "mart_feature_gaps.failing_units_within_units": put("mart_feature_gaps", {"failing_units": 5}),
    "mart_feature_gaps.previous_failures_within_requests": put("mart_feature_gaps", {"previous_failures": 10}),
    "mart_feature_gaps.first_seen_not_after_last": put("mart_feature_gaps", {"first_seen": TOMORROW}),
    "mart_feature_gaps.seen_up_to_the_day": put("mart_feature_gaps", {"last_seen": TOMORROW}),
    "mart_feature_gaps.few_samples": put("mart_feature_gaps", {"sample_event_ids": list("abcdef")}),
    "mart_feature_gaps.few_texts": put("mart_feature_gaps", {"sample_requests": list("abcd")}),
    "mart_feature_gap_errors.counted": put("mart_feature_gap_errors", {"failures": 0}),
    "mart_feature_gap_errors.units_within_failures": put("mart_feature_gap_errors", {"units": 5}),
    "mart_errors.key_form": put("mart_errors", {"fingerprint": "../../etc"}),
    "mart_errors.unit_kinds": put("mart_errors", {"unit_kind": "household"}),
    "mart_errors.windows_within_total": put("mart_errors", {"occurrences_total": 8}),
    "mart_errors.units_within_occurrences": put("mart_errors", {"units": 7}),
    "mart_errors.interactions_within_occurrences": put("mart_errors", {"interactions": 7}),
    "mart_errors.handled_within_occurrences": put("mart_errors", {"handled": 7}),
    "mart_errors.days_within_exposure": put("mart_errors", {"exposure_days": 2}),
    "mart_errors.exposure": put("mart_errors", {"exposure_days": 8}),
    "mart_errors.previous_exposure": put("mart_errors", {"previous_exposure_days": 29}),
    "mart_errors.first_seen_not_after_last": put("mart_errors", {"first_seen": TOMORROW}),
    "mart_errors.seen_up_to_the_day": put("mart_errors", {"last_seen": TOMORROW}),
    "mart_feedback.kinds": put("mart_feedback", {"kind": "shrug"}),
    "mart_feedback.scored_within_feedback": put("mart_feedback", {"feedback": 3}),
    "mart_feedback.low_within_scored": put("mart_feedback", {"low": 5}),
    "mart_feedback.ratings_within_feedback": put("mart_feedback", {"rating_n": 6}),
    "mart_feedback.unknown_within_feedback": put("mart_feedback", {"unknown_action": 6}),
    "mart_feedback.units_within_feedback": put("mart_feedback", {"units": 6}),
    "mart_feedback.score_scale": put("mart_feedback", {"score_sum": 41.0}),
    "mart_feedback.rating_scale": put("mart_feedback", {"rating_sum": 3.9}),
    "mart_feedback.squares_possible": put("mart_feedback", {"score_sumsq": 100.0}),
    "mart_feedback_response.answered_within_requests": put("mart_feedback_response", {"requests": 4}),
    "mart_feedback_comments.ranks": put("mart_feedback_comments", {"rank": 21}),
    "mart_feedback_comments.score_scale": put("mart_feedback_comments", {"score": 11.0}),
    "mart_feedback_comments.comment_once": twice("mart_feedback_comments"),
    "mart_health_daily.dates": put("mart_health_daily", {"metric_date": TOMORROW}),
    "mart_health_daily.durations_within_requests": put("mart_health_daily", {"duration_n": 11}),
    "mart_health_daily.p95_not_below_p50": put("mart_health_daily", {"duration_p95_ms": 99.0}),
    "mart_health_daily.p99_not_below_p95": put("mart_health_daily", {"duration_p99_ms": 299.0}),
    "mart_health_daily.api_failures_within_calls": put("mart_health_daily", {"api_failures": 6}),
    "mart_health_daily.up_within_heartbeats": put("mart_health_daily", {"heartbeats_up": 25}),
    "mart_health_daily.low_within_scored": put("mart_health_daily", {"low": 5}),
    "mart_usage.windows": put("mart_usage", {"window_days": 14}),
    "mart_usage.levels": put("mart_usage", {"level": "leaf"}),
    "mart_usage.dimensions": put("mart_usage", {"dimension": "star sign"}),
    "mart_usage.durations_within_requests": put("mart_usage", {"duration_n": 11}),
    "mart_usage.p95_not_below_p50": put("mart_usage", {"duration_p95_ms": 99.0}),
    "mart_usage.p99_not_below_p95": put("mart_usage", {"duration_p99_ms": 299.0}),
    "mart_experiments.kinds": put("mart_experiments", {"kind": "hunch"}),
    "mart_experiments.metric_kinds": put("mart_experiments", {"metric_kind": "vibe"}),
    "mart_experiments.values_within_units": put("mart_experiments", {"units_with_value": 6, "observations": 6}),
    "mart_experiments.values_within_observations": put("mart_experiments", {"observations": 2}),
    "mart_experiments.pairs_apart_within_pairs": put("mart_experiments", {"pairs_higher": 3}),
    "mart_experiment_units.dimensions": put("mart_experiment_units", {"dimension": "star sign"}),
    "mart_experiment_units.crossovers_within_units": put("mart_experiment_units", {"crossovers": 6}),
    "mart_experiment_units.rebucketed_within_units": put("mart_experiment_units", {"rebucketed": 6}),
    "mart_experiment_units.late_within_units": put("mart_experiment_units", {"exposed_after_outcome": 6}),
    "mart_totals.experiment_units_equal": put("mart_experiments", {"units": 6}),
    "mart_kpis_daily.dates": put("mart_kpis_daily", {"metric_date": DAY - timedelta(days=84)}),
    "mart_kpis_daily.windows": put("mart_kpis_daily", {"window_days": 30}),
    "mart_kpis_daily.metrics": put("mart_kpis_daily", {"metric": "karma"}),
    "mart_kpis_daily.shares": put("mart_kpis_daily", {"numerator": 9}, row=1),
    "mart_kpis_daily.satisfaction_scale": put("mart_kpis_daily", {"numerator": 41.0}, row=2),
    "mart_totals.health_within_usage": put("mart_health_daily", {"failures": 5}, row=2),
    "mart_totals.kpis_equal_usage": put("mart_usage", {"requests": 21, "successes": 12}, row=1),
    "mart_totals.gaps_equal_usage": put("mart_feature_gaps", {"requests": 16, "successes": 9}),
    "mart_totals.dimensions_within_all": put("mart_usage", {"requests": 21}, row=4),
    "mart_totals.short_windows_within_long": put("mart_usage", {"requests": 13}, row=3),
    "mart_totals.services_within_all": put("mart_health_daily", {"requests": 12}, row=1),
    "mart_totals.errors_equal_failures": put("mart_feature_gap_errors", {"failures": 5}),
    "mart_totals.health_within_kpis": put("mart_kpis_daily", {"numerator": 9}),
    "mart_fix_cases.happened_in_the_window": put("mart_fix_cases", {"occurred_at": pd.Timestamp(TOMORROW)}),
    "mart_error_impact.not_negative": put("mart_error_impact", {"impact_minutes": -0.1}),
    "mart_impact_days.dates": put("mart_impact_days", {"event_date": TOMORROW}),
    "mart_impact_days.counts_not_negative": put("mart_impact_days", {"attempts": -1}),
    "mart_impact_days.failed_within_failures": put("mart_impact_days", {"failed": 4}),
    "mart_improvements.proposed_by_the_day": put("mart_improvements", {"proposed_on": TOMORROW}),
    "mart_improvements.judged_after_it_was_deployed": put("mart_improvements", {"deployed_on": TOMORROW}),
    "mart_improvements.prediction_is_a_share": put("mart_improvements", {"predicted_effect": 1.1}),
    "mart_tuning.dates": put("mart_tuning", {"event_date": DAY - timedelta(days=28)}),
    "mart_tuning.durations_not_negative": put("mart_tuning", {"upper_ms": -1.0}),
    "mart_health_hourly.hours": put("mart_health_hourly", {"metric_hour": pd.Timestamp(TOMORROW)}),
    "mart_health_hourly.p95_not_below_p50": put("mart_health_hourly", {"duration_p95_ms": 99.0}),
    "mart_health_hourly.p99_not_below_p95": put("mart_health_hourly", {"duration_p99_ms": 299.0}),
    "mart_failures_hourly.hours": put("mart_failures_hourly", {"metric_hour": pd.Timestamp(DAY) - timedelta(days=7)}),
    "mart_api_endpoints.days_within_the_window": put("mart_api_endpoints", {"days": 31}),
    "mart_actions.called": put("mart_actions", {"calls": 0}),
    "mart_agents.counts_not_negative": put("mart_agents", {"cost_usd": -0.1}),
    "mart_agents.quality_scale": put("mart_agents", {"quality_sum": 101.0}),
    "mart_agents.score_scale": put("mart_agents", {"score_sum": 10.1}),
    "mart_executions.an_execution_is_one_request": put("mart_executions", {"requests": 2}),
    "mart_executions.score_scale": put("mart_executions", {"score_sum": Decimal("10.1")}),
    "mart_feedback_calibration.map_scale": put("mart_feedback_calibration", {"map_score": 11.0}),
    "mart_feedback_calibration.squares_possible": put("mart_feedback_calibration", {"score_sumsq": 40.0}),
    "mart_fingerprints.key_form": put("mart_fingerprints", {"fingerprint": "../../etc"}),
    "mart_fingerprints.counted": put("mart_fingerprints", {"occurrences": 0}),
    "mart_first_steps.began_in_the_window": put("mart_first_steps", {"first_date": DAY - timedelta(days=36)}),
    "mart_first_steps.first_week_is_over": put("mart_first_steps", {"last_date": DAY - timedelta(days=5)}),
    "mart_pattern_days.dates": put("mart_pattern_days", {"event_date": DAY - timedelta(days=56)}),
    "mart_rater_agreement.counted": put("mart_rater_agreement", {"items": 0}),
    "mart_rater_agreement.patterns_counted": put("mart_rater_agreement", {"patterns": 0}),
    "mart_request_texts.seen_up_to_the_day": put("mart_request_texts", {"last_seen": TOMORROW}),
    "mart_request_texts.in_vain_at_all": put("mart_request_texts", {"in_vain": 0}),
    "mart_sequences.sessions_end": put("mart_sequences", {"actions": ["ask"] * 1_001}),
    "mart_workflows.counts_not_negative": put("mart_workflows", {"cost_usd": -0.1}),
    "mart_totals.hours_equal_days": put("mart_health_hourly", {"requests": 9}),
    "mart_totals.failures_equal_hours": put("mart_failures_hourly", {"failures": 5}),
    "mart_totals.impact_within_errors": put("mart_error_impact", {"measured": 7}),
    "mart_totals.fix_cases_within_logged": logged_once,
    "mart_totals.kpi_quantiles_ordered": put("mart_kpis_daily", {"numerator": 301.0}, row=3),
}


def suites_of(*names: str) -> list[Suite]:
    return [suite for suite in load_suites(Stage.MARTS) if suite.name in names]


def only(name: str) -> list[Suite]:
    """Return a check's suite with that check alone: what one check costs is what a test of it costs."""
    suite_name, check_name = name.split(".")
    (suite,) = suites_of(suite_name)
    return [replace(suite, checks=tuple(c for c in suite.checks if c.name == check_name))]


def test_every_check_has_a_mutation() -> None:
    checks = {f"{suite.name}.{check.name}" for suite in load_suites(Stage.MARTS) for check in suite.checks}
    assert checks == set(MUTATIONS)


def test_marts_that_agree_pass_every_check(good_marts: Frames, settings: SimpleNamespace) -> None:
    gate = run_suites("marts", good_marts, DAY, settings)
    assert [(r.name, r.observed) for r in gate.results if r.outcome is not Outcome.PASSED] == []
    assert gate.passed


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_check_fires(name: str, good_marts: Frames, settings: SimpleNamespace) -> None:
    MUTATIONS[name](good_marts)
    gate = run_suites("marts", good_marts, DAY, settings, suites=only(name))
    result = next(r for r in gate.results if r.name == name)
    assert result.outcome is Outcome.FAILED, result
    assert result.failing >= 1


def test_missing_mart_stops_and_names_it(good_marts: Frames, settings: SimpleNamespace) -> None:
    del good_marts["mart_errors"]
    gate = run_suites("marts", good_marts, DAY, settings, suites=suites_of("mart_errors"))
    assert gate.headline() == (
        "marts gate failed: 1 of 1 checks broken — mart_errors.has_data: no data: mart_errors was not made"
    )


def test_marts_of_a_day_without_requests_warn(good_marts: Frames, settings: SimpleNamespace) -> None:
    empty = {name: frame.head(0) for name, frame in good_marts.items()}
    gate = run_suites("marts", empty, DAY, settings)
    assert gate.passed
    assert {r.suite for r in gate.warnings} == {
        "mart_feature_gaps",
        "mart_health_daily",
        "mart_kpis_daily",
        "mart_usage",
    }


def test_missing_column_breaks_the_checks_that_need_it(good_marts: Frames, settings: SimpleNamespace) -> None:
    good_marts["mart_errors"] = good_marts["mart_errors"].drop(columns="handled")
    gate = run_suites("marts", good_marts, DAY, settings, suites=suites_of("mart_errors"))
    broken = {r.check: r.observed for r in gate.failures}
    assert broken == {
        "counts_not_negative": "the column handled is missing",
        "handled_within_occurrences": "the column handled is missing",
    }


def test_column_without_values_is_not_judged(good_marts: Frames, settings: SimpleNamespace) -> None:
    good_marts["mart_usage"]["duration_p50_ms"] = None
    good_marts["mart_usage"]["duration_p95_ms"] = None
    good_marts["mart_usage"]["duration_p99_ms"] = None
    gate = run_suites("marts", good_marts, DAY, settings, suites=suites_of("mart_usage"))
    result = next(r for r in gate.results if r.check == "p95_not_below_p50")
    assert (result.outcome, result.passed) == (Outcome.NO_DATA, True)
    assert "2 without data to judge" in gate.headline()


def test_improvements_of_which_none_is_deployed_have_no_days_to_judge(
    good_marts: Frames, settings: SimpleNamespace
) -> None:
    good_marts["mart_improvements"] = good_marts["mart_improvements"].assign(deployed_on=None, judged_on=None)
    gate = run_suites("marts", good_marts, DAY, settings, suites=suites_of("mart_improvements"))
    judged = {r.check: r.outcome for r in gate.results}
    assert gate.passed
    assert judged["judged_after_it_was_deployed"] is Outcome.NO_DATA


def test_decimals_and_lists_as_duckdb_returns_them(good_marts: Frames, settings: SimpleNamespace) -> None:
    usage = good_marts["mart_usage"]
    usage["cost_usd"] = [Decimal("0.020000")] * len(usage)
    gate = run_suites("marts", good_marts, DAY, settings, suites=suites_of("mart_usage"))
    assert gate.passed


def test_same_marts_give_the_same_record(good_marts: Frames, settings: SimpleNamespace) -> None:
    good_marts["mart_errors"]["units"] = 7
    suites = suites_of("mart_errors", "mart_totals")
    first, again = (run_suites("marts", good_marts, DAY, settings, suites=suites).as_record() for _ in range(2))
    assert first == again
    names = [(r["suite"], r["check"]) for r in first["results"]]
    assert names == sorted(names)


def test_mart_without_any_of_its_columns_is_broken_not_a_crash(good_marts: Frames, settings: SimpleNamespace) -> None:
    good_marts["mart_feedback_response"] = pd.DataFrame({"something": [1]})
    gate = run_suites("marts", good_marts, DAY, settings, suites=suites_of("mart_feedback_response"))
    assert len(gate.failures) == 5
    assert all("is missing" in r.observed for r in gate.failures)
