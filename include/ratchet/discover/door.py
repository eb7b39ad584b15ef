"""Asks one API: GET and HEAD, allow-listed hosts, a budget, a time limit, a size limit. Never raises for what it meets.

A token goes to allow-listed hosts only and stands in no result: what an answer repeats of it is blotted out.
"""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

MAX_BYTES = 32 << 20
MAX_REDIRECTS = 3
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status of 0 and a reason where nothing did."""

    status: int
    content: bytes = b""
    media_type: str = ""
    etag: str = ""
    reason: str = ""

    @property
    def is_good(self) -> bool:
        """Return whether it is a 2xx."""
        return 200 <= self.status < 300


class _Stay(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to the door, which knows the hosts."""

    def redirect_request(self, *args: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay)


@dataclass(slots=True)
class Door:
    """One API, for one discovery.

    Attributes:
        hosts: that may be asked, with a port where it is not the usual one.
        timeout_s: for a whole answer.
        budget: requests that are left.
        token: goes out as `token_header`, None for none.
    """

    hosts: frozenset[str]
    timeout_s: float
    budget: int
    token: str | None = field(default=None, repr=False)
    token_header: str = "Authorization"  # noqa: S105 -- a name
    token_prefix: str = "Bearer "  # noqa: S105 -- a word

    def ask(self, url: str, method: str = "GET", etag: str = "") -> Reply:
        """Return what an address answers; redirects are followed to allowed hosts only."""
        for _ in range(MAX_REDIRECTS + 1):
            refused = self._refusal(url, method)
            if refused:
                return self._without_token(Reply(0, reason=refused))
            self.budget -= 1
            found, target = self._asked(url, method, etag)
            if not target:
                return self._without_token(found)
            url = urljoin(url, target)
        return Reply(0, reason="too many redirects")

    def _without_token(self, reply: Reply) -> Reply:
        """Return an answer in which the token does not stand, even where the server repeats what it was sent."""
        if not self.token:
            return reply
        forms = "|".join(re.escape(form) for form in _written(self.token))
        texts = (
            re.sub(forms, "***", text, flags=re.IGNORECASE) for text in (reply.media_type, reply.etag, reply.reason)
        )
        kind, etag, reason = texts
        content = re.sub(forms.encode(), b"***", reply.content, flags=re.IGNORECASE)
        return replace(reply, content=content, media_type=kind, etag=etag, reason=reason)

    def _refusal(self, url: str, method: str) -> str:
        try:
            parts = urlsplit(url)
            host = parts.netloc.lower()
        except ValueError:
            return "no address"
        if method not in ("GET", "HEAD"):
            return f"{method} is never sent"
        if parts.scheme not in ("http", "https") or host not in self.hosts:
            return f"host {host[:80]!r} is not in allow_hosts"
        return "" if self.budget > 0 else "the budget of requests is used up"

    def _asked(self, url: str, method: str, etag: str) -> tuple[Reply, str]:
        headers = {"Accept": "application/json, application/yaml;q=0.9, */*;q=0.5", "User-Agent": "ratchet"}
        if self.token:
            headers[self.token_header] = f"{self.token_prefix}{self.token}"
        if etag:
            headers["If-None-Match"] = etag
        deadline = time.monotonic() + self.timeout_s
        try:
            request = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310 -- scheme and host are allowed
            with _OPENER.open(request, timeout=self.timeout_s) as answer:
                return _reply(answer.status, answer, deadline), ""
        except urllib.error.HTTPError as error:
            with error:
                target = error.headers.get("Location", "") if error.code in (301, 302, 303, 307, 308) else ""
                return Reply(error.code, etag=etag, reason=f"answered {error.code}"), target
        except (OSError, http.client.HTTPException, ValueError) as error:
            cause = getattr(error, "reason", error)
            return Reply(0, reason=f"no answer ({type(cause).__name__})"), ""


def _written(token: str) -> list[str]:
    """Return how a token may stand in an address, in JSON and as it is, the longest first."""
    as_json = json.dumps(token)[1:-1]
    forms = {token, quote(token, safe=""), quote(token), as_json, as_json.replace("/", "\\/")}
    return sorted(forms, key=lambda form: (-len(form), form))


def _reply(status: int, answer: Any, deadline: float) -> Reply:
    pieces: list[bytes] = []
    size = 0
    while piece := answer.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BYTES:
            return Reply(0, reason=f"the answer has more than {MAX_BYTES:,} bytes")
        if time.monotonic() > deadline:
            return Reply(0, reason="the answer took too long")
    kind = str(answer.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    return Reply(status, b"".join(pieces), kind[:80], str(answer.headers.get("ETag") or "")[:200])
