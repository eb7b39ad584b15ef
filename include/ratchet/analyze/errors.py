"""Which errors matter: how many units each hits and whether it happens more often than before (R8, R9, R15).

How an error gets its fingerprint belongs to dbt (macros messages.sql, traces.sql, fingerprints.sql), where it came from
to `error_origins.py`; whether it can be fixed belongs to `generate/` and `validate/`, so nothing here says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ratchet import frames
from ratchet.analyze.change import TEST, Changes, changes
from ratchet.analyze.error_origins import QUIET_DAYS, REACH_DAYS, came_back, introduction
from ratchet.contracts.error_findings import BelowFloor, ErrorFinding, ErrorsResult, ErrorState
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.names import LONGEST, bounded, in_words
from ratchet.contracts.settings import LearningSettings
from ratchet.statistics.proportions import wilson

WINDOW_DAYS, BASELINE_DAYS = 7, 28
_COUNTS = (
    "occurrences",
    "previous_occurrences",
    "occurrences_total",
    "kinds",
    "units",
    "interactions",
    "handled",
    "days",
    "exposure_days",
    "previous_exposure_days",
)


def rank_errors(
    errors: pd.DataFrame, settings: LearningSettings, as_of: date, fixes: Mapping[str, date] | None = None
) -> ErrorsResult:
    """Rank errors by the units they hit and how their rate changes.

    Args:
        errors: mart_errors.
        settings: the floor of occurrences and k-anonymity.
        as_of: the night's day.
        fixes: the day on which the fix in force was deployed, by fingerprint (`error_origins.current_fixes`).
    """
    rows = frames.rows_of(errors, as_of, ("fingerprint",))
    rows[list(_COUNTS)] = frames.counts(rows, _COUNTS)
    recent = rows["occurrences"] + rows["previous_occurrences"]
    frequent = rows[recent >= settings.error_floor].reset_index(drop=True)
    rare = rows[(recent > 0) & (recent < settings.error_floor)]
    found = _findings(frequent, settings, as_of, fixes or {})
    return ErrorsResult(
        as_of=as_of,
        reason="" if int(recent.sum()) else f"no error was logged in {WINDOW_DAYS + BASELINE_DAYS} days",
        kinds=int((recent > 0).sum()),
        occurrences=int(rows["occurrences"].sum()),
        previous_occurrences=int(rows["previous_occurrences"].sum()),
        states={str(s): sum(f.state is s for f in found) for s in ErrorState},
        errors=tuple(sorted(found, key=lambda f: (-(f.score.number or 0), -f.occurrences, f.fingerprint))),
        below_floor=BelowFloor(
            f"fewer than {settings.error_floor} occurrences in {WINDOW_DAYS + BASELINE_DAYS} days",
            len(rare),
            int(rare["occurrences"].sum() + rare["previous_occurrences"].sum()),
        ),
        definitions=_definitions(settings),
    )


def _findings(
    rows: pd.DataFrame, settings: LearningSettings, as_of: date, fixes: Mapping[str, date]
) -> list[ErrorFinding]:
    moved = changes(
        rows["occurrences"], rows["exposure_days"], rows["previous_occurrences"], rows["previous_exposure_days"]
    )
    handled = wilson(rows["handled"], rows["occurrences"])
    return [
        _finding(
            line | {"fixed_on": fixes.get(str(line["fingerprint"]))},
            at,
            moved,
            handled.estimate(at, line["occurrences"], "none this week"),
            settings,
            as_of,
        )
        for at, line in enumerate(frames.records(rows))
    ]


def _finding(
    line: Mapping[str, Any], at: int, moved: Changes, handled: Estimate, settings: LearningSettings, as_of: date
) -> ErrorFinding:
    shown = line["units"] >= settings.k_anonymity
    return ErrorFinding(
        fingerprint=str(line["fingerprint"]),
        fingerprint_version=int(line["fingerprint_version"]),
        error_type=bounded(frames.text(line["error_type"])),
        message_template=bounded(frames.text(line["message_template"])),
        frames=tuple(bounded(f) for f in frames.texts(line["frames"])),
        culprit=bounded(frames.text(line["culprit"])),
        state=_state(line, at, moved, as_of),
        **{c: int(line[c]) for c in ("kinds", "occurrences", "previous_occurrences", "occurrences_total", "units")},
        unit_kind=frames.text(line["unit_kind"]),
        interactions=int(line["interactions"]),
        days=int(line["days"]),
        handled=handled,
        trend=moved.trend(at),
        score=_score(float(line["units"]), int(line["occurrences"]), moved.factor[at], moved.factor_variance[at]),
        first_seen=frames.day(line["first_seen"]),
        last_seen=frames.day(line["last_seen"]),
        returned_on=frames.day(line["returned_on"]),
        fixed_on=line["fixed_on"],
        introduced_by=introduction(line),
        apis=frames.texts(line["apis"]),
        http_statuses=frames.integers(line["http_statuses"]),
        sample_message=in_words(frames.text(line["sample_message"]), LONGEST) if shown else None,
        sample_event_ids=frames.texts(line["sample_event_ids"]),
    )


def _state(line: Mapping[str, Any], at: int, moved: Changes, as_of: date) -> ErrorState:
    if came_back(line, line["fixed_on"]):
        return ErrorState.REGRESSED
    if not line["previous_exposure_days"]:
        return ErrorState.UNKNOWN
    first = frames.day(line["first_seen"])
    if first is not None and first > as_of - timedelta(days=WINDOW_DAYS):
        return ErrorState.NEW
    if moved.up[at]:
        return ErrorState.ESCALATING
    if line["occurrences"]:
        return ErrorState.ONGOING
    return ErrorState.RESOLVED if moved.down[at] else ErrorState.UNKNOWN


def _score(units: float, n: int, factor: float, variance: float) -> Estimate:
    half = 1.959964 * np.sqrt(1 / units + variance) if units else 0.0
    low, high = (float(units * np.exp(factor + sign * half)) for sign in (-1, 1))
    return Estimate(float(units * np.exp(factor)), n, low, high)


def _definitions(s: LearningSettings) -> dict[str, str]:
    return {
        "error": (
            "errors of one type with the same innermost frames of the application (function and module, no line "
            "numbers), or without a stack trace the same message template (what varies is masked); two that differ in "
            "one word of ten or one frame are one where each is the other's only neighbour, and a word with ten values "
            "is a parameter"
        ),
        "floor": f"at least {s.error_floor} occurrences in {WINDOW_DAYS + BASELINE_DAYS} days",
        "units": f"distinct units that met it in the last {WINDOW_DAYS} days; unit_kind says what a unit is",
        "handled": "share of occurrences that the application recovered from",
        "trend": (
            f"occurrences a day with landed data, the last {WINDOW_DAYS} days over the {BASELINE_DAYS} before; {TEST}"
        ),
        "state": (
            f"regressed after fix: gone for at least {QUIET_DAYS} days with data after a fix was deployed, and back; "
            f"new: first seen in the last {WINDOW_DAYS} days; escalating: more often than before, beyond chance; "
            "resolved: gone, beyond chance; ongoing: neither; not enough data: nothing to compare with, or too rare "
            "for its absence to mean anything"
        ),
        "score": "units x trend, the trend drawn toward 1 by its uncertainty; for ranking",
        "introduced_by": (
            f"a release, prompt, model, configuration or feature that was changed in the {REACH_DAYS} days before the "
            "first occurrence: the release it was first logged under, else the last one; before is no proof"
        ),
        "days": f"days of the last {WINDOW_DAYS} on which it happened: one day is a burst, not a trend",
        "sample_message": f"one message, redacted, where at least {s.k_anonymity} units met the error",
    }
