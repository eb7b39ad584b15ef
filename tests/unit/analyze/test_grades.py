import pytest

from ratchet.analyze.burns import Budget, Burn
from ratchet.analyze.grades import alerts, severity
from ratchet.analyze.season_checks import SeasonCheck
from ratchet.contracts.estimates import Estimate


def budget(left):
    return Budget(28, 100.0, 100.0 * (1 - left), Estimate(left, 1000))


def burn(hours, *, on=True, fired=3):
    since, until = ("2026-11-20T03:00Z", "2026-11-20T05:00Z") if fired else (None, None)
    return Burn(hours, 6.0, Estimate(7.0, 100), 8.0, fired, since, until, on, hours <= 6)


def season(worse=True, hours=()):
    return SeasonCheck(0.2, 0.1, 100, 0.0001, 0.01, worse, hours, "")


@pytest.mark.parametrize(
    ("burns", "found", "grades"),
    [
        ((), None, ["none", "none", "low"]),
        ((), season(), ["low", "medium", "high"]),
        ((burn(72),), season(), ["medium", "medium", "high"]),
        ((burn(6), burn(72)), None, ["high", "high", "critical"]),
        ((burn(1, on=False),), None, ["none", "none", "low"]),
    ],
)
def test_severity_is_the_table_of_the_docs(burns, found, grades):
    assert [severity(budget(left), burns, found) for left in (0.9, 0.3, -0.1)] == grades


def test_without_a_budget_severity_comes_from_what_burns_and_the_season():
    assert severity(None, (burn(1),), None) == "high"
    assert severity(None, (), None) == "none"


def test_an_alert_names_when_it_began_and_whether_it_lasts():
    (found,) = alerts("chat", "uptime", budget(0.9), (burn(6), burn(24, on=False)), None, "2026-11-20T00:00Z")
    assert (found.kind, found.since, found.is_on, found.severity) == ("burn", "2026-11-20T03:00Z", True, "high")
    assert found.reason == "the error budget burns 7.0 times too fast over 6 hours (limit 6)"


def test_an_alert_that_is_over_says_until_when():
    (found,) = alerts("", "uptime", budget(0.9), (burn(1, on=False),), None, "2026-11-20T00:00Z")
    assert not found.is_on
    assert found.reason.endswith("until 2026-11-20T05:00Z")


def test_an_id_stays_the_same_for_one_thing_and_differs_between_things():
    made = [
        alerts(service, name, None, (burn(hours),), None, began)[0].alert_id
        for service, name, hours, began in (
            ("", "uptime", 1, "a"), ("", "uptime", 72, "b"), ("x", "uptime", 1, "a"), ("", "success_rate", 1, "a")
        )
    ]  # fmt: skip
    assert made[0] == made[1]
    assert len(set(made)) == 3


def test_hours_that_were_worse_are_told_even_where_the_day_was_not():
    (found,) = alerts("", "uptime", None, (), season(False, ("2026-11-20T09:00Z",)), "2026-11-20T00:00Z")
    assert (found.kind, found.since, found.is_on, found.severity) == ("season", "2026-11-20T09:00Z", False, "low")
    assert alerts("", "uptime", None, (burn(1, on=False, fired=0),), season(False), "") == ()
