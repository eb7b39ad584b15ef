"""Sends what a generated client asks for, and reads the answer; the standard library alone.

A credential goes to the API's own host and nowhere else: no redirect to another host is followed. No error holds it.

    ApiError                  whatever went wrong
    ├── ApiStatusError        the API answered with a status that is not 2xx
    ├── ApiUnreachableError   no answer came
    └── ApiFormatError        the answer is not what the API promises
"""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from .wire import Body, Part, encoded, headers, one_line, path, query

MAX_ANSWER_BYTES = 64 << 20
_SHOWN = 2_000


class ApiError(Exception):
    """A call that failed; `operation` names it by method and path template."""

    def __init__(self, operation: str, what: str) -> None:
        """Say what happened to which operation."""
        super().__init__(f"{operation}: {what}")
        self.operation, self.what = operation, what


class ApiStatusError(ApiError):
    """The API answered with a status that is not 2xx.

    Attributes:
        status: of HTTP.
        body: the answer, parsed where it is JSON, else its first 2,000 characters.
        retry_after_s: seconds to wait, where the API says so.
    """

    def __init__(self, operation: str, status: int, body: Any, retry_after_s: float | None) -> None:
        """Keep the parts for machines."""
        super().__init__(operation, f"answered {status}")
        self.status, self.body, self.retry_after_s = status, body, retry_after_s


class ApiUnreachableError(ApiError):
    """No answer came: the network, the name of the host, or the time limit."""


class ApiFormatError(ApiError):
    """The answer is not what the API promises, such as HTML in place of JSON, or it is too large."""


