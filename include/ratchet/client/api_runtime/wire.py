"""Writes arguments as paths, queries, headers and bodies, in the styles of OpenAPI.

Sending belongs to `http.py`.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

RESERVED = ":/?#[]@!$&'()*+,;="
_JOINED = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}


@dataclass(frozen=True)
class Part:
    """One argument on its way: where it travels, under which name, in which style."""

    place: str
    name: str
    value: Any
    style: str
    explode: bool = False
    keep_reserved: bool = False


@dataclass(frozen=True)
class Body:
    """What a request carries: `json`, `form`, `multipart` or `raw`."""

    kind: str
    media_type: str
    value: Any
    required: bool = False
    styles: Mapping[str, tuple[str, bool]] | None = None


def text(value: Any) -> str:
    """Return a value as it is written in a path, query, header or form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str | bytes)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return "" if value is None else str(value)


def path(template: str, parts: Iterable[Part]) -> str:
    """Return the path with its parameters filled in, safely quoted.

    Raises:
        ValueError: if a parameter is missing or would change which path it is.
    """
    values = {part.name: _in_path(part) for part in parts if part.place == "path"}

    def one(piece: str) -> str:
        named = re.fullmatch(r"\{([^{}]+)\}", piece)
        return values[named[1]] if named and named[1] in values else quote(piece, safe="/:@!$&'()*+,;=%~")

    filled = "".join(one(piece) for piece in re.split(r"(\{[^{}]+\})", template))
    if any(segment in (".", "..") for segment in filled.split("/")):
        raise ValueError("a path parameter must not be '.' or '..'")
    return filled


def _in_path(part: Part) -> str:
    if part.value is None or part.value == "":
        raise ValueError(f"path parameter {part.name!r} is missing")
    name, value = quote(part.name, safe=""), part.value
    if part.style == "label":
        return "." + _flat(value, "." if part.explode else ",", part.explode)
    if part.style != "matrix":
        return _flat(value, ",", part.explode)
    if part.explode and isinstance(value, Mapping):
        return "".join(f";{_quoted(k)}={_quoted(v)}" for k, v in value.items())
    if part.explode and _is_list(value):
        return "".join(f";{name}={_quoted(v)}" for v in value)
    return f";{name}={_flat(value, ',', False)}"


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _quoted(value: Any) -> str:
    return quote(text(value), safe="")


def _flat(value: Any, between: str, explode: bool) -> str:
    if isinstance(value, Mapping):
        equal = "=" if explode else ","
        return between.join(f"{_quoted(k)}{equal}{_quoted(v)}" for k, v in value.items())
    return between.join(map(_quoted, value)) if _is_list(value) else _quoted(value)


def query(parts: Iterable[Part]) -> str:
    """Return the query without its question mark; arguments that are None are left out."""
    pairs = []
    for part in parts:
        if part.place == "query" and part.value is not None:
            safe = RESERVED.replace("&", "").replace("#", "").replace("+", "") if part.keep_reserved else ""
            pairs += [f"{quote(name, safe='[]')}={quote(value, safe=safe)}" for name, value in pairs_of(part)]
    return "&".join(pairs)


def pairs_of(part: Part) -> Iterator[tuple[str, str]]:
    """Yield the names and values that an argument becomes in a query, form or cookie."""
    value = part.value
    if part.style == "json":
        yield part.name, json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    elif isinstance(value, Mapping):
        yield from _pairs_of_object(part, value)
    elif not _is_list(value):
        yield part.name, text(value)
    elif part.explode and part.style not in _JOINED:
        yield from ((part.name, text(entry)) for entry in value)
    else:
        yield part.name, _JOINED.get(part.style, ",").join(map(text, value))


def _pairs_of_object(part: Part, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if part.style == "deepObject":
        yield from _deep(part.name, value)
    elif part.explode:
        for key, entry in value.items():
            entries = entry if _is_list(entry) else [entry]
            yield from ((str(key), text(each)) for each in entries)
    else:
        yield part.name, _JOINED.get(part.style, ",").join(text(x) for pair in value.items() for x in pair)


def _deep(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _deep(f"{name}[{key}]", entry)
    elif _is_list(value):
        for entry in value:
            yield name, text(entry)
    else:
        yield name, text(value)


def headers(parts: Iterable[Part]) -> dict[str, str]:
    """Return the header parameters, cookies among them.

    Raises:
        ValueError: if a value would end the line it stands in.
    """
    found: dict[str, str] = {}
    cookies: list[str] = []
    for part in parts:
        if part.value is None or part.place not in ("header", "cookie"):
            continue
        if part.place == "cookie":
            cookies += [f"{name}={quote(value, safe='')}" for name, value in pairs_of(part)]
        else:
            found[part.name] = one_line(part.name, _in_header(part))
    return found | ({"Cookie": "; ".join(cookies)} if cookies else {})


def _in_header(part: Part) -> str:
    value = part.value
    if part.style == "json":
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, Mapping):
        equal = "=" if part.explode else ","
        return ",".join(f"{k}{equal}{text(v)}" for k, v in value.items())
    return _JOINED.get(part.style, ",").join(map(text, value)) if _is_list(value) else text(value)


def one_line(name: str, value: str) -> str:
    """Return a header's value, if it is one.

    Raises:
        ValueError: if it holds a line end or what a header cannot carry; the value is not shown.
    """
    if any(c in value for c in "\r\n\0") or not value.isascii():
        raise ValueError(f"the value of header {name!r} holds a line end or a character that headers cannot carry")
    return value


def encoded(body: Body) -> tuple[bytes, str] | None:
    """Return a body's bytes and content type, None where nothing is sent."""
    if body.value is None and not body.required:
        return None
    if body.kind == "json":
        return json.dumps(body.value, ensure_ascii=False).encode(), body.media_type
    if body.kind == "form":
        pairs = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in _fields(body))
        return pairs.encode(), body.media_type
    if body.kind == "multipart":
        return _multipart(body)
    raw = body.value if isinstance(body.value, bytes) else text(body.value).encode()
    return raw, body.media_type


def _fields(body: Body) -> Iterator[tuple[str, str]]:
    if not isinstance(body.value, Mapping):
        raise ValueError("the body of a form is a mapping of its fields")
    for name, value in body.value.items():
        style, explode = (body.styles or {}).get(name, ("form", True))
        if value is None:
            continue
        if isinstance(value, Mapping) and style == "form":
            yield name, text(value)
        else:
            yield from pairs_of(Part("query", name, value, style, explode))


def _multipart(body: Body) -> tuple[bytes, str]:
    if not isinstance(body.value, Mapping):
        raise ValueError("the body of a form is a mapping of its fields")
    boundary = secrets.token_hex(16)
    chunks: list[bytes] = []
    for name, value in body.value.items():
        for entry in value if _is_list(value) else [value]:
            if entry is not None:
                chunks.append(_piece(boundary, str(name), entry))
    end = f"--{boundary}--\r\n".encode()
    return b"".join([*chunks, end]), f"{body.media_type}; boundary={boundary}"


def _piece(boundary: str, name: str, value: Any) -> bytes:
    shown = re.sub(r'["\r\n\\]', "_", name)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{shown}"'
    if isinstance(value, bytes):
        return (
            f'{head}; filename="{shown}"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode() + value + b"\r\n"
        )
    kind = "\r\nContent-Type: application/json" if isinstance(value, Mapping) else ""
    return f"{head}{kind}\r\n\r\n{text(value)}\r\n".encode()
