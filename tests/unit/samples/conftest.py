"""One sample, written once and read back line by line, for all tests of this folder."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ratchet import samples
from ratchet.contracts.schema import stream_schema
from ratchet.contracts.streams import STREAMS

END = date(2026, 11, 20)


@dataclass
class ReadBack:
    """What an independent reader of the contract finds in the files."""

    folder: Path
    truth: dict[str, Any]
    days: dict[str, dict[str, int]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    raw: str = ""

    def of(self, stream: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event_type"] == stream]

    def roots(self) -> list[dict[str, Any]]:
        return [event for event in self.of("interaction") if "parent_id" not in event]


def lines_of(file: Path) -> list[bytes]:
    content = file.read_bytes()
    if file.suffix == ".gz":
        content = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(content)
    assert content.endswith(b"\n")
    return content.split(b"\n")[:-1]


class _Contract:
    """The rules of events.md for one line, written a second time."""

    def __init__(self) -> None:
        self._validators = {stream: Draft202012Validator(stream_schema(stream)) for stream in STREAMS}

    def event(self, line: bytes, landed: date) -> dict[str, Any] | None:
        try:
            event = json.loads(line.decode("utf-8"))
        except ValueError:
            return None
        if not isinstance(event, dict) or event.get("event_type") not in STREAMS:
            return None
        if not self._validators[event["event_type"]].is_valid(event):
            return None
        occurred = day_of(event)
        return event if date(2000, 1, 1) <= occurred <= landed + timedelta(days=2) else None


def day_of(event: dict[str, Any]) -> date:
    from datetime import UTC, datetime

    return datetime.fromisoformat(event["occurred_at"]).astimezone(UTC).date()


def _read(folder: Path) -> Iterator[tuple[date, bytes]]:
    for day in sorted(folder.glob("dt=*")):
        for file in sorted(day.iterdir()):
            yield from ((date.fromisoformat(day.name[3:]), line) for line in lines_of(file))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> ReadBack:
    folder = tmp_path_factory.mktemp("landing")
    samples.write(folder, 14, 1600, 11, END)
    found = ReadBack(folder, json.loads((folder / "truth.json").read_text("utf-8")))
    contract, seen, raw = _Contract(), set(), []
    for landed, line in _read(folder):
        day = found.days.setdefault(
            landed.isoformat(), dict.fromkeys(("lines", "loaded", "duplicates", "quarantined", "blank"), 0)
        )
        raw.append(line)
        day["lines"] += 1
        event = contract.event(line, landed)
        if not line:
            day["blank"] += 1
        elif event is None:
            day["quarantined"] += 1
        elif event["event_id"] in seen:
            day["duplicates"] += 1
        else:
            seen.add(event["event_id"])
            day["loaded"] += 1
            found.events.append(event | {"_landed": landed, "_day": day_of(event)})
    found.raw = b"\n".join(raw).decode("utf-8", errors="replace")
    return found
