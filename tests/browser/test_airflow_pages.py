"""What a person does in a real Airflow: in its pages, over its API, and beside it on the command line.

They approve a fix made from a log, open the shelf, trigger a night; whoever answers a question first settles it.
"""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.asking_airflow import IDS, AskingAirflow
from tests.integration.conftest import ratchet
from tests.unit.deploy import waiting_home
from tests.unit.report import fixtures
from tests.unit.report.values import DAY
from tests.unit.shelf import shelves

from ratchet import airflow_api, files, report, shelf
from ratchet.deploy.approvals import open_day
from ratchet.deploy.decisions import fold, read
from ratchet.errors import RatchetError

pytestmark = [pytest.mark.browser, pytest.mark.airflow, pytest.mark.slow]
PATIENCE_MS = 60_000
TITLE = "Repeat refund when it is asked for too often"
SHOWN = (
    re.compile(r"Why: .*works again soon after; the fix waits that long"),
    re.compile(r"Expected effect: \d+ of \d+ logged failures would have succeeded"),
    re.compile(r"Logged failures saved: \d"),
    re.compile(r"Errors in 7 days: \d"),
    re.compile(r"\+import tenacity"),
)


def test_a_click_on_approve_is_a_decision_about_a_fix(browser: Browser, asking: AskingAirflow) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(PATIENCE_MS)
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(f"{asking.airflow.url}/required_actions")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", asking.password)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=TITLE).click()
    for text in SHOWN:
        expect(page.get_by_text(text).first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text(f"ratchet approve {asking.ids[TITLE]}")).to_be_visible(timeout=PATIENCE_MS)
    for name in ("Reject", "Snooze"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_enabled(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Approve", exact=True).click()
    asking.wait(lambda: TITLE in asking.decided(), "the click was not recorded")
    assert asking.decided()[TITLE] == ("approved", "admin", "approved by admin")
    assert asking.home.decisions.joinpath("2026-11-21.jsonl").exists()
    assert said == []
    page.close()


@pytest.fixture(scope="module")
def shelf_of(asking: AskingAirflow) -> AskingAirflow:
    """Put a night on the shelf of that Airflow."""
    folder = asking.home.artifacts(waiting_home.DAY)
    files.write_text(folder / "report.html", report.render_html(report.build(fixtures.hostile(), DAY)))
    files.write_json(folder / "summary.json", shelves.summary())
    shelf.write(asking.home, waiting_home.DAY)
    return asking


def logged_in(browser: Browser, asking: AskingAirflow, path: str) -> Page:
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{asking.airflow.url}{path}")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", asking.password)
    page.keyboard.press("Enter")
    return page


@pytest.mark.parametrize(
    "path", ["/ratchet/", "/ratchet/health", f"/ratchet/{waiting_home.DAY}/report.html", "/ratchet/run/a/b"]
)
def test_the_shelf_is_for_those_who_are_logged_in(shelf_of: AskingAirflow, path: str) -> None:
    code, said = airflow_api.request(shelf_of.airflow.port, "GET", path)
    assert code == 401, said
    header = {"Authorization": f"Bearer {shelf_of.api.token}"}
    code, said = airflow_api.request(shelf_of.airflow.port, "GET", path, headers=header)
    assert code == (503 if path.endswith("health") else 200), said  # it is stale: nothing has landed since
    for escape in ("/ratchet/../airflow.cfg", "/ratchet/..%2f..%2fconfig%2fsettings.yaml"):
        code, _ = airflow_api.request(shelf_of.airflow.port, "GET", escape, headers=header)
        assert code == 404


def test_the_shelf_stands_in_the_ui_and_leads_to_the_report(browser: Browser, shelf_of: AskingAirflow) -> None:
    page = logged_in(browser, shelf_of, f"/ratchet/{waiting_home.DAY}/report.html")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Daily improvement report")  # by way of the login
    page.goto(f"{shelf_of.airflow.url}/plugin/improvement-reports")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Report shelf")
    frame.get_by_role("link", name="The report of").click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Daily improvement report")
    expect(frame.get_by_text("<script>alert('xss')</script>").first).to_be_attached()
    page.close()


def test_a_night_is_triggered_by_click_and_its_run_leads_to_its_report(
    browser: Browser, shelf_of: AskingAirflow
) -> None:
    page = logged_in(browser, shelf_of, "/dags/nightly_improvement")
    page.get_by_role("button", name="Trigger").first.click()
    expect(page.get_by_text("The UTC day to run.", exact=False)).to_be_visible()
    page.get_by_text("Unpause nightly_improvement on trigger").click()  # else the schedule starts a night as well
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    page.locator("input[type=date]").first.fill(waiting_home.DAY.isoformat())
    page.get_by_role("button", name="Trigger").last.click()

    def started() -> list[dict[str, Any]]:
        return shelf_of.api.call("GET", "/dags/nightly_improvement/dagRuns")["dag_runs"]  # type: ignore[no-any-return]

    (run,) = shelf_of.wait(started, "the click started no run")
    assert run["conf"]["date"] == waiting_home.DAY.isoformat()
    page.goto(f"{shelf_of.airflow.url}/dags/nightly_improvement/runs/{run['dag_run_id']}/plugin/improvement-report")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Daily improvement report")
    page.close()


def test_a_published_night_asks_once_about_each_improvement(asking: AskingAirflow) -> None:
    runs = asking.runs()
    assert [run["partition_key"] for run in runs] == [waiting_home.DAY.isoformat()]
    asking.publish_night(waiting_home.NEXT)
    later = asking.wait(lambda: [r for r in asking.runs()[1:] if r["state"] in ("success", "failed")], "no second run")
    assert [(run["partition_key"], run["state"]) for run in later] == [(waiting_home.NEXT.isoformat(), "success")]
    questions = asking.open_questions()
    assert questions.keys() | asking.decided().keys() == set(asking.ids)
    for target, question in questions.items():
        assert question["options"] == ["Approve", "Reject", "Snooze"]
        assert question["task_instance"]["dag_run_id"] == runs[0]["dag_run_id"]
        assert question["task_instance"]["rendered_map_index"] == f"{asking.ids[target]}/1"
        assert "**Evidence**" in question["body"]
        assert f"ratchet approve {asking.ids[target]}" in question["body"]


def test_answers_are_recorded_each_by_itself(asking: AskingAirflow) -> None:
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


def test_the_command_line_comes_first(asking: AskingAirflow) -> None:
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
    asking.wait(lambda: asking.state(late, "question.record") == "skipped", "what is settled is recorded again")
    again = ratchet("approve", IDS["search"], "--home", asking.home.root, env=environment)
    assert again.returncode == 1
    assert re.search("is approved already by admin as of .*nothing was changed", again.stderr)


def test_an_answer_of_somebody_who_may_not_leaves_the_question_open(asking: AskingAirflow) -> None:
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
