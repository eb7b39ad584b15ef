"""People answer in a real Airflow, over its API and beside it on the command line; whoever comes first settles it."""

import re
from datetime import date, timedelta

import pytest

from ratchet.deploy.approvals import open_day
from ratchet.deploy.decisions import fold, read
from ratchet.errors import RatchetError
from tests.asking_airflow import IDS
from tests.unit.deploy.waiting_home import DAY, NEXT

from .conftest import ratchet

pytestmark = [pytest.mark.slow, pytest.mark.airflow]


def test_a_published_night_asks_once_about_each_improvement(asking):
    runs = asking.runs()
    assert [run["partition_key"] for run in runs] == [DAY.isoformat()]
    asking.publish_night(NEXT)
    later = asking.wait(lambda: [r for r in asking.runs()[1:] if r["state"] in ("success", "failed")], "no second run")
    assert [(run["partition_key"], run["state"]) for run in later] == [(NEXT.isoformat(), "success")]
    questions = asking.open_questions()
    assert questions.keys() | asking.decided().keys() == set(asking.ids)
    for target, question in questions.items():
        assert question["options"] == ["Approve", "Reject", "Snooze"]
        assert question["task_instance"]["dag_run_id"] == runs[0]["dag_run_id"]
        assert question["task_instance"]["rendered_map_index"] == f"{asking.ids[target]}/1"
        assert "**Evidence**" in question["body"]
        assert f"ratchet approve {asking.ids[target]}" in question["body"]


def test_answers_are_recorded_each_by_itself(asking):
    questions = asking.open_questions()
    day = open_day(asking.home, read(asking.home.decisions, date.max))
    asking.answer(questions["search"], "Approve", reason="the guardrails held", days=7)
    asking.answer(questions["export"], "Reject", reason=None, days=7)
    asking.answer(questions["summary"], "Snooze", reason=None, days=3)
    asking.wait(lambda: {"search", "export", "summary"} <= asking.decided().keys(), "not recorded")
    found = asking.decided()
    assert found["search"] == ("approved", "admin", "the guardrails held")
    assert found["export"] == ("rejected", "admin", "rejected by admin")
    standings = fold(read(asking.home.decisions, date.max), date.max)
    assert standings[IDS["summary"]].snoozed_until == day + timedelta(days=3)
    assert (asking.home.decisions / f"{day}.jsonl").exists()  # the first day that is not reported
    assert {"billing", "login", "hints"} <= asking.open_questions().keys()
    with pytest.raises(RatchetError, match="409"):
        asking.answer(questions["search"], "Reject")


def test_the_command_line_comes_first(asking):
    environment = {"RATCHET_CONFIG": str(asking.folder / "config"), "PATH": "/usr/bin:/bin"}
    questions = asking.open_questions()
    late, forgotten = questions["login"], questions["hints"]
    for target, command in (("login", "approve"), ("hints", "reject")):
        done = ratchet(command, IDS[target][:8], "--home", asking.home.root, "--reason", "said before", env=environment)
        assert done.returncode == 0, done.stderr
    before = asking.decided()
    asking.answer(late, "Reject", reason="too late", days=7)
    asking.wait(lambda: asking.state(late) == "skipped", "a settled question stays open")
    asking.let_time_pass()
    asking.wait(lambda: asking.state(forgotten) == "skipped", "a settled question does not close")
    asking.wait(lambda: "billing" in asking.open_questions(), "a question that waits was closed")
    assert asking.decided() == before
    assert before["login"][::2] == ("approved", "said before")
    assert asking.state(late, "question.record") == "skipped"
    again = ratchet("approve", IDS["search"], "--home", asking.home.root, env=environment)
    assert again.returncode == 1
    assert re.search("is approved already by admin as of .*nothing was changed", again.stderr)


def test_an_answer_of_somebody_who_may_not_leaves_the_question_open(asking):
    settings = asking.folder / "config" / "settings.yaml"
    content = settings.read_text()
    settings.write_text(content.replace("approvers: []", "approvers: [ann]"))
    question = asking.open_questions()["billing"]
    try:
        asking.answer(question, "Approve", reason=None, days=7)
        asking.wait(lambda: "billing" not in asking.open_questions(), "the answer was not seen")
        asking.wait(lambda: "billing" in asking.open_questions(), "the question is gone")
        assert "billing" not in asking.decided()
    finally:
        settings.write_text(content)
    asking.answer_until_recorded("billing", "Approve", reason="now I may", days=7)
    assert asking.decided()["billing"] == ("approved", "admin", "now I may")
