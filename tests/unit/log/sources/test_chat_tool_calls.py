"""Tool calls, their arguments, and the results and errors that belong to them."""

from __future__ import annotations

from typing import Any

from .chats import SOURCE, asks, call, conversation, roots, steps, tool
from .conftest import Mapped


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
