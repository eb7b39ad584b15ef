from __future__ import annotations

import statistics
from datetime import date
from typing import Any

from .conftest import Mapped

SOURCE = "chat_transcripts"
USER = {"role": "user", "content": "Where is my order?"}
ANSWER = {"role": "assistant", "content": "It arrives on Monday."}


def call(name: str = "find_order", arguments: Any = '{"order": 7}', **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


def asks(*calls: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls), **more}


def tool(content: Any = "found", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "content": content, **more}


def conversation(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": [USER, *messages, ANSWER], **more}


def roots(events: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [e for e in events["interaction"] if e.get("task_type") == "conversation"]


def steps(events: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [e for e in events["interaction"] if e.get("task_type") == "tool_call"]


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


def test_arguments_come_as_text_or_object_and_broken_text_is_kept_and_counted(mapped: Mapped) -> None:
    cases: list[tuple[Any, Any, Any]] = [
        ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}, None),
        ({"a": 1}, {"a": 1}, None),
        ("{'a': 1}", "{'a': 1}", True),
        ('{"a": 1', '{"a": 1', True),
        ('{"a": NaN}', '{"a": NaN}', True),
        ('{"a": "NaN -Infinity"}', {"a": "NaN -Infinity"}, None),
        ({"a": float("inf")}, '{"a":Infinity}', None),
        ("", None, None),
        (None, None, None),
        ("{}", {}, None),
    ]
    events = mapped(SOURCE, [conversation(asks(call(arguments=a)), tool()) for a, _, _ in cases])
    assert [s["params"] for s in steps(events)] == [params for _, params, _ in cases]
    assert [s["attributes"].get("arguments_broken") for s in steps(events)] == [broken for _, _, broken in cases]
    assert [r["attributes"].get("broken_arguments") for r in roots(events)] == [
        1 if broken else None for _, _, broken in cases
    ]


def test_results_pair_by_id_whatever_their_order(mapped: Mapped) -> None:
    record = conversation(
        asks(call("a", id="1"), call("b", id="2")), tool("of b", tool_call_id="2"), tool("of a", tool_call_id="1")
    )
    assert [(s["intent"], s["response_text"]) for s in steps(mapped(SOURCE, [record]))] == [
        ("a", "of a"),
        ("b", "of b"),
    ]


def test_an_id_used_again_in_a_later_turn_pairs_with_its_own_result(mapped: Mapped) -> None:
    record = conversation(
        asks(call("a", id="0")),
        tool("first", tool_call_id="0"),
        asks(call("a", id="0")),
        tool("second", tool_call_id="0"),
    )
    assert [s["response_text"] for s in steps(mapped(SOURCE, [record]))] == ["first", "second"]


def test_one_id_on_two_calls_of_a_message_pairs_in_order(mapped: Mapped) -> None:
    record = conversation(
        asks(call("a", id="0"), call("b", id="0")), tool("first", tool_call_id="0"), tool("second", tool_call_id="0")
    )
    assert [s["response_text"] for s in steps(mapped(SOURCE, [record]))] == ["first", "second"]


def test_calls_without_an_id_pair_by_order(mapped: Mapped) -> None:
    records = [
        conversation(asks(call("a"), call("b")), tool("one", tool_call_id=first), tool("two", tool_call_id=second))
        for first, second in ((None, None), ("x", "y"))
    ]
    assert [s["response_text"] for s in steps(mapped(SOURCE, records))] == ["one", "two"] * 2


def test_a_call_without_a_result_has_unknown_success_and_a_result_without_a_call_is_counted(mapped: Mapped) -> None:
    events = mapped(SOURCE, [conversation(tool("Error: stray", name="x"), asks(call(id="1")))])
    [root], [step], [error] = roots(events), steps(events), events["error"]
    assert (step["success"], step["error"], step["response_text"]) == (None, None, None)
    assert root["attributes"]["results_without_call"] == 1
    assert (error["interaction_id"], error["context"]["operation"]) == (root["event_id"], "x")


def test_legacy_function_calls_are_tool_calls(mapped: Mapped) -> None:
    asking = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": '{"x": 1}'}}
    events = mapped(SOURCE, [conversation(asking, {"role": "function", "name": "f", "content": "Error: no"})])
    [step] = steps(events)
    assert (step["intent"], step["params"], step["success"], step["error"]) == ("f", {"x": 1}, False, "Error: no")


def test_tool_errors_are_told_by_flag_or_text(mapped: Mapped) -> None:
    cases = [
        (tool("Error: user not found"), "Error", "user not found"),
        (tool("ValueError: bad\nline"), "ValueError", "bad\nline"),
        (tool("requests.exceptions.HTTPError: 404"), "requests.exceptions.HTTPError", "404"),
        (tool("it broke", error=True), "ToolError", "it broke"),
        (tool("it broke", is_error=True), "ToolError", "it broke"),
        (tool("it broke", status="error"), "ToolError", "it broke"),
        (tool(None, error="connection refused"), "ToolError", "connection refused"),
        (tool('{"error": "no seat"}'), "ToolError", "no seat"),
        (tool('{"error": {"type": "NotFound", "message": "no seat"}}'), "NotFound", "no seat"),
        (tool([{"type": "text", "text": "Error: in a part"}]), "Error", "in a part"),
    ]
    events = mapped(SOURCE, [conversation(asks(call()), message) for message, _, _ in cases])
    assert [(e["error_type"], e["message"]) for e in events["error"]] == [(kind, text) for _, kind, text in cases]
    assert [(s["success"], s["error"]) for s in steps(events)] == [
        (False, f"{kind}: {text}") for _, kind, text in cases
    ]


def test_what_only_looks_like_an_error_is_none(mapped: Mapped) -> None:
    messages = [
        tool("Error: shown to the user", error=False),
        tool("No Errors: all fine"),
        tool('{"error": null}'),
        tool('{"error": false, "rows": 1}'),
        tool('{"error": ""}'),
        tool(""),
        tool("found", status="success"),
    ]
    events = mapped(SOURCE, [conversation(asks(call()), message) for message in messages])
    assert events["error"] == []
    assert [s["success"] for s in steps(events)] == [True] * len(messages)


def test_without_timestamps_the_clock_is_synthetic_and_keeps_the_order(mapped: Mapped) -> None:
    events = mapped(SOURCE, [conversation(asks(call())), conversation(note="second")])
    first, second = roots(events)
    assert [r["attributes"]["clock_note"] for r in (first, second)] == ["no_timestamps"] * 2
    assert {e["clock"] for e in events["interaction"]} == {"synthetic"}
    assert first["occurred_at"] == "2026-11-20T00:00:00.000000Z"
    assert second["occurred_at"] == "2026-11-20T00:00:00.001000Z"
    assert first["occurred_at"] < steps(events)[0]["occurred_at"] < second["occurred_at"]
    assert {r["duration_ms"] for r in (first, second)} == {None}


def test_sessions_that_all_start_at_midnight_and_last_a_minute_have_no_clock(mapped: Mapped) -> None:
    faked = [
        conversation(id=f"s{n}", start_time=f"2026-11-1{n}T00:00:00", end_time=f"2026-11-1{n}T00:01:00")
        for n in range(4)
    ]
    events = mapped(SOURCE, [faked])
    assert {(r["clock"], r["attributes"]["clock_note"], r["duration_ms"]) for r in roots(events)} == {
        ("synthetic", "midnight_starts", None)
    }
    assert roots(events)[1]["attributes"]["claimed_start"] == "2026-11-11T00:00:00"


def test_one_start_for_every_session_is_no_clock(mapped: Mapped) -> None:
    events = mapped(SOURCE, [[conversation(id=f"s{n}", created="2026-11-19T08:07:06Z") for n in range(3)]])
    assert {r["attributes"].get("clock_note") for r in roots(events)} == {"constant_starts"}


def test_one_duration_for_every_session_is_no_clock(mapped: Mapped) -> None:
    faked = [
        conversation(start_time=f"2026-11-19T0{n}:30:0{n}Z", end_time=f"2026-11-19T0{n}:31:0{n}Z") for n in range(5)
    ]
    events = mapped(SOURCE, [faked])
    assert {(r["clock"], r["attributes"].get("clock_note")) for r in roots(events)} == {
        ("synthetic", "constant_durations")
    }


def test_fake_times_are_seen_across_files_of_one_conversation_each(mapped: Mapped) -> None:
    files = {f"run/{n}.json": [conversation(id=f"s{n}", created="2026-11-19T08:07:06Z")] for n in range(3)}
    assert {r["clock"] for r in roots(mapped(SOURCE, files))} == {"synthetic"}


def test_a_fake_file_does_not_spoil_the_clock_of_its_neighbour(mapped: Mapped) -> None:
    fake = [conversation(id=f"s{n}", created="2026-11-19T00:00:00Z") for n in range(3)]
    real = [conversation(id=f"r{n}", created=f"2026-11-19T08:0{n}:11Z") for n in range(3)]
    clocks = {r["session_id"]: r["clock"] for r in roots(mapped(SOURCE, {"fake.json": [fake], "real.json": [real]}))}
    assert clocks == {"s0": "synthetic", "s1": "synthetic", "s2": "synthetic", "r0": "real", "r1": "real", "r2": "real"}


def test_times_are_read_in_every_usual_form(mapped: Mapped) -> None:
    cases = [
        (1763625600, "2025-11-20T08:00:00.000000Z"),
        (1763625600.25, "2025-11-20T08:00:00.250000Z"),
        ("1763625600", "2025-11-20T08:00:00.000000Z"),
        (1763625600123, "2025-11-20T08:00:00.123000Z"),
        (1763625600123456, "2025-11-20T08:00:00.123456Z"),
        ("1763625600123456789", "2025-11-20T08:00:00.123456Z"),
        ("2025-11-20T08:00:00Z", "2025-11-20T08:00:00.000000Z"),
        ("2025-11-20T13:30:00+05:30", "2025-11-20T08:00:00.000000Z"),
        ("2025-11-20 08:00:00", "2025-11-20T08:00:00.000000Z"),
    ]
    found = roots(mapped(SOURCE, [conversation(created=created) for created, _ in cases]))
    assert [(r["occurred_at"], r["clock"]) for r in found] == [(seen, "real") for _, seen in cases]


def test_a_time_that_is_none_leaves_a_synthetic_clock(mapped: Mapped) -> None:
    created = [0, -5, "soon", "infinity", "1970-01-01T00:00:07Z"]
    found = roots(mapped(SOURCE, [conversation(created=c) for c in created]))
    assert [(r["clock"], r["attributes"]["clock_note"]) for r in found] == [("synthetic", "no_timestamps")] * 4 + [
        ("synthetic", "before_2000")
    ]


def test_a_duration_below_zero_is_not_believed(mapped: Mapped) -> None:
    record = conversation(start_time="2026-11-19T08:00:09Z", end_time="2026-11-19T08:00:00Z")
    [root] = roots(mapped(SOURCE, [record]))
    assert (root["clock"], root["duration_ms"]) == ("real", None)


def test_content_comes_as_text_parts_or_null(mapped: Mapped) -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "image_url", "image_url": {"url": "x"}}, "two"]
    record = {
        "messages": [
            {"role": "system", "content": "rules"},
            {"role": "user", "content": None},
            {"role": "user", "content": parts},
            {"role": "assistant", "content": [{"type": "text", "text": {"value": "three"}}]},
            {"role": "assistant", "content": None},
        ]
    }
    [root] = roots(mapped(SOURCE, [record]))
    assert (root["request_text"], root["response_text"]) == ("one\ntwo", "three")