@dataclass(frozen=True)
class Request:
    """What goes out; its address and headers may hold a credential, so they are not shown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)
    timeout_s: float


@dataclass(frozen=True)
class Response:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Transport(Protocol):
    """Sends a request. Raises OSError where no answer comes."""

    def __call__(self, request: Request, /) -> Response:
        """Return the answer, whatever its status."""


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only where it stays on scheme, host and port, and only for GET and HEAD."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if (old.scheme, old.netloc) != (new.scheme, new.netloc) or req.get_method() not in ("GET", "HEAD"):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_SameHost)


def send(request: Request, /) -> Response:
    """Send a request with urllib; proxies are those of the environment.

    Raises:
        OSError: if no answer comes; it holds neither address nor header.
    """
    asked = urllib.request.Request(request.url, request.content, dict(request.headers), method=request.method)  # noqa: S310 -- the address was checked
    try:
        with _OPENER.open(asked, timeout=request.timeout_s) as answer:
            return _response(answer.status, answer)
    except urllib.error.HTTPError as error:
        with error:
            return _response(error.code, error)
    except http.client.HTTPException as error:
        raise ConnectionError(type(error).__name__) from None


def _response(status: int, answer: Any) -> Response:
    content = answer.read(MAX_ANSWER_BYTES + 1)
    return Response(status, {k.lower(): v for k, v in answer.headers.items()}, content)


@dataclass(frozen=True)
class Paging:
    """How the next page is asked for: `cursor`, `page` or `offset`."""

    kind: str
    items: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    first: int = 0


class BaseClient:
    """What all generated clients share."""

    _default_server: str | None = None
    _schemes: Mapping[str, tuple[str, str]] = {}

    def __init__(
        self,
        base_url: str | None = None,
        *,
        credentials: str | Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
        headers: Mapping[str, str] | None = None,
        servers: Mapping[str, str] | None = None,
        transport: Transport = send,
    ) -> None:
        """Prepare a client; nothing is sent.

        Args:
            base_url: where the API lives; default: what its specification says.
            credentials: a token or key, or one for each security scheme; `user:password` for basic.
            timeout_s: seconds to wait for an answer.
            headers: sent with every request.
            servers: other addresses for servers that the specification names for single operations.
            transport: sends the requests; default: urllib.

        Raises:
            ValueError: if there is no http or https address.
        """
        self._server = _address(base_url or self._default_server)
        self._credentials, self._timeout_s = credentials, timeout_s
        self._headers = {name: one_line(name, value) for name, value in (headers or {}).items()}
        self._servers, self._transport = dict(servers or {}), transport

    def _call(
        self,
        method: str,
        template: str,
        parts: Sequence[Part] = (),
        body: Body | None = None,
        *,
        answer: str = "",
        security: Sequence[Sequence[str]] = (),
        fixed_query: Sequence[tuple[str, str]] = (),
        server: str | None = None,
    ) -> Any:
        operation = f"{method} {template}"
        chosen = self._chosen(security)
        fixed = [Part("query", name, value, "form") for name, value in fixed_query]
        everything = [*fixed, *parts, *(part for part in chosen if part.place != "header")]
        base = self._server if server is None else _address(self._servers.get(server, server))
        asked = query(everything)
        url = base + path(template, parts) + (f"?{asked}" if asked else "")
        content = encoded(body) if body is not None else None
        sent = {
            "Accept": "application/json" if answer == "json" else "*/*",
            **({"Content-Type": content[1]} if content else {}),
            **self._headers,
            **headers([*everything, *(part for part in chosen if part.place == "header")]),
        }
        request = Request(method, url, sent, content[0] if content else None, self._timeout_s)
        return _read(operation, self._sent(operation, request), answer if method != "HEAD" else "")

    def _sent(self, operation: str, request: Request) -> Response:
        try:
            return self._transport(request)
        except OSError as error:
            cause = getattr(error, "reason", error)
            raise ApiUnreachableError(operation, f"no answer ({type(cause).__name__})") from None

    def _chosen(self, security: Sequence[Sequence[str]]) -> list[Part]:
        """Return the credentials of the first alternative for which all are there."""
        for need in security:
            known = [(name, self._credential(name)) for name in need]
            if all(value is not None and name in self._schemes for name, value in known):
                return [_credential_part(*self._schemes[name], str(value)) for name, value in known]
        return []

    def _credential(self, scheme: str) -> str | None:
        if self._credentials is None or isinstance(self._credentials, str):
            return self._credentials
        return self._credentials.get(scheme)

    def _pages(self, call: Callable[[Any], Any], how: Paging, max_pages: int) -> Iterator[Any]:
        """Yield the items of all pages; a page that is empty, or a cursor that comes again, ends them."""
        at: Any = None if how.kind == "cursor" else how.first
        seen: set[str] = set()
        for _ in range(max_pages):
            answer = call(at)
            items = _inside(answer, how.items)
            if not isinstance(items, list):
                return
            yield from items
            if how.kind == "cursor":
                at = _inside(answer, how.next)
                if not at or str(at) in seen:
                    return
                seen.add(str(at))
            elif not items:
                return
            else:
                at += 1 if how.kind == "page" else len(items)


def _credential_part(kind: str, name: str, value: str) -> Part:
    if kind == "basic":
        coded = base64.b64encode(value.encode()).decode()
        return Part("header", "Authorization", f"Basic {coded}", "simple")
    if kind == "bearer":
        return Part("header", "Authorization", f"Bearer {value}", "simple")
    return Part(kind, name, value, "form")


def _address(url: str | None) -> str:
    parts = urlsplit(url or "")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("the API needs an address such as https://api.example.com: name it as base_url")
    where = quote(parts.path, safe="/:@!$&'()*+,;=%~").rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{where}"


def _inside(answer: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        answer = answer.get(key) if isinstance(answer, Mapping) else None
    return answer


def _read(operation: str, response: Response, wanted: str) -> Any:
    if not 200 <= response.status < 300:
        raise ApiStatusError(
            operation, response.status, _shown(response), _seconds(response.headers.get("retry-after"))
        )
    if len(response.content) > MAX_ANSWER_BYTES:
        raise ApiFormatError(operation, f"the answer has more than {MAX_ANSWER_BYTES:,} bytes")
    if not wanted or (wanted == "json" and not response.content.strip()):
        return None
    if wanted == "bytes":
        return response.content
    if wanted == "text":
        return response.content.decode("utf-8", errors="replace")
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        kind = response.headers.get("content-type", "no content type").partition(";")[0]
        raise ApiFormatError(operation, f"the answer is not JSON ({kind[:60]})") from None


def _shown(response: Response) -> Any:
    try:
        return json.loads(response.content[:MAX_ANSWER_BYTES])
    except (ValueError, RecursionError):
        return response.content[: 4 * _SHOWN].decode("utf-8", errors="replace")[:_SHOWN]


def _seconds(value: str | None) -> float | None:
    return float(value) if value and value.isdecimal() else None
