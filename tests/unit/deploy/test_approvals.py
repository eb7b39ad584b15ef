import multiprocessing
import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.unit.deploy import waiting_home
from tests.unit.deploy.waiting_home import DAY, NEXT, decision, improvement, proposed

from ratchet.contracts.improvements import Priority, State
from ratchet.deploy import approvals
from ratchet.deploy.approvals import Answer, Reply, record
from ratchet.deploy.decisions import Kind, append, fold, read
from ratchet.deploy.deployments import Policy, deployments
from ratchet.deploy.lifecycle import open_night, settle
from ratchet.errors import AnswerError, HomeBusyError, RatchetError, SettledError

SEARCH = improvement("search")
ID = SEARCH.improvement_id
LONG_S = 120  # for what a loaded machine may take; nothing waits so long where all goes well


@pytest.fixture
def home(tmp_path):
    return waiting_home.home(tmp_path / "home", SEARCH, improvement("export"))


def say(home, answer="approve", name=ID, actor="ann", approvers=(), **said):
    return record(home, Reply(name, Answer(answer), actor, **said), approvers)


def standing(home, name=ID):
    return fold(read(home.decisions, date.max), date.max)[name]


@pytest.mark.parametrize(("answer", "state"), [("approve", State.APPROVED), ("reject", State.REJECTED)])
def test_an_answer_is_in_force_from_the_first_day_that_is_not_reported(home, answer, state):
    made = say(home, answer, reason="the numbers are good")
    assert (made.effective_date, made.actor, made.reason) == (NEXT, "ann", "the numbers are good")
    assert fold(read(home.decisions, DAY), DAY)[ID].state is State.VALIDATED
    found = fold(read(home.decisions, NEXT), NEXT)[ID]
    assert (found.state, found.actor, found.reason) == (state, "ann", "the numbers are good")


def test_a_later_report_or_a_later_closed_night_moves_the_day(home):
    later = DAY + timedelta(days=3)
    home.artifacts(later).mkdir(parents=True)
    (home.root / "artifacts" / "latest").mkdir()
    assert say(home).effective_date == later + timedelta(days=1)
    append(home.decisions, proposed(improvement("other"), day=later + timedelta(days=5)))
    assert say(home, name=improvement("export").improvement_id).effective_date == later + timedelta(days=6)


def test_without_a_reason_it_says_who(home):
    assert say(home).reason == "approved by ann"


def test_a_reason_is_one_short_line(home):
    assert say(home, reason="a\x1b[31m\nb" + "c" * 1000).reason.startswith("a [31m bccc")
    assert len(standing(home).reason) <= approvals.LONGEST_REASON


@pytest.mark.parametrize(("days", "nights"), [(None, 7), (1, 1), (365, 365)])
def test_a_snooze_asks_nobody_until_its_day(home, days, nights):
    made = say(home, "snooze", days=days)
    until = NEXT + timedelta(days=nights)
    assert made.facts == {"until": until.isoformat()}
    assert standing(home).state is State.VALIDATED
    standings = fold(read(home.decisions, date.max), date.max)
    last = until - timedelta(days=1)
    assert ID not in [s.improvement_id for s in approvals.waiting(standings, last)]
    assert ID in [s.improvement_id for s in approvals.waiting(standings, until)]


def test_what_is_snoozed_may_still_be_decided(home):
    say(home, "snooze", days=30)
    say(home, "snooze", days=2)
    assert standing(home).snoozed_until == NEXT + timedelta(days=2)
    say(home, "approve")
    assert standing(home).state is State.APPROVED


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_snooze_has_bounds(home, days):
    with pytest.raises(AnswerError, match="cannot be snoozed for .* 1 to 365"):
        say(home, "snooze", days=days)


def test_days_are_for_a_snooze(home):
    with pytest.raises(AnswerError, match="for a snooze only"):
        say(home, "approve", days=3)


@pytest.mark.parametrize("name", [ID, ID.upper(), f" {ID} ", ID[:4], ID[:11]])
def test_an_id_may_be_shortened(home, name):
    assert say(home, name=name).improvement_id == ID


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("0" * 12, "no improvement '000000000000' is known in this home — see what waits: ratchet status"),
        (ID[:5] + "x" + ID[6:], f"did you mean {ID}\\?"),
        (ID[:3], "at least 4 characters"),
        ("", "no improvement '' is known"),
        ("a\x1b[2Jb", "no improvement 'a \\[2Jb' is known"),
    ],
)
def test_an_unknown_id_is_one_line_with_the_nearest(home, name, said):
    with pytest.raises(AnswerError, match=said) as caught:
        say(home, name=name)
    assert not isinstance(caught.value, SettledError)
    assert "\n" not in str(caught.value)


def test_a_beginning_of_two_names_both():
    standings = dict.fromkeys(("abcd11", "abcd22", "ffff33"))
    with pytest.raises(AnswerError, match="2 improvements begin with 'abcd' — say which: abcd11, abcd22"):
        approvals.find(standings, "abcd")