def test_an_answer_that_is_itself_json_is_unwrapped_and_counted(mapped: Mapped) -> None:
    wrapped = {"role": "assistant", "content": '{"thought": "hm", "response": "Yes."}'}
    plain = {"role": "assistant", "content": '{"rows": 3}'}
    events = mapped(SOURCE, [{"messages": [USER, wrapped]}, {"messages": [USER, plain]}])
    assert [r["response_text"] for r in roots(events)] == ["Yes.", '{"rows": 3}']
    assert [r["attributes"]["json_answers"] for r in roots(events)] == [1, 1]


def test_sums_need_every_answer_to_carry_the_number(mapped: Mapped) -> None:
    priced = {**ANSWER, "usage": {"input_tokens": 5, "output_tokens": 3}, "cost": 0.5}
    events = mapped(SOURCE, [{"messages": [USER, priced, USER, priced]}, {"messages": [USER, priced, USER, ANSWER]}])
    full, partial = roots(events)
    assert (full["input_tokens"], full["output_tokens"], full["cost_usd"]) == (10, 6, 1.0)
    assert (partial["input_tokens"], partial["output_tokens"], partial["cost_usd"]) == (None, None, None)


def test_ids_come_from_content_and_not_from_where_or_when_it_landed(mapped: Mapped) -> None:
    record = conversation(asks(call()), tool("Error: x"), reward=1)
    here = mapped(SOURCE, {"a.json": [record]})
    there = mapped(SOURCE, {"other/b.jsonl": [conversation(note="another"), record]}, landed=date(2026, 11, 21))
    ids = {e["event_id"] for events in here.values() for e in events}
    assert ids < {e["event_id"] for events in there.values() for e in events}


