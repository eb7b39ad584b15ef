from __future__ import annotations

import csv
import json
from datetime import date
from typing import Any

from ratchet.log.sources import SHIPPED

from .conftest import Mapped

SOURCE = "otlp"
TRACE = "5b8efff798038103d269b633813fc60c"
START = 1_763_625_600_000_000_000
ERROR = {"code": 2, "message": "it broke"}


def value(plain: Any) -> dict[str, Any]:
    if isinstance(plain, bool):
        return {"boolValue": plain}
    if isinstance(plain, int):
        return {"intValue": str(plain)}
    if isinstance(plain, float):
        return {"doubleValue": plain}
    if isinstance(plain, list):
        return {"arrayValue": {"values": [value(item) for item in plain]}}
    if isinstance(plain, dict):
        return {"kvlistValue": {"values": attributes(plain)}}
    return {"stringValue": plain}


def attributes(plain: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(item)} for key, item in plain.items()]


def span(number: int, parent: int | None = None, *, ms: float = 10, **more: Any) -> dict[str, Any]:
    plain = more.pop("attributes", {})
    start = START + number * 1_000_000
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "parentSpanId": "" if parent is None else f"{parent:016x}",
        "name": f"span {number}",
        "kind": 1,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + int(ms * 1_000_000)),
        "attributes": attributes(plain),
        "status": {},
        **more,
    }


def exported(*spans: dict[str, Any], **resource: Any) -> dict[str, Any]:
    scopes = [{"scope": {"name": "test"}, "spans": list(spans)}]
    return {"resourceSpans": [{"resource": {"attributes": attributes(resource)}, "scopeSpans": scopes}]}


def exception(kind: str = "ValueError", message: str = "bad", **more: Any) -> dict[str, Any]:
    plain = {"exception.type": kind, "exception.message": message, **more}
    return {"name": "exception", "timeUnixNano": str(START + 5_000_000), "attributes": attributes(plain)}


def log(body: Any, severity: int | None = 17, **more: Any) -> dict[str, Any]:
    plain = more.pop("attributes", {})
    return {
        "timeUnixNano": str(START),
        "severityNumber": severity,
        "body": value(body),
        "attributes": attributes(plain),
        **more,
    }


def logged(*records: dict[str, Any], **resource: Any) -> dict[str, Any]:
    scopes = [{"scope": {}, "logRecords": list(records)}]
    return {"resourceLogs": [{"resource": {"attributes": attributes(resource)}, "scopeLogs": scopes}]}


