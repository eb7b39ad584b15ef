"""The days of a deployed fix: which of them count, and what they say about the error and about what it never hit.

What is estimated from them belongs to `impact_estimates.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet.contracts.impacts import Day, Deployment
from ratchet.statistics.arrays import Array, divide

SELECTION_DAYS = 7  # an error is proposed for what it did in as many days, see mart_errors


@dataclass(frozen=True, slots=True)
class Series:
    """The days of one fix, in order; days without an attempt are not among them.

    Attributes:
        days: which days.
        attempts: attempts of the intents that the error hits: before the deployment all, after it those with the fix.
        failed: those that failed with the error.
        failures: those that failed at all.
        rest_attempts: attempts of the intents that no fixed error hits; 0 where there were none.
        rest_failures: those that failed.
        after: whether the day came after the deployment.
        chosen: whether the day was among those for which the fix was proposed.
        others: attempts since the deployment that had not the fix.
    """

    days: NDArray[np.datetime64]
    attempts: Array
    failed: Array
    failures: Array
    rest_attempts: Array
    rest_failures: Array
    after: NDArray[np.bool_]
    chosen: NDArray[np.bool_]
    others: int

    def where(self, kept: NDArray[np.bool_]) -> Series:
        """Return some of the days."""
        whole = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{name: value[kept] for name, value in whole.items() if name != "others"})

    @property
    def rate(self) -> Array:
        """Return failed attempts of the error per attempt."""
        return divide(self.failed, self.attempts)

    @property
    def failure_rate(self) -> Array:
        """Return failures of any kind per attempt."""
        return divide(self.failures, self.attempts)

    @property
    def rest_rate(self) -> Array:
        """Return failures per attempt where no fixed error hits; NaN on days without attempts there."""
        return divide(self.rest_failures, self.rest_attempts)

    def shown(self, counted: NDArray[np.bool_]) -> tuple[Day, ...]:
        """Return the days as people see them; `counted` says which of them the estimate stands on."""
        whole = zip(self.days, self.attempts, self.failed, self.after, counted, strict=True)
        return tuple(Day(pd.Timestamp(d).date(), int(n), int(k), bool(a), bool(c)) for d, n, k, a, c in whole)


def series_of(rows: pd.DataFrame, deployment: Deployment) -> Series:
    """Return the days of one fix.

    Days before the error was first seen say nothing about how often it fails; the day on which it was first seen is
    left out with them, since it was picked for a failure.

    Args:
        rows: those of mart_impact_days for the fix.
        deployment: the fix.
    """
    dates = pd.to_datetime(rows["event_date"])
    start = pd.Timestamp(deployment.deployed_on)
    hit, later, holds = rows["cohort"] == "affected", dates >= start, rows["holds_fix"].astype(bool)
    columns = ["attempts", "failed", "failures"]
    own: pd.DataFrame = rows[hit & (~later | holds)].groupby(dates)[columns].sum()
    rest = rows[~hit].groupby(dates)[columns].sum().reindex(own.index, fill_value=0)
    own = own[own["attempts"] > 0]
    rest = rest.loc[own.index]
    days: Any = pd.DatetimeIndex(own.index)
    proposed = pd.Timestamp(deployment.proposed_on)
    window = (days <= proposed) & (days > proposed - timedelta(days=SELECTION_DAYS))
    found = Series(
        days=days.to_numpy(dtype="datetime64[D]"),
        attempts=own["attempts"].to_numpy(dtype=float),
        failed=np.minimum(own["failed"].to_numpy(dtype=float), own["attempts"].to_numpy(dtype=float)),
        failures=own["failures"].to_numpy(dtype=float),
        rest_attempts=rest["attempts"].to_numpy(dtype=float),
        rest_failures=rest["failures"].to_numpy(dtype=float),
        after=np.asarray(days >= start),
        chosen=np.asarray(window & (days < start)),
        others=int(rows.loc[hit & later & ~holds, "attempts"].sum()),
    )
    return found.where(_since_first_seen(found))


def _since_first_seen(series: Series) -> NDArray[np.bool_]:
    hits = np.flatnonzero((series.failed > 0) & ~series.after)
    first = int(hits[0]) + 1 if len(hits) and hits[0] > 0 else 0
    return series.after | (np.arange(len(series.days)) >= first)
