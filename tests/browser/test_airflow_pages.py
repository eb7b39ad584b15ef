"""What a person does in Airflow's own pages: approves a fix made from a log, opens the shelf, triggers a night."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.asking_airflow import AskingAirflow
from tests.unit.deploy import waiting_home
from tests.unit.report import fixtures
from tests.unit.report.values import DAY
from tests.unit.shelf import shelves

from ratchet import airflow_api, files, report, shelf

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
