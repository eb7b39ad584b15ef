from datetime import datetime, timedelta

import pytest

from ratchet.analyze.failure_classes import classified
from ratchet.analyze.hours import hours_of
from ratchet.analyze.uptime import uptimes
from ratchet.settings import FailureRule

END = datetime.fromisoformat("2026-11-21")
HOUR = END - timedelta(hours=1)
RULES = [FailureRule(pattern="402", failure_class="infrastructure")]


@pytest.fixture
def day(hourly, failures):
    """Return the uptime of the day for the services of these rows, '' first."""

    def run(rows, failed=()):
        rows = [{"metric_hour": HOUR, **row} for row in rows]
        classed = classified(failures(*({"metric_hour": HOUR, "sample_error": "402", **row} for row in failed)), RULES)
        names = {row.get("service", "") for row in rows}
        return uptimes(hours_of(hourly(*rows), names, END), classed, (1,))

    return run


def test_a_minute_is_up_or_down_by_what_the_log_says_and_else_unknown(day):
    (found,) = day([{"up_minutes": 0b0111, "down_minutes": 0b1000, "answered_minutes": 0b10000}])
    assert (found.up_minutes, found.down_minutes, found.unknown_minutes) == (4, 1, 1435)
    assert found.by_minute.number == pytest.approx(0.8)


def test_a_minute_that_said_both_is_down(day):
    (found,) = day([{"up_minutes": 1, "down_minutes": 1}])
    assert (found.up_minutes, found.down_minutes) == (0, 1)


def test_silence_is_unknown_and_has_no_share(day):
    (found,) = day([])
    assert (found.unknown_minutes, found.by_minute.number, found.by_request.number) == (1440, None, None)


def test_a_minute_in_which_only_the_infrastructure_failed_is_down(day):
    rows = [{"successes": 6, "failures": 4, "answered_minutes": 0b001}]
    (found,) = day(
        rows, [{"failures": 2, "minutes": 0b011}, {"sample_error": "agent", "failures": 2, "minutes": 0b100}]
    )
    assert (found.up_minutes, found.down_minutes) == (1, 1)
    assert found.by_request.number == pytest.approx(0.8)


def test_a_service_that_is_down_is_down_for_all_too(day):
    rows = [
        {"service": "a", "successes": 5, "failures": 5},
        {"service": "", "successes": 15, "failures": 5, "answered_minutes": 0},
    ]
    everything, own = day(rows, [{"service": "a", "failures": 5, "minutes": 0b1}])
    assert (own.by_request.number, everything.by_request.number) == (0.5, 0.75)
    assert own.down_minutes == everything.down_minutes == 1


def test_failures_that_name_no_service_count_for_all_alone(day):
    everything, own = day([{"service": "a", "successes": 5}, {"successes": 9, "failures": 1}], [{"failures": 1}])
    assert (own.down_minutes, everything.down_minutes) == (0, 1)


def test_hours_outside_of_the_span_do_not_count(day):
    rows = [{"metric_hour": END - timedelta(hours=25), "up_minutes": 7}, {"metric_hour": END, "up_minutes": 7}]
    assert day(rows, [{"metric_hour": END, "minutes": 1}])[0].unknown_minutes == 1440