def test_a_home_without_decisions_knows_nothing_and_stays_as_it_was(tmp_path):
    with pytest.raises(AnswerError, match="no improvement"):
        say(waiting_home.Home(tmp_path / "typo"))
    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["approved"], "is approved already by bob as of 2026-11-21: go — nothing was changed"),
        (["rejected"], "is rejected already by bob as of 2026-11-21: go"),
        (["expired"], "is expired already"),
        (["superseded"], "is superseded already"),
        (["approved", "deployed"], "is deployed already"),
        (["approved", "deployed", "kept"], "is kept already"),
        (["approved", "deployed", "rolled_back"], "is rolled back already"),
    ],
)
@pytest.mark.parametrize("answer", list(Answer))
def test_what_is_settled_stays_settled(home, more, said, answer):
    append(home.decisions, [decision(SEARCH, kind, NEXT, "bob", "go") for kind in more])
    before = {path.name: path.read_bytes() for path in home.decisions.iterdir()}
    with pytest.raises(SettledError, match=said) as caught:
        say(home, answer)
    assert caught.value.exit_code == 1
    assert {path.name: path.read_bytes() for path in home.decisions.iterdir()} == before


def test_what_is_not_validated_cannot_be_decided(tmp_path):
    home = waiting_home.home(tmp_path)
    append(home.decisions, [decision(SEARCH, "proposed", **SEARCH.as_record())])
    for answer in Answer:
        with pytest.raises(AnswerError, match="not validated yet"):
            say(home, answer)


def test_what_has_vanished_cannot_be_decided_until_it_is_back(home):
    append(home.decisions, [decision(SEARCH, "vanished", NEXT)])
    with pytest.raises(AnswerError, match="no longer found since 2026-11-21"):
        say(home)
    assert ID not in [s.improvement_id for s in approvals.waiting_in(home)]
    append(home.decisions, [decision(SEARCH, "returned", NEXT + timedelta(days=1))])
    assert say(home).effective_date == NEXT + timedelta(days=1)  # never before what it answers


def test_an_answer_about_an_older_revision_is_late(home):
    again = [decision(SEARCH, kind, NEXT, revision=2, **facts) for kind, facts in (("proposed", {}), ("validated", {}))]
    append(home.decisions, again)
    with pytest.raises(SettledError, match="revision 1 of .* came back as revision 2"):
        say(home, revision=1)
    assert say(home, revision=2).revision == 2


@pytest.mark.parametrize(("actor", "approvers"), [("ann", ()), ("ann", ("bob", "ann"))])
def test_who_may_approve_does(home, actor, approvers):
    assert say(home, actor=actor, approvers=approvers).actor == actor


@pytest.mark.parametrize(
    ("actor", "approvers", "said"),
    [
        ("eve", ("ann", "bob"), r"'eve' may not decide .*approvers in settings.yaml\) — ask ann, bob"),
        ("Ann", ("ann",), "'Ann' may not decide"),
        ("night", (), "'night' is not the name of a person"),
        (" ", (), "is not the name of a person"),
    ],
)
def test_who_may_not_is_told_whom_to_ask(home, actor, approvers, said):
    for answer in Answer:
        with pytest.raises(AnswerError, match=said):
            say(home, answer, actor=actor, approvers=approvers)
    assert len(read(home.decisions, date.max)) == 5


def test_a_home_that_is_being_written_to_is_left_alone(home):
    with home.lock(), pytest.raises(HomeBusyError):
        say(home)
    assert standing(home).state is State.VALIDATED


def test_what_waits_comes_by_priority_then_by_age(tmp_path):
    first, urgent, weak = (
        improvement("a"),
        improvement("b", priority=Priority.HIGH),
        improvement("c", state=State.PROPOSED),
    )
    home = waiting_home.home(tmp_path, first, urgent)
    append(home.decisions, [decision(weak, "proposed")])
    append(home.decisions, proposed(improvement("new"), day=NEXT))
    found = [s.record["target"] for s in approvals.waiting_in(home)]
    assert found == ["b", "a", "new"]


def outcome(home, actor, together, results):
    """Answer once all are there; what goes wrong is a result too."""
    try:
        together.wait()
        results.put((actor, record(home, Reply(ID, Answer.APPROVE, actor), (), wait_s=LONG_S).actor))
    except (RatchetError, threading.BrokenBarrierError) as error:
        results.put((actor, str(error)))


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_of_many_who_answer_at_once_one_settles_it(home, kind):
    context = multiprocessing.get_context("spawn")
    together, results = context.Barrier(3, timeout=LONG_S), context.Queue()
    make = threading.Thread if kind == "threads" else context.Process
    workers = [make(target=outcome, args=(home, name, together, results)) for name in ("ann", "bob", "cid")]
    for worker in workers:
        worker.start()
    said = dict(results.get(timeout=2 * LONG_S) for _ in workers)
    for worker in workers:
        worker.join()
    winners = [actor for actor, text in said.items() if text == actor]
    assert len(winners) == 1
    assert all(f"approved already as of 2026-11-21: approved by {winners[0]}" in said[a] for a in said.keys() - winners)
    approved = [d for d in read(home.decisions, date.max) if d.decision is Kind.APPROVED]
    assert [d.actor for d in approved] == winners


