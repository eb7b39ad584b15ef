"""Reads what an operation sends and answers: of several media types, the one that a client is served best with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.analyze.api_specs.parameters import examples
from ratchet.contracts.api_references import resolved
from ratchet.contracts.apis import Answer, Body, Media, Schema

_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_ORDER = tuple(Media)


def media_of(media_type: str) -> Media:
    """Return how a media type is written on the wire."""
    plain = media_type.partition(";")[0].strip().lower()
    if plain in ("application/json", "*/*", "application/*", "") or plain.endswith("+json") or plain == "text/json":
        return Media.JSON
    if plain == _FORM:
        return Media.FORM
    if plain.startswith("multipart/"):
        return Media.MULTIPART
    return Media.TEXT if plain.startswith("text/") or plain.endswith(("xml", "yaml")) else Media.BYTES


def _content(holder: Mapping[str, Any]) -> list[tuple[Media, str, Mapping[str, Any]]]:
    content = holder.get("content")
    known = content.items() if isinstance(content, Mapping) else ()
    listed = [(media_of(kind), kind, media if isinstance(media, Mapping) else {}) for kind, media in known]
    return sorted(listed, key=lambda entry: _ORDER.index(entry[0]))


def body(request: Any, document: Mapping[str, Any]) -> Body | None:
    """Return what a request sends, None where it sends nothing."""
    described = resolved(request, document)
    content = _content(described) if isinstance(described, Mapping) else []
    if not content:
        return None
    media, kind, found = content[0]
    return Body(
        media=media,
        media_type=_sendable(kind, media),
        schema=_schema(found),
        required=described.get("required") is True,
        description=str(described.get("description") or ""),
        examples=examples(found, document),
        styles=_styles(found),
    )


def _sendable(kind: str, media: Media) -> str:
    plain = kind.partition(";")[0].strip()
    if (
        "*" in plain
        or "/" not in plain
        or not plain.isascii()
        or any(c.isspace() or not c.isprintable() for c in plain)
    ):
        return "application/json" if media is Media.JSON else "application/octet-stream"
    return plain


def _schema(media: Mapping[str, Any]) -> Schema:
    schema = media.get("schema")
    return schema if isinstance(schema, Mapping) else {}


def _styles(media: Mapping[str, Any]) -> dict[str, tuple[str, bool]]:
    encoding = media.get("encoding")
    known = encoding.items() if isinstance(encoding, Mapping) else ()
    return {
        name: (str(e.get("style", "form")), bool(e.get("explode", e.get("style", "form") == "form")))
        for name, e in known
        if isinstance(e, Mapping) and ("style" in e or "explode" in e)
    }


def answer(responses: Any, document: Mapping[str, Any]) -> Answer:
    """Return what an operation answers when it goes well: its 2xx answers, else the default one."""
    known: Mapping[str, Any] = responses if isinstance(responses, Mapping) else {}
    good = [known[code] for code in sorted(known) if code.upper().startswith("2")]
    found = [resolved(r, document) for r in good or [known.get("default")]]
    contents = [_content(r) for r in found if isinstance(r, Mapping)]
    firsts = [content[0] for content in contents if content]
    if not firsts:
        return Answer(None)
    media = min((m for m, _, _ in firsts), key=_ORDER.index)
    media = media if media in (Media.JSON, Media.TEXT) else Media.BYTES
    schemas = tuple(_schema(found) for m, _, found in firsts if m is media and media is Media.JSON)
    return Answer(media, schemas)
