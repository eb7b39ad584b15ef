"""The hours behind health as arrays: what was bad of how much, for every service and hour, whatever the objective.

Hours without a row hold nothing, which is neither good nor bad. What is made of them belongs to `burns.py`,
`season_checks.py` and `uptime.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet import frames
from ratchet.analyze.latency import share_within
from ratchet.objectives import Metric, Objective
from ratchet.statistics.arrays import Array

SHOWN_HOURS = 30 * 24  # as mart_health_hourly
OPEN_INCIDENT = timedelta(days=1)  # an incident that nobody ended counts for so long
COUNTS = ("successes", "failures", "requests", "errors", "api_calls", "api_failures", "heartbeats", "heartbeats_up")
MINUTES = ("answered_minutes", "up_minutes", "down_minutes")
_P50, _P95, _P99 = QUANTILES = ("duration_p50_ms", "duration_p95_ms", "duration_p99_ms")
_PARTS = {  # metric -> (what is bad, out of what)
    Metric.ERROR_RATE: ("errors", "requests"),
    Metric.API_FAILURE_RATE: ("api_failures", "api_calls"),
}
Changes = Iterable[Mapping[str, Any]]
Bits = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hours:
    """The last hours of each service.

    Attributes:
        services: their names, '' for all of them first.
        end: the end of the last hour, UTC without a zone.
        cells: column of mart_health_hourly -> one row a service, one column an hour, the oldest first.
        minutes: its sets of minutes in the same shape.
        is_usual: False where a known incident was on; no season is made of those.
    """

    services: tuple[str, ...]
    end: datetime
    cells: Mapping[str, Array]
    minutes: Mapping[str, Bits]
    is_usual: NDArray[np.bool_]

    def parts(self, objective: Objective) -> tuple[Array, Array] | None:
        """Return what was bad and of how much, None for what has no hours."""
        metric, cells = objective.metric, self.cells
        if metric.quantile is not None:
            n = cells["duration_n"]
            inside = share_within(cells[_P50], cells[_P95], cells[_P99], objective.target)
            return n * (1 - np.where(n > 0, inside, 1.0)), n
        if metric is Metric.SUCCESS_RATE:
            return cells["failures"], cells["failures"] + cells["successes"]
        if metric is Metric.UPTIME:
            return cells["heartbeats"] - cells["heartbeats_up"], cells["heartbeats"]
        found = _PARTS.get(metric)
        return (cells[found[0]], cells[found[1]]) if found else None

    def at(self, column: int) -> str:
        """Return when an hour begins, as text; columns are counted from the first."""
        begins = self.end - timedelta(hours=self.is_usual.shape[1] - column)
        return begins.isoformat(timespec="minutes") + "Z"


def hours_of(
    hourly: pd.DataFrame, services: Iterable[str], end: datetime, changes: Changes = (), count: int = SHOWN_HOURS
) -> Hours:
    """Return the hours up to `end`, exclusive; what a clock places after it waits for its hour.

    Args:
        hourly: rows of `mart_health_hourly`, in any order.
        services: whose hours; '' is added as the first.
        end: the end of the last hour, UTC without a zone.
        changes: `change` events; incidents among them leave the season.
        count: how many hours.
    """
    names = ("", *sorted({*services} - {""}))
    starts = pd.to_datetime(hourly["metric_hour"]).to_numpy(dtype="datetime64[h]")
    at = (starts - np.datetime64(end, "h")).astype(int) + count
    place = {name: row for row, name in enumerate(names)}
    rows = hourly["service"].map(lambda name: place.get(name, -1)).to_numpy(dtype=int)
    kept = (at >= 0) & (at < count) & (rows >= 0)
    shape, where = (len(names), count), (rows[kept], at[kept])
    cells = {name: np.zeros(shape) for name in (*COUNTS, "duration_n", *QUANTILES)}
    minutes = {name: np.zeros(shape, np.int64) for name in MINUTES}
    for name, cell in cells.items():
        cell[where] = np.nan_to_num(hourly[name].to_numpy(dtype=np.float64)[kept])
    for name, bits in minutes.items():
        bits[where] = hourly[name].to_numpy(dtype=np.int64)[kept]
    return Hours(names, end, cells, minutes, _usual(names, end, changes, count))


def _usual(names: tuple[str, ...], end: datetime, changes: Changes, count: int) -> NDArray[np.bool_]:
    usual = np.ones((len(names), count), dtype=bool)
    for change in changes:
        if change.get("kind") != "incident" or (begun := moment(change.get("occurred_at"))) is None:
            continue
        over = moment(change.get("ended_at")) or begun + OPEN_INCIDENT
        first, last = (count - (end - when) / timedelta(hours=1) for when in (begun, over))
        rows = [row for row, name in enumerate(names) if not name or name == (change.get("service") or name)]
        usual[rows, max(0, int(np.floor(first))) : max(0, int(np.ceil(last)))] = False
    return usual


def days_of(changes: Changes) -> frozenset[date]:
    """Return the UTC days on which something was changed or an incident was on."""
    found: set[date] = set()
    for change in changes:
        if (begun := moment(change.get("occurred_at"))) is None:
            continue
        over = max(moment(change.get("ended_at")) or begun, begun)
        found |= {begun.date() + timedelta(days=n) for n in range((over.date() - begun.date()).days + 1)}
    return frozenset(found)


def moment(value: Any) -> datetime | None:
    """Return a moment in UTC without a zone, None where there is none."""
    if frames.text(value) in ("", "NaT") and not isinstance(value, datetime):  # as JSON holds a missing moment
        return None
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    if pd.isna(found):
        return None
    return (found - (found.utcoffset() or timedelta(0))).replace(tzinfo=None)
