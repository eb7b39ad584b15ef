"""A person logs in to Airflow, opens a required action, reads it and clicks Approve; the decision is in the home."""

import pytest
from playwright.sync_api import Browser, expect
from tests.asking_airflow import IDS, AskingAirflow

pytestmark = [pytest.mark.browser, pytest.mark.airflow, pytest.mark.slow]
PATIENCE_MS = 60_000


def test_a_click_on_approve_is_a_decision(browser: Browser, asking: AskingAirflow) -> None:
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(PATIENCE_MS)
    said: list[str] = []
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(f"{asking.airflow.url}/required_actions")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", asking.password)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Do voice").click()
    for text in ("Its guardrails held for 48 hours on 1,204 units.", "Units on: 1,204", "Expected effect:"):
        expect(page.get_by_text(text)).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text(f"ratchet approve {IDS['voice']}")).to_be_visible(timeout=PATIENCE_MS)
    for name in ("Reject", "Snooze"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_enabled(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Approve", exact=True).click()
    asking.wait(lambda: "voice" in asking.decided(), "the click was not recorded")
    assert asking.decided()["voice"] == ("approved", "admin", "approved by admin")
    assert asking.home.decisions.joinpath("2026-11-21.jsonl").exists()
    assert said == []
    page.close()
