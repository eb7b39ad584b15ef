"""Every check of the dbt project fires when what it guards against happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ratchet import marts
from ratchet.errors import StepFailedError
from ratchet.home import Home
from ratchet.warehouse import Warehouse

MARTS = sorted((marts.PROJECT / "models" / "marts").glob("mart_*.yml"))
DAMAGE = {
    "mart_feature_gaps": (
        "update mart_feature_gaps set successes = requests + 1, failing_units = units + 1, last_seen = '2026-02-01',"
        " unit_kind = 'household'"
    ),
    "mart_api_endpoints": "update mart_api_endpoints set failures = calls + 1, days = days + 1",
    "mart_feature_gap_errors": "update mart_feature_gap_errors set unit_kind = 'household'",
    "mart_request_texts": "update mart_request_texts set in_vain = requests + 1, recent = requests + 2",
    "mart_errors": (
        "update mart_errors set handled = occurrences + 1, first_seen = '2026-02-01', unit_kind = 'household',"
        " returned_on = '2026-01-01', first_at = '2026-01-01', change_at = '2026-01-02'"
    ),
    "mart_impact_days": (
        "insert into mart_impact_days select as_of, 'i' as improvement_id, 1 as revision, as_of as event_date,"
        " 'some' as cohort, true as holds_fix, 1 as intents, 1 as attempts, 2 as failures, 1 as failed"
        " from mart_fingerprints;"
    ),
    "mart_improvements": (
        "insert into mart_improvements by name select as_of, 'i' as improvement_id, 1 as revision, 'error_fix' as type,"
        " 't' as title, as_of as proposed_on, unnest(['shrug', null]) as verdict, false as is_automatic, 1.0 as cost,"
        " unnest([null, as_of - 1]) as deployed_on from mart_fingerprints"
    ),
    "mart_health_hourly": (
        "update mart_health_hourly set successes = requests + 1, up_minutes = (1::bigint << 60),"
        " metric_hour = metric_hour + interval 1 minute"
    ),
    "mart_failures_hourly": "update mart_failures_hourly set minutes = 0",
    "mart_error_impact": "update mart_error_impact set impact_minutes = 31 * measured",
    "mart_fingerprints": "update mart_fingerprints set grouped_by = 'whim'",
    "mart_fix_cases": "update mart_fix_cases set failed = false, error_type = 'E', call_recovers_after_s = -1",
    "mart_feedback": (
        "update mart_feedback set low = scored + 1, score_sum = 11 * feedback, unit_kind = 'household',"
        " kind = 'shrug', rater = 'cat'"
    ),
    "mart_feedback_response": (
        "update mart_feedback_response set requests_with_feedback = requests + 1, rephrased = comparable + 1"
    ),
    "mart_feedback_calibration": "update mart_feedback_calibration set scored = seen + 1, score_sum = 11 * (seen + 1)",
    "mart_rater_agreement": (
        "insert into mart_rater_agreement select as_of, 'thumb', 'user', '', [11.0], 1, 1 from mart_fingerprints"
    ),
    "mart_feedback_comments": "select 1",
    "mart_health_daily": "update mart_health_daily set unknown = requests + 1, low = scored + 1",
    "mart_executions": (
        "update mart_executions set grain = 'mood', level = 'leaf', unknown = requests + 1, low = scored + 1,"
        " coverage_n = 0, coverage_sum = 1"
    ),
    "mart_agents": "update mart_agents set level = 'leaf', unknown = requests + 1, flawed = validations + 1",
    "mart_experiments": (
        "update mart_experiments set kind = 'hunch', metric_kind = 'vibe', units_with_value = units + 1, sum_xx = -1,"
        " pairs_higher = pairs + 1, histogram_counts = [1], winsor_cap = 1, winsor_sum_y = 2 * abs(sum_y) + 1;"
        "update mart_experiments set metric_kind = 'proportion', sum_y = units + 1 where metric = 'won'"
    ),
    "mart_experiment_units": "update mart_experiment_units set crossovers = units + 1, dimension = 'mood'",
    "mart_experiment_assignments": "update mart_experiment_assignments set reason = 'WHIM'",
    "mart_kpis_daily": "update mart_kpis_daily set n = -1, metric = 'vibes', low = 1e18",
    "mart_pattern_days": "update mart_pattern_days set n = 0, kind = 'whim'",
    "mart_sequences": "update mart_sequences set sessions = 0",
    "mart_workflows": (
        "update mart_workflows set kind = 'whim', good = calls + 1, sample_event_ids = ['a', 'b', 'c', 'd']"
    ),
    "mart_tuning": (
        "update mart_tuning set setting = 'whim', n = 0, at_once = level + 1, last_ms = first_ms - 1;"
        "insert into mart_tuning select * replace (5 as n, 4 as day_calls) from mart_tuning"
    ),
    "mart_actions": (
        "update mart_actions set asked_again = comparable + 1, kind = 'mood', level = 'leaf', unit_kind = 'cat'"
    ),
    "mart_first_steps": "update mart_first_steps set went_on = users + 1, steps = len(path) + 1",
    "mart_usage": (
        "update mart_usage set unknown = requests + 1, units = requests + 1, unit_kind = 'household', level = 'leaf',"
        " dimension = 'mood'"
    ),
}
IMBALANCE = (
    "update int_interactions_daily set requests = requests + 1",
    "update int_events_daily set events = events + 1",
    "update int_requests_daily set requests = requests + 1, failures = failures + 1",
    "update int_errors_daily set occurrences = occurrences + 1",
    "update int_error_kinds_daily set occurrences = occurrences + 1",
    "update int_feedback_daily set feedback = feedback + 1",
    "update int_values_daily set n = n + 1",
    "update int_health_hourly set requests = requests + 1",
    "update int_durations_hourly set n = n + 1",
    "delete from int_combinations",
    "update mart_feature_gaps set requests = requests + 1, failures = failures + 1",
    "update mart_usage set requests = requests + 1 where dimension = 'intent'",
    "update mart_feedback_response set requests = requests + 1",
    "update int_exposures_daily set evaluations = evaluations + 1",
    "update int_outcomes_daily set observations = observations + 1",
    "update int_unit_requests_daily set requests_n = requests_n + 1",
    "update int_executions_daily set requests = requests + 1, errors = errors + 2",
    "update mart_executions set requests = requests + 1 where grain = 'execution'",
    "update mart_experiment_units set units = units + 1",
    "update mart_experiments set units = units + 1, observations = observations + 1, pairs = pairs + 1",
)


@pytest.fixture
def damaged(five_nights_copy: Any) -> Home:
    return five_nights_copy.home  # type: ignore[no-any-return]


def broken(home: Home, damage: list[str], select: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Do damage, run data tests, and return what each of them complains about."""
    monkeypatch.setattr(marts, "_raise_on_failure", lambda *_: None)
    with Warehouse.open(home) as warehouse:
        for statement in damage:
            warehouse.connection.execute(statement)
        results = marts.run_dbt(warehouse, "test", "--select", select).result.results
        return {r.node.name: set(warehouse.frame(r.node.compiled_code).iloc[:, 0]) for r in results}


