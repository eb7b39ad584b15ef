from __future__ import annotations

from typing import Any

from .conftest import Mapped


def run(**more: Any) -> dict[str, Any]:
    turns = [
        {"action_kind": "get", "url": "http://x/fhir?q=1", "latency_ms": 1000, "agent_reply": "GET"},
        {"action_kind": "invalid", "latency_ms": 500, "agent_reply": "hm"},
    ]
    return {"task_id": "t1", "category": "task", "correct": True, "duration_ms": 1500, "turns": turns, **more}


def test_a_run_is_a_root_and_its_turns_are_steps_one_after_the_other(mapped: Mapped) -> None:
    events = mapped("agent_runs", {"mini/tasks/t1.json": [run(ts="20260806T145536Z")]})
    root, first, second = events["interaction"]
    assert (root["model"], root["intent"], root["success"], root["clock"]) == ("mini", "task", True, "real")
    assert root["occurred_at"] == "2026-08-06T14:55:36.000000Z"
    assert [(e["intent"], e["success"], e["duration_ms"], e["occurred_at"][17:23]) for e in (first, second)] == [
        ("get", True, 1000, "36.000"),
        ("invalid", False, 500, "37.000"),
    ]
    assert {e["parent_id"] for e in (first, second)} == {root["event_id"]}
    assert [(o["metric"], o["value"], o["pair_id"]) for o in events["outcome"]] == [("reward", 1, "t1")]
    assert events["error"] == []


def test_what_the_infrastructure_broke_fails_by_its_error_and_is_not_graded(mapped: Mapped) -> None:
    setup = {"setup_error": "ModelError: HTTP 402: no credit"}
    broken = [
        run(infra_fail=True, infra_reason="gateway is down", correct=False),
        run(turns=[], correct=None, outcome={"task_success": None}, metadata=setup),
    ]
    events = mapped("agent_runs", broken)
    roots = [e for e in events["interaction"] if not e.get("parent_id")]
    assert [(e["success"], e["error"]) for e in roots] == [
        (False, "InfrastructureFailure: gateway is down"),
        (False, "ModelError: HTTP 402: no credit"),
    ]
    assert [(e["error_type"], e["message"]) for e in events["error"]] == [
        ("InfrastructureFailure", "gateway is down"),
        ("ModelError", "HTTP 402: no credit"),
    ]
    assert events["outcome"] == []


def test_a_time_that_a_tool_said_is_a_real_one_and_none_is_made_up(mapped: Mapped) -> None:
    told = run(turns=[{"action_kind": "get", "observation": '{"lastUpdated": "2026-08-08T18:54:56.702+00:00"}'}])
    real, _, made_up, *_ = mapped("agent_runs", [told, run()])["interaction"]
    assert (real["clock"], real["occurred_at"]) == ("real", "2026-08-08T18:54:56.702000Z")
    assert (made_up["clock"], made_up["attributes"]["clock_note"]) == ("synthetic", "the run says no time")
    assert made_up["occurred_at"].startswith("2026-11-20")


def test_a_failed_run_says_why_and_what_is_no_run_is_quarantined(mapped: Mapped) -> None:
    found = [run(correct=False, grade={"reason": "answer mismatch"}), run(correct=False, status="gave_up"), {"n": 1}]
    events = mapped("agent_runs", [*found, run(turns=7)])["interaction"]
    assert [e["error"] for e in events if e.get("event_id") and not e.get("parent_id")] == [
        "TaskFailed: answer mismatch",
        "gave_up",
    ]
    assert [e["unmapped"] for e in events if "unmapped" in e] == ["no list of turns"] * 2
