"""The contract test of this client: every operation is called, and what arrives at a stub of the API is compared.

Run it with pytest, or alone: `python -m <package>.test_client` prints a JSON object: `tested`, `calls`, `failures`.
The requests and what must arrive stand in `cases.json`.
"""

from __future__ import annotations

import importlib
import json
import sys
import threading
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

_CREDENTIAL = "user:secret"


class _Stub(HTTPServer):
    """Keeps the last request and answers what it is told."""

    arrived: dict[str, Any]
    answer: Any = None


class _Handler(BaseHTTPRequestHandler):
    server: _Stub

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        address = urlsplit(self.path)
        self.server.arrived = {
            "method": self.command,
            "path": unquote(address.path),
            "query": [list(pair) for pair in parse_qsl(address.query, keep_blank_values=True)],
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "content": self.rfile.read(length),
        }
        content = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


for _method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"):
    setattr(_Handler, f"do_{_method}", _Handler._handle)


def run() -> dict[str, Any]:
    """Call every operation and return what was tested and what arrived wrongly."""
    cases = json.loads((Path(__file__).parent / "cases.json").read_text("utf-8"))
    stub = _Stub(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        failures = [problem for case in cases for problem in _check(case, stub)]
    finally:
        stub.shutdown()
        stub.server_close()
    return {"tested": len({case["method"] for case in cases}), "calls": len(cases), "failures": failures}


def _check(case: dict[str, Any], stub: _Stub) -> list[str]:
    stub.arrived, stub.answer = {}, case["answer"]
    here = f"http://127.0.0.1:{stub.server_port}/base"
    package = importlib.import_module(__package__ or Path(__file__).parent.name)
    servers = {case["server"]: here} if case["server"] else {}
    client = package.Client(here, credentials=_CREDENTIAL, servers=servers, timeout_s=10)
    try:
        getattr(client, case["method"])(**case["arguments"])
    except Exception as error:  # noqa: BLE001 -- whatever it is, the next operation is called
        return [f"{case['operation']}: {type(error).__name__}: {error}"]
    return [f"{case['operation']}: {what}" for what in _differences(case["expected"], stub.arrived)]


def _differences(wanted: dict[str, Any], arrived: dict[str, Any]) -> list[str]:
    found = []
    if (arrived["method"], arrived["path"]) != (wanted["method"], "/base" + wanted["path"]):
        found.append(f"{arrived['method']} {arrived['path']} arrived")
    if not _contains(arrived["query"], wanted["query"]):
        found.append(f"query {arrived['query']} arrived, not {wanted['query']}")
    for name, value in wanted["headers"].items():
        if arrived["headers"].get(name, "").strip() != value.strip():
            found.append(f"header {name} is {arrived['headers'].get(name)!r}, not {value!r}")
    if not _contains(_cookies(arrived["headers"].get("cookie", "")), wanted["cookies"]):
        found.append("the cookies differ")
    return found + _body_differences(wanted["body"], arrived)


def _contains(arrived: list[list[str]], wanted: list[list[str]]) -> bool:
    """Return whether all wanted pairs arrived, in order; a credential may come beside them."""
    rest = [pair for pair in arrived if pair[1] != _CREDENTIAL or pair in wanted]
    return rest == wanted


def _cookies(header: str) -> list[list[str]]:
    pairs = [pair.partition("=") for pair in header.split("; ") if pair]
    return [[name, unquote(value)] for name, _, value in pairs]


def _body_differences(wanted: dict[str, Any] | None, arrived: dict[str, Any]) -> list[str]:
    content = arrived["content"]
    if wanted is None:
        return ["a body arrived"] if content else []
    kind = arrived["headers"].get("content-type", "")
    found = [] if kind.partition(";")[0] == wanted["type"] else [f"content type {kind} arrived"]
    if "json" in wanted:
        same = json.loads(content or b"null") == wanted["json"]
    elif "fields" in wanted:
        same = _fields(kind, content) == wanted["fields"]
    else:
        same = content.decode() == wanted["text"]
    return found if same else [*found, "the body differs"]


def _fields(kind: str, content: bytes) -> list[list[str]]:
    if not kind.startswith("multipart/"):
        return [list(pair) for pair in parse_qsl(content.decode(), keep_blank_values=True)]
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    return [[str(p.get_param("name", "", "content-disposition")), _text(p)] for p in parts]


def _text(part: Any) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode() if isinstance(payload, bytes) else ""


def test_every_operation_arrives_as_its_specification_says() -> None:
    """Call every operation."""
    found = run()
    assert not found["failures"], found["failures"]


if __name__ == "__main__":
    result = run()
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(1 if result["failures"] else 0)
