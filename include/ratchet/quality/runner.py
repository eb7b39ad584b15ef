"""Runs suites with Great Expectations on pandas frames, in memory, and turns what it says into `GateResult`.

Great Expectations takes six seconds to import, so it is imported inside the function. Its Data Docs belong to
`data_docs.py`.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ratchet.quality.expected import columns_of, in_words
from ratchet.quality.frames import escaped, labels, prepared, sources_of
from ratchet.quality.results import CheckResult, GateResult, Outcome, Severity, Stage
from ratchet.quality.suites import Check, Suite, load_suites, resolve
from ratchet.quality.totals import TOTALS, totals_frame

EXAMPLES = 3
_ROW, _LABEL = "row", "where"
_DETAILED = {
    "result_format": "SUMMARY",
    "partial_unexpected_count": EXAMPLES,
    "unexpected_index_column_names": [_ROW, _LABEL],
}
_CHATTY = ("great_expectations", "great_expectations.data_context.types.base")  # the second sets a level of its own
_GX_SEVERITY = {Severity.FAIL: "critical", Severity.WARN: "warning"}


@dataclass(frozen=True, slots=True)
class _Job:
    """A suite, its frame made ready, and the checks whose columns are there, with bounds resolved."""

    suite: Suite
    frame: pd.DataFrame
    checks: tuple[tuple[Check, dict[str, Any]], ...]


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
    if stage is Stage.MARTS:
        frames = {**frames, TOTALS: totals_frame(frames, day)}
    results: list[CheckResult] = []
    jobs: list[_Job] = []
    for suite in chosen:
        frame = frames.get(suite.frame)
        results.append(_presence(suite, frame))
        if frame is not None and len(frame):
            job, unusable = _job(suite, frame, day, settings)
            jobs.append(job)
            results.extend(unusable)
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


def _job(suite: Suite, frame: pd.DataFrame, day: date, settings: object) -> tuple[_Job, list[CheckResult]]:
    """Split a suite's checks into those that can run and results for those whose columns are not there."""
    ready = prepared(frame, suite.derive, day)
    usable: list[tuple[Check, dict[str, Any]]] = []
    unusable: list[CheckResult] = []
    for check in suite.checks:
        kwargs = resolve(check.kwargs, settings)
        absent = _absent(suite, ready, columns_of(kwargs))
        if absent:
            unusable.append(_result(suite, check, kwargs, Outcome.FAILED, 0, 0, f"the column {absent[0]} is missing"))
        else:
            usable.append((check, kwargs))
    return _Job(suite, ready, tuple(usable)), unusable


def _absent(suite: Suite, frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the columns that are not there; for a derived one, its sources that are not there."""
    needed = [name for c in columns for name in (sources_of(suite.derive[c]) if c in suite.derive else (c,))]
    return [name for name in needed if name not in frame.columns]


def _evaluate(jobs: Sequence[_Job], stage: Stage, day: date, docs_dir: Path | None) -> Iterator[CheckResult]:
    if not jobs:
        return
    with _quiet():
        context = _context()
        frames = context.data_sources.add_pandas("night").add_dataframe_asset("frames")
        batch = frames.add_batch_definition_whole_dataframe("day")
        found = [(job, _run(context, batch, job, day)) for job in jobs]
        if docs_dir is not None:
            from ratchet.quality.data_docs import write_data_docs

            write_data_docs(context, docs_dir, stage)
    for job, outcomes in found:
        for (check, kwargs), outcome in zip(job.checks, outcomes, strict=True):
            yield _read(job, check, kwargs, outcome)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Great Expectations from analytics, and from warning about its own imports."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _context() -> Any:
    import great_expectations as gx

    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context


def _run(context: Any, batch: Any, job: _Job, day: date) -> list[dict[str, Any]]:
    """Return Great Expectations' result of each check of a job, in the order of the checks.

    Examples cost as much as the checks, so they are asked for only where a check was broken.
    """
    import great_expectations as gx
    from great_expectations.core.run_identifier import RunIdentifier

    expectations = [_expectation(check, kwargs) for check, kwargs in job.checks]
    suite = context.suites.add(gx.ExpectationSuite(name=job.suite.name, expectations=expectations))
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=job.suite.name, data=batch, suite=suite)
    )
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    how = {
        "batch_parameters": {"dataframe": _gx_frame(job)},
        "run_id": RunIdentifier(run_name=day.isoformat(), run_time=midnight),
    }
    result = definition.run(**how, result_format="BOOLEAN_ONLY")
    if not result.success:
        result = definition.run(**how, result_format=_DETAILED)
    by_check = {r.expectation_config.meta["check"]: r.to_json_dict() for r in result.results}
    return [by_check[check.name] for check, _ in job.checks]


def _expectation(check: Check, kwargs: Mapping[str, Any]) -> Any:
    import great_expectations.expectations as types

    name = "".join(part.capitalize() for part in check.expect.split("_"))
    extra = {"ignore_row_if": "either_value_is_missing"} if "column_B" in kwargs else {}
    if "column_list" in kwargs:
        extra = {"ignore_row_if": "never"}
    return getattr(types, name)(
        **kwargs,
        **extra,
        severity=_GX_SEVERITY[check.severity],
        notes=check.why,
        meta={"check": check.name},
    )


def _gx_frame(job: _Job) -> pd.DataFrame:
    """Return only the columns that are judged, harmless as markup, plus the row number and label."""
    needed = dict.fromkeys(column for _, kwargs in job.checks for column in columns_of(kwargs))
    frame = escaped(job.frame[list(needed)])
    frame[_ROW] = range(len(frame))
    frame[_LABEL] = labels(job.frame, job.suite.key).map(_markup_free)
    return frame


def _markup_free(text: str) -> str:
    return text.translate({ord(c): " " for c in "<>&\"'"})


def _read(job: _Job, check: Check, kwargs: Mapping[str, Any], raw: Mapping[str, Any]) -> CheckResult:
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
    examples = [item[_ROW] for item in found["partial_unexpected_index_list"]]
    observed = f"{failing} of {judged} rows, such as {_example(job, kwargs, examples)}"
    return _result(suite, check, kwargs, Outcome.FAILED, judged, failing, observed)


def _judged(job: _Job, kwargs: Mapping[str, Any]) -> int:
    """Return how many rows a check looks at: a missing value is not judged, a missing part of a key is."""
    if "column_list" in kwargs:
        return len(job.frame)
    return int(job.frame[list(columns_of(kwargs))].notna().all(axis=1).sum())


def _example(job: _Job, kwargs: Mapping[str, Any], rows: Sequence[int]) -> str:
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
