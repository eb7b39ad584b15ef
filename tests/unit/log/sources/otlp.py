"""Spans and logs as the OpenTelemetry protocol writes them in JSON, small ones for tests."""

from __future__ import annotations

from typing import Any

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


def steps_of(mapped: Mapped, *plain: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a step for each set of attributes, all below one root."""
    spans = [span(number, 1, attributes=found) for number, found in enumerate(plain, 2)]
    return [e for e in mapped(SOURCE, [exported(span(1), *spans)])["interaction"] if e["parent_id"]]
