"""Runs the suites of a stage on pandas frames and turns what Great Expectations says into a `GateResult`.

Great Expectations itself is driven by `gx.py`, its Data Docs are made by `data_docs.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ratchet.quality.expected import columns_of, in_words
from ratchet.quality.frames import labels, prepared, sources_of
from ratchet.quality.gx import ROW, Job, validate
from ratchet.quality.results import CheckResult, GateResult, Outcome, Severity, Stage
from ratchet.quality.suites import Check, Suite, load_suites, resolve
from ratchet.quality.totals import TOTALS, totals_frame


def run_suites(
    stage: Stage | str,
    frames: Mapping[str, pd.DataFrame],
    day: date,
    settings: object,
    docs_dir: Path | None = None,
    suites: Sequence[Suite] | None = None,
) -> GateResult:
    """Evaluate every suite of a stage on its frame.

    Args:
        stage: `raw` (frames of `raw_frames.py`) or `marts` (frames named like the marts).
        frames: frame by name; of marts the rows as of the day. An absent or empty one is a result, as its suite says.
        day: the night's day.
        settings: an object whose attributes are the settings that bounds refer to.
        docs_dir: where Data Docs are written, None for none; a folder `<stage>` below it is replaced.
        suites: other suites than the shipped ones.

    Raises:
        SettingsError: if a suite cannot be used.
    """
    stage = Stage(stage)
    chosen = load_suites(stage) if suites is None else tuple(s for s in suites if s.stage is stage)
    if TOTALS not in frames and any(suite.frame == TOTALS for suite in chosen):
        frames = {**frames, TOTALS: totals_frame(frames, day)}
    results: list[CheckResult] = []
    jobs: list[Job] = []
    for suite in chosen:
        frame = frames.get(suite.frame)
        results.append(_presence(suite, frame))
        if frame is not None and len(frame):
            job, unusable = _job(suite, frame, day, settings)
            results.extend(unusable)
            if job.checks:
                jobs.append(job)
    results.extend(_evaluate(jobs, stage, day, docs_dir))
    return GateResult(stage, day, tuple(sorted(results, key=lambda r: (r.suite, r.check))))


def _presence(suite: Suite, frame: pd.DataFrame | None) -> CheckResult:
    """Return the check every suite has: that there is something to judge."""
    rule = suite.missing if frame is None else suite.empty
    rows = 0 if frame is None else len(frame)
    outcome = Outcome.PASSED if rows else Outcome.NO_DATA if rule is None else Outcome.FAILED
    absence = f"no data: {suite.frame} {'was not made' if frame is None else 'has no rows'}"
    return CheckResult(
        suite=suite.name,
        check="has_data",
        column="",
        severity=rule or Severity.WARN,
        outcome=outcome,
        rows=rows,
        failing=0,
        observed=f"{rows} rows" if rows else absence,
        expected="at least one row" if rule else "rows, or none on a day without any",
        why=suite.title,
        cure=suite.cure,
    )


def _job(suite: Suite, frame: pd.DataFrame, day: date, settings: object) -> tuple[Job, list[CheckResult]]:
    """Split a suite's checks into those that can run and results for those whose columns are not there."""
    checks = [(check, resolve(check.kwargs, settings)) for check in suite.checks]
    read = {*suite.key, *(source for _, kwargs in checks for source in _sources(suite, columns_of(kwargs)))}
    ready = prepared(frame[[column for column in frame.columns if column in read]], suite.derive, day)
    usable: list[tuple[Check, dict[str, Any]]] = []
    unusable: list[CheckResult] = []
    for check, kwargs in checks:
        absent = _absent(suite, ready, columns_of(kwargs))
        if absent:
            unusable.append(_result(suite, check, kwargs, Outcome.FAILED, 0, 0, f"the column {absent[0]} is missing"))
        else:
            usable.append((check, kwargs))
    return Job(suite, ready, tuple(usable)), unusable


def _absent(suite: Suite, frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the columns that are not there; for a derived one, its sources that are not there."""
    return [name for name in _sources(suite, columns) if name not in frame.columns]


def _sources(suite: Suite, columns: Sequence[str]) -> list[str]:
    """Return the columns of the mart that these columns of a check are, or are derived from."""
    return [name for c in columns for name in (sources_of(suite.derive[c]) if c in suite.derive else (c,))]


def _evaluate(jobs: Sequence[Job], stage: Stage, day: date, docs_dir: Path | None) -> Iterator[CheckResult]:
    if not jobs:
        return
    for job, found in zip(jobs, validate(jobs, stage, day, docs_dir), strict=True):
        for (check, kwargs), raw in zip(job.checks, found, strict=True):
            yield _read(job, check, kwargs, raw)


def _read(job: Job, check: Check, kwargs: Mapping[str, Any], raw: Mapping[str, Any]) -> CheckResult:
    """Turn one result of Great Expectations into ours; what could not be computed never passes."""
    suite, rows, judged = job.suite, len(job.frame), _judged(job, kwargs)
    if judged == 0:
        return _result(suite, check, kwargs, Outcome.NO_DATA, 0, 0, f"nothing to judge: no value in {rows} rows")
    if raw["success"]:
        return _result(suite, check, kwargs, Outcome.PASSED, judged, 0, f"all {judged} rows")
    found = raw["result"]
    if "unexpected_count" not in found:
        return _result(suite, check, kwargs, Outcome.FAILED, 0, 0, "the check could not be computed")
    failing = found["unexpected_count"]
    examples = [item[ROW] for item in found["partial_unexpected_index_list"]]
    observed = f"{failing} of {judged} rows, such as {_example(job, kwargs, examples)}"
    return _result(suite, check, kwargs, Outcome.FAILED, judged, failing, observed)


def _judged(job: Job, kwargs: Mapping[str, Any]) -> int:
    """Return how many rows a check looks at: a missing value is not judged, a missing part of a key is."""
    if "column_list" in kwargs:
        return len(job.frame)
    known = [job.frame[column].notna().to_numpy() for column in columns_of(kwargs)]
    return int(np.logical_and.reduce(known).sum())


def _example(job: Job, kwargs: Mapping[str, Any], rows: Sequence[int]) -> str:
    """Return the first failing row in words: its label and its values."""
    row = job.frame.iloc[min(rows)]
    values = ", ".join(
        f"{column} {_number(row[column])}" for column in columns_of(kwargs) if column not in job.suite.key
    )
    label = labels(job.frame.iloc[[min(rows)]], job.suite.key).iloc[0]
    return f"{label}: {values}" if label and values else label or values


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:80]


def _result(
    suite: Suite,
    check: Check,
    kwargs: Mapping[str, Any],
    outcome: Outcome,
    rows: int,
    failing: int,
    observed: str,
) -> CheckResult:
    return CheckResult(
        suite=suite.name,
        check=check.name,
        column=", ".join(columns_of(kwargs)),
        severity=check.severity,
        outcome=outcome,
        rows=rows,
        failing=failing,
        observed=observed,
        expected=in_words(check.expect, kwargs),
        why=check.why,
        cure=suite.cure,
    )
