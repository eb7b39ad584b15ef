"""Exceptions of spans, failed spans and error logs become errors, each told once."""

from __future__ import annotations

from datetime import date
from typing import Any

from .conftest import Mapped
from .otlp import ERROR, SOURCE, TRACE, exception, exported, log, logged, span, step


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
