import json
from datetime import date, datetime, time, timedelta

import pytest

from ratchet.analyze.health import judge
from ratchet.objectives import parse

DAY = date(2026, 11, 20)
SUCCESS = {"success_rate": {"target": 0.9, "critical": 0.75, "floor": 30, "required": True}}


@pytest.fixture
def status(health, hourly):
    def run(*rows, objectives=SUCCESS, hours=()):
        return judge(health(*rows), hourly(*hours), parse(objectives), DAY)

    return run


@pytest.mark.parametrize(
    ("successes", "failures", "expected"),
    [
        (95, 5, "healthy"),
        (88, 12, "healthy"),  # below the objective, within chance
        (80, 20, "degraded"),
        (60, 40, "critical"),
        (72, 28, "degraded"),  # below the critical line, within chance of it
        (0, 29, "no data"),
        (0, 0, "no data"),
    ],
)
def test_an_objective_is_breached_only_beyond_chance(status, successes, failures, expected):
    found = status({"successes": successes, "failures": failures, "requests": successes + failures})
    assert found.status == found.objectives[0].status == expected


def test_silence_is_never_healthy(status):
    assert status().status == "no data"
    assert status().reason == "success rate: 0 events in a day, 30 are needed"


def test_a_required_objective_without_data_keeps_the_rest_from_being_called_healthy(status):
    both = SUCCESS | {"uptime": {"target": 0.9, "critical": 0.5}}
    assert status({"heartbeats": 100, "heartbeats_up": 100}, objectives=both).status == "no data"
    assert status({"heartbeats": 100, "heartbeats_up": 70}, objectives=both).status == "degraded"


@pytest.mark.parametrize(
    ("metric", "good", "bad"),
    [
        ("error_rate", {"requests": 100, "errors": 2}, {"requests": 100, "errors": 300}),
        ("api_failure_rate", {"api_calls": 100, "api_failures": 2}, {"api_calls": 100, "api_failures": 60}),
    ],
)
def test_less_is_better_for_failures(status, metric, good, bad):
    objective = {metric: {"target": 0.05, "critical": 0.2}}
    assert [status(row, objectives=objective).status for row in (good, bad)] == ["healthy", "critical"]


def test_satisfaction_is_the_share_of_scores_that_are_not_low(status):
    found = status({"scored": 50, "low": 10}, objectives={"satisfaction": {"target": 0.75, "critical": 0.5}})
    assert found.objectives[0].value.number == 0.8


TIMES = {"duration_n": 1_000, "duration_p50_ms": 1_000.0, "duration_p95_ms": 8_000.0, "duration_p99_ms": 20_000.0}


@pytest.mark.parametrize(
    ("target", "critical", "expected"),
    [(9_000, 30_000, "healthy"), (5_000, 9_000, "degraded"), (900, 5_000, "critical")],
)
def test_a_latency_is_judged_by_the_share_within_it(status, target, critical, expected):
    found = status(TIMES, objectives={"latency_p95_ms": {"target": target, "critical": critical}})
    assert found.status == expected
    assert found.objectives[0].observed_ms == 8_000


@pytest.mark.parametrize(
    ("limit", "share"), [(500, 0.25), (1_000, 0.5), (8_000, 0.95), (20_000, 0.99), (90_000, 0.99), (2_828.43, 0.725)]
)
def test_the_share_within_a_limit_is_read_between_the_quantiles(status, limit, share):
    found = status(TIMES, objectives={"latency_p95_ms": {"target": limit, "critical": 1e6}})
    assert found.objectives[0].value.number == pytest.approx(share, abs=1e-6)


def test_constant_latencies_do_not_divide_by_zero(status):
    flat = {"duration_n": 100, "duration_p50_ms": 0.0, "duration_p95_ms": 0.0, "duration_p99_ms": 0.0}
    assert status(flat, objectives={"latency_p95_ms": {"target": 10, "critical": 20}}).status == "healthy"