def step(events: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the one step below the root."""
    [found] = [e for e in events["interaction"] if e["parent_id"]]
    return found


def below_root(mapped: Mapped, **plain: Any) -> dict[str, Any]:
    return step(mapped(SOURCE, [exported(span(1), span(2, 1, attributes=plain))]))


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


def steps_of(mapped: Mapped, *plain: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a step for each set of attributes, all below one root."""
    spans = [span(number, 1, attributes=found) for number, found in enumerate(plain, 2)]
    return [e for e in mapped(SOURCE, [exported(span(1), *spans)])["interaction"] if e["parent_id"]]


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


def test_a_finished_span_succeeded_unless_its_status_says_error(mapped: Mapped) -> None:
    good: list[Any] = [{}, {"code": 0}, {"code": 1}, {"code": "STATUS_CODE_OK"}, None]
    bad = [ERROR, {"code": "STATUS_CODE_ERROR"}, {"code": "2"}]
    spans = [span(number, status=status) for number, status in enumerate([*good, *bad])]
    events = mapped(SOURCE, [exported(*spans)])["interaction"]
    assert [e["success"] for e in events] == [True] * len(good) + [False] * len(bad)


def test_a_span_that_never_ended_is_unknown(mapped: Mapped) -> None:
    [root] = mapped(SOURCE, [exported(span(1, endTimeUnixNano="0"))])["interaction"]
    assert (root["success"], root["duration_ms"], root["clock"]) == (None, None, "real")


def test_a_span_that_ends_before_it_starts_has_no_duration(mapped: Mapped) -> None:
    assert mapped(SOURCE, [exported(span(1, ms=-5))])["interaction"][0]["duration_ms"] is None


def test_a_span_without_a_start_gets_a_synthetic_clock(mapped: Mapped) -> None:
    [root] = mapped(SOURCE, [exported(span(1, startTimeUnixNano="0"))])["interaction"]
    assert (root["clock"], root["duration_ms"], root["attributes"]["clock_note"]) == (
        "synthetic",
        None,
        "no_timestamps",
    )
    assert root["occurred_at"].startswith("2026-11-20T00:00:00")


def test_an_exception_is_an_error_of_its_interaction(mapped: Mapped) -> None:
    tool = {"gen_ai.tool.name": "pay", "gen_ai.tool.call.arguments": '{"sum": 5}'}
    raised = exception(**{"exception.stacktrace": "line 3"})
    events = mapped(SOURCE, [exported(span(1), span(2, 1, attributes=tool, status=ERROR, events=[raised]))])
    [error], failed = events["error"], step(events)
    assert (error["error_type"], error["message"], error["stack_trace"]) == ("ValueError", "bad", "line 3")
    assert error["context"] == {"operation": "pay", "arguments": {"sum": 5}}
    assert (error["interaction_id"], error["handled"]) == (failed["event_id"], False)
    assert error["occurred_at"] == "2025-11-20T08:00:00.005000Z"
    assert failed["error"] == "ValueError: bad"


def test_an_exception_that_climbs_the_trace_is_told_once(mapped: Mapped) -> None:
    document = exported(
        span(1, status=ERROR, events=[exception()]),
        span(2, 1, status=ERROR, events=[exception(), exception("TimeoutError", "late")]),
        span(3, 2, status=ERROR, events=[exception(), exception()], attributes={"gen_ai.tool.name": "f"}),
    )
    events = mapped(SOURCE, [document])
    assert sorted(e["error_type"] for e in events["error"]) == ["TimeoutError", "ValueError"]
    assert [e["error"] for e in events["interaction"]] == ["ValueError: bad"] * 2


def test_an_exception_in_a_span_that_went_on_was_handled(mapped: Mapped) -> None:
    events = mapped(SOURCE, [exported(span(1, events=[exception()]))])
    assert (events["error"][0]["handled"], events["interaction"][0]["success"]) == (True, True)


def test_a_failed_span_without_an_exception_is_an_error(mapped: Mapped) -> None:
    cases: list[tuple[dict[str, Any], Any, str, str | None]] = [
        ({}, ERROR, "SpanError", "it broke"),
        ({"error.type": "timeout"}, ERROR, "timeout", "it broke"),
        ({"error.type": "503", "http.response.status_code": 503}, {"code": 2}, "HTTP 503", None),
        ({"http.status_code": 404}, {"code": 2}, "HTTP 404", None),
    ]
    spans = [span(n, attributes=plain, status=status) for n, (plain, status, _, _) in enumerate(cases)]
    found = mapped(SOURCE, [exported(*spans)])["error"]
    assert [(e["error_type"], e["message"]) for e in found] == [(kind, message) for _, _, kind, message in cases]


def test_a_parent_that_failed_only_with_its_step_adds_no_error(mapped: Mapped) -> None:
    failed = span(2, 1, status=ERROR, attributes={"gen_ai.tool.name": "f"})
    assert len(mapped(SOURCE, [exported(span(1, status={"code": 2}), failed)])["error"]) == 1
    assert len(mapped(SOURCE, [exported(span(1, status={"code": 2, "message": "gave up"}), failed)])["error"]) == 2


def test_a_call_over_http_is_an_api_call(mapped: Mapped) -> None:
    plain = {
        "http.request.method": "get",
        "server.address": "api.example.com",
        "url.full": "https://api.example.com/v1/items?key=1",
        "http.response.status_code": 429,
        "http.request.resend_count": 2,
        "http.response.header.retry-after": ["7"],
        "error.type": "429",
    }
    events = mapped(SOURCE, [exported(span(1), span(2, 1, kind=3, attributes=plain, status={"code": 2}))])
    [call], [error] = events["api_call"], events["error"]
    assert (call["api"], call["method"], call["path"]) == ("api.example.com", "GET", "/v1/items")
    assert (call["status_code"], call["attempt"], call["retry_after_s"]) == (429, 3, 7)
    assert call["interaction_id"] == error["interaction_id"] == events["interaction"][0]["event_id"]
    assert (error["api"], error["http_status"], error["error_type"]) == ("api.example.com", 429, "HTTP 429")


def test_api_calls_in_older_and_newer_names(mapped: Mapped) -> None:
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"http.method": "POST", "http.url": "http://h.example:8080"}, ("h.example", "POST", "/")),
        ({"http.request.method": "PUT", "server.address": "h", "url.path": "/a/b"}, ("h", "PUT", "/a/b")),
        ({"http.method": "GET", "net.peer.name": "h", "http.target": "/a?b=c"}, ("h", "GET", "/a")),
        ({"http.request.method": "GET", "server.address": "h"}, None),
        ({"server.address": "h", "url.path": "/"}, None),
    ]
    spans = [span(n, kind="SPAN_KIND_CLIENT", attributes=plain) for n, (plain, _) in enumerate(cases)]
    calls = mapped(SOURCE, [exported(*spans)])["api_call"]
    assert [(c["api"], c["method"], c["path"]) for c in calls] == [seen for _, seen in cases if seen]


