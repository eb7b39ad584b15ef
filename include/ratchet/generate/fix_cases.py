"""From rows of mart_fix_cases to cases, by fingerprint and in order of time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from ratchet import frames
from ratchet.contracts.fix_cases import as_object
from ratchet.contracts.fixes import Case

_KEYS = ("occurred_at", "case_id")
_NUMBERS = ("retry_after_s", "call_recovers_after_s", "duration_ms")
_WHOLE = ("http_status", "attempts", "input_tokens")


def cases_of(rows: pd.DataFrame, as_of: date) -> dict[str, tuple[Case, ...]]:
    """Return the cases of each fingerprint, oldest first, whatever the order of the rows.

    Args:
        rows: mart_fix_cases.
        as_of: the night's day.
    """
    found: dict[str, list[Case]] = {}
    for line in frames.records(frames.rows_of(rows, as_of, ("fingerprint", *_KEYS))):
        found.setdefault(str(line["fingerprint"]), []).append(_case(line))
    return {fingerprint: tuple(cases) for fingerprint, cases in found.items()}


def logged(rows: pd.DataFrame, as_of: date) -> dict[tuple[str, bool], int]:
    """Return how many failures (True) and successes (False) were logged, kept or not, by fingerprint."""
    own = frames.rows_of(rows, as_of, ("fingerprint", "case_id"))
    counts = own.groupby(["fingerprint", "failed"], sort=True)["logged"].max().reset_index()
    return {(str(row["fingerprint"]), bool(row["failed"])): int(row["logged"]) for row in frames.records(counts)}


def _case(line: Mapping[str, Any]) -> Case:
    failed, message = bool(line["failed"]), frames.text(line["message"])
    return Case(
        case_id=str(line["case_id"]),
        failed=failed,
        operation=frames.text(line["operation"]),
        params=as_object(line["params"]),
        context=_context(line),
        error_type=frames.text(line["error_type"]),
        message=message,
        recovers_after_s=frames.number(line["next_success_after_s"]),
    )


def _context(line: Mapping[str, Any]) -> dict[str, Any]:
    context = as_object(line["context"])
    for name in _NUMBERS:
        if (value := frames.number(line[name])) is not None:
            context[name] = value
    for name in _WHOLE:
        if (value := frames.number(line[name])) is not None:
            context[name] = int(value)
    for name in ("method", "response_text"):
        if frames.text(line[name]):
            context[name] = line[name]
    if succeeded := as_object(line["succeeded_params"]):
        context["succeeded_params"] = succeeded
    return context
