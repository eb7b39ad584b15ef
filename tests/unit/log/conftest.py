"""Lands files in a temporary zone and brings them in, as a night would."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ratchet.home import Home
from ratchet.log import stage
from ratchet.log.ingest import IngestOptions, ingest_until
from ratchet.log.sources import LandedSource

DAY = date(2026, 11, 10)
LATER = date(2026, 11, 30)
COUNTS = ("loaded", "duplicates", "quarantined", "blank")


def event(number: int | str = 1, stream: str = "heartbeat", **fields: Any) -> dict[str, Any]:
    """Return a good event; a heartbeat needs the least."""
    own = {"service": "s", "up": True} if stream == "heartbeat" else {}
    common = {"event_id": f"e{number}", "event_type": stream, "occurred_at": "2026-11-10T08:00:00Z"}
    return {**common, **own, **fields}


def lines(*records: Any) -> bytes:
    """Return records as JSON Lines; bytes and texts stay as they are."""
    whole = (r if isinstance(r, bytes) else (r if isinstance(r, str) else json.dumps(r)).encode() for r in records)
    return b"".join(one + b"\n" for one in whole)


@dataclass
class Zone:
    """A landing zone and the home it is brought into."""

    root: Path
    home: Home
    options: IngestOptions = field(default_factory=lambda: IngestOptions(threads=1))

    def put(self, name: str, content: bytes, day: date = DAY) -> Path:
        path = self.root / f"dt={day}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def load(self, upto: date = LATER, today: date = LATER, source: str = "native") -> list[dict[str, Any]]:
        reports = ingest_until(self.home, [LandedSource(source, self.root)], upto, self.options, today)
        for report in reports:
            for file in report.as_record()["files"]:
                assert file["lines"] == sum(file[name] for name in COUNTS), file
        return [report.as_record() for report in reports]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query in which {bronze}, {quarantine} and {duplicates} are the home's files."""
        paths = {
            "bronze": f"read_parquet('{self.home.bronze}/*/*/*.parquet', union_by_name = true, hive_partitioning = 1)",
            "quarantine": f"read_parquet('{self.home.quarantine}/*.parquet')",
            "duplicates": f"read_parquet('{self.home.quarantine}/duplicates/*.parquet')",
        }
        with duckdb.connect() as connection:
            return connection.execute(query.format(**paths)).fetchall()

    def kept(self) -> list[tuple[Any, ...]]:
        return self.rows("select event_id, source_file, source_line, landed_date from {bronze} order by all")

    def content(self) -> dict[str, bytes]:
        """Return the bytes of every file of the home but what is known about files."""
        found = (p for p in self.home.root.rglob("*") if p.is_file() and p.name != ".fingerprints.json")
        return {p.relative_to(self.home.root).as_posix(): p.read_bytes() for p in sorted(found)}


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    root = tmp_path / "landing"
    root.mkdir()
    return Zone(root, Home(tmp_path / "home"))


@pytest.fixture(scope="session")
def prepared() -> Callable[[], duckdb.DuckDBPyConnection]:
    """Return a connection with the macros of ingestion."""
    connection = duckdb.connect()
    connection.execute("set threads = 1; set timezone = 'UTC'; set disabled_optimizers = 'in_clause'")
    for statement in stage.setup():
        connection.execute(statement)
    yield connection
    connection.close()
