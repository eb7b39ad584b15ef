from datetime import date, datetime, time, timedelta

import pytest

from ratchet.analyze.hourly import judge_hour
from ratchet.objectives import parse

END = datetime.combine(date(2026, 11, 20), time(14))
SUCCESS = parse({"success_rate": {"target": 0.9, "critical": 0.75, "floor": 30, "required": True}})


@pytest.fixture
def weeks(hourly):
    """Four weeks of hours, each with so many successes and failures; the last ones as they are told."""

    def build(*last, n=100, bad=5, service=""):
        own = {"service": service}
        rows = [
            {"metric_hour": END - timedelta(hours=back), "requests": n, "successes": n - bad, "failures": bad} | own
            for back in range(29 * 24, len(last), -1)
        ]
        rows += [
            {"metric_hour": END - timedelta(hours=len(last) - at), "requests": sum(pair)}
            | {"successes": pair[0], "failures": pair[1]}
            | own
            for at, pair in enumerate(last)
            if pair
        ]
        return hourly(*rows)

    return build


def judge(frame, objectives=SUCCESS, **more):
    return judge_hour(frame, objectives, END, **more)


def test_a_usual_hour_is_healthy_and_raises_nothing(weeks):
    found = judge(weeks((95, 5)))
    assert found.as_record()["status"] == "healthy"
    assert found.alerts == ()
    assert (found.hour, found.until) == ("2026-11-20T13:00Z", "2026-11-20T14:00Z")


def test_an_hour_of_failures_burns_the_budget_and_is_worse_than_its_season(weeks):
    found = judge(weeks((0, 100), bad=4))
    assert found.as_record()["status"] == "degraded"  # more than half of four weeks' budget is left
    assert {(a.kind, a.severity.value, a.since) for a in found.alerts} == {
        ("burn", "high", "2026-11-20T13:00Z"),
        ("season", "low", "2026-11-20T13:00Z"),
    }
    assert judge(weeks((0, 100), bad=10)).as_record()["status"] == "critical"  # none of it was left


def test_a_few_failures_in_a_quiet_hour_are_no_alarm(weeks):
    assert judge(weeks((0, 20))).alerts == ()


def test_a_known_incident_does_not_become_the_season(weeks):
    outage = [(60, 40)] * 13 * 24
    hour = [*outage, (60, 40)]
    began = (END - timedelta(hours=len(hour))).isoformat() + "Z"
    known = [{"kind": "incident", "occurred_at": began, "ended_at": (END - timedelta(hours=1)).isoformat() + "Z"}]

    def season(changes):
        (found,) = judge(weeks(*hour), changes=changes).services[0].objectives
        return round(found.season.expected_share, 2), found.season.is_worse

    assert season(known) == (0.05, True)
    assert season(())[0] > 0.05


def test_silence_is_told_once_enough_was_expected(weeks):
    assert judge(weeks(None, n=20, bad=1)).services[0].quiet_since is None
    found = judge(weeks(None, None, n=20, bad=1))
    assert found.services[0].quiet_since == "2026-11-20T12:00Z"
    assert found.as_record()["status"] == "no data"
    assert [(a.kind, a.severity.value, a.since) for a in found.alerts] == [("silence", "high", "2026-11-20T12:00Z")]
    assert found.alerts[0].reason == "nothing was logged since 2026-11-20T12:00Z, at least 30 events were expected"


def test_hours_that_are_always_quiet_are_no_silence(hourly):
    rows = [
        {"metric_hour": at, "requests": 500, "successes": 490, "failures": 10}
        for at in (END - timedelta(hours=n) for n in range(1, 29 * 24))
        if 8 <= at.hour < 12
    ]
    assert judge(hourly(*rows)).services[0].quiet_since is None


def test_without_events_nothing_is_healthy(hourly):
    found = judge(hourly())
    assert found.as_record()["status"] == "no data"
    assert found.services[0].reason == "success rate: 0 events in a day, 30 are needed"
    assert found.alerts == ()


def test_an_alert_is_over_only_where_something_was_logged(weeks):
    burning = judge(weeks((0, 100))).alerts[0].alert_id
    assert burning in judge(weeks((0, 100), (95, 5))).judged
    assert burning not in judge(weeks((0, 100), None)).judged


def test_each_service_by_itself_in_any_order(weeks):
    import pandas as pd

    frame = pd.concat([weeks((190, 10), n=200, bad=10), weeks((95, 5), service="a"), weeks((5, 95), service="b")])
    found = judge(frame)
    assert {s.service: s.status for s in found.services} == {"": "healthy", "a": "healthy", "b": "degraded"}
    assert judge(frame.iloc[::-1]) == found


def test_objectives_without_hours_are_left_to_the_night(weeks):
    wanted = parse({"satisfaction": {"target": 0.7, "critical": 0.5}})
    assert judge(weeks((95, 5)), wanted).services[0].reason == "no objective has hours"
