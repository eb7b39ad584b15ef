"""Client spans over HTTP are calls of an API."""

from __future__ import annotations

from typing import Any

from .conftest import Mapped
from .otlp import SOURCE, exported, span


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
