"""Attributes by the names of GenAI, OpenInference and the Vercel AI SDK fill the fields."""

from __future__ import annotations

import json

from .conftest import Mapped
from .otlp import SOURCE, TRACE, below_root, exported, span, steps_of


def test_a_collector_file_gives_a_root_and_its_steps(mapped: Mapped) -> None:
    document = exported(
        span(1, ms=2500.5, attributes={"session.id": "s1", "user.id": "u1"}),
        span(2, 1, attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}),
        span(3, 1, attributes={"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}),
        span(4, 1, attributes={"db.system": "sqlite"}),
        **{"service.name": "shop", "service.version": "1.2", "deployment.environment.name": "staging"},
    )
    root, tool, model = mapped(SOURCE, [document])["interaction"]
    assert (root["parent_id"], root["clock"], root["duration_ms"]) == (None, "real", 2500.5)
    assert root["occurred_at"] == "2025-11-20T08:00:00.001000Z"
    assert (root["service"], root["release"], root["environment"]) == ("shop", "1.2", "staging")
    assert (tool["intent"], tool["task_type"], tool["parent_id"]) == ("search", "tool_call", root["event_id"])
    assert (model["intent"], model["task_type"], model["model"]) == ("span 3", "llm_call", "m")
    assert {e["session_id"] for e in (root, tool, model)} == {"s1"}
    assert {e["user_id"] for e in (root, tool, model)} == {"u1"}
    assert {e["trace_id"] for e in (root, tool, model)} == {TRACE}


def test_genai_names(mapped: Mapped) -> None:
    asked = [{"role": "system", "parts": [{"type": "text", "content": "rules"}]}]
    asked += [{"role": "user", "parts": [{"type": "text", "content": "Where is it?"}]}]
    answered = [{"role": "assistant", "parts": [{"type": "text", "content": "Here."}], "finish_reason": "stop"}]
    found = below_root(
        mapped,
        **{
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt",
            "gen_ai.response.model": "gpt-2026-01-01",
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 3,
            "gen_ai.conversation.id": "c9",
            "gen_ai.agent.name": "helper",
            "gen_ai.input.messages": json.dumps(asked),
            "gen_ai.output.messages": json.dumps(answered),
            "gen_ai.response.time_to_first_chunk": 0.25,
            "gen_ai.response.finish_reasons": ["stop"],
        },
    )
    assert (found["model"], found["input_tokens"], found["output_tokens"]) == ("gpt-2026-01-01", 12, 3)
    assert (found["session_id"], found["agent"], found["ttft_ms"]) == ("c9", "helper", 250.0)
    assert (found["request_text"], found["response_text"]) == ("Where is it?", "Here.")
    assert found["attributes"]["gen_ai.response.finish_reasons"] == ["stop"]
    assert found["attributes"]["gen_ai.request.model"] == "gpt"


def test_messages_come_as_structure_too(mapped: Mapped) -> None:
    words = {"type": "text", "content": "Where is it?"}
    call = {"type": "tool_call", "id": "a", "name": "find", "arguments": {"order": 7, "kind": "new"}}
    for part, said in ((words, "Where is it?"), (call, [{"role": "assistant", "parts": [call]}])):
        plain = {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": [{"role": "user", "parts": [words]}],
            "gen_ai.output.messages": [{"role": "assistant", "parts": [part]}],
        }
        (found,) = mapped(SOURCE, [exported(span(1, attributes=plain))])["interaction"]
        assert found["request_text"] == "Where is it?"
        assert (found["response_text"] if part is words else json.loads(found["response_text"])) == said


def test_a_tools_arguments_come_as_text_or_structure(mapped: Mapped) -> None:
    city = {"city": "Rome", "days": [1, {"x": "y"}]}
    names = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather"}
    names["gen_ai.tool.call.result"] = "{}"
    told = [{**names, "gen_ai.tool.call.arguments": arguments} for arguments in (json.dumps(city), city)]
    for found in steps_of(mapped, *told):
        assert (found["intent"], found["params"]) == ("weather", city)
        assert (found["request_text"], found["response_text"]) == (None, "{}")


def test_arguments_that_are_no_json_stay_a_text(mapped: Mapped) -> None:
    found = below_root(mapped, **{"openinference.span.kind": "TOOL", "tool.name": "f", "input.value": "{'a': 1"})
    assert found["params"] == "{'a': 1"


def test_numbers_that_json_does_not_have_become_texts(mapped: Mapped) -> None:
    plain = {
        "gen_ai.tool.name": "f",
        "gen_ai.tool.call.arguments": '{"a": NaN}',
        "x": [float("nan")],
        "y": float("inf"),
    }
    found = below_root(mapped, **plain)
    assert (found["params"], found["attributes"]["x"], found["attributes"]["y"]) == ('{"a": NaN}', "[NaN]", "Infinity")


def test_openinference_names(mapped: Mapped) -> None:
    found = below_root(
        mapped,
        **{
            "openinference.span.kind": "LLM",
            "llm.model_name": "claude",
            "llm.token_count.prompt": 7,
            "llm.token_count.completion": 2,
            "llm.cost.total": 0.0125,
            "session.id": "s",
            "user.id": "u",
            "input.value": '{"messages": [{"role": "user", "content": "hi"}]}',
            "output.value": "hello",
            "metadata": "{}",
        },
    )
    assert (found["model"], found["input_tokens"], found["output_tokens"]) == ("claude", 7, 2)
    assert (found["cost_usd"], found["session_id"], found["user_id"]) == (0.0125, "s", "u")
    assert (found["request_text"], found["response_text"]) == ("hi", "hello")
    assert found["attributes"]["metadata"] == "{}"


def test_openinference_messages_spread_over_attributes(mapped: Mapped) -> None:
    found = below_root(
        mapped,
        **{
            "openinference.span.kind": "LLM",
            "input.value": '{"temperature": 0}',
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "first",
            "llm.input_messages.2.message.role": "user",
            "llm.input_messages.2.message.content": "second",
            "llm.input_messages.10.message.role": "system",
            "llm.input_messages.10.message.content": "rules",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "answer",
        },
    )
    assert (found["request_text"], found["response_text"]) == ("second", "answer")


def test_vercel_names(mapped: Mapped) -> None:
    document = exported(
        span(1, attributes={"ai.operationId": "ai.generateText", "ai.prompt": '{"prompt": "Write"}'}),
        span(
            2,
            1,
            attributes={
                "ai.operationId": "ai.generateText.doGenerate",
                "ai.model.id": "gpt",
                "ai.usage.promptTokens": 4,
                "ai.usage.completionTokens": 5,
                "ai.response.text": "Lines",
                "ai.response.msToFirstChunk": 426.5,
                "ai.telemetry.functionId": "poems",
            },
        ),
        span(
            3, 1, attributes={"ai.operationId": "ai.toolCall", "ai.toolCall.name": "f", "ai.toolCall.args": '{"x":1}'}
        ),
    )
    root, model, tool = mapped(SOURCE, [document])["interaction"]
    assert (root["task_type"], root["request_text"], root["response_text"]) == ("chain", "Write", "Lines")
    assert (root["input_tokens"], root["output_tokens"], root["model"]) == (4, 5, "gpt")
    assert (model["ttft_ms"], model["feature"]) == (426.5, "poems")
    assert (tool["intent"], tool["params"]) == ("f", {"x": 1})
