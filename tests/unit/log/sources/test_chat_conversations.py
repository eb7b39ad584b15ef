"""A conversation is a root with its steps, reward and errors; what is none is refused."""

from __future__ import annotations

from .chats import ANSWER, SOURCE, USER, asks, call, conversation, roots, steps, tool
from .conftest import Mapped


def test_a_conversation_is_a_root_interaction_with_a_child_for_each_tool_call(mapped: Mapped) -> None:
    events = mapped(SOURCE, [conversation(asks(call(id="c1")), tool(tool_call_id="c1"), user_id="u1", model="m")])
    [root], [step] = roots(events), steps(events)
    assert (root["request_text"], root["response_text"]) == (USER["content"], ANSWER["content"])
    assert (root["user_id"], root["model"], root["success"]) == ("u1", "m", None)
    assert root["session_id"] == root["event_id"]
    assert (step["parent_id"], step["session_id"], step["user_id"]) == (root["event_id"], root["session_id"], "u1")
    assert (step["intent"], step["params"], step["success"]) == ("find_order", {"order": 7}, True)
    assert step["response_text"] == "found"
    assert events["error"] == events["outcome"] == []


def test_a_reward_decides_success_and_becomes_an_outcome(mapped: Mapped) -> None:
    cases = [(1.0, True), (1, True), (0.0, False), (0.5, False), (None, None), ("NaN", None), ("good", None)]
    events = mapped(SOURCE, [conversation(reward=reward, task_id=3) for reward, _ in cases])
    assert [r["success"] for r in roots(events)] == [success for _, success in cases]
    assert [(e["metric"], e["value"], e["unit_id"], e["unit_type"]) for e in events["outcome"]] == [
        ("reward", reward, root["session_id"], "session")
        for (reward, success), root in zip(cases, roots(events), strict=True)
        if success is not None
    ]


def test_trials_of_a_task_are_conversations_of_their_own_that_share_a_pair(mapped: Mapped) -> None:
    task = {"task": {"user_id": "mia", "instruction": "book a flight"}}
    other = {"task": {"user_id": "mia", "instruction": "cancel it"}}
    runs = [
        {"task_id": 0, "trial": t, "reward": 1.0, "info": i, "traj": [USER, ANSWER]}
        for t, i in ((0, task), (1, task), (0, other))
    ]
    events = mapped(SOURCE, [runs])
    pairs = [e["pair_id"] for e in events["outcome"]]
    assert len({r["event_id"] for r in roots(events)}) == 3
    assert pairs[0] == pairs[1] != pairs[2]
    assert {r["user_id"] for r in roots(events)} == {"mia"}


def test_results_of_the_second_generation_carry_times_costs_and_flags(mapped: Mapped) -> None:
    document = {
        "info": {
            "agent_info": {"implementation": "llm_agent", "llm": "gpt"},
            "environment_info": {"domain_name": "air"},
        },
        "simulations": [
            {
                "id": "0b1c",
                "task_id": "4",
                "start_time": "2026-07-31T01:30:00.500000",
                "end_time": "2026-07-31T01:30:10.500000",
                "agent_cost": 0.25,
                "reward_info": {"reward": 1.0},
                "messages": [
                    {"role": "assistant", "content": "Hi", "usage": None, "timestamp": "2026-07-31T01:30:00.600000"},
                    {**USER, "usage": {"prompt_tokens": 99}, "timestamp": "2026-07-31T01:30:01"},
                    {
                        "role": "assistant",
                        "content": None,
                        "timestamp": "2026-07-31T01:30:02.000000",
                        "usage": {"prompt_tokens": 10, "completion_tokens": 2},
                        "tool_calls": [{"id": "x", "name": "pay", "arguments": {"sum": 5}, "requestor": "assistant"}],
                    },
                    {
                        "role": "tool",
                        "id": "x",
                        "content": "no such card",
                        "error": True,
                        "timestamp": "2026-07-31T01:30:02.250000",
                    },
                ],
            }
        ],
    }
    events = mapped(SOURCE, [document])
    [root], [step], [error] = roots(events), steps(events), events["error"]
    assert (root["clock"], root["occurred_at"]) == ("real", "2026-07-31T01:30:00.500000Z")
    assert (root["duration_ms"], root["cost_usd"], root["success"]) == (10000.0, 0.25, True)
    assert (root["input_tokens"], root["output_tokens"]) == (10, 2)
    assert (root["agent"], root["model"], root["session_id"]) == ("llm_agent", "gpt", "0b1c")
    assert (step["params"], step["success"], step["duration_ms"]) == ({"sum": 5}, False, 250.0)
    assert step["error"] == "ToolError: no such card"
    assert (error["error_type"], error["message"]) == ("ToolError", "no such card")
    assert error["context"] == {"operation": "pay", "arguments": {"sum": 5}}
    assert (error["interaction_id"], error["occurred_at"]) == (step["event_id"], "2026-07-31T01:30:02.250000Z")
    assert events["outcome"][0]["pair_id"] == "air/4"


def test_a_record_that_is_no_conversation_becomes_a_line_that_is_refused(mapped: Mapped) -> None:
    posing = {"event_id": "x", "event_type": "interaction", "occurred_at": "2026-11-20T00:00:00Z"}
    records = [
        {"hello": 1},
        {"messages": []},
        {"messages": "hi"},
        {"messages": [1, "x"]},
        {"traj": None},
        7,
        "text",
        None,
    ]
    events = mapped(SOURCE, [*records, posing])["interaction"]
    assert [e["record"] for e in events] == [*records, posing]
    assert all(e["unmapped"] and "event_type" not in e for e in events)


def test_a_run_that_broke_is_a_conversation_with_an_error(mapped: Mapped) -> None:
    run = {"task_id": 1, "reward": 0.0, "info": {"error": "timed out", "traceback": "at line 3"}, "traj": []}
    events = mapped(SOURCE, [run])
    [root], [error] = roots(events), events["error"]
    assert (root["success"], root["error"]) == (False, "RunError: timed out")
    assert (error["error_type"], error["message"], error["stack_trace"]) == ("RunError", "timed out", "at line 3")
    assert error["interaction_id"] == root["event_id"]


def test_hostile_texts_pass_through_unchanged(mapped: Mapped) -> None:
    text = "'; drop table raw; -- \" \\ \u0000 <script> \U0001f600 {{7*7}}"
    events = mapped(SOURCE, [conversation(asks(call(text, arguments={text: text})), tool(text), user_id=text)])
    [root], [step] = roots(events), steps(events)
    assert (root["user_id"], step["intent"], step["params"], step["response_text"]) == (text, text, {text: text}, text)


def test_events_follow_the_order_of_the_file(mapped: Mapped) -> None:
    records = [conversation(asks(call(f"t{n}"), call(f"u{n}")), id=f"s{n}") for n in range(30)]
    intents = [e.get("intent") for e in mapped(SOURCE, [records])["interaction"]]
    assert intents == [i for n in range(30) for i in (None, f"t{n}", f"u{n}")]