def test_a_served_request_is_no_api_call(mapped: Mapped) -> None:
    plain = {"http.request.method": "GET", "server.address": "h", "url.path": "/a"}
    assert mapped(SOURCE, [exported(span(1, kind=2, attributes=plain))])["api_call"] == []


def test_logs_of_severity_error_are_errors_and_others_are_nothing(mapped: Mapped) -> None:
    document = logged(
        log("disk full", attributes={"exception.type": "OSError", "exception.message": "no space"}),
        log("plain trouble", traceId=TRACE, spanId=f"{1:016x}"),
        log("fine", 9),
        log("by text", None, severityText="ERROR"),
        log({"msg": "structured"}, 21),
        **{"service.name": "shop"},
    )
    events = mapped(SOURCE, [document, exported(span(1, attributes={"user.id": "u"}))])
    found = [(e["error_type"], e["message"]) for e in events["error"]]
    assert found == [
        ("OSError", "no space"),
        ("LogError", "plain trouble"),
        ("LogError", "by text"),
        ("LogError", '{"msg":"structured"}'),
    ]
    assert (events["error"][1]["interaction_id"], events["error"][1]["user_id"]) == (
        events["interaction"][0]["event_id"],
        "u",
    )
    assert {e["service"] for e in events["error"]} == {"shop"}
    assert len({e["event_id"] for e in events["error"]}) == 4


def test_a_log_that_repeats_an_exception_of_its_span_is_left_out(mapped: Mapped) -> None:
    twice = log(
        "x", traceId=TRACE, spanId=f"{1:016x}", attributes={"exception.type": "ValueError", "exception.message": "bad"}
    )
    assert len(mapped(SOURCE, [logged(twice), exported(span(1, status=ERROR, events=[exception()]))])["error"]) == 1


def test_equal_logs_are_two_errors_with_ids_that_a_second_landing_repeats(mapped: Mapped) -> None:
    first = {e["event_id"] for e in mapped(SOURCE, {"a.json": [logged(log("x"), log("x"))]})["error"]}
    again = {
        e["event_id"]
        for e in mapped(SOURCE, {"b.json": [logged(log("x"), log("x"))]}, landed=date(2026, 11, 21))["error"]
    }
    assert len(first) == 2
    assert first == again


def test_a_file_exporter_writes_lines_whatever_it_calls_the_file(mapped: Mapped) -> None:
    lines = [exported(span(1)), exported(span(2, 1, attributes={"gen_ai.tool.name": "f"}))]
    for name in ("traces.jsonl", "traces.json"):
        events = mapped(SOURCE, {name: lines})
        assert [e["attributes"]["span_name"] for e in events["interaction"]] == ["span 1", "span 2"]


