"""Makes one event of what an application hands over: what the contract would refuse is put aside or refuses the event.

The line that comes out passes `ratchet validate-logs`. Writing it belongs to `event_log.py`.
"""

from __future__ import annotations

import json
import math
import operator
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ratchet.contracts.streams import NUMBER_LIMIT, STREAMS, FieldSpec, Kind, field_specs

MAX_TEXT = 256 * 1024  # characters of one string
MAX_LINE = 8 * 1024 * 1024  # bytes of one line
MAX_VALUES = 10_000  # in one event
MAX_DEPTH = 20
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(days=1)
INVALID = "invalid_fields"  # the attribute under which values go that their fields cannot hold


class RefusedError(ValueError):
    """Raised when what was handed over cannot become an event."""


def record(stream: str, handed: Mapping[str, Any], now: datetime) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return an event as it may stand in a log, and the names of fields whose values were put aside.

    A value that its field cannot hold goes to `attributes` where the field may be missing. Unknown fields go there too.

    Args:
        stream: one of the contract's.
        handed: fields of the stream with an `event_id`, `attributes`, and whatever else.
        now: when it happens, unless `occurred_at` says otherwise.

    Raises:
        RefusedError: if there is no such stream or a required field cannot hold its value.
    """
    if stream not in STREAMS:
        raise RefusedError(f"there is no stream {stream!r}")
    plain = _Plain()
    given = {"occurred_at": now} | {name: value for name, value in handed.items() if value is not None}
    event: dict[str, Any] = {"event_type": stream}
    aside: dict[str, Any] = {}
    for spec in field_specs(stream):
        if spec.name != "attributes" and spec.name in given:
            value = given.pop(spec.name)
            kept = _held(spec, value, now, plain)
            if kept is None:
                aside[spec.name] = value
            else:
                event[spec.name] = kept
        if spec.required and spec.name not in event:
            raise RefusedError(f"{stream}.{spec.name} is missing or cannot hold its value")
    return event | _attributes(given, aside, plain), tuple(aside)


def line(event: Mapping[str, Any]) -> bytes:
    """Return an event as a line of a log.

    Raises:
        RefusedError: if it is longer than `MAX_LINE`.
    """
    data = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8") + b"\n"
    if len(data) > MAX_LINE:
        raise RefusedError(f"the event has {len(data):,} bytes")
    return data


def _attributes(rest: dict[str, Any], aside: dict[str, Any], plain: _Plain) -> dict[str, Any]:
    own = rest.pop("attributes", None)
    extra = dict(own) if isinstance(own, Mapping) else ({"attributes": own} if own is not None else {})
    extra |= rest | ({INVALID: aside} if aside else {})
    return {"attributes": plain.value(extra)} if extra else {}


def _held(spec: FieldSpec, value: Any, now: datetime, plain: _Plain) -> Any:
    """Return the value as the field may hold it, None where it cannot."""
    if hasattr(value, "dtype") and hasattr(value, "item"):  # a scalar of numpy
        value = value.item()
    if spec.kind in (Kind.JSON, Kind.OBJECT):
        return _json(spec, plain.value(value))
    if spec.kind is Kind.TIMESTAMP:
        return _timestamp(spec, value, now)
    return _SCALARS[spec.kind](spec, value)


def _json(spec: FieldSpec, value: Any) -> Any:
    if not spec.item_keys:
        return value
    is_list = isinstance(value, list) and all(isinstance(each, dict) for each in value)
    known = is_list and all(isinstance(each.get(key), str | None) for each in value for key in spec.item_keys)
    return value if known else None


def _timestamp(spec: FieldSpec, value: Any, now: datetime) -> str | None:
    """Return RFC 3339 in UTC; a time without zone is taken as local, as Python does."""
    try:
        moment = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    except (AttributeError, OSError, OverflowError, TypeError, ValueError):
        return None
    is_past = spec.name != "occurred_at" or EARLIEST <= moment <= now + CLOCK_SKEW
    return moment.isoformat() if is_past else None


def _string(spec: FieldSpec, value: Any) -> str | None:
    if not isinstance(value, str):
        value = str(value) if isinstance(value, int | float | uuid.UUID) else None
    if value is None or (spec.choices and value not in spec.choices):
        return None
    text = _clean(value)
    return text if spec.max_length is None or 1 <= len(text) <= spec.max_length else None


def _integer(spec: FieldSpec, value: Any) -> int | None:
    try:
        held: int | None = None if isinstance(value, bool) else _bounded(spec, operator.index(value))
    except TypeError:
        return None
    return held


def _number(spec: FieldSpec, value: Any) -> float | int | None:
    if isinstance(value, bool | str | bytes):
        return None
    try:
        held: float | int | None = _bounded(spec, value if isinstance(value, int) else float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return held


def _bounded(spec: FieldSpec, value: Any) -> Any:
    low = -NUMBER_LIMIT if spec.minimum is None else spec.minimum
    high = NUMBER_LIMIT if spec.maximum is None else spec.maximum
    return value if low <= value <= high else None  # also not a number


def _clean(text: str) -> str:
    """Return text of bounded length that is valid Unicode, control characters included."""
    cut = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text):,} characters)"
    return cut.encode("utf-8", "replace").decode("utf-8")


_SCALARS: Mapping[Kind, Callable[[FieldSpec, Any], Any]] = {
    Kind.STRING: _string,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: lambda spec, value: value if isinstance(value, bool) else None,
}


class _Plain:
    """Reduces values to what JSON knows, so many of them in one event."""

    def __init__(self) -> None:
        self.left = MAX_VALUES

    def value(self, value: Any, depth: int = 0) -> Any:
        self.left -= 1
        if self.left < 0:
            raise RefusedError(f"the event holds more than {MAX_VALUES:,} values")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._many(value, depth) if depth < MAX_DEPTH else "…"
        return _scalar(value)

    def _many(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return {_clean(str(k)): self.value(v, depth + 1) for k, v in value.items()}
        return [self.value(each, depth + 1) for each in value]


def _scalar(value: Any) -> Any:
    if isinstance(value, int):
        return int(value) if abs(value) < 2**63 else float(value) if abs(value) < 1e300 else None
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return _clean(bytes(value[:MAX_TEXT]).decode("utf-8", "replace"))
    return _clean(str(value))
