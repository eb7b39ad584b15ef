"""Settings on their way from a night's finding to the application and, where they do harm, back."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ratchet.client import Client
from ratchet.contracts.adaptive import Defaults, History, ReplayDay, Setting, Trial, Tuned, TuningResult
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.improvements import ImprovementType, State
from ratchet.deploy import publish, tuning
from ratchet.deploy.decisions import Decision, Kind, append, fold, read
from ratchet.deploy.deployments import Policy, deployments, in_version
from ratchet.deploy.lifecycle import open_night, settle
from ratchet.generate.settings import propose_settings
from ratchet.home import Home

DAY = date(2026, 11, 1)
FREE = Policy(auto_implement_threshold=0.7, safety_mode=False, max_deployed_per_cycle=5, max_concurrent_improvements=5)
SAFE = replace(FREE, safety_mode=True)
TARGET = (Setting.TIMEOUT, "search")
HOSTILE = "'; drop table x; --\n<script>\u202e"


@dataclass(frozen=True)
class Limits:
    improvement_confidence_threshold: float = 0.6


def later(days):
    return DAY + timedelta(days=days)


def found(value=12.0, target="search", wins=0.9, today=30.0, trial=None, day=DAY):
    """Return a night's finding: this value instead of today's, or none."""
    return Tuned(
        setting=Setting.TIMEOUT,
        target=target,
        today={"all_s": today},
        proposed=None if value is None else {"all_s": value},
        reason="it wins on 9 of the 10 days on which the values differ",
        calls=1000,
        cut=0,
        last_seen=day,
        loss="seconds lost",
        days=tuple(ReplayDay(day - timedelta(days=d), 60.0, 24.0) for d in range(10)),
        wins=Estimate(wins, 10, 0.6, 0.99),
        fitted=(),
        trial=trial,
    )


class Nights:
    """A home that lives night after night."""

    def __init__(self, root):
        self.home = Home(root / "home")

    def run(self, day, *tuned, policy=FREE, record=True):
        recorded = read(self.home.decisions, day)
        result = TuningResult(day, tuned, {})
        opened = open_night(self.home.decisions, day, 30)
        made = propose_settings(result, tuning.history(recorded, day), Limits())
        settled = settle(opened, made, (), policy, (), tuning.judgements(tuned, recorded, day))
        if record:
            append(self.home.decisions, settled.decisions)
        return settled

    def publish(self, day, settled, policy=FREE):
        standings = fold(read(self.home.decisions, day), day)
        deployed = deployments(settled.improvements, standings, policy, day)
        recorded = (*read(self.home.decisions, later(400)), *deployed)
        values = tuning.in_force(recorded, day + timedelta(days=1))
        content = tuning.document(values, dict.fromkeys(values, day), Defaults(), day)
        version = publish.publish(self.home, day, {"settings.json": content})
        append(self.home.decisions, in_version(deployed, version))
        return content

    def client(self, day):
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        return Client(self.home.root, clock=lambda: noon)

    def timeout(self, day, target="search"):
        return self.client(day).timeout_for(target)

    def rate(self, day, api="llm"):
        return self.client(day).rate_limiter(api)._rate()

    def history(self, day):
        return tuning.history(read(self.home.decisions, day), day)


@pytest.fixture
def nights(tmp_path):
    return Nights(tmp_path)


def test_a_sure_value_is_approved_published_and_read_by_the_application(nights):
    settled = nights.run(DAY, found())
    (made,) = settled.improvements
    assert (made.type, made.state, made.confidence) == (ImprovementType.RESOURCE_SETTING, State.APPROVED, 0.9)
    assert made.title == "Give up search after 12 s"
    assert "12 s instead of 30 s loses 60% less" in made.why
    assert nights.timeout(DAY) == 30.0
    content = nights.publish(DAY, settled)
    assert content["settings"][0]["evidence"]["calls"] == 1000
    assert nights.timeout(later(1)) == 12.0
    assert nights.timeout(later(14)) == 30.0  # no night has published for two weeks
    assert nights.history(later(1)).in_force == {TARGET: {"all_s": 12.0}}


def test_in_safety_mode_it_waits_for_a_person_and_the_same_value_goes_on_being_proposed(nights):
    nights.run(DAY, found(), policy=SAFE)
    assert nights.history(later(1)).waiting == {TARGET: ({"all_s": 12.0},)}
    name = nights.run(later(1), found(), policy=SAFE).improvements[0].improvement_id
    waiting = fold(read(nights.home.decisions, later(1)), later(1)).values()
    assert [(s.improvement_id, s.state) for s in waiting] == [(name, State.VALIDATED)]
    assert nights.publish(later(1), nights.run(later(1), found(), policy=SAFE), SAFE)["settings"] == []


def test_what_a_person_approves_is_applied_by_the_next_night(nights):
    """In safety mode nothing goes by itself: the answer is recorded, and the night that publishes next applies it."""
    name = nights.run(DAY, found(), policy=SAFE).improvements[0].improvement_id
    assert nights.publish(DAY, nights.run(DAY, found(), policy=SAFE), SAFE)["settings"] == []
    append(nights.home.decisions, [Decision(name, 1, Kind.APPROVED, later(1), "ann", "it fits")])
    content = nights.publish(later(1), nights.run(later(1), found(), policy=SAFE), SAFE)
    assert [(s["improvement_id"], s["value"]) for s in content["settings"]] == [(name, {"all_s": 12.0})]
    assert nights.timeout(later(2)) == 12.0
    assert nights.history(later(2)).trials[TARGET].improvement_id == name


def test_an_unsure_value_is_proposed_only(nights):
    (made,) = nights.run(DAY, found(wins=0.55)).improvements
    assert made.state is State.PROPOSED


def deployed(nights, value=12.0, day=DAY, today=30.0):
    settled = nights.run(day, found(value, today=today))
    nights.publish(day, settled)
    return settled.improvements[0].improvement_id


def trial(name, verdict, before=30.0):
    return Trial(name, {"all_s": before}, later(1), verdict, "said why")


def test_what_was_deployed_is_to_be_judged(nights):
    name = deployed(nights)
    assert nights.history(later(1)).trials == {TARGET: Trial(name, {"all_s": 30.0}, later(1))}


@pytest.mark.parametrize(("verdict", "in_force"), [("kept", 12.0), ("rolled_back", 30.0), ("", 12.0)])
def test_a_verdict_keeps_it_or_takes_it_back(nights, verdict, in_force):
    name = deployed(nights)
    settled = nights.run(later(8), found(None, trial=trial(name, verdict)))
    nights.publish(later(8), settled)
    assert nights.timeout(later(9)) == in_force
    assert nights.history(later(9)).undone == ({TARGET: ({"all_s": 12.0},)} if verdict == "rolled_back" else {})
    assert bool(nights.history(later(9)).trials) == (verdict == "")


def test_taking_a_value_back_restores_the_one_before(nights):
    first = deployed(nights)
    nights.run(later(8), found(None, trial=trial(first, "kept")))
    second = deployed(nights, 20.0, later(9), today=12.0)
    assert second != first
    assert nights.timeout(later(10)) == 20.0
    nights.publish(later(17), nights.run(later(17), found(None, trial=trial(second, "rolled_back", 12.0))))
    assert nights.timeout(later(18)) == 12.0


def test_a_value_that_comes_again_after_another_one_is_an_improvement_of_its_own(nights):
    names = [deployed(nights, value, later(9 * n)) for n, value in enumerate((12.0, 20.0, 12.0))]
    assert len(set(names)) == 3
    assert nights.timeout(later(19)) == 12.0


def test_a_replaced_value_and_one_without_calls_cannot_be_measured(nights):
    first = deployed(nights)
    deployed(nights, 20.0, later(3))
    nights.run(later(4), found(None))
    standings = fold(read(nights.home.decisions, later(4)), later(4))
    assert standings[first].state is State.UNMEASURABLE
    nights.run(later(33))
    states = [s.state for s in fold(read(nights.home.decisions, later(33)), later(33)).values()]
    assert states == [State.UNMEASURABLE, State.UNMEASURABLE]


def test_a_night_that_is_run_again_finds_what_it_found(nights):
    name = deployed(nights)
    night = found(20.0, trial=trial(name, "rolled_back"))
    before = nights.history(later(8))
    first = nights.run(later(8), night)
    assert nights.history(later(8)) == before
    again = nights.run(later(8), night)
    assert [i.as_record() for i in again.improvements] == [i.as_record() for i in first.improvements]
    assert again.decisions == ()


def test_a_setting_whose_target_is_not_seen_any_more_is_left_out(nights):
    deployed(nights)
    values = tuning.in_force(read(nights.home.decisions, later(1)), later(1))
    assert tuning.document(values, {}, Defaults(), later(40))["settings"] == []
    (entry,) = tuning.document(values, {TARGET: later(20)}, Defaults(), later(40))["settings"]
    assert entry["expires_on"] == str(later(48))


def test_hostile_targets_stay_text(nights):
    settled = nights.run(DAY, found(target=HOSTILE))
    nights.publish(DAY, settled)
    assert nights.timeout(later(1), HOSTILE) == 12.0
    assert nights.timeout(later(1)) == 30.0


def test_ten_thousand_targets_are_published_at_once(nights):
    facts = {"setting": "timeout", "value": {"all_s": 12.0}, "replaces": {"all_s": 30.0}}
    values = {
        (Setting.TIMEOUT, f"t{n}"): tuning.Deployed(f"{n:012x}", facts | {"target": f"t{n}"}, DAY)
        for n in range(10_000)
    }
    content = tuning.document(values, dict.fromkeys(values, DAY), Defaults(), DAY)
    publish.publish(nights.home, DAY, {"settings.json": content})
    assert nights.timeout(later(1), "t9999") == 12.0


def test_nothing_decided_is_an_empty_history(nights):
    assert nights.history(DAY) == History(deployed={})
