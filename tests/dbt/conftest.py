"""A lake to build nights on: events go in as dictionaries, marts come out as frames."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.dbt.trials import TRIALS, flag_fields, outcome_fields
from tests.made_once import made_once

from ratchet import files, marts
from ratchet.contracts.experiments import Trial
from ratchet.contracts.streams import STREAMS, field_specs
from ratchet.home import Home
from ratchet.warehouse import Warehouse

FIRST = date(2026, 1, 5)
Event = dict[str, Any]
_TYPES = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us"),
}
_LINEAGE = [
    ("source", pa.string()),
    ("source_file", pa.string()),
    ("source_line", pa.int64()),
    ("landed_date", pa.date32()),
]


@dataclass(frozen=True)
class Windows:
    gap_window_days: int = 7
    suggestion_window_days: int = 30
    rephrase_window_s: float = 120
    rephrase_similarity: float = 0.8
    escalation_intents: tuple[str, ...] = ("escalate",)
    history_start: date | None = None


@dataclass
class Lake:
    """A home whose bronze is written directly, as `log/` would leave it."""

    home: Home
    windows: Windows = Windows()
    trials: tuple[Trial, ...] = TRIALS
    models: tuple[str, ...] = ()  # all

    def land(self, day: date, events: Iterable[Mapping[str, Any]], version: str = "1") -> None:
        rows = list(events)
        streams = [self._write(stream, day, [e for e in rows if e["event_type"] == stream]) for stream in STREAMS]
        report = {"landed_date": day, "input_hash": f"{day}-{version}", "streams": [s for s in streams if s["loaded"]]}
        files.write_json(self.home.loads / f"{day}.json", report)

    def _write(self, stream: str, day: date, events: list[Mapping[str, Any]]) -> Event:
        for stale in (self.home.bronze / stream).glob(f"event_date=*/landed={day}.parquet"):
            stale.unlink()
        dates = sorted({_at(e).date() for e in events})
        for event_date in dates:
            path = self.home.bronze / stream / f"event_date={event_date}" / f"landed={day}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(_table(stream, day, [e for e in events if _at(e).date() == event_date]), path)
        ends = {"earliest": dates[0], "latest": dates[-1]} if dates else {"earliest": None, "latest": None}
        return {"stream": stream, "loaded": len(events), **ends}

    def hashes(self, upto: date) -> dict[date, str]:
        reports = [files.read_json(path) for path in sorted(self.home.loads.glob("????-??-??.json"))]
        loads = {date.fromisoformat(r["landed_date"]): r["input_hash"] for r in reports}
        return {day: value for day, value in loads.items() if day <= upto}

    def prepare(self, day: date) -> list[date]:
        with Warehouse.open(self.home) as warehouse:
            pending = warehouse.pending(self.hashes(day), day)
            warehouse.prepare(day, pending, self.windows)
            warehouse.tell_trials(self.trials)
        return pending

    def night(self, day: date) -> marts.BuildSummary:
        pending = self.prepare(day)
        with patch.object(marts, "_selection", self._selection) if self.models else nullcontext():
            built = marts.build(self.home, day)
        with Warehouse.open(self.home) as warehouse:
            warehouse.mark_built(self.hashes(day), pending)
            warehouse.snapshot(day)
        return built

    def mart(self, name: str, day: date) -> pd.DataFrame:
        return pd.read_parquet(self.home.snapshot(day) / f"{name}.parquet")

    def frame(self, sql: str) -> pd.DataFrame:
        with Warehouse.open(self.home) as warehouse:
            return warehouse.frame(sql)

    def only(self, *models: str) -> Lake:
        """From now on build no more than these models and what they need, and test nothing."""
        self.models = models
        return self

    def _selection(self, _warehouse: Warehouse, _full_refresh: bool) -> list[str]:
        return ["--resource-type", "model", "--select", *(f"+{model}" for model in self.models)]

    def snapshot_bytes(self, day: date) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.home.snapshot(day).iterdir())}


def _at(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event["occurred_at"])


def _table(stream: str, day: date, events: list[Mapping[str, Any]]) -> pa.Table:
    lineage = [{"source": "native", "source_file": "f.jsonl", "source_line": n} for n, _ in enumerate(events, 1)]
    pairs = zip(events, lineage, strict=True)
    rows = [{"clock": "real", **e, **w, "occurred_at": _at(e), "landed_date": day} for e, w in pairs]
    schema = pa.schema([(s.name, _TYPES[s.sql_type]) for s in field_specs(stream)] + _LINEAGE)
    return pa.Table.from_pylist(rows, schema=schema)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(Home(tmp_path / "home"))


@pytest.fixture
def new_lake(tmp_path: Path) -> Callable[[str], Lake]:
    return lambda name: Lake(Home(tmp_path / name))


@pytest.fixture(scope="session")
def events_by_day() -> dict[date, list[Event]]:
    """Five landing days of all streams, with late events, skewed clocks and feedback before its interaction."""
    return {FIRST + timedelta(days=n): _day(random.Random(n), n) for n in range(5)}


@pytest.fixture(scope="session")
def five_nights(tmp_path_factory: pytest.TempPathFactory, events_by_day: dict[date, list[Event]]) -> Lake:
    """Five landing days, every night built in order. Tests only read it."""

    def make(folder: Path) -> None:
        lake = Lake(Home(folder))
        for day, events in events_by_day.items():
            lake.land(day, events)
            lake.night(day)

    return Lake(Home(made_once(tmp_path_factory, "five_nights", make)))


@pytest.fixture
def five_nights_copy(five_nights: Lake, tmp_path: Path) -> Lake:
    """The same five nights, for tests that change them."""
    shutil.copytree(five_nights.home.root, tmp_path / "copy")
    return Lake(Home(tmp_path / "copy"))


def _day(rng: random.Random, n: int) -> list[Event]:
    landed = FIRST + timedelta(days=n)
    return [make(rng, landed, f"{n}-{i}") for make, count in _MAKERS for i in range(count)]


def _event(rng: random.Random, landed: date, stream: str, name: str) -> Event:
    age = rng.choices([0, 1, 2, 9, 40, -1], [80, 8, 4, 3, 2, 3])[0]
    seconds = rng.randrange(86_400)
    at = datetime.combine(landed - timedelta(days=age), datetime.min.time()) + timedelta(seconds=seconds)
    return {
        "event_type": stream,
        "event_id": f"{stream}-{name}",
        "occurred_at": at.isoformat(),
        "clock": rng.choices(["real", "synthetic"], [9, 1])[0],
        "user_id": rng.choice([None, *(f"u{k}" for k in range(12))]),
        "session_id": rng.choice([None, *(f"s{k}" for k in range(9))]),
        "service": rng.choice([None, "chat", "search"]),
    }


def _interaction(rng: random.Random, landed: date, name: str) -> Event:
    success = rng.choice([True, True, True, False, None])
    return _event(rng, landed, "interaction", name) | {
        "parent_id": rng.choice([None, None, "interaction-0-1"]),
        "intent": rng.choice([None, "refund", "search", "export"]),
        "success": success,
        "error": f"{rng.choice(['Gone', 'Locked'])}: order {rng.randrange(900)} is gone" if success is False else None,
        "request_text": rng.choice([None, "please refund", "find it", "export it all"]),
        "duration_ms": rng.choice([None, 0.0, round(rng.lognormvariate(6, 1.5), 3)]),
        "agent": rng.choice([None, "planner", "writer"]),
        "agent_tier": rng.choice([None, "small", "large"]),
        "model": rng.choice([None, "m1"]),
        "language": rng.choice([None, "en", "de"]),
        "input_tokens": rng.choice([None, rng.randrange(500)]),
        "output_tokens": rng.choice([None, rng.randrange(500)]),
        "cost_usd": rng.choice([None, round(rng.random() / 10, 5)]),
        "quality_score": rng.choice([None, float(rng.randrange(100))]),
        "timed_out": rng.choice([None, False, True]),
    }


def _error(rng: random.Random, landed: date, name: str) -> Event:
    return _event(rng, landed, "error", name) | {
        "error_type": rng.choice(["Timeout", "KeyError"]),
        "message": rng.choice([None, f"row {rng.randrange(900)} not found", f"no key '{rng.randrange(900)}'"]),
        "interaction_id": rng.choice([None, f"interaction-{rng.randrange(5)}-{rng.randrange(60)}"]),
        "api": rng.choice([None, "billing", "maps"]),
        "http_status": rng.choice([None, 404, 503]),
        "handled": rng.choice([None, True, False]),
    }


def _feedback(rng: random.Random, landed: date, name: str) -> Event:
    kind = rng.choice(["rating", "thumb", "behaviour", "score", "comment"])
    score = {"score": float(rng.randrange(-1, 12)), "score_min": 0.0, "score_max": 10.0}
    own: Event = {
        "rating": {"rating": float(rng.randrange(1, 6))},
        "thumb": {"thumb": rng.choice(["up", "down"])},
        "behaviour": {"action": rng.choice(["used_as_is", "immediate_retry", "unheard_of", None])},
        "score": score,
        "comment": {},
    }[kind]
    return _event(rng, landed, "feedback", name) | {
        "interaction_id": f"interaction-{rng.randrange(6)}-{rng.randrange(60)}",
        "kind": kind,
        "comment": rng.choice([None, "", f"comment {name}"]),
        "rater": rng.choice([None, "user", "expert"]),
        **own,
    }


def _api_call(rng: random.Random, landed: date, name: str) -> Event:
    return _event(rng, landed, "api_call", name) | {
        "api": rng.choice(["billing", "maps"]),
        "method": "GET",
        "path": "/v1",
        "status_code": rng.choice([None, 200, 200, 404, 503]),
        "error_type": rng.choice([None, None, None, "Timeout"]),
    }


def _heartbeat(rng: random.Random, landed: date, name: str) -> Event:
    return _event(rng, landed, "heartbeat", name) | {"service": "chat", "up": rng.random() < 0.9}


def _change(rng: random.Random, landed: date, name: str) -> Event:
    return _event(rng, landed, "change", name) | {"kind": "release", "target": "app"}


def _flag_evaluation(rng: random.Random, landed: date, name: str) -> Event:
    return _event(rng, landed, "flag_evaluation", name) | flag_fields(rng)


def _outcome(rng: random.Random, landed: date, name: str) -> Event:
    return _event(rng, landed, "outcome", name) | outcome_fields(rng)


_MAKERS: tuple[tuple[Callable[[random.Random, date, str], Event], int], ...] = (
    (_interaction, 60),
    (_error, 25),
    (_feedback, 40),
    (_api_call, 12),
    (_heartbeat, 10),
    (_change, 1),
    (_flag_evaluation, 60),
    (_outcome, 80),
)
