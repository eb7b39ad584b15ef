"""Finds an API's specification: where the settings say, where it was found before, or in the usual places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ratchet.discover.door import MAX_BYTES, Door, Reply

USUAL = (
    "openapi.json",
    "openapi.yaml",
    "swagger.json",
    "v3/api-docs",
    "v2/api-docs",
    "api-docs",
    "swagger/v1/swagger.json",
    "openapi.yml",
    "swagger.yaml",
    "docs/openapi.json",
)
_MARKS = (b"openapi", b"swagger", b"asyncapi")
_HEAD = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """A specification and where it was; `unchanged` where the server or the file says that it is the known one."""

    content: bytes | None
    address: str = ""
    etag: str = ""
    unchanged: bool = False
    reason: str = ""


def find(door: Door, base_url: str, named: str | None, before: tuple[str, str] = ("", "")) -> Found:
    """Return the specification of an API.

    Args:
        door: asks the API.
        base_url: where it lives.
        named: address or file in the settings, None to try the usual places.
        before: address and ETag of the last one that was found.
    """
    if named is not None and "://" not in named:
        return _file(Path(named))
    if urlsplit(before[0]).netloc.lower() not in door.hosts:
        before = ("", "")
    reasons = []
    for address in dict.fromkeys([named] if named else [*filter(None, before[:1]), *_places(base_url)]):
        reply = door.ask(str(address), etag=before[1] if address == before[0] else "")
        if reply.status == 304:
            return Found(None, str(address), before[1], unchanged=True)
        if reply.is_good and (named or _looks_right(reply)):
            return Found(reply.content, str(address), reply.etag)
        reasons.append(reply.reason or f"no specification at {urlsplit(str(address)).path[:80]}")
        if reply.status == 0:  # what does not answer at one place does not answer at the next
            break
    return Found(None, reason=reasons[-1] if named or len(reasons) < len(USUAL) else "none of the usual places has one")


def _file(path: Path) -> Found:
    try:
        if path.stat().st_size > MAX_BYTES:
            return Found(None, reason=f"the file has more than {MAX_BYTES:,} bytes")
        return Found(path.read_bytes(), str(path))
    except OSError as error:
        return Found(None, reason=f"the file cannot be read: {error.strerror}")


def _places(base_url: str) -> Iterator[str]:
    parts = urlsplit(base_url)
    root = f"{parts.scheme}://{parts.netloc}"
    yield from (f"{base_url}/{place}" for place in USUAL)
    if base_url != root:
        yield from (f"{root}/{place}" for place in USUAL)


def _looks_right(reply: Reply) -> bool:
    head = reply.content[:_HEAD]
    return "html" not in reply.media_type and not head.lstrip().startswith(b"<") and any(m in head for m in _MARKS)
