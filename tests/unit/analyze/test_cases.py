"""Failing and passing cases of prompts, from the lists that the mart holds."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.analyze.agent_frames import DAY, agents, cell

from ratchet.analyze.agents.cases import KEPT, cases_of


def case(name: str, faults: str = "", unit: str = "", text: str = "do it") -> str:
    found = {"drawn": name, "unit": unit or f"u {name}", "interaction_id": name}
    return json.dumps(found | {"faults": faults, "request_text": text})


def row(failing: list[str], passing: list[str], **more: Any) -> list[dict[str, Any]]:
    named = {"prompt_id": "p", "prompt_version": "1", "intent": "i"} | more
    return cell(1, 0, **named, failing_cases=failing, passing_cases=passing)


BAD = [case(f"bad{n}", "flawed") for n in range(3)]
GOOD = [case(f"good{n}") for n in range(3)]


def test_failing_and_passing_cases_of_one_intent_stand_together() -> None:
    frame = agents(row(BAD, GOOD), row([], GOOD, intent="other"), row(BAD, [], prompt_id=""))
    found = cases_of(frame, 3, DAY)
    assert [(c.intent, c.verdict, c.interaction_id) for c in found] == [
        *(("i", "failing", f"bad{n}") for n in range(3)),
        *(("i", "passing", f"good{n}") for n in range(3)),
    ]
    assert {c.faults for c in found} == {"flawed", ""}


def test_texts_of_too_few_people_are_not_shown() -> None:
    same = [case(f"bad{n}", "flawed", unit="ana") for n in range(9)]
    assert cases_of(agents(row(same, GOOD)), 3, DAY) == []
    nobody = [json.dumps(json.loads(text) | {"unit": ""}) for text in BAD]
    assert cases_of(agents(row(nobody, GOOD)), 1, DAY) == []
    assert {c.verdict for c in cases_of(agents(row(BAD, GOOD[:2])), 3, DAY)} == {"failing"}


def test_what_was_found_wrong_later_is_no_passing_case() -> None:
    later = row([*BAD, case("good0", "dissatisfying"), case("bad0", "dissatisfying")], [])
    found = {c.interaction_id: c for c in cases_of(agents(row(BAD, GOOD, model="m"), later), 2, DAY)}
    assert found["good0"].verdict == "failing"
    assert found["bad0"].faults == "dissatisfying, flawed"


def test_ten_of_each_are_kept_and_their_order_does_not_matter() -> None:
    many = [case(f"{n:02}", "failed", text="<script>=1+1") for n in range(KEPT + 5)]
    found = cases_of(agents(row(many[::-1], GOOD)), 3, DAY)
    assert [c.interaction_id for c in found[:KEPT]] == [f"{n:02}" for n in range(KEPT)]
    assert found[KEPT].verdict == "passing"
    assert found == cases_of(agents(row(many, GOOD[::-1])), 3, DAY)
