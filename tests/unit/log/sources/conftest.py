"""Runs a source's mapping on documents written in the test, without the checks and the redaction that follow it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ratchet.log.landing import LandedFile
from ratchet.log.lines import LineReader
from ratchet.log.mapping import MAPPED, map_source
from ratchet.log.sources import load_source

LANDED = date(2026, 11, 20)
Documents = Mapping[str, list[Any]] | list[Any]
Events = dict[str, list[dict[str, Any]]]
Mapped = Callable[..., Events]


@pytest.fixture
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    """Return a function (source, {file: [documents]} or [documents]) -> {stream: [events]}, in the mapping's order."""

    def run(name: str, documents: Documents, landed: date = LANDED) -> Events:
        files = documents if isinstance(documents, Mapping) else {"a.jsonl": documents}
        folder = tmp_path_factory.mktemp("landing")
        return _map(name, [_land(folder, name, *item) for item in files.items()], landed)

    return run


def _land(folder: Path, source: str, name: str, documents: list[Any]) -> LandedFile:
    """Write a file: a document a line, unless its name says that it is one document."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return LandedFile(source, name, path.stat().st_size, "1", str(path))


def _map(name: str, files: list[LandedFile], landed: date) -> Events:
    source = load_source(name)
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")  # quicker for so few rows, and keeps their order
        connection.execute(MAPPED)
        map_source(connection, source, LineReader(files, 1 << 20, is_day_over=True), range(len(files)), landed)
        found = [json.loads(text) for (text,) in connection.execute("from mapped select text").fetchall()]
    events: Events = {stream: [] for stream in source.mappings}
    for event in found:
        events[event.get("event_type", "interaction")].append(event)
    return events
