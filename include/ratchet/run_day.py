"""Which UTC day, or hour, a run of a DAG is about: the one place that every task asks.

Manual and asset-triggered runs have no logical date, so no task reads it. What is done with a day belongs to
`steps/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
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


def run_hour(context: Mapping[str, Any], now: datetime) -> datetime:
    """Return the end of the hour that a run is about, UTC without a zone.

    It is that of its partition key, else of its parameter `hour`, else the newest one that is over.

    Raises:
        RunDayError: if it is no hour, or not over.
    """
    said = context.get("partition_key") or (context.get("params") or {}).get("hour")
    newest = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    if not said:
        return newest
    try:
        end = datetime.strptime(str(said), "%Y-%m-%dT%H") + timedelta(hours=1)  # noqa: DTZ007 -- UTC without a zone
    except ValueError:
        raise RunDayError(f"{str(said)[:40]!r} is not an hour of the form YYYY-MM-DDTHH") from None
    if end > newest:
        raise RunDayError(
            f"the hour {said} is not over", way_out=f"the newest one is that up to {newest:%Y-%m-%d %H}:00"
        )
    return end


def _parse(value: Any) -> date | None:
    if value in (None, ""):
        return None
    try:
        return datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise RunDayError(f"{str(value)[:40]!r} is not a day of the form YYYY-MM-DD", way_out=_WAY_OUT) from None


def _interval_day(start: datetime | None) -> date | None:
    return None if start is None else start.astimezone(UTC).date()
