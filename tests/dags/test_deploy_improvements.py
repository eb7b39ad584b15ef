"""The DAG that asks people: once per improvement, by itself, in words that stay words, recorded by the same core."""

import shutil
import threading
import time
from contextlib import suppress

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from ratchet.deploy import approvals
from ratchet.deploy.approvals import Answer, Reply
from ratchet.settings import PROJECT_ROOT
from tests.unit.deploy import waiting_home
from tests.unit.deploy.waiting_home import HOSTILE, improvement, states

pytestmark = pytest.mark.airflow
PATIENCE_S = 300
TARGETS = ("export", "search", "summary")
IDS = {target: improvement(target).improvement_id for target in TARGETS}
LATE = {"error": "nobody answered", "error_type": "timeout"}


@pytest.fixture
def asking_dag(bag):
    return bag.dags["deploy_improvements"]


@pytest.fixture
def home(tmp_path, monkeypatch, airflow_tables):
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    return waiting_home.home(tmp_path / "home", *(improvement(target, title=f"Do {target}") for target in TARGETS))


class People(threading.Thread):
    """Answers questions as they appear: subject -> one answer after the other, each (option, said, user)."""

    def __init__(self, answers, before=None):
        super().__init__(daemon=True)
        self.answers, self.before = dict(answers), before or {}
        self.asked, self.bodies = [], []
        self.stopped = threading.Event()
        self.start()

    def run(self):
        deadline = time.monotonic() + PATIENCE_S
        while not self.stopped.is_set():
            with suppress(OperationalError):  # the database was busy: once more
                for subject, body in self.look(too_late=time.monotonic() > deadline):
                    self.answers[subject].pop(0)
                    self.asked.append(subject)
                    self.bodies.append(body)
            time.sleep(0.3)

    def look(self, too_late):
        """Answer what is open and return it; too late, end what is open, so that a run that waits in vain ends."""
        from airflow.models.hitl import HITLDetail
        from airflow.utils.session import create_session

        answered = []
        with create_session() as session:
            for detail in [d for d in session.scalars(select(HITLDetail)) if d.task_instance.state == "awaiting_input"]:
                if too_late:
                    detail.task_instance.state = "failed"
                elif detail.responded_at is not None:  # the run wrote its own state over the answer: it is said again
                    self.hand_in(detail, detail.as_resume_event_payload(), session)
                elif self.answers.get(detail.subject):
                    answered.append((detail.subject, detail.body))
                    self.hand_in(detail, self.said(detail), session)
                elif detail.subject in self.answers:  # so was it over the end of the half hour, which came last
                    self.hand_in(detail, LATE, session)
        return answered

    @staticmethod
    def hand_in(detail, payload, session):
        from airflow.models.trigger import handle_event_submit
        from airflow.triggers.base import TriggerEvent

        handle_event_submit(TriggerEvent(payload), task_instance=detail.task_instance, session=session)

    def said(self, detail):
        option, said, user = self.answers[detail.subject][0]
        if act := self.before.pop(detail.subject, None):
            act()
        return LATE if option is None else self.say(detail, option, said, user)

    @staticmethod
    def say(detail, option, said, user):
        from airflow._shared.timezones import timezone

        detail.responded_at, detail.responded_by = timezone.utcnow(), {"id": user, "name": user}
        detail.chosen_options, detail.params_input = [option], said
        return detail.as_resume_event_payload()


def run(asking_dag, answers, before=None):
    """Run the DAG with people who answer; return the states of its tasks and what was asked."""
    people = People({f"Do {target}": list(said) for target, said in answers.items()}, before)
    done = asking_dag.test(logical_date=None)
    people.stopped.set()
    people.join()
    found = {f"{ti.task_id}[{ti.map_index}]": ti.state for ti in done.get_task_instances()}
    return done, found, people.asked


GO = ("Approve", {}, "ann")


def test_each_improvement_has_a_question_of_its_own(asking_dag):
    tasks = {task.task_id: task for task in asking_dag.tasks}
    assert set(tasks) == {"waiting", "question.ask", "question.record"}
    assert tasks["question.ask"].upstream_task_ids == {"waiting"}
    assert tasks["question.record"].upstream_task_ids >= {"question.ask"}
    assert tasks["question.ask"].template_fields == ("key",)
    assert tasks["waiting"].max_active_tis_per_dag == 1
    assert asking_dag.max_active_runs >= 1000


def test_a_published_night_starts_it(asking_dag, nightly):
    (outlet,) = nightly.get_task("publish").outlets
    assert asking_dag.timetable.asset_condition == outlet
    made = {t.task_id: [a.name for a in t.outlets] for t in nightly.tasks if t.outlets}
    story = {"ingest": "logs", "build_marts": "marts", "report": "report", "publish": "night"}
    assert made == {task: [f"ratchet_{name}"] for task, name in story.items()}


