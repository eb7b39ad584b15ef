"""Says in one line what became of a night that ran as separate tasks, and fails when a part of it failed.

What the report says in full belongs to `report/`; in process, `nights.py` knows the failures itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ratchet.errors import StepFailedError
from ratchet.night import Night
from ratchet.retention import Kept

logger = logging.getLogger(__name__)
_NOT_RUN = "upstream_failed"


def verdict(night: Night, states: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the day and where its report lies.

    Args:
        night: the night, for the reasons that its steps recorded.
        states: task -> how it ended, in the order of the plan: `success`, `failed` or `upstream_failed`.

    Raises:
        EventsGoneError: if the night can no longer be run.
        StepFailedError: naming every failed step with its reason, and those that did not run for want of them.
    """
    Kept.of(night.home).require(night.day)
    marks = night.marks()
    problems = [f"{name} failed{_reason(marks.get(name))}" for name, state in states.items() if state == "failed"]
    left_out = [name for name, state in states.items() if state == _NOT_RUN]
    report = night.home.artifacts(night.day) / "report.html"
    if not problems and not left_out:
        return {"day": night.day.isoformat(), "report": str(report)}
    if left_out:
        problems.append(f"not run: {', '.join(left_out)}")
    for problem in problems:
        logger.error(problem)
    way_out = f"the report says what is missing: {report}" if report.exists() else "see the log of the failed task"
    raise StepFailedError("; ".join(problems), where=night.day.isoformat(), way_out=way_out)


def _reason(mark: Mapping[str, str] | None) -> str:
    recorded = mark["reason"] if mark is not None and mark["state"] == "failed" else ""
    return f": {recorded}" if recorded else ", see its log"
