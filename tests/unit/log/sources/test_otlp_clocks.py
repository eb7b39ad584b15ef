"""When a span began and ended, and whether it succeeded."""

from __future__ import annotations

from typing import Any

from .conftest import Mapped
from .otlp import ERROR, SOURCE, TRACE, exported, span


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


def test_starts_are_read_in_every_usual_form(mapped: Mapped) -> None:
    moments = [[1763625600, 500000000], 1763625600.5, 1763625600500, "1763625600500000000", "2025-11-20T08:00:00.5Z"]
    spans = [
        {"name": "x", "spanContext": {"traceId": TRACE, "spanId": f"{n:x}"}, "startTime": moment, "attributes": {}}
        for n, moment in enumerate(moments, 1)
    ]
    found = {e["occurred_at"] for e in mapped(SOURCE, [spans])["interaction"]}
    assert found == {"2025-11-20T08:00:00.500000Z"}
