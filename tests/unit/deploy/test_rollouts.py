from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pandas as pd
import pytest

from ratchet.contracts.experiments import Guardrail
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.contracts.rollouts import NOT_STARTED, OFF, Mover, Rollout
from ratchet.deploy.decisions import NIGHT, Decision, Kind
from ratchet.deploy.rollouts import flag_state, folded, left_behind, trials

DAY = date(2026, 11, 1)
ROLLOUT = Rollout(
    id="search",
    flag_key="search",
    guardrails=(Guardrail(Metric("errors", MetricKind.PROPORTION, Direction.DECREASE), 0.1),),
)
MOVED = ROLLOUT.model_copy(update={"moved_by": Mover.APPLICATION})
GROUPS = {"internal_testers": ("u2", "u1")}


def later(days, hour=0):
    return datetime.combine(DAY + timedelta(days=days), datetime.min.time(), UTC) + timedelta(hours=hour)


def night(days):
    return DAY + timedelta(days=days)


def step(days, name, rollout=ROLLOUT, **facts):
    stage = None if name == OFF else rollout.stage(name)
    said = rollout.publication(stage) | facts
    return Decision(f"id{name}", 1, Kind.DEPLOYED, night(days), NIGHT, "", said)


def changes(*told):
    rows = [{"kind": "feature", "target": "search", "after": after, "occurred_at": at} for at, after in told]
    return pd.DataFrame(rows, columns=["kind", "target", "after", "occurred_at"])


NONE = changes()
HISTORY = [step(0, "internal"), step(2, "beta"), step(9, "quarter")]


def of(state):
    return [(p.number, p.stage, p.percentage, p.starts_at, p.ends_at) for p in state.phases]


def test_nothing_published_is_not_started():
    state = folded(ROLLOUT, [], NONE, night(30))
    assert (state.stage, state.percentage, state.groups, state.phases) == (NOT_STARTED, 0, (), ())


def test_what_was_published_makes_the_phases_and_the_day_of_a_switch_belongs_to_none():
    state = folded(ROLLOUT, HISTORY, NONE, night(20))
    assert of(state) == [
        (1, "internal", 0, later(1), later(2)),
        (2, "beta", 5, later(3), later(9)),
        (3, "quarter", 25, later(10), None),
    ]
    assert (state.stage, state.percentage) == ("quarter", 25)
    assert [p.hours(night(10)) for p in state.phases] == [24, 144, 24]


def test_where_the_instant_of_publication_was_recorded_no_time_is_lost():
    when = "2026-11-02T02:30:00+00:00"
    state = folded(ROLLOUT, [HISTORY[0], step(1, "beta", published_at=when)], NONE, night(20))
    assert of(state)[-1] == (2, "beta", 5, later(1, 2.5), None)
    assert state.phases[-1].hours(night(1)) == 21.5


def test_a_proposal_or_an_approval_alone_moves_nothing():
    told = [replace(d, decision=kind) for d in HISTORY for kind in (Kind.PROPOSED, Kind.VALIDATED, Kind.APPROVED)]
    assert folded(ROLLOUT, told, NONE, night(20)).stage == NOT_STARTED


def test_a_night_knows_what_was_published_by_then():
    assert folded(ROLLOUT, HISTORY, NONE, night(8)).stage == "beta"
    assert folded(ROLLOUT, HISTORY, NONE, night(9)).stage == "quarter"
    assert folded(ROLLOUT, HISTORY, NONE, night(8)) == folded(ROLLOUT, HISTORY[:2], NONE, night(8))


def test_the_testers_of_the_internal_stage_keep_the_feature_when_beta_begins():
    """The source documents lose them."""
    for days, stage in ((1, "internal"), (5, "beta"), (15, "quarter")):
        told = flag_state(ROLLOUT, folded(ROLLOUT, HISTORY, NONE, night(days)), GROUPS)
        assert told.groups == ("internal_testers",), stage
        assert told.members == ("u1", "u2"), stage


def test_whoever_has_the_feature_in_a_stage_has_it_in_every_later_one():
    held = ROLLOUT.model_copy(update={"holdback_pct": 10.0})
    for rollout in (ROLLOUT, held):
        shares = [rollout.exposure(s) for s in rollout.stages]
        groups = [set(rollout.groups_at(s)) for s in rollout.stages]
        assert shares == sorted(shares)
        assert all(first <= second for first, second in pairwise(groups))
    assert held.exposure(held.stages[-1]) == 90


def test_a_roll_back_turns_it_off_for_everyone_and_ends_the_phase():
    state = folded(ROLLOUT, [*HISTORY, step(12, OFF)], NONE, night(20))
    assert (state.stage, state.percentage, state.groups, state.phase) == (OFF, 0, (), None)
    assert of(state)[-1] == (3, "quarter", 25, later(10), later(12))
    assert flag_state(ROLLOUT, state, GROUPS).members == ()


def test_after_a_roll_back_only_a_higher_attempt_begins_again():
    told = [*HISTORY, step(12, OFF)]
    again = ROLLOUT.model_copy(update={"attempt": 2})
    assert folded(ROLLOUT, told, NONE, night(20)).stage == OFF
    assert folded(again, told, NONE, night(20)).stage == NOT_STARTED
    restarted = folded(again, [*told, step(14, "internal", again)], NONE, night(20))
    assert (restarted.stage, restarted.phase.number) == ("internal", 5)


