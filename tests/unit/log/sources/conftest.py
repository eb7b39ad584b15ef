"""Runs a source's mapping on records written in the test, without files, checks or redaction around it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import pytest

from ratchet.log.sources import Source, load_source

LANDED = "2026-11-20"
Events = dict[str, list[dict[str, Any]]]
Mapped = Callable[..., Events]


@pytest.fixture
def mapped() -> Mapped:
    """Return a function (source name, {file: [documents]} or [documents]) -> {stream: [events]}."""
    return map_documents


def map_documents(name: str, files: Mapping[str, list[Any]] | list[Any], landed: str = LANDED) -> Events:
    source = load_source(name)
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")  # quicker for so few rows
        connection.execute("set timezone = 'Asia/Tokyo'")  # a mapping must not depend on the session's zone
        _load(connection, source, files if isinstance(files, Mapping) else {"a.json": files}, landed)
        connection.execute(source.prepare)
        return {stream: _events(connection, sql) for stream, sql in source.mappings.items()}


def _load(connection: Any, source: Source, files: Mapping[str, list[Any]], landed: str) -> None:
    connection.execute(
        "create table raw(source_file varchar, source_line bigint, record json, landed_date date, file_key varchar, "
        "document_line bigint)"
    )
    connection.execute(
        "create table documents(source_file varchar, document_line bigint, file_key varchar, landed_date date, "
        "document json)"
    )
    for file, documents in files.items():
        line = 0
        for number, document in enumerate(documents, 1):
            row = [file, number, "", landed, json.dumps(document)]
            connection.execute("insert into documents values (?, ?, ?, ?, ?)", row)
            for record in _records(source, document):
                line += 1
                row = [file, line, json.dumps(record), landed, "", number]
                connection.execute("insert into raw values (?, ?, ?, ?, ?, ?)", row)


def _records(source: Source, document: Any) -> list[Any]:
    for path in source.records:
        found = document
        for part in path.split(".")[1:]:
            found = found.get(part) if isinstance(found, dict) else None
        if isinstance(found, list):
            return found
    return [document]


def _events(connection: Any, sql: str) -> list[dict[str, Any]]:
    return [json.loads(event) for _, _, event in connection.execute(sql).fetchall()]