def rules(path: Path) -> set[str]:
    (model,) = yaml.safe_load(path.read_text("utf-8"))["models"]
    arguments = model["data_tests"][0]["sound"]["arguments"]
    accepted = {f"accepted values of {column}" for column in arguments.get("accepted", {})}
    return {"the key is unique"} | accepted | set(arguments.get("holds", {}))


def test_every_rule_of_every_mart_fires(damaged: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    damage = [f"insert into {mart} select * from {mart}; {statement}" for mart, statement in DAMAGE.items()]
    found = broken(damaged, damage, "marts_are_sound", monkeypatch)
    assert found == {"marts_are_sound": {f"{path.stem}: {rule}" for path in MARTS for rule in rules(path)}}


def test_every_identity_between_layers_fires(damaged: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = broken(damaged, list(IMBALANCE), "totals_agree", monkeypatch).values()
    text = (marts.PROJECT / "tests" / "totals_agree.sql").read_text("utf-8")
    assert len(found) == text.count("    ('")


def test_a_sound_warehouse_has_nothing_broken(damaged: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set().union(*broken(damaged, [], "test_type:data", monkeypatch).values()) == set()


def test_the_error_names_the_rule_that_broke(damaged: Home) -> None:
    with Warehouse.open(damaged) as warehouse:
        warehouse.connection.execute("update mart_kpis_daily set n = -1")
        with pytest.raises(StepFailedError, match="mart_kpis_daily: counts are not negative [0-9]+"):
            marts.run_dbt(warehouse, "test", "--select", "marts_are_sound")


def test_a_contract_refuses_an_empty_key(damaged: Home) -> None:
    with Warehouse.open(damaged) as warehouse, pytest.raises(Exception, match="NOT NULL constraint failed"):
        warehouse.connection.execute("insert into mart_usage (as_of) values (null)")


def test_a_broken_model_is_named_in_one_line(damaged: Home) -> None:
    with Warehouse.open(damaged) as warehouse:
        day = warehouse.context()["as_of"]
        warehouse.connection.execute("drop table intermediate.int_heartbeats_daily cascade")
        warehouse.connection.execute("create table intermediate.int_heartbeats_daily (landed_date date)")
    with pytest.raises(StepFailedError, match="model int_heartbeats_daily") as failure:
        marts.build(damaged, day)
    assert "\n" not in str(failure.value)