def test_a_new_attempt_under_way_starts_anew_and_changes_nothing_until_it_is_published():
    again = ROLLOUT.model_copy(update={"attempt": 2, "salt": "other"})
    state = folded(again, HISTORY, NONE, night(20))
    assert (state.stage, state.percentage) == (NOT_STARTED, 25)
    assert flag_state(again, state, GROUPS) == flag_state(ROLLOUT, folded(ROLLOUT, HISTORY, NONE, night(20)), GROUPS)
    started = folded(again, [*HISTORY, step(21, "internal", again)], NONE, night(30))
    assert (started.stage, started.edited, started.percentage) == ("internal", False, 0)


def test_the_same_percentage_published_again_is_the_same_phase():
    state = folded(ROLLOUT, [*HISTORY[:2], replace(HISTORY[1], effective_date=night(5))], NONE, night(20))
    assert of(state) == of(folded(ROLLOUT, HISTORY[:2], NONE, night(20)))


def test_a_step_that_another_one_replaced_at_once_leaves_no_phase_and_no_number_moves():
    state = folded(ROLLOUT, [HISTORY[0], step(2, "beta"), step(2, "quarter")], NONE, night(20))
    assert [p.number for p in state.phases] == [1, 3]


def test_an_edited_salt_is_seen_and_what_was_published_stays_in_force():
    edited = ROLLOUT.model_copy(update={"salt": "other"})
    state = folded(edited, HISTORY, NONE, night(20))
    assert state.edited
    assert trials(edited.model_copy(update={"variants": ("a", "b")}), state, night(20))[0].variants == ("off", "on")
    assert flag_state(edited, state, GROUPS).salt == "search"
    assert not folded(ROLLOUT, HISTORY, NONE, night(20)).edited


def test_other_rollouts_do_not_count():
    other = replace(HISTORY[0], facts=HISTORY[0].facts | {"rollout_id": "else"})
    assert folded(ROLLOUT, [other], NONE, night(20)).stage == NOT_STARTED


MOVES = changes((later(0), "5"), (later(7, 12), "25"), (later(14), "75"), (later(20), "100"))


def test_a_flag_that_the_application_moves_is_followed_through_the_log():
    state = folded(MOVED, [], MOVES, night(16))
    assert of(state) == [
        (1, "beta", 5, later(0), later(7, 12)),
        (2, "quarter", 25, later(7, 12), later(14)),
        (3, "most", 75, later(14), None),
    ]
    assert state.groups == ("internal_testers",)
    assert not state.edited
    assert folded(MOVED, [], MOVES, night(19)).stage == "most"
    assert folded(MOVED, [], MOVES, night(20)).stage == "everyone"


def test_a_flag_that_the_application_moves_is_not_published():
    assert flag_state(MOVED, folded(MOVED, [], MOVES, night(16)), GROUPS) is None


def test_who_moves_the_flag_says_whose_record_counts():
    assert folded(ROLLOUT, [], MOVES, night(30)).stage == NOT_STARTED
    assert folded(MOVED, HISTORY, NONE, night(30)).stage == NOT_STARTED


@pytest.mark.parametrize("after", [None, "", "on", "150", "-1", "nan", "inf", "75; drop table"])
def test_a_change_that_names_no_percentage_is_counted_and_ignored(after):
    state = folded(MOVED, [], changes((later(0), "5"), (later(1), after)), night(5))
    assert (state.percentage, state.ignored) == (5, 1)


def test_changes_of_other_flags_and_kinds_do_not_count():
    told = MOVES.assign(
        target=["else", "search", "search", "search"], kind=["feature", "release", "feature", "feature"]
    )
    assert of(folded(MOVED, [], told, night(16)))[0][2] == 75


def test_the_application_may_turn_it_off_or_pick_a_percentage_of_its_own():
    off = folded(MOVED, [], changes((later(0), "5"), (later(5), "0")), night(9))
    assert (off.stage, off.phase) == (OFF, None)
    between = folded(MOVED, [], changes((later(0), "10")), night(9))
    assert (between.stage, between.percentage) == ("beta", 10)
    assert folded(MOVED, [], changes((later(0), "0")), night(9)).stage == "internal"


def test_a_late_or_disordered_log_gives_the_same_phases():
    assert of(folded(MOVED, [], MOVES.iloc[::-1], night(30))) == of(folded(MOVED, [], MOVES, night(30)))


def test_trials_are_phases_that_have_begun_with_the_shares_they_should_have():
    state = folded(ROLLOUT, HISTORY, NONE, night(9))
    found = trials(ROLLOUT, state, night(9))
    assert [(t.phase, t.reason, t.weights) for t in found] == [(1, "TARGETING", ()), (2, "SPLIT", (95, 5))]
    assert (found[1].variants, found[1].starts_at, found[1].outcomes_until) == (("off", "on"), later(3), later(9))
    assert [m.name for m in found[0].metrics] == ["errors"]


def test_a_file_that_is_gone_or_broken_takes_the_feature_from_nobody():
    as_it_was = flag_state(ROLLOUT, folded(ROLLOUT, HISTORY, NONE, night(20)), GROUPS)
    assert left_behind(HISTORY, (), GROUPS, night(20)) == {"search": as_it_was}
    assert left_behind(HISTORY, {"search"}, GROUPS, night(20)) == {}
    assert left_behind(HISTORY, (), GROUPS, night(5))["search"].percentage == 5
    assert left_behind([*HISTORY, step(12, OFF)], (), GROUPS, night(20)) == {}
