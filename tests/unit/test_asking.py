import json

import pytest
from tests.unit.deploy import waiting_home
from tests.unit.deploy.waiting_home import NEXT, improvement, states

from ratchet import asking, cli, commands
from ratchet.deploy import approvals
from ratchet.deploy.approvals import Answer, Reply
from ratchet.errors import AnswerError, HomeBusyError, SettledError

SEARCH, EXPORT = improvement("search"), improvement("export")
ID = SEARCH.improvement_id
KEY, OTHER = f"{ID}/1", f"{EXPORT.improvement_id}/1"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    return waiting_home.home(tmp_path / "home", SEARCH, EXPORT)


def event(option="Approve", user="ann", **said):
    return {"chosen_options": [option], "params_input": said, "responded_by_user": {"id": "7", "name": user}}


def test_what_waits_is_asked_about_unless_it_is_already(home):
    assert set(asking.new_questions(())) == {KEY, OTHER}
    assert asking.new_questions({KEY}) == [OTHER]
    approvals.record(home, Reply(EXPORT.improvement_id, Answer.SNOOZE, "ann"), ())
    assert asking.new_questions({KEY}) == []


def test_a_new_revision_is_a_new_question(home):
    said = [waiting_home.decision(SEARCH, kind, NEXT, revision=2) for kind in ("proposed", "validated")]
    waiting_home.append(home.decisions, said)
    assert f"{ID}/2" in asking.new_questions({KEY})


STATES = {
    "over": {
        "waiting": "success",
        "question.ask_0": "success",
        "question.record_0": "running",
        "question.ask_1": "skipped",
    },
    "open": {
        "waiting": "success",
        "question.ask_0": "success",
        "question.ask_1": "awaiting_input",
        "question.ask_2": None,
    },
    "many": {f"question.ask_{i}": "running" if i in (2, 11) else "removed" for i in range(12)},
    "young": {"waiting": "running", "question.ask": None},
    "nothing": {"waiting": "success", "question.ask": "skipped", "question.record": "skipped"},
    "marked": {"question.ask_0": "failed", "question.ask_1": "upstream_failed"},
    "other": {"question.asked": "running", "question.record_0": "running"},
}


def test_open_questions_are_known_by_their_states():
    found = asking.unanswered(STATES, "question.ask")
    assert found == {"open": [1, 2], "many": [2, 11], "young": None}


def test_the_keys_of_open_questions():
    assert asking.open_keys([(["a/1", "b/1", "c/2"], [0, 2]), (["d/1"], None), ([], None)]) == {"a/1", "c/2", "d/1"}


def test_a_question_shows_its_improvement_until_it_is_settled(home):
    assert asking.question(KEY).subject == SEARCH.title
    assert asking.question(f"{ID}/2") is None
    approvals.record(home, Reply(ID, Answer.REJECT, "ann"), ())
    assert asking.question(KEY) is None


def test_an_answer_is_recorded_under_the_name_of_its_user(home):
    answer = asking.reply(KEY, event(reason="good", days=9))
    assert answer == {
        "improvement_id": ID,
        "revision": 1,
        "answer": "approve",
        "actor": "ann",
        "reason": "good",
        "days": None,
    }
    assert states(home)[ID] == "validated"  # only looked at
    assert asking.record(answer) == {"recorded": True, "effective_date": "2026-11-21", "said": "good"}
    assert states(home)[ID] == "approved"


@pytest.mark.parametrize(("days", "until"), [(3, "2026-11-24"), (None, "2026-11-28"), ("", "2026-11-28")])
def test_a_snooze_has_its_days(home, days, until):
    answer = asking.reply(KEY, event("Snooze", days=days, reason=None))
    assert asking.record(answer)["recorded"]
    assert waiting_home.fold(waiting_home.read(home.decisions, NEXT), NEXT)[ID].snoozed_until.isoformat() == until


@pytest.mark.parametrize("days", ["soon", 1.5, True, 0, 10_000])
def test_days_that_are_none_are_not_taken(home, days):
    with pytest.raises(AnswerError):
        asking.reply(KEY, event("Snooze", days=days))
    assert asking.reply(KEY, event("Approve", days=days))["days"] is None


@pytest.mark.parametrize("user", [{"name": "eve", "id": "ann"}, {}, None, {"name": "night"}])
def test_an_answer_of_somebody_who_may_not_is_not_taken(home, user, monkeypatch):
    allowed(monkeypatch, "ann")
    with pytest.raises(AnswerError) as caught:
        asking.reply(KEY, {**event(), "responded_by_user": user})
    assert not isinstance(caught.value, SettledError)
    assert asking.reply(KEY, event(user="ann"))


