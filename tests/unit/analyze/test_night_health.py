from datetime import date, datetime, time, timedelta

import numpy as np
import pytest

from ratchet import settings
from ratchet.analyze.night_health import MARTS, health_of_night
from ratchet.objectives import load

DAY = date(2026, 11, 20)
END = datetime.combine(DAY, time(0)) + timedelta(days=1)
HOURS = 29 * 24


@pytest.fixture
def night(health, hourly, failures, usage):
    """Return the health of a night whose last hours had these failure rates; four weeks before had 2 %."""

    def run(rates=(), services=("",), changes=()):
        rng = np.random.default_rng(3)
        share = np.full(HOURS, 0.02)
        share[HOURS - len(rates) :] = rates or share[:0]
        bad = rng.binomial(200, share)
        rows = [
            {"metric_hour": END - timedelta(hours=HOURS - at), "service": s, "failures": n, "successes": 200 - n}
            | {"requests": 200, "answered_minutes": 1, "heartbeats": 12, "heartbeats_up": 12, "up_minutes": 3}
            for s in services
            for at, n in enumerate(bad.tolist())
        ]
        by_day = bad.reshape(-1, 24).sum(axis=1)[-28:].tolist()
        days = [
            {"metric_date": DAY - timedelta(days=27 - at), "service": s, "failures": n, "successes": 4800 - n}
            | {"requests": 4800, "heartbeats": 288, "heartbeats_up": 288}
            for s in services
            for at, n in enumerate(by_day)
        ]
        marts = dict(zip(MARTS, (health(*days), hourly(*rows), failures(), usage()), strict=True))
        rules = settings.load("development").failure_classes
        return health_of_night(marts, load(settings.config_folder()), rules, DAY, changes)

    return run


def test_the_artifact_holds_to_its_schema(night, conforms):
    conforms("health", night(services=("", "chat")).as_artifact())
    conforms("health", night([0.5] * 10).as_artifact())


def test_a_home_without_anything_has_an_artifact_too(health, hourly, failures, usage, conforms):
    marts = dict(zip(MARTS, (health(), hourly(), failures(), usage()), strict=True))
    found = health_of_night(marts, load(settings.config_folder()), (), DAY, ())
    conforms("health", found.as_artifact())
    assert found.judged.status == "no data"


def test_a_day_worse_than_its_season_is_told_though_the_objective_holds(night):
    assert night().judged.alerts == ()
    found = night([0.05] * 24).judged
    success = found.objectives[0]
    assert success.season.is_worse
    assert (success.severity, success.status, found.status) == ("low", "healthy", "healthy")
    assert [(a.kind, a.objective) for a in found.alerts] == [("season", "success_rate")]


def test_an_hour_worse_than_its_season_is_named(night):
    (alert,) = night([0.12] + [0.02] * 3).judged.alerts
    assert (alert.kind, alert.since, alert.is_on) == ("season", "2026-11-20T20:00Z", False)


def test_a_known_incident_leaves_the_season_and_so_does_an_outage_that_nobody_named(night):
    week = [0.02] * (7 * 24 - 5)
    incident = {"kind": "incident", "occurred_at": END - timedelta(days=8), "ended_at": END - timedelta(days=7)}
    known = night([0.3] * 24 + [0.02] * 144 + [0.05] * 24, changes=[incident])
    assert known.judged.objectives[0].season.is_worse
    assert not night([0.3] * 24 + [0.02] * 144 + [0.05] * 24).judged.objectives[0].season.is_worse
    assert night([0.9] * 24 + week + [0.05] * 24).judged.objectives[0].season.is_worse
