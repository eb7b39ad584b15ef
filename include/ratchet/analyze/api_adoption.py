"""Whether a published API client is used: the calls to its operations since then, and before (R23).

Which clients are published belongs to `deploy/api_clients.py`, what an API can do to `api_specs/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from ratchet import frames
from ratchet.analyze.api_endpoints import matches
from ratchet.contracts.apis import Api
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import Array
from ratchet.statistics.means import mean_interval
from ratchet.statistics.proportions import wilson

WINDOW_DAYS = 30
DEFINITIONS = {
    "adoption": (
        "calls that the application logged to operations of an API whose client is published, whoever made them: a day "
        f"since then (at most {WINDOW_DAYS} days) and a day in that window before, with Student's interval over days"
    ),
    "used": "operations that were called since the client was published, of all that it offers",
}


@dataclass(frozen=True, slots=True)
class Published:
    """An API whose client is published, and since when."""

    api: str
    since: date
    content: Api


@dataclass(frozen=True, slots=True)
class Adoption:
    """How one published client is used.

    Attributes:
        api: whose client.
        published_on: since when there is one.
        operations: what it offers.
        used: share of them that were called since.
        calls: calls since then.
        a_day: mean calls a day since then.
        a_day_before: the same before, as far as the window reaches.
        failed: share of the calls since then that failed.
    """

    api: str
    published_on: date
    operations: int
    used: Estimate
    calls: int
    a_day: Estimate
    a_day_before: Estimate
    failed: Estimate


def adoptions(published: Iterable[Published], rows: Sequence[Mapping[str, Any]], as_of: date) -> list[dict[str, Any]]:
    """Return how every published client is used, in their order.

    Args:
        published: APIs whose client is in force.
        rows: of mart_api_endpoints, `api` under the name that the settings give it.
        as_of: the night's day.
    """
    return [as_record(_adoption(p, [r for r in rows if r["api"] == p.api], as_of)) for p in published]


def _adoption(one: Published, rows: Sequence[Mapping[str, Any]], as_of: date) -> Adoption:
    first = as_of - timedelta(days=WINDOW_DAYS - 1)
    begin = min(max(one.since, first), as_of + timedelta(days=1))
    days = _Calls(rows, one.content)
    since, failed = days.between(begin, as_of)
    before, _ = days.between(first, begin - timedelta(days=1))
    offered, calls = len(one.content.operations), int(since.sum())
    return Adoption(
        api=one.api,
        published_on=one.since,
        operations=offered,
        used=wilson(days.used_since(begin), offered).estimate(0, offered, "the client has no operation"),
        calls=calls,
        a_day=_mean(since, "it is not published yet"),
        a_day_before=_mean(before, f"it was published {WINDOW_DAYS} days ago or earlier"),
        failed=wilson(int(failed.sum()), calls).estimate(0, calls, "none of its operations was called since"),
    )


def _mean(values: Array, why: str) -> Estimate:
    n = len(values)
    if not n:
        return Estimate(NotComputable(why), 0)
    found = mean_interval(values.sum(), (values**2).sum(), n).estimate(0, n, why)
    if found.low is None:
        return Estimate(found.value, n, note="one day has no interval")
    return Estimate(found.value, n, max(found.low, 0.0), found.high)


class _Calls:
    """The calls of one API by operation and day."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], api: Api) -> None:
        self.calls: dict[date, int] = {}
        self.failures: dict[date, int] = {}
        self.last: dict[str, date] = {}
        for row in rows:
            served = [o.label for o in api.operations if _serves(o.method, o.path, row)]
            if not served:
                continue
            dates = [frames.day(d) for d in row["dates"]]
            for day, calls, failures in zip(dates, row["calls_on"], row["failures_on"], strict=True):
                if day is not None:
                    self.calls[day] = self.calls.get(day, 0) + int(calls)
                    self.failures[day] = self.failures.get(day, 0) + int(failures)
                    self.last[served[0]] = max(day, self.last.get(served[0], day))

    def between(self, first: date, last: date) -> tuple[Array, Array]:
        """Return calls and failures of each day, both ends included; a day without calls is 0."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return _of_days(self.calls, days), _of_days(self.failures, days)

    def used_since(self, first: date) -> int:
        """Return how many operations were called on a day or later."""
        return sum(day >= first for day in self.last.values())


def _of_days(counts: Mapping[date, int], days: Sequence[date]) -> Array:
    return np.array([counts.get(day, 0) for day in days], dtype=np.float64)


def _serves(method: str, path: str, row: Mapping[str, Any]) -> bool:
    return method == str(row["method"]).lower() and matches(path, str(row["path_template"]))