def allowed(monkeypatch, *names):
    made = asking.Night.from_environment()
    known = made.settings.model_copy(update={"approvers": names})
    monkeypatch.setattr("ratchet.settings.load", lambda *_: known)


@pytest.mark.parametrize("first", list(Answer)[:2])
def test_an_answer_that_comes_second_changes_nothing(home, first):
    answer = asking.reply(KEY, event("Reject"))
    approvals.record(home, Reply(ID, first, "bob"), ())
    with pytest.raises(SettledError):
        asking.reply(KEY, event())
    said = asking.record(answer)
    assert said["recorded"] is False
    assert "already as of 2026-11-21" in said["said"]
    assert states(home)[ID] == {"approve": "approved", "reject": "rejected"}[first]


def test_a_task_that_runs_again_finds_its_own_answer(home):
    for option in ("Approve", "Snooze"):
        key = KEY if option == "Approve" else OTHER
        answer = asking.reply(key, event(option))
        first = asking.record(answer)
        before = {path.name: path.read_bytes() for path in home.decisions.iterdir()}
        again = asking.record(answer)
        assert (again["recorded"], again["effective_date"]) == (True, first["effective_date"])
        assert {path.name: path.read_bytes() for path in home.decisions.iterdir()} == before


def test_recording_waits_for_the_home(home, monkeypatch):
    monkeypatch.setattr(asking, "LOCK_WAIT_S", 0.1)
    answer = asking.reply(KEY, event())
    with home.lock(), pytest.raises(HomeBusyError):
        asking.record(answer)
    assert states(home)[ID] == "validated"


def run(capsys, *arguments):
    code = cli.main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("command", "state"), [("approve", "approved"), ("reject", "rejected"), ("snooze", "validated")]
)
def test_the_command_line_answers(home, capsys, command, state):
    code, out, err = run(capsys, command, ID[:5], "--reason", "good")
    assert (code, err) == (0, "")
    assert out.startswith(
        f"{ID} is {'snoozed until 2026-11-28' if command == 'snooze' else state}, in force from the night"
    )
    assert str(home.decisions / "2026-11-21.jsonl") in out
    assert states(home)[ID] == state
    lines = (home.decisions / "2026-11-21.jsonl").read_text()
    assert '"reason": "good"' in lines
    assert f'"actor": "{commands.account()}"' in lines


def test_the_environment_cannot_lend_a_name(home, capsys, monkeypatch):
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert "somebody-else" not in run(capsys, "approve", ID)[1]


def test_what_the_command_line_refuses(home, capsys, monkeypatch):
    assert run(capsys, "approve", "ffffffffffff") == (
        2,
        "",
        "ratchet: no improvement 'ffffffffffff' is known in this home — see what waits: ratchet status\n",
    )
    assert run(capsys, "approve", ID)[0] == 0
    code, out, err = run(capsys, "reject", ID)
    assert (code, out) == (1, "")
    assert err.startswith(f"ratchet: {ID} is approved already as of 2026-11-21: approved by ")
    assert err.count("\n") == 1
    allowed(monkeypatch, "nobody-here")
    code, out, err = run(capsys, "snooze", EXPORT.improvement_id, "--days", "3")
    assert code == 2
    assert "ask nobody-here" in err


@pytest.mark.parametrize(
    "arguments",
    [("approve",), ("approve", ID, "--days", "3"), ("snooze", ID, "--days", "0"), ("snooze", ID, "--days", "x")],
)
def test_wrong_use_exits_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        cli.main(list(arguments))
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_status_lists_what_waits_with_its_command(home, capsys):
    out = run(capsys, "status")[1]
    assert "2 improvements wait for a decision" in out
    assert f"  ratchet approve {ID}  # medium, since 2026-11-20: {SEARCH.title}\n" in out
    approvals.record(home, Reply(EXPORT.improvement_id, Answer.SNOOZE, "ann"), ())
    assert "1 improvement waits for a decision" in run(capsys, "status")[1]
    code, out, _ = run(capsys, "status", "--json")
    assert code == 1
    (found,) = json.loads(out)["waiting"]
    assert (found["improvement_id"], found["command"]) == (ID, f"ratchet approve {ID}")
    approvals.record(home, Reply(ID, Answer.APPROVE, "ann"), ())
    assert "wait" not in run(capsys, "status")[1]


def test_status_names_another_home_and_shows_hostile_titles_on_one_line(tmp_path, capsys):
    made = improvement(title="Do\x1b[2J it\nratchet approve all")
    waiting_home.home(tmp_path / "my home", made)
    out = run(capsys, "status", "--home", str(tmp_path / "my home"))[1]
    line = out.splitlines()[2]
    assert line.startswith(f"  ratchet approve {ID} --home '{tmp_path}/my home'  # medium")
    assert "\x1b" not in out
    assert "ratchet approve all" in line
