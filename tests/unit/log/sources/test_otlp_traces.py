"""How spans of a trace hang together, and what a root says of its steps."""

from __future__ import annotations

from typing import Any

from .conftest import Mapped
from .otlp import SOURCE, exported, span


def test_a_silent_root_says_what_its_steps_say(mapped: Mapped) -> None:
    usage = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 1, "gen_ai.request.model": "m"}
    document = exported(
        span(1, kind=2, name="POST /chat"),
        span(
            2, 1, attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a", "input.value": "help"}
        ),
        span(3, 2, attributes={"gen_ai.operation.name": "chat", **usage, "output.value": "thinking"}),
        span(4, 2, attributes={"gen_ai.operation.name": "chat", **usage, "output.value": "done"}),
    )
    root = mapped(SOURCE, [document])["interaction"][0]
    assert (root["request_text"], root["response_text"]) == ("help", "done")
    assert (root["agent"], root["model"], root["input_tokens"], root["output_tokens"]) == ("a", "m", 20, 2)


def test_usage_is_counted_once_when_a_span_landed_twice(mapped: Mapped) -> None:
    model = span(2, 1, attributes={"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 10})
    events = mapped(SOURCE, {"a.json": [exported(span(1), model)], "b.json": [exported(model)]})
    assert [e["input_tokens"] for e in events["interaction"]] == [10, 10, 10]
    assert len({e["event_id"] for e in events["interaction"]}) == 2


def test_a_chain_inside_a_trace_does_not_repeat_the_usage_of_its_model_calls(mapped: Mapped) -> None:
    usage = {"ai.usage.inputTokens": 9}
    document = exported(
        span(1),
        span(2, 1, attributes={"ai.operationId": "ai.generateText", **usage}),
        span(3, 2, attributes={"ai.operationId": "ai.generateText.doGenerate", **usage}),
    )
    assert [e["input_tokens"] for e in mapped(SOURCE, [document])["interaction"]] == [9, None, 9]


def test_a_step_hangs_on_the_nearest_interaction_above_it(mapped: Mapped) -> None:
    tool = {"gen_ai.tool.name": "f"}
    document = exported(
        span(1), span(2, 1), span(3, 2), span(4, 3, attributes=tool), span(5, 4), span(6, 5, attributes=tool)
    )
    root, first, second = mapped(SOURCE, [document])["interaction"]
    assert first["parent_id"] == root["event_id"]
    assert second["parent_id"] == first["event_id"]


def test_a_parent_in_another_file_has_the_same_id_there(mapped: Mapped) -> None:
    tool = span(2, 1, attributes={"gen_ai.tool.name": "f"})
    parent = mapped(SOURCE, [exported(span(1))])["interaction"][0]["event_id"]
    assert mapped(SOURCE, [exported(tool)])["interaction"][0]["parent_id"] == parent


def test_a_span_whose_parent_is_another_services_is_a_root_here(mapped: Mapped) -> None:
    remote: list[dict[str, Any]] = [{"flags": 0x301}, {"kind": 2}, {"kind": "SPAN_KIND_SERVER"}, {"kind": 5}]
    spans = [span(number, 99, **more) for number, more in enumerate(remote)]
    assert [e["parent_id"] for e in mapped(SOURCE, [exported(*spans)])["interaction"]] == [None] * 4


def test_a_server_span_whose_caller_landed_too_is_no_root(mapped: Mapped) -> None:
    assert len(mapped(SOURCE, [exported(span(1), span(2, 1, kind=2))])["interaction"]) == 1


def test_spans_that_call_each_other_their_parent_do_not_hang(mapped: Mapped) -> None:
    tool = {"gen_ai.tool.name": "f"}
    events = mapped(
        SOURCE, [exported(span(1, 2), span(2, 1), span(3, 1, attributes=tool), span(4, 4, attributes=tool))]
    )
    assert len(events["interaction"]) == 2