def test_a_window_adds_up_its_days_and_no_others(status):
    days = [
        {"metric_date": DAY - timedelta(days=i), "successes": 10, "failures": i, "requests": 10 + i} for i in range(9)
    ]
    found = status(*days, objectives={"success_rate": SUCCESS["success_rate"] | {"window_days": 7}})
    assert found.objectives[0].value.n == 70 + sum(range(7))


def test_each_service_is_judged_by_itself(status):
    found = status(
        {"successes": 190, "failures": 10},
        {"service": "chat", "successes": 99, "failures": 1},
        {"service": "search", "successes": 10, "failures": 60},
        {"service": "quiet", "successes": 1},
    )
    assert found.status == "healthy"
    assert {s.service: s.status for s in found.services} == {
        "chat": "healthy",
        "quiet": "no data",
        "search": "critical",
    }


def test_order_does_not_matter_and_hostile_services_stay_data(health, hourly):
    objectives = parse(SUCCESS | {"latency_p95_ms": {"target": 5_000, "critical": 9_000}})
    rows = [TIMES | {"service": s, "successes": 30, "failures": 9} for s in ("", "<b>", "=1", "ü" * 999, "a\x00")]
    made, hours = health(*rows), hourly(*({"service": r["service"], "successes": 9, "failures": 9} for r in rows))
    found = judge(made, hours, objectives, DAY)
    assert judge(made.iloc[::-1], hours.iloc[::-1], objectives, DAY) == found
    assert len(json.loads(json.dumps(found.as_artifact()))["services"]) == 4


def test_a_burn_within_the_day_makes_it_worse_and_raises_an_alert(status):
    good, bad = {"successes": 200, "failures": 8}, {"successes": 0, "failures": 100}
    hours = [{"metric_hour": datetime.combine(DAY, time(hour)), **(bad if hour == 23 else good)} for hour in range(24)]
    found = status({"successes": 4600, "failures": 284, "requests": 4884}, hours=hours)
    assert (found.status, found.objectives[0].severity) == ("degraded", "high")
    assert found.reason.endswith("the error budget burns 10.0 times too fast over an hour (limit 5)")
    (alert,) = found.alerts
    assert (alert.kind, alert.since, alert.is_on) == ("burn", "2026-11-20T23:00Z", True)


def test_budget_spent_over_the_month_is_said_and_alone_degrades_nothing(status):
    month = [
        {"metric_date": DAY - timedelta(days=n), "successes": 500, "failures": 5 if n < 2 else 80} for n in range(28)
    ]
    found = status(*month)
    assert found.objectives[0].budget.left.number < 0
    assert (found.status, found.objectives[0].severity) == ("healthy", "low")


def test_nothing_but_failures_is_critical_and_still_numbers(status):
    start = datetime.combine(DAY, time(0)) - timedelta(days=27)
    hours = [{"metric_hour": start + timedelta(hours=n), "successes": 0, "failures": 40} for n in range(28 * 24)]
    days = [{"metric_date": DAY - timedelta(days=n), "failures": 960, "requests": 960} for n in range(28)]
    found = status(*days, hours=hours)
    (judged,) = found.objectives
    assert (found.status, judged.severity, judged.value.number) == ("critical", "critical", 0.0)
    assert (judged.budget.left.number, [a.kind for a in found.alerts]) == (-9.0, ["burn"])
    json.dumps(found.as_artifact(), allow_nan=False)


def test_one_event_a_week_is_not_enough_data_even_where_it_failed(status):
    weeks = [DAY - timedelta(days=7 * n) for n in range(4)]
    hours = [{"metric_hour": datetime.combine(day, time(9)), "successes": 0, "failures": 1} for day in weeks]
    days = [{"metric_date": day, "failures": 1, "requests": 1} for day in weeks]
    found = status(*days, objectives={"success_rate": SUCCESS["success_rate"] | {"window_days": 28}}, hours=hours)
    assert (found.status, found.alerts) == ("no data", ())
    json.dumps(found.as_artifact(), allow_nan=False)
