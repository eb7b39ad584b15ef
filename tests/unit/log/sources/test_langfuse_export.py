"""Langfuse's export to a bucket: a table a file, windows that share their ends, manifests that say what is complete."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ratchet.home import Home
from ratchet.log.ingest import IngestOptions, ingest_until
from ratchet.log.landing import Landing
from ratchet.log.sources import LandedSource

from .conftest import Mapped

DAY = date(2026, 11, 19)
FIRST, SECOND = "2026-11-19T01-00-00", "2026-11-19T02-00-00"
BASE = "acme/project-1"


def trace(name: str = "t", **more: Any) -> dict[str, Any]:
    whole = {"id": name, "timestamp": "2026-11-19 00:59:59.500000", "name": "ask", "project_id": "p", "user_id": "u"}
    texts = {"input": "Where is it?", "output": "There", "session_id": "", "release": "2.1", "version": ""}
    return {**whole, **texts, "updated_at": "2026-11-19 01:00:00.000000", **more}


def observation(called: str, parent: str = "", **more: Any) -> dict[str, Any]:
    times = {"start_time": "2026-11-19 00:59:59.500000", "end_time": "2026-11-19 01:00:01.750000"}
    whole = {"id": called, "trace_id": "t", "parent_observation_id": parent, "type": "SPAN", "name": called}
    return {**whole, **times, "level": "DEFAULT", "status_message": "", "updated_at": "2026-11-19 01:00:02", **more}


def score(name: str, value: float | None = 1, **more: Any) -> dict[str, Any]:
    whole = {"id": name, "trace_id": "t", "observation_id": "", "name": "helpfulness", "data_type": "NUMERIC"}
    times = {"timestamp": "2026-11-19 01:10:00.000000", "updated_at": "2026-11-19 01:10:00.000000"}
    return {**whole, "value": value, "string_value": "", "source": "EVAL", "comment": "", **times, **more}


def test_rows_of_three_tables_are_one_trace(mapped: Mapped) -> None:
    call = {"type": "GENERATION", "provided_model_name": "m", "usage_details": {"input": 7, "output": 2}}
    files = {
        f"{BASE}/traces/{FIRST}.jsonl": [trace()],
        f"{BASE}/observations/{FIRST}.jsonl": [
            observation("plan"),
            observation("call", "plan", **call, total_cost=0.5, prompt_name="p", prompt_version=3),
            observation("look", "plan", type="TOOL", level="ERROR", status_message="ValueError: no city"),
        ],
        f"{BASE}/scores/{FIRST}.jsonl": [score("s", 0.9), score("deep", 0.1, observation_id="call")],
    }
    events = mapped("langfuse", files)
    root = next(e for e in events["interaction"] if "parent_id" not in e or e["parent_id"] is None)
    assert (root["event_id"], root["intent"], root["user_id"], root["session_id"]) == ("langfuse:t", "ask", "u", None)
    assert (root["request_text"], root["response_text"], root["release"]) == ("Where is it?", "There", "2.1")
    assert (root["input_tokens"], root["cost_usd"], root["model"], root["duration_ms"]) == (7, 0.5, "m", 2250)
    steps = {e["intent"]: e for e in events["interaction"] if e.get("parent_id")}
    assert {name: step["parent_id"] for name, step in steps.items()} == {
        "plan": "langfuse:t",
        "call": "langfuse:t:plan",
        "look": "langfuse:t:plan",
    }
    assert (steps["call"]["prompt_id"], steps["call"]["prompt_version"]) == ("p", 3)
    assert [(e["interaction_id"], e["error_type"]) for e in events["error"]] == [("langfuse:t:look", "ValueError")]
    assert {e["event_id"]: e["interaction_id"] for e in events["feedback"]} == {
        "langfuse:s": "langfuse:t",
        "langfuse:deep": "langfuse:t:call",
    }


def test_an_enriched_export_has_no_rows_of_traces(mapped: Mapped) -> None:
    said = {"trace_name": "ask", "user_id": "u", "session_id": "s", "environment": "prod", "input": "Where?"}
    rows = [observation("top", **said, output="There"), observation("below", "top", **said)]
    root, *steps = sorted(
        mapped("langfuse", {f"{BASE}/observations_v2/{FIRST}.jsonl": rows})["interaction"], key=lambda e: e["event_id"]
    )
    assert (root["event_id"], root["intent"], root["user_id"], root["environment"]) == (
        "langfuse:t",
        "ask",
        "u",
        "prod",
    )
    assert (root["request_text"], root["response_text"], root["success"]) == ("Where?", "There", True)
    assert [step["parent_id"] for step in steps] == ["langfuse:t:top", "langfuse:t"]


def test_of_one_id_the_newest_row_counts_whatever_the_order_of_files(mapped: Mapped) -> None:
    old, new = observation("plan", name="old"), observation("plan", name="new", updated_at="2026-11-19 01:30:00")
    for names in ((FIRST, SECOND), (SECOND, FIRST)):
        files = {
            f"{BASE}/traces/{FIRST}.jsonl": [trace()],
            f"{BASE}/traces/{SECOND}.jsonl": [trace()],  # both windows hold what happened where they meet
            f"{BASE}/observations/{names[0]}.jsonl": [old],
            f"{BASE}/observations/{names[1]}.jsonl": [new],
        }
        found = mapped("langfuse", files)["interaction"]
        assert sorted(e["intent"] for e in found) == ["ask", "new"]


def test_what_belongs_to_a_trace_of_another_day_hangs_on_it(mapped: Mapped) -> None:
    files = {
        f"{BASE}/observations/{SECOND}.jsonl": [observation("late", "plan")],
        f"{BASE}/scores/{SECOND}.jsonl": [score("s", observation_id="plan"), score("of session", trace_id=None)],
    }
    events = mapped("langfuse", files)
    assert [(e["event_id"], e["parent_id"]) for e in events["interaction"]] == [("langfuse:t:late", "langfuse:t:plan")]
    assert [e["interaction_id"] for e in events["feedback"]] == ["langfuse:t:plan"]


def export(zone: Path, stem: str, tables: dict[str, list[dict[str, Any]]], manifest: Any = True) -> None:
    """Write a run of the export: its files, and last its manifest."""
    for table, rows in tables.items():
        path = zone / BASE / table / f"{stem}.jsonl.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0))
    files = [{"key": f"elsewhere/{BASE}/{table}/{stem}.jsonl.gz", "table": table} for table in tables]
    said = {"version": 1, "createdAt": "2026-11-19T03:00:00.000Z", "files": files} if manifest is True else manifest
    if said is not None:
        path = zone / BASE / "manifests" / f"{stem}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said if isinstance(said, str) else json.dumps(said))


def names(zone: Path) -> list[tuple[date, str, str]]:
    landing = Landing([LandedSource("langfuse", zone)])
    return [(day, file.name, file.source) for day in landing.days() for file in landing.files(day)]


def test_files_count_once_their_manifest_is_there_and_land_on_its_day(tmp_path: Path) -> None:
    export(tmp_path, FIRST, {"traces": [trace()], "observations": [observation("plan")], "scores": []})
    export(tmp_path, SECOND, {"traces": [trace("u")]}, manifest=None)
    assert names(tmp_path) == [
        (DAY, f"{BASE}/{table}/{FIRST}.jsonl.gz", "langfuse") for table in ("observations", "scores", "traces")
    ]
    export(tmp_path, SECOND, {"traces": [trace("u")]})
    assert len(names(tmp_path)) == 4


@pytest.mark.parametrize("manifest", ["{half", "[]", {"files": [{"key": 5}, 7]}, {"files": "x"}])
def test_a_manifest_that_is_none_commits_nothing(tmp_path: Path, manifest: Any) -> None:
    export(tmp_path, FIRST, {"traces": [trace()]}, manifest)
    assert names(tmp_path) == []


def test_in_a_day_folder_what_is_not_complete_is_named_and_not_read(tmp_path: Path) -> None:
    export(tmp_path / f"dt={DAY}", FIRST, {"traces": [trace()]})
    export(tmp_path / f"dt={DAY}", SECOND, {"traces": [trace("u")]}, manifest=None)
    assert [(name.rpartition("/")[2], source) for _, name, source in names(tmp_path)] == [
        (f"{FIRST}.jsonl.gz", "langfuse"),
        (f"{SECOND}.jsonl.gz", ""),
    ]


def test_an_export_comes_in_line_by_line(tmp_path: Path) -> None:
    zone = tmp_path / "zone"
    export(zone, FIRST, {"traces": [trace()], "observations": [observation("plan")], "scores": [score("s")]})
    [report] = ingest_until(
        Home(tmp_path / "home"), [LandedSource("langfuse", zone)], DAY, IngestOptions(threads=1), date(2026, 11, 21)
    )
    assert (report.totals["loaded"], report.totals["quarantined"]) == (3, 0)
    assert [file.problem for file in report.files] == [None, None, None]
