"""The part of a generated client that Ratchet wrote by hand, against a live server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import MappingProxyType
from typing import ClassVar

import pytest

from ratchet.client.api_runtime import http, wire
from ratchet.client.api_runtime.http import BaseClient, Paging, Request, Response
from ratchet.client.api_runtime.wire import Body, Part

SECRET = "s3cret-t0ken"


class Client(BaseClient):
    _schemes = MappingProxyType(
        {"key": ("header", "X-Key"), "asked": ("query", "k"), "login": ("basic", ""), "token": ("bearer", "")}
    )

    def get(self, **options):
        return self._call("GET", "/things", answer="json", **options)


class Sent:
    """A transport that keeps what goes out."""

    def __init__(self, *answers):
        self.requests, self.answers = [], list(answers)

    def __call__(self, request: Request, /) -> Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else (200, b"{}")
        return answer if isinstance(answer, Response) else Response(answer[0], {}, answer[1])


def client(*answers, **options):
    sent = Sent(*answers)
    return Client("https://api.example.com/v1/", transport=sent, **options), sent


@pytest.mark.parametrize(
    ("part", "query"),
    [
        (Part("query", "a b", "x&y=z", "form", True), "a%20b=x%26y%3Dz"),
        (Part("query", "a", ["x", "y,z"], "form", True), "a=x&a=y%2Cz"),
        (Part("query", "a", ["x", "y"], "form", False), "a=x%2Cy"),
        (Part("query", "a", ["x", "y"], "pipeDelimited"), "a=x%7Cy"),
        (Part("query", "a", {"b": {"c": 1}}, "deepObject", True), "a[b][c]=1"),
        (Part("query", "a", {"b": 1}, "form", True), "b=1"),
        (Part("query", "a", {"b": 1}, "json"), "a=%7B%22b%22%3A1%7D"),
        (Part("query", "a", True, "form"), "a=true"),
        (Part("query", "a", None, "form"), ""),
        (Part("query", "a", "b/c:d&e", "form", True, True), "a=b/c:d%26e"),
    ],
)
def test_queries_are_written_in_the_styles_of_openapi(part, query):
    assert wire.query([part]) == query


@pytest.mark.parametrize(
    ("part", "path"),
    [
        (Part("path", "id", "a/b?c", "simple"), "/x/a%2Fb%3Fc"),
        (Part("path", "id", [1, 2], "simple"), "/x/1,2"),
        (Part("path", "id", [1, 2], "label", True), "/x/.1.2"),
        (Part("path", "id", [1, 2], "matrix", True), "/x/;id=1;id=2"),
        (Part("path", "id", {"a": 1}, "matrix"), "/x/;id=a,1"),
        (Part("path", "id", {"a": 1}, "simple", True), "/x/a=1"),
    ],
)
def test_paths_are_written_in_the_styles_of_openapi(part, path):
    assert wire.path("/x/{id}", [part]) == path


@pytest.mark.parametrize("value", [None, "", ".", ".."])
def test_a_path_parameter_cannot_change_the_path(value):
    with pytest.raises(ValueError, match="path parameter"):
        wire.path("/x/{id}/y", [Part("path", "id", value, "simple")])


@pytest.mark.parametrize("value", ["a\r\nX-Bad: 1", "a\nb", "\u00e9"])
def test_a_header_holds_one_line_and_the_error_does_not_show_it(value):
    with pytest.raises(ValueError, match="'X-A'") as caught:
        wire.headers([Part("header", "X-A", value, "simple")])
    assert value not in str(caught.value)


def test_a_body_that_is_none_is_sent_only_where_it_must_be():
    assert wire.encoded(Body("json", "application/json", None)) is None
    assert wire.encoded(Body("json", "application/json", None, required=True)) == (b"null", "application/json")
    form = Body("form", "application/x-www-form-urlencoded", {"a": [1, 2], "b": None, "c": "d e"})
    assert wire.encoded(form)[0] == b"a=1&a=2&c=d%20e"


def test_a_credential_travels_as_its_scheme_says():
    calling, sent = client(credentials=SECRET)
    for need in ("key", "asked", "login", "token"):
        calling.get(security=[["unknown"], [need]])
    key, asked, login, token = sent.requests
    assert key.headers["X-Key"] == SECRET
    assert asked.url == f"https://api.example.com/v1/things?k={SECRET}"
    assert login.headers["Authorization"].startswith("Basic ")
    assert token.headers["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in repr(key) + repr(asked)


def test_of_several_credentials_the_first_alternative_that_is_whole_is_used():
    calling, sent = client(credentials={"asked": SECRET})
    calling.get(security=[["key", "asked"], ["asked"]])
    assert "X-Key" not in sent.requests[0].headers
    assert sent.requests[0].url.endswith(SECRET)


@pytest.mark.parametrize("answer", [(401, SECRET.encode()), (200, b"<html>"), (500, b'{"a": 1}')])
def test_no_error_shows_a_credential_or_an_address(answer):
    calling, _ = client(answer, credentials=SECRET)
    with pytest.raises(http.ApiError) as caught:
        calling.get(security=[["asked"]])
    assert str(caught.value).startswith("GET /things: ")
    assert SECRET not in str(caught.value)


def test_no_answer_is_an_error_without_a_trace_of_the_request():
    def refuse(request, /):
        raise OSError(f"cannot reach {request.url}")

    with pytest.raises(http.ApiUnreachableError) as caught:
        Client("https://x.example", transport=refuse, credentials=SECRET).get(security=[["asked"]])
    assert str(caught.value) == "GET /things: no answer (OSError)"
    assert caught.value.__suppress_context__


def test_a_status_carries_its_body_and_when_to_come_again():
    calling, _ = client(Response(429, {"retry-after": "7"}, b'{"why": "slow down"}'))
    with pytest.raises(http.ApiStatusError) as caught:
        calling.get()
    assert (caught.value.status, caught.value.retry_after_s, caught.value.body) == (429, 7.0, {"why": "slow down"})


def test_pages_end_by_an_empty_page_a_cursor_that_comes_again_or_the_limit():
    calling, _ = client()
    numbers = calling._pages(lambda at: {"items": [at] if at < 3 else []}, Paging("page", ("items",), first=1), 10)
    assert list(numbers) == [1, 2]
    again = calling._pages(lambda at: {"d": [at], "n": "x"}, Paging("cursor", ("d",), ("n",)), 10)
    assert list(again) == [None, "x"]
    skipped = calling._pages(lambda at: [at, at + 1], Paging("offset"), 3)
    assert list(skipped) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "address", [None, "", "ftp://a", "api.example.com", "https://", "https://a/?q=1", "file:///etc"]
)
def test_an_address_is_of_http(address):
    with pytest.raises(ValueError, match="base_url"):
        Client(address)


class _Redirecting(BaseHTTPRequestHandler):
    seen: ClassVar[list] = []

    def do_GET(self):
        self.seen.append((self.server.server_port, self.path, self.headers.get("X-Key")))
        target = {"/v1/things": "/v1/end", "/v1/away": self.server.away}.get(self.path)
        self.send_response(302 if target else 200)
        if target:
            self.send_header("Location", target)
        content = b"" if target else json.dumps({"at": self.path}).encode()
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def test_a_redirect_is_followed_on_the_same_host_and_never_to_another():
    servers = [HTTPServer(("127.0.0.1", 0), _Redirecting) for _ in range(2)]
    servers[0].away = f"http://127.0.0.1:{servers[1].server_port}/stolen"
    threads = [threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True) for s in servers]
    for thread in threads:
        thread.start()
    try:
        calling = Client(f"http://127.0.0.1:{servers[0].server_port}/v1", credentials=SECRET, timeout_s=5)
        assert calling.get(security=[["key"]]) == {"at": "/v1/end"}
        with pytest.raises(http.ApiStatusError, match="answered 302"):
            calling._call("GET", "/away", answer="json", security=[["key"]])
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
    assert {port for port, _, _ in _Redirecting.seen} == {servers[0].server_port}
