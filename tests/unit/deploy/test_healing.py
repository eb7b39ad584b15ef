"""A setting that heals, night after night: what it touches, when it is over, how it is judged and how it goes back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.analyze.test_tuning import ago, mart, timed

from ratchet.analyze.tuning import tune
from ratchet.client.token_bucket import Rate
from ratchet.contracts.adaptive import HEALS_FOR, Defaults, History, Setting, Trial, TuningResult
from ratchet.contracts.improvements import Priority, State
from ratchet.deploy import tuning
from ratchet.deploy.decisions import append, fold, read
from ratchet.deploy.lifecycle import open_night, settle
from ratchet.generate.healing import COOLDOWN, with_limits
from ratchet.generate.settings import propose_settings

from .test_tuning import DAY, FREE, TARGET, Limits, Nights, found, later

SLOW = {"kind": "burn", "service": "chat", "objective": "latency_p95_ms", "severity": "high", "is_on": True}
SLOW |= {"since": "2026-11-01T20:00Z", "reason": "the error budget burns 9 times too fast"}


def proposed(*tuned, alerts=(SLOW,), history=None, day=DAY):
    known = history or History()
    return with_limits(propose_settings(TuningResult(day, tuned, {}), known, Limits()), alerts, known, day)


class Healing(Nights):
    """Nights on which the latency is in trouble."""

    def run(self, day, *tuned, policy=FREE, alerts=(SLOW,)):
        recorded = read(self.home.decisions, day)
        made = proposed(*tuned, alerts=alerts, history=tuning.history(recorded, day), day=day)
        opened = open_night(self.home.decisions, day, 30)
        settled = settle(opened, made, (), policy, (), tuning.judgements(tuned, recorded, day))
        append(self.home.decisions, settled.decisions)
        return settled


@pytest.fixture
def nights(tmp_path):
    return Healing(tmp_path)


def test_a_setting_heals_what_is_wrong_and_says_what_it_touches_and_how_it_is_undone():
    (made,) = proposed(found())
    assert made.priority is Priority.HIGH
    assert [a["objective"] for a in made.evidence["heals"]] == ["latency_p95_ms"]
    assert made.why.startswith("Latency p95 of chat is in trouble: the error budget burns 9 times too fast. Replayed")
    assert made.evidence["blast_radius"] == {"target": "search", "calls_a_day": 100, "share_of_proposed": 1.0}
    assert made.evidence["undo"].startswith("back to 30 s")
    assert made.evidence["publishes"]["settings"]["heals_until"] == str(later(1) + HEALS_FOR)
    assert made.improvement_id == proposed(found(), alerts=())[0].improvement_id


@pytest.mark.parametrize("alert", [SLOW | {"is_on": False}, SLOW | {"objective": "satisfaction"}])
def test_without_an_alert_it_can_act_on_it_is_a_setting_as_any(alert):
    (made,) = proposed(found(), alerts=(alert,))
    assert "heals" not in made.evidence
    assert made.priority is Priority.MEDIUM
    assert "heals_until" not in made.evidence["publishes"]["settings"]


def test_a_limit_of_a_service_heals_that_service_only():
    limit = replace(found(), setting=Setting.CONCURRENCY, today={"limit": 64.0}, proposed={"limit": 8.0})
    mine, other = proposed(replace(limit, target="chat"), replace(limit, target="search"))
    assert ("heals" in mine.evidence, "heals" in other.evidence) == (True, False)


RATE = {"per_minute": 90.0, "burst": 10.0}
REFUSED = SLOW | {"objective": "api_failure_rate", "service": ""}


def limited(trial=None, day=DAY):
    return replace(found(trial=trial, day=day), setting=Setting.RATE_LIMIT, target="llm", today={}, proposed=RATE)


def test_a_rate_limit_heals_a_failing_api_and_goes_back_to_no_limit(nights):
    (made,) = proposed(limited(), alerts=(REFUSED,))
    assert made.title == "Call llm at most 90 a minute, 10 at once"
    assert made.evidence["undo"].startswith("back to no limit")
    assert [a["objective"] for a in made.evidence["heals"]] == ["api_failure_rate"]
    settled = nights.run(DAY, limited(), alerts=(REFUSED,))
    (entry,) = nights.publish(DAY, settled)["settings"]
    assert (entry["setting"], entry["value"], entry["expires_on"]) == ("rate_limit", RATE, str(later(1) + HEALS_FOR))
    assert nights.rate(later(1)) == Rate(90.0, 10.0)
    assert nights.rate(later(1) + HEALS_FOR) == Rate()
    known = nights.history(later(1))
    assert known.trials[Setting.RATE_LIMIT, "llm"].before == {}
    worse = replace(known.trials[Setting.RATE_LIMIT, "llm"], verdict="rolled_back", reason="more were throttled")
    nights.publish(later(1), nights.run(later(1), replace(limited(worse), proposed=None)))
    assert nights.rate(later(2)) == Rate()
    assert nights.history(later(2)).undone == {(Setting.RATE_LIMIT, "llm"): (RATE,)}


def test_after_a_change_the_next_one_waits(nights):
    nights.publish(DAY, nights.run(DAY, found()))
    day = later(2)
    known = nights.history(day)
    assert known.last == {TARGET: later(1)}
    (made,) = proposed(found(20.0, today=12.0), history=known, day=day)
    assert made.held_back == f"search was changed on {later(1)}; the next change is not before {later(1) + COOLDOWN}"
    nights.publish(day, nights.run(day, found(20.0, today=12.0)))
    assert nights.timeout(later(3)) == 12.0
    (made,) = proposed(found(20.0, today=12.0), history=known, day=later(1) + COOLDOWN)
    assert made.held_back == ""


def test_it_goes_back_by_itself_unless_it_was_kept(nights):
    settled = nights.run(DAY, found())
    (entry,) = nights.publish(DAY, settled)["settings"]
    last = later(1) + HEALS_FOR
    assert entry["expires_on"] == str(last)
    recorded = read(nights.home.decisions, later(90))
    assert tuning.in_force(recorded, last)[TARGET].numbers == {"all_s": 12.0}
    assert tuning.in_force(recorded, last + timedelta(days=1)) == {}
    nights.run(last + timedelta(days=1), alerts=())
    (standing,) = fold(read(nights.home.decisions, later(90)), later(90)).values()
    assert standing.state is State.UNMEASURABLE
    assert standing.reason == "another value replaced it, or its time was over"


def test_what_was_kept_stays(nights):
    settled = nights.run(DAY, found())
    nights.publish(DAY, settled)
    kept = Trial(settled.improvements[0].improvement_id, {"all_s": 30.0}, later(1), "kept", "it loses no more")
    nights.run(later(8), found(None, trial=kept))
    value = tuning.in_force(read(nights.home.decisions, later(90)), later(90))[TARGET]
    assert (value.numbers, value.heals) == ({"all_s": 12.0}, False)


@pytest.mark.parametrize(("heals", "verdict"), [(True, "rolled_back"), (False, "")])
def test_what_heals_is_judged_the_next_night(heals, verdict):
    """Calls come after 3 s since the deployment, so that the limit of 2 s that was to heal gives all of them up."""
    rows = [timed("search", ago(d), 1000, 100) for d in range(1, 20)] + [timed("search", ago(0), 3000, 100)]
    trial = Trial("x", {"all_s": 30.0}, ago(0), heals=heals)
    history = History(in_force={TARGET: {"all_s": 2.0}}, trials={TARGET: trial})
    (now,) = tune(mart(*rows), history, Defaults(), ago(0)).settings
    assert now.trial.verdict == verdict