def test_the_same_conversation_twice_in_a_file_is_two_and_twice_in_two_files_is_one(mapped: Mapped) -> None:
    record = conversation()
    assert len({r["event_id"] for r in roots(mapped(SOURCE, {"a.json": [record, record]}))}) == 2
    assert len({r["event_id"] for r in roots(mapped(SOURCE, {"a.json": [record], "b.json": [record]}))}) == 1


def test_layout_of_the_json_does_not_change_an_id(mapped: Mapped) -> None:
    dated = conversation(id="c", created=1763625600)
    reordered = dict(reversed(list(dated.items())))
    assert len({r["event_id"] for r in roots(mapped(SOURCE, {"a.json": [dated], "b.json": [reordered]}))}) == 1


def test_a_number_as_id_names_no_session_since_it_repeats_from_file_to_file(mapped: Mapped) -> None:
    first, second = roots(mapped(SOURCE, [conversation(id=1), conversation(id="c-1")]))
    assert (first["session_id"], first["attributes"]["record_id"]) == (first["event_id"], "1")
    assert second["session_id"] == "c-1"


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


def test_a_tool_called_by_the_user_is_told_from_the_agents(mapped: Mapped) -> None:
    record = {
        "messages": [
            {"role": "user", "content": None, "tool_calls": [{"id": "1", "name": "toggle", "arguments": {}}]},
            {"role": "tool", "id": "1", "content": "on", "requestor": "user"},
            asks(call(id="2")),
        ],
        "agent": "helper",
    }
    assert [(s["intent"], s["agent"]) for s in steps(mapped(SOURCE, [record]))] == [
        ("toggle", "user"),
        ("find_order", "helper"),
    ]


def test_durations_of_many_believable_sessions_are_kept(mapped: Mapped) -> None:
    records = [
        conversation(start_time=f"2026-11-19T08:00:0{n}Z", end_time=f"2026-11-19T08:01:0{2 * n}Z") for n in range(5)
    ]
    durations = [r["duration_ms"] for r in roots(mapped(SOURCE, [records]))]
    assert statistics.median(durations) == 62_000