def test_the_next_live_night_deploys_what_was_approved_and_nothing_else(home):
    say(home, "approve")
    say(home, "reject", name=improvement("export").improvement_id)
    found = [replace(i, proposed_on=NEXT) for i in (SEARCH, improvement("export"))]
    policy = Policy(0.7, True, 5, 5)  # safety mode: only people approve
    night = open_night(home.decisions, NEXT, 30)
    settled = settle(night, found, (), policy)
    assert {i.target: (i.state.value, i.state_reason) for i in settled.improvements} == {
        "search": ("approved", "approved by ann"),
        "export": ("rejected", "rejected by ann"),
    }
    append(home.decisions, settled.decisions)
    deployed = deployments(settled.improvements, fold(read(home.decisions, NEXT), NEXT), policy, NEXT)
    assert [(d.improvement_id, d.decision) for d in deployed] == [(ID, Kind.DEPLOYED)]
    again = settle(open_night(home.decisions, DAY, 30), [SEARCH], (), policy)
    assert [i.state for i in again.improvements] == [
        State.VALIDATED,
        State.VALIDATED,
    ]  # a reported night stays as it was


def test_a_snooze_may_name_the_day(home):
    until = NEXT + timedelta(days=9)
    assert say(home, "snooze", until=until).facts == {"until": until.isoformat()}
    standings = fold(read(home.decisions, date.max), date.max)
    waits = {day: [s.improvement_id for s in approvals.waiting(standings, day)] for day in (NEXT, until)}
    assert (ID in waits[NEXT], ID in waits[until]) == (False, True)


@pytest.mark.parametrize(
    ("until", "nearest"), [(NEXT, NEXT + timedelta(days=1)), (date(2031, 1, 1), NEXT + timedelta(days=365))]
)
def test_a_day_that_cannot_be_names_the_nearest_that_can(home, until, nearest):
    with pytest.raises(AnswerError, match=f"cannot be snoozed until {until} .*nearest: {nearest}"):
        say(home, "snooze", until=until)
    with pytest.raises(AnswerError, match="leave one of them out"):
        say(home, "snooze", until=until, days=3)
    with pytest.raises(AnswerError, match="for a snooze only"):
        say(home, "reject", until=until)


def give(home, to, name=ID, actor="ann", approvers=()):
    return approvals.assign(home, name, to, actor, approvers)


def test_an_assignment_is_in_force_from_the_first_day_that_is_not_reported_and_can_be_taken_back(home):
    made = give(home, "team billing")
    assert (made.effective_date, made.reason) == (NEXT, "assigned to team billing by ann")
    assert fold(read(home.decisions, DAY), DAY)[ID].assigned_to is None
    assert standing(home).assigned_to == "team billing"
    assert standing(home).state is State.VALIDATED
    give(home, "nobody")
    assert standing(home).assigned_to is None


def test_an_assignment_stays_when_it_is_decided_and_reaches_the_artifact(home):
    give(home, "bob")
    say(home, "approve")
    night = open_night(home.decisions, NEXT, 30)
    found = {i.improvement_id: i for i in settle(night, [SEARCH], ()).improvements}
    assert (found[ID].assigned_to, found[ID].state) == ("bob", State.APPROVED)
    assert found[ID].as_record()["assigned_to"] == "bob"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"to": " "}, "assigned to no name .* --to nobody"),
        ({"to": "bob", "name": "0" * 12}, "no improvement '000000000000' is known"),
        ({"to": "bob", "name": ID[:5] + "x" + ID[6:]}, f"did you mean {ID}"),
        ({"to": "bob", "approvers": ("eve",)}, "'ann' may not decide"),
        ({"to": "bob", "actor": "night"}, "not the name of a person"),
    ],
)
def test_an_assignment_that_cannot_be_is_one_line_and_records_nothing(home, said, why):
    with pytest.raises(AnswerError, match=why) as caught:
        give(home, **said)
    assert "\n" not in str(caught.value)
    assert standing(home).assigned_to is None


def test_what_is_over_is_assigned_to_nobody(home):
    say(home, "reject")
    with pytest.raises(SettledError, match="is rejected: nothing is left to do"):
        give(home, "bob")


def test_a_name_is_one_short_line(home):
    give(home, "a\x1b[31m\nb" + "c" * 1000)
    assert standing(home).assigned_to.startswith("a [31m bccc")
    assert len(standing(home).assigned_to) <= approvals.LONGEST_NAME
