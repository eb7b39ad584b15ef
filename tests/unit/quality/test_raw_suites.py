"""Every check of the raw suites fires on its own mutation, and none fires on a good day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from ratchet.quality.raw_frames import raw_frames
from ratchet.quality.results import Outcome, Severity, Stage
from ratchet.quality.runner import run_suites
from ratchet.quality.suites import load_suites

Frames = dict[str, pd.DataFrame]


def put(frame: str, column: str, value: Any, row: int = 0) -> Callable[[Frames], None]:
    def mutate(frames: Frames) -> None:
        changed = frames[frame].reset_index(drop=True)
        changed[column] = changed[column].astype(object)
        changed.loc[row, column] = value
        frames[frame] = changed.infer_objects()

    return mutate


def twice(frame: str) -> Callable[[Frames], None]:
    def mutate(frames: Frames) -> None:
        frames[frame] = pd.concat([frames[frame], frames[frame].head(1)], ignore_index=True)

    return mutate


MUTATIONS: dict[str, Callable[[Frames], None]] = {
    "raw_load_day.counts_add_up": put("load_day", "loaded", 51),
    "raw_load_day.counts_not_negative": put("load_day", "blank", -1),
    "raw_load_day.file_lines_make_the_total": put("load_day", "file_lines", 44),
    "raw_load_day.file_loads_make_the_total": put("load_day", "file_loaded", 40),
    "raw_load_day.stream_loads_make_the_total": put("load_day", "stream_loaded", 49),
    "raw_load_day.reasons_explain_the_quarantine": put("load_day", "reason_lines", 1),
    "raw_load_day.quarantined_share": put("load_day", "quarantined_share", 0.0501),
    "raw_load_day.something_loaded": put("load_day", "loaded", 0),
    "raw_load_day.volume_drop": put("load_day", "volume_ratio", 0.24),
    "raw_load_day.volume_jump": put("load_day", "volume_ratio", 4.1),
    "raw_load_day.duplicate_share": put("load_day", "duplicate_share", 0.11),
    "raw_load_day.unknown_fields": put("load_day", "unknown_fields", 1),
    "raw_load_day.no_silent_day_before": put("load_day", "days_since_last", 2),
    "raw_load_files.counts_add_up": put("load_files", "lines", 45),
    "raw_load_files.counts_not_negative": put("load_files", "bytes", -1),
    "raw_load_files.listed_once": twice("load_files"),
    "raw_load_files.no_problem": put("load_files", "problem", "truncated gzip"),
    "raw_load_files.quarantined_share": put("load_files", "quarantined", 9),
    "raw_load_reasons.known": put("load_reasons", "reason", "bad_mood"),
    "raw_load_reasons.once": twice("load_reasons"),
    "raw_load_reasons.counted": put("load_reasons", "lines", 0),
    "raw_load_history.quarantined_share": put("load_history", "quarantined_share", 0.2, row=2),
    "raw_load_streams.bronze_holds_what_was_loaded": put("load_streams", "in_bronze", 9),
    "raw_load_streams.known": put("load_streams", "stream", "gossip"),
    "raw_load_streams.volume_drop": put("load_streams", "volume_ratio", 0.0),
    "raw_load_streams.late_share": put("load_streams", "late_share", 0.21),
    "raw_bronze_fields.profiled_once": twice("bronze_fields"),
    "raw_bronze_fields.nulls_within_events": put("bronze_fields", "nulls", 1000),
    "raw_bronze_fields.required_present": put("bronze_fields", "required_nulls", 1),
    "raw_bronze_fields.within_range": put("bronze_fields", "out_of_range", 1),
    "raw_bronze_fields.among_choices": put("bronze_fields", "not_a_choice", 1),
    "raw_bronze_fields.within_length": put("bronze_fields", "too_long", 1),
    "raw_bronze_streams.ids_unique": put("bronze_streams", "repeated_ids", 1),
    "raw_bronze_streams.not_before_2000": put("bronze_streams", "before_2000", 1),
    "raw_bronze_streams.not_in_the_future": put("bronze_streams", "after_landing", 1),
    "raw_bronze_streams.filed_under_their_date": put("bronze_streams", "misfiled", 1),
    "raw_bronze_streams.traceable": put("bronze_streams", "untraced", 1),
    "raw_bronze_day.ids_unique_across_streams": put("bronze_day", "repeated_ids", 1),
}


def test_every_check_has_a_mutation() -> None:
    checks = {f"{suite.name}.{check.name}" for suite in load_suites(Stage.RAW) for check in suite.checks}
    assert checks == set(MUTATIONS)


def test_good_day_passes_every_check(good_raw: Frames, day: date, settings: SimpleNamespace) -> None:
    gate = run_suites("raw", good_raw, day, settings)
    assert [r.name for r in gate.results if r.outcome is not Outcome.PASSED] == []
    assert gate.passed
    assert gate.headline() == f"raw gate passed: {len(gate.results)} checks"


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_check_fires(name: str, good_raw: Frames, day: date, settings: SimpleNamespace) -> None:
    MUTATIONS[name](good_raw)
    suite_name, check_name = name.split(".")
    suite = next(s for s in load_suites(Stage.RAW) if s.name == suite_name)
    alone = replace(suite, checks=tuple(c for c in suite.checks if c.name == check_name))
    gate = run_suites("raw", good_raw, day, settings, suites=[alone])
    result = next(r for r in gate.results if r.name == name)
    assert result.outcome is Outcome.FAILED
    assert result.failing >= 1
    assert gate.passed == (result.severity is Severity.WARN and not gate.failures)


def test_day_on_which_nothing_landed_is_said_and_does_not_stop(
    bronze_frames: Frames, day: date, settings: SimpleNamespace
) -> None:
    empty = {name: frame.head(0) for name, frame in bronze_frames.items()}
    gate = run_suites("raw", raw_frames([], empty, day), day, settings)
    assert gate.passed
    assert [r.name for r in gate.warnings] == ["raw_bronze_fields.has_data", "raw_load_day.has_data"]
    assert "no data" in gate.headline()


def test_bronze_frame_that_was_not_made_stops(good_raw: Frames, day: date, settings: SimpleNamespace) -> None:
    del good_raw["bronze_fields"]
    gate = run_suites("raw", good_raw, day, settings)
    assert [r.name for r in gate.failures] == ["raw_bronze_fields.has_data"]