def test_a_span_of_the_python_sdk(mapped: Mapped) -> None:
    document = {
        "name": "chat",
        "context": {"trace_id": "0x" + TRACE, "span_id": "0x00000000000000ff", "trace_state": "[]"},
        "kind": "SpanKind.CLIENT",
        "parent_id": None,
        "start_time": "2025-11-20T08:00:00.000000Z",
        "end_time": "2025-11-20T08:00:01.500000Z",
        "status": {"status_code": "ERROR", "description": "late"},
        "attributes": {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 4},
        "events": [
            {
                "name": "exception",
                "timestamp": "2025-11-20T08:00:01.000000Z",
                "attributes": {"exception.type": "TimeoutError", "exception.message": "late"},
            }
        ],
        "resource": {"attributes": {"service.name": "shop"}},
    }
    events = mapped(SOURCE, [document])
    [root], [error] = events["interaction"], events["error"]
    assert (root["trace_id"], root["duration_ms"], root["success"]) == (TRACE, 1500.0, False)
    assert (root["service"], root["input_tokens"], root["error"]) == ("shop", 4, "TimeoutError: late")
    assert error["occurred_at"] == "2025-11-20T08:00:01.000000Z"


def test_starts_are_read_in_every_usual_form(mapped: Mapped) -> None:
    moments = [[1763625600, 500000000], 1763625600.5, 1763625600500, "1763625600500000000", "2025-11-20T08:00:00.5Z"]
    spans = [
        {"name": "x", "spanContext": {"traceId": TRACE, "spanId": f"{n:x}"}, "startTime": moment, "attributes": {}}
        for n, moment in enumerate(moments, 1)
    ]
    found = {e["occurred_at"] for e in mapped(SOURCE, [spans])["interaction"]}
    assert found == {"2025-11-20T08:00:00.500000Z"}


def test_a_record_without_spans_or_logs_becomes_a_line_that_is_refused(mapped: Mapped) -> None:
    records = [{"hello": 1}, {"resourceMetrics": [{"scopeMetrics": []}]}, 7, None, {"a": [1, "x"]}]
    events = mapped(SOURCE, [*records])["interaction"]
    assert [e["record"] for e in events] == records
    assert all(e["unmapped"] and "event_type" not in e for e in events)


def test_a_span_without_an_id_is_refused_alone(mapped: Mapped) -> None:
    events = mapped(SOURCE, [exported(span(1), {"name": "no id"}, "text")])["interaction"]
    assert [e.get("unmapped") for e in events] == [None, "a span without an id", "a span without an id"]


def test_hostile_texts_pass_through_unchanged(mapped: Mapped) -> None:
    text = "'; drop table raw; -- \" \\ \u0000 <script> \U0001f600"
    found = below_root(
        mapped, **{"gen_ai.tool.name": text, "user.id": text, text: text, "exception": [text, {text: 1}]}
    )
    assert (found["intent"], found["user_id"], found["attributes"][text]) == (text, text, text)
    assert found["attributes"]["exception"] == [text, {text: 1}]


def test_every_alias_leads_to_a_field_that_the_mapping_reads() -> None:
    folder = SHIPPED / SOURCE
    rows = list(csv.DictReader((folder / "aliases.csv").read_text().splitlines()))
    sql = "".join(path.read_text() for path in folder.glob("*.sql"))
    unread = {r["field"] for r in rows} - {"dropped"} - {f for f in {r["field"] for r in rows} if f"'{f}'" in sql}
    assert unread == set()
    assert len({(r["field"], r["attribute"], r["value"]) for r in rows}) == len(rows)
    ranks: dict[str, list[int]] = {}
    for row in rows:
        ranks.setdefault(row["field"], []).append(int(row["rank"]))
    assert all(found == list(range(1, len(found) + 1)) for found in ranks.values())
