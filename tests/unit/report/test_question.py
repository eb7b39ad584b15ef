import re
from datetime import date

import pytest
from tests.unit.deploy.waiting_home import DAY, HOSTILE, improvement

from ratchet.contracts.improvements import ImprovementType
from ratchet.report.question import DIFF_LINES, DIFF_WIDTH, question

DIFF = "--- a/fix.py\n+++ b/fix.py\n@@ -1 +1 @@\n-    return get()\n+    return get(timeout=30)\n"


def ask(approvers=(), revision=1, **changed):
    return question(improvement(**changed).as_record(), revision, DAY, approvers)


def with_diff(diff):
    return ask(evidence={**improvement().evidence, "diff": diff}).body


def test_it_says_what_why_on_which_evidence_and_what_an_answer_does():
    found = ask()
    assert found.subject == "Bring search to stage “beta” (5 %)"
    for said in (
        "**Why:** Its guardrails held for 48 hours on 1,204 units.",
        "**Expected effect:** 5 % of units get the feature by their hash. It is judged by its guardrails",
        "Rollout step, medium priority, confidence 95.0%, proposed 20 November 2026.",
        "- Units on: 1,204",
        "3.1% (2.0–4.0% · n = 1,204)",
        "- sample events: e-1, e-2",
        "source: mart\\_experiments",
        "**Approve:** the next live night that passes its gates deploys it.",
        f"`ratchet approve {improvement().improvement_id}`",
    ):
        assert said in found.body
    assert "What changes" not in found.body
    assert "Who may answer" not in found.body


def test_a_task_for_a_team_is_accepted_not_deployed():
    body = ask(type=ImprovementType.FEATURE_REQUEST).body
    assert "accepted as a task for the team" in body
    assert "deploys it" not in body


def test_it_says_who_may_answer():
    assert "Who may answer: ann, bob\\_the\\_builder." in ask(approvers=("ann", "bob_the_builder")).body


def test_a_diff_is_shown_as_it_is():
    assert f"````diff\n{DIFF.rstrip()}\n````" not in with_diff(DIFF)
    assert f"```diff\n{DIFF.rstrip()}\n```" in with_diff(DIFF)


@pytest.mark.parametrize("run", ["```", "`````````", "~~~~"])
def test_a_diff_cannot_end_its_block(run):
    body = with_diff(f"{DIFF}{run}\n# a heading\n<b>bold</b>\n")
    fence = re.search(r"(`{3,})diff\n", body)[1]
    inside = body.split(f"{fence}diff\n")[1].split(f"\n{fence}\n")[0]
    assert "<b>bold</b>" in inside
    assert fence not in inside


def test_a_diff_is_bounded_and_visible():
    body = with_diff("\n".join(["+" + "x" * 10_000] * 1000) + "\n\x1b[2J\u202e")
    assert "801 more lines" in body
    assert len(body) < DIFF_LINES * (DIFF_WIDTH + 5) + 3000
    assert "·U+001B·[2J·U+202E·" in with_diff("\x1b[2J\u202e")


@pytest.mark.parametrize("diff", [None, "", " \n", 7, ["-a"]])
def test_what_is_no_diff_is_left_out(diff):
    assert "What changes" not in with_diff(diff)


LINKS = "see http://x.test/a and HTTPS://x.test www.x.test WWW.X.TEST mail@x.test <http://y.test> [a](http://z.test)"


@pytest.mark.parametrize(
    "text", [HOSTILE, LINKS, "\x1b[31m\u202e\n\n# heading\n- item\n> quote\n1. one", "x" * 100_000]
)
def test_words_from_a_log_stay_text(text):
    evidence = {**improvement().evidence, "sample_event_ids": [text], "mart": text, "judged_by": text}
    found = ask(title=text, why=text, expected_effect=text, evidence=evidence)
    assert "\n" not in found.subject
    assert len(found.subject) <= 120
    assert len(found.body) < 10_000
    lines = found.body.splitlines()
    assert sum(line.startswith(("#", ">", "1.", "    ", "\t")) for line in lines) == 0
    for meant in (r"(?<!\\)<", r"(?<!\\)\[", r"(?<!\\)\{\{", r":\s*//", r"(?i)www\\?\.", r"@\w", "\x1b", "\u202e"):
        assert not re.search(meant, found.body), meant
    assert not re.search(r"(?<!\\)`rm|(?<!\\)\*\*bold", found.body)


def test_a_record_of_another_shape_still_makes_a_question():
    found = question({"type": "moon_landing", "priority": None, "evidence": None}, 3, date(2026, 1, 2))
    assert found.subject == "(no title)"
    assert "not stated" in found.body
