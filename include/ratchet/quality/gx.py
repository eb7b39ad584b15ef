"""The one door to Great Expectations: jobs in, its raw results out, all in memory.

It takes six seconds to import, so it is imported inside the functions. What a result means is in `runner.py`.
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

from ratchet.quality.data_docs import write_data_docs
from ratchet.quality.expected import columns_of
from ratchet.quality.frames import escaped, labels
from ratchet.quality.gx_speed import remembering
from ratchet.quality.results import Severity, Stage
from ratchet.quality.suites import Check, Suite

EXAMPLES = 3
ROW, _LABEL = "row", "where"
_DETAILED = {
    "result_format": "SUMMARY",
    "partial_unexpected_count": EXAMPLES,
    "unexpected_index_column_names": [ROW, _LABEL],
}
_CHATTY = ("great_expectations", "great_expectations.data_context.types.base")  # the second sets a level of its own
_GX_SEVERITY = {Severity.FAIL: "critical", Severity.WARN: "warning"}


@dataclass(frozen=True, slots=True)
class Job:
    """A suite, its frame made ready, and the checks whose columns are there, with bounds resolved."""

    suite: Suite
    frame: pd.DataFrame
    checks: tuple[tuple[Check, dict[str, Any]], ...]


def validate(jobs: Sequence[Job], stage: Stage, day: date, docs_dir: Path | None) -> list[list[dict[str, Any]]]:
    """Return the raw result of each check of each job, in their order, and write Data Docs where a folder is given."""
    with _quiet(), remembering():
        context = _context()
        frames = context.data_sources.add_pandas("night").add_dataframe_asset("frames")
        batch = frames.add_batch_definition_whole_dataframe("day")
        found = [_run(context, batch, job, day) for job in jobs]
        if docs_dir is not None:
            write_data_docs(context, docs_dir, stage)
    return found


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


def _run(context: Any, batch: Any, job: Job, day: date) -> list[dict[str, Any]]:
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
    frame, run = _gx_frame(job), RunIdentifier(run_name=day.isoformat(), run_time=midnight)
    result = definition.run(batch_parameters={"dataframe": frame}, run_id=run, result_format="BOOLEAN_ONLY")
    if not result.success:
        named = {"dataframe": _with_labels(frame, job)}
        result = definition.run(batch_parameters=named, run_id=run, result_format=_DETAILED)
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


def _gx_frame(job: Job) -> pd.DataFrame:
    """Return only the columns that are judged, harmless as markup."""
    needed = dict.fromkeys(column for _, kwargs in job.checks for column in columns_of(kwargs))
    return escaped(job.frame[list(needed)])


def _with_labels(frame: pd.DataFrame, job: Job) -> pd.DataFrame:
    """Return the frame with a number and a label for each row, which only examples need."""
    named = frame.copy()
    named[ROW] = range(len(frame))
    named[_LABEL] = labels(job.frame, job.suite.key).map(_markup_free)
    return named


def _markup_free(text: str) -> str:
    return text.translate({ord(c): " " for c in "<>&\"'"})
