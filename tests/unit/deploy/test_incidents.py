from dataclasses import replace
from datetime import date

from ratchet.analyze.grades import Alert, Severity
from ratchet.deploy import incidents
from ratchet.deploy.decisions import HOUR, NIGHT, Decision, Kind, append, closed_nights, fold, read

DAY = date(2026, 11, 20)
BURN = Alert("a1", "burn", "chat", "success_rate", Severity.HIGH, "2026-11-20T13:00Z", True, "it burns")
SEASON = replace(BURN, alert_id="a2", kind="season")


def hour(folder, alerts, judged=(), until="2026-11-20T14:00Z", day=DAY):
    made = incidents.news(read(folder, date.max), alerts, set(judged), until, day)
    append(folder, made)
    return [(d.facts["alert_id"], d.facts["ended"]) for d in made]


def test_an_incident_is_recorded_once_when_it_begins_and_once_when_it_is_over(tmp_path):
    assert hour(tmp_path, [BURN]) == [("a1", None)]
    assert hour(tmp_path, [replace(BURN, since="2026-11-20T14:00Z")], {"a1"}) == []
    assert hour(tmp_path, [], until="2026-11-20T15:00Z") == []  # nobody knows: nothing was logged
    assert hour(tmp_path, [], {"a1"}, "2026-11-20T16:00Z") == [("a1", "2026-11-20T16:00Z")]
    assert hour(tmp_path, [], {"a1"}, "2026-11-20T17:00Z") == []
    assert hour(tmp_path, [replace(BURN, since="2026-11-20T20:00Z")]) == [("a1", None)]
    assert list(incidents.under_way(read(tmp_path, date.max))) == ["a1"]


def test_what_is_over_within_the_check_begins_nothing(tmp_path):
    assert hour(tmp_path, [replace(BURN, is_on=False)]) == []


def test_hours_of_incidents_leave_the_season_but_what_is_only_unusual_becomes_usual(tmp_path):
    hour(tmp_path, [BURN, SEASON])
    known = read(tmp_path, date.max)
    (change,) = incidents.changes(known, "2026-11-21T00:00Z")
    assert (change["kind"], change["target"], change["service"]) == ("incident", "success_rate", "chat")
    assert (change["occurred_at"], change["ended_at"]) == ("2026-11-20T13:00Z", "2026-11-21T00:00Z")
    hour(tmp_path, [], {"a1"}, "2026-11-20T16:00Z")
    (change,) = incidents.changes(read(tmp_path, date.max), "2026-11-21T00:00Z")
    assert change["ended_at"] == "2026-11-20T16:00Z"


def test_a_night_that_is_run_again_knows_what_it_knew(tmp_path):
    hour(tmp_path, [BURN], day=date(2026, 11, 21))
    assert incidents.changes(read(tmp_path, DAY), "2026-11-21T00:00Z") == []
    recorded = read(tmp_path, date.max)
    assert (fold(recorded, date.max), closed_nights(recorded)) == ({}, frozenset())
    assert all(isinstance(d, Decision) and d.actor == "hour" for d in recorded)


def test_a_day_shows_what_began_was_on_or_was_over_on_it(tmp_path):
    hour(tmp_path, [BURN, replace(BURN, alert_id="a3", kind="silence", objective="", since="2026-11-20T09:00Z")])
    hour(tmp_path, [BURN], {"a1", "a3"}, "2026-11-20T16:00Z")
    hour(tmp_path, [], {"a1"}, "2026-11-21T03:00Z", date(2026, 11, 21))

    def shown(day, known_on):
        return [(i["kind"], i["since"], i["ended"]) for i in incidents.of_day(read(tmp_path, known_on), day)]

    silence = ("silence", "2026-11-20T09:00Z", "2026-11-20T16:00Z")
    assert shown(DAY, DAY) == [silence, ("burn", "2026-11-20T13:00Z", None)]
    later = date(2026, 11, 21)
    assert shown(later, later) == [("burn", "2026-11-20T13:00Z", "2026-11-21T03:00Z")]
    assert shown(date(2026, 11, 19), later) == []
    assert shown(date(2026, 11, 22), later) == []


def test_what_the_hour_rolled_back_is_shown_on_the_day_from_which_it_counts(tmp_path):
    facts = {"rollout_id": "smart-search", "stage": "off"}
    append(
        tmp_path,
        [
            Decision("abc", 1, Kind.PROPOSED, DAY, HOUR, "errors are more frequent", {"title": "t"}),
            *(Decision("abc", 1, kind, DAY, HOUR) for kind in (Kind.VALIDATED, Kind.APPROVED)),
            Decision("abc", 1, Kind.DEPLOYED, DAY, HOUR, "published", facts),
            *(Decision("def", 1, k, DAY, NIGHT) for k in (Kind.PROPOSED, Kind.VALIDATED, Kind.APPROVED)),
            Decision("def", 1, Kind.DEPLOYED, DAY, NIGHT, "published", facts),
        ],
    )
    recorded = read(tmp_path, date.max)
    assert incidents.stopped(recorded, DAY) == [{"rollout_id": "smart-search", "reason": "errors are more frequent"}]
    assert incidents.stopped(recorded, date(2026, 11, 21)) == []