def test_approve_reject_and_snooze_are_recorded(asking_dag, home):
    answers = {
        "export": [("Approve", {"reason": "good", "days": 7}, "ann")],
        "search": [("Reject", {"reason": None, "days": 7}, "bob")],
        "summary": [("Snooze", {"reason": None, "days": 3}, "cid")],
    }
    done, found, asked = run(asking_dag, answers)
    assert done.state == "success"
    assert set(found.values()) == {"success"}
    assert sorted(asked) == ["Do export", "Do search", "Do summary"]
    decided = waiting_home.read(home.decisions, waiting_home.date.max)[7:]
    assert {(d.improvement_id, d.decision.value, d.actor, d.reason) for d in decided} == {
        (IDS["export"], "approved", "ann", "good"),
        (IDS["search"], "rejected", "bob", "rejected by bob"),
        (IDS["summary"], "snoozed", "cid", "snoozed by cid"),
    }
    done, found, asked = run(asking_dag, {})
    assert (done.state, asked) == ("success", [])  # nothing waits any more
    assert found["question.ask[-1]"] == "skipped"


def test_what_was_settled_elsewhere_closes_by_itself_or_is_refused_kindly(asking_dag, home):
    def settle(target):
        return lambda: approvals.record(home, Reply(IDS[target], Answer.REJECT, "bob"), ())

    answers = {
        "export": [(None, {}, "")],  # half an hour is over
        "search": [GO],
        "summary": [(None, {}, ""), GO],
    }
    done, found, asked = run(asking_dag, answers, {"Do export": settle("export"), "Do search": settle("search")})
    assert done.state == "success"
    assert states(home) == {IDS["export"]: "rejected", IDS["search"]: "rejected", IDS["summary"]: "approved"}
    assert asked.count("Do summary") == 2  # nobody had answered, so it was still open after half an hour
    assert sorted(found.values()).count("skipped") == 4


def test_an_answer_of_somebody_who_may_not_leaves_the_question_open(asking_dag, home, monkeypatch, tmp_path):
    shutil.copytree(PROJECT_ROOT / "include" / "config", tmp_path / "config")
    path = tmp_path / "config" / "settings.yaml"
    path.write_text(path.read_text().replace("approvers: []", "approvers: [ann]"))
    monkeypatch.setenv("RATCHET_CONFIG", str(tmp_path / "config"))
    answers = {"export": [("Reject", {}, "eve"), GO], "search": [("Snooze", {"reason": "", "days": 0}, "ann"), GO]}
    answers["summary"] = [GO]
    done, _, asked = run(asking_dag, answers)
    assert done.state == "success"
    assert set(states(home).values()) == {"approved"}
    assert asked.count("Do export") == asked.count("Do search") == 2
    assert '"eve"' not in "".join(path.read_text() for path in home.decisions.iterdir())


def test_words_of_a_log_are_no_templates(asking_dag, tmp_path, monkeypatch, airflow_tables):
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    home = waiting_home.home(tmp_path / "home", improvement("export", title=HOSTILE, why=HOSTILE))
    people = People({HOSTILE: [GO]})
    done = asking_dag.test(logical_date=None)
    people.stopped.set()
    people.join()
    assert done.state == "success"
    assert people.asked == [HOSTILE]
    assert "**Why:** \\{\\{ 7 \\* 7 \\}\\}" in people.bodies[0]
    assert states(home) == {IDS["export"]: "approved"}


def test_a_question_that_is_open_is_not_asked_again(bag, asking_dag, home, monkeypatch):
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    from ratchet import asking

    keys = [f"{IDS[target]}/1" for target in ("export", "search")]
    earlier = {"earlier": {"question.ask_0": "awaiting_input", "question.ask_1": "success"}}
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", staticmethod(lambda **_: earlier))
    pull = RuntimeTaskInstance.xcom_pull
    monkeypatch.setattr(
        RuntimeTaskInstance,
        "xcom_pull",
        lambda self, *a, **k: keys if k.get("run_id") == "earlier" else pull(self, *a, **k),
    )
    monkeypatch.setattr(asking, "MOST_QUESTIONS", 1)
    assert asking.new_questions({keys[0]}) in ([keys[1]], [f"{IDS['summary']}/1"])
    monkeypatch.setattr(asking, "MOST_QUESTIONS", 100)
    _, _, asked = run(asking_dag, {"search": [GO], "summary": [GO], "export": [GO]})
    assert sorted(asked) == ["Do search", "Do summary"]
