"""Which UTC day a run of a DAG is about: the one function that every task asks.

Manual and asset-triggered runs have no logical date, so no task reads it. What is done with a day belongs to
`steps/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from ratchet.errors import RunDayError

_WAY_OUT = "trigger with a partition key such as 2026-11-20, or fill in the parameter 'date'"


def run_day(context: Mapping[str, Any], today: date | None = None) -> date:
    """Return the day of a run: its partition key, else its parameter `date`, else the day its data interval begins.

    Args:
        context: the task's context, of which `partition_key`, `params` and `data_interval_start` are read; each may be
            missing.
        today: the day after which a day is in the future; default the current UTC day.

    Raises:
        RunDayError: if the run names no day, two different days, no real day, or a day in the future.
    """
    key, asked = _parse(context.get("partition_key")), _parse((context.get("params") or {}).get("date"))
    if key and asked and key != asked:
        raise RunDayError(
            f"the partition key says {key} and the parameter 'date' {asked}", way_out="leave one of them out"
        )
    day = key or asked or _interval_day(context.get("data_interval_start"))
    if day is None:
        raise RunDayError("the run does not say which day it is about", way_out=_WAY_OUT)
    today = today or datetime.now(UTC).date()
    if day > today:
        raise RunDayError(f"{day} is in the future", way_out=f"the last day that can be run is {today}")
    return day


def _parse(value: Any) -> date | None:
    if value in (None, ""):
        return None
    try:
        return datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise RunDayError(f"{str(value)[:40]!r} is not a day of the form YYYY-MM-DD", way_out=_WAY_OUT) from None


def _interval_day(start: datetime | None) -> date | None:
    return None if start is None else start.astimezone(UTC).date()
