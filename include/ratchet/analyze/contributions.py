"""Which value of which dimension explains a change of the failure rate: by failing more, or by being asked more (R41).

The day is held against the 29 days before it. What had changed just before stands beside it; that is no proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ratchet import frames
from ratchet.analyze.hours import moment
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.names import in_words
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import Array
from ratchet.statistics.proportions import wilson

LONG_DAYS = 30
CHANGE_LEVEL = 0.01
FLOOR = 30
SHOWN = 8
SHOWN_CHANGES = 20
CHANGED_BEFORE = timedelta(days=1)  # a change so long before the day may explain it
KINDS = ("release", "prompt", "model", "configuration", "feature", "other")
UNLOGGED = "(not logged)"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one value of a dimension adds to the change of the failure rate.

    Attributes:
        dimension: what requests are cut by.
        value: the value.
        rate_effect: by failing at another rate, in points of the failure rate of all.
        mix_effect: by being a larger or smaller part of all requests.
        share: both effects as a part of the whole change.
        excess: share of the change less the value's share of requests: how much it stands out.
        now: failure rate on the day.
        before: failure rate in the days before.
    """

    dimension: str
    value: str
    rate_effect: float
    mix_effect: float
    share: float
    excess: float
    now: Estimate
    before: Estimate


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that the log says was changed during the day or the day before."""

    kind: str
    target: str
    before: str
    after: str
    service: str
    occurred_at: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why the failure rate changed.

    Attributes:
        now: failure rate on the day.
        before: failure rate in the 29 days before.
        p: two-sided p-value of the difference, None where a side is below its floor.
        reason: why there is nothing to explain, '' where there is.
        contributions: the values that stand out most, at most eight.
        changes: what was changed, the newest first.
    """

    now: Estimate
    before: Estimate
    p: float | None
    reason: str
    contributions: tuple[Contribution, ...]
    changes: tuple[Changed, ...]


def diagnose(usage: pd.DataFrame, changes: Iterable[Mapping[str, Any]], as_of: date) -> Diagnosis:
    """Return why the failure rate of what users asked changed.

    With share w and failure rate r of a value, before and now, it adds `(r₁ - r₀)(w₀ + w₁)/2` by its rate and
    `(w₁ - w₀)((r₀ + r₁)/2 - R)` by its part in the mix, with R the mean of both overall rates; over a dimension they
    add up to the whole change (Kitagawa 1955).

    Args:
        usage: `mart_usage`.
        changes: `change` events that had landed.
        as_of: the day.
    """
    table = _table(frames.rows_of(usage, as_of, ("level", "dimension", "value")))
    whole = table[table["dimension"] == "all"]
    bad1, n1, bad0, n0 = (float(whole[name].sum()) for name in ("bad1", "n1", "bad0", "n0"))
    now, before = _estimate(bad1, n1), _estimate(bad0, n0)
    made = _changed(changes, as_of)
    if min(n1, n0) < FLOOR:
        reason = f"{int(min(n1, n0))} outcomes on one side, {FLOOR} are needed"
        return Diagnosis(now, before, None, reason, (), made)
    p = _difference_p(bad1, n1, bad0, n0)
    if p >= CHANGE_LEVEL:
        reason = "the failure rate has not changed beyond chance"
        return Diagnosis(now, before, p, reason, (), made)
    return Diagnosis(now, before, p, "", _contributions(table, (bad1, n1, bad0, n0)), made)


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return failures and known outcomes of the day and of the days before, one row a dimension and value."""
    roots = rows[(rows["level"] == "root") & rows["window_days"].isin([1, LONG_DAYS])]
    roots = roots.assign(n=roots["failures"] + roots["successes"])
    wide = roots.pivot_table(
        index=["dimension", "value"], columns="window_days", values=["failures", "n"], aggfunc="sum", fill_value=0
    )
    cells = {
        (name, days): wide[(name, days)] if (name, days) in wide.columns else pd.Series(0, index=wide.index)
        for name in ("failures", "n")
        for days in (1, LONG_DAYS)
    }
    found = pd.DataFrame({"bad1": cells["failures", 1], "n1": cells["n", 1]})
    found["bad0"] = cells["failures", LONG_DAYS] - found["bad1"]
    found["n0"] = cells["n", LONG_DAYS] - found["n1"]
    return found.clip(lower=0).astype(float).reset_index()


def _contributions(table: pd.DataFrame, whole: tuple[float, float, float, float]) -> tuple[Contribution, ...]:
    bad1, n1, bad0, n0 = whole
    cut = _with_unlogged(table[table["dimension"] != "all"], whole)
    w1, w0 = cut["n1"].to_numpy() / n1, cut["n0"].to_numpy() / n0
    r1, r0 = _rate(cut, "1"), _rate(cut, "0")
    r1, r0 = np.where(cut["n1"] > 0, r1, r0), np.where(cut["n0"] > 0, r0, r1)
    middle, change = (bad1 / n1 + bad0 / n0) / 2, bad1 / n1 - bad0 / n0
    rate, mix = (r1 - r0) * (w0 + w1) / 2, (w1 - w0) * ((r0 + r1) / 2 - middle)
    share = (rate + mix) / change
    cut = cut.assign(rate=rate, mix=mix, share=share, excess=share - (w0 + w1) / 2)
    cut = cut[cut["excess"] > 0].sort_values(["excess", "dimension", "value"], ascending=[False, True, True])
    return tuple(map(_contribution, cut.head(SHOWN).to_dict("records")))


def _with_unlogged(cut: pd.DataFrame, whole: tuple[float, float, float, float]) -> pd.DataFrame:
    """Add for each dimension the requests that were logged without it, so that its values add up to all."""
    names = ["bad1", "n1", "bad0", "n0"]
    rest = (pd.Series(whole, index=names) - cut.groupby("dimension")[names].sum()).clip(lower=0)
    rest = rest[(rest["n1"] > 0) | (rest["n0"] > 0)].assign(value=UNLOGGED).reset_index()
    return pd.concat([cut, rest[cut.columns]], ignore_index=True) if len(rest) else cut


def _rate(cut: pd.DataFrame, side: str) -> Array:
    n = cut[f"n{side}"].to_numpy()
    rate: Array = np.divide(cut[f"bad{side}"].to_numpy(), n, out=np.zeros(len(cut)), where=n > 0)
    return rate


def _contribution(row: Mapping[Any, Any]) -> Contribution:
    return Contribution(
        dimension=str(row["dimension"]),
        value=in_words(str(row["value"]), 120),
        rate_effect=float(row["rate"]),
        mix_effect=float(row["mix"]),
        share=float(row["share"]),
        excess=float(row["excess"]),
        now=_estimate(row["bad1"], row["n1"]),
        before=_estimate(row["bad0"], row["n0"]),
    )


def _estimate(bad: float, n: float) -> Estimate:
    if not n:
        return Estimate(NotComputable("no request with a known outcome"), 0)
    return wilson(bad, n).estimate(0, n, "no request with a known outcome")


def _difference_p(bad1: float, n1: float, bad0: float, n0: float) -> float:
    """Return the two-sided p-value of the pooled test of two shares (Agresti 2002, 3.2); both have 30 outcomes."""
    pooled = (bad1 + bad0) / (n1 + n0)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n0))
    return float(2 * stats.norm.sf(abs(bad1 / n1 - bad0 / n0) / error)) if error > 0 else 1.0


def _changed(changes: Iterable[Mapping[str, Any]], as_of: date) -> tuple[Changed, ...]:
    end = datetime.combine(as_of, time(0)) + timedelta(days=1)
    begin = end - timedelta(days=1) - CHANGED_BEFORE
    found = []
    for change in changes:
        at = moment(change.get("occurred_at"))
        if at is not None and begin <= at < end and change.get("kind") in KINDS:
            target, before, after, service = (
                _text(change.get(name)) for name in ("target", "before", "after", "service")
            )
            when = at.isoformat(timespec="seconds") + "Z"
            found.append(Changed(str(change["kind"]), target, before, after, service, when))
    return tuple(sorted(found, key=lambda c: (c.occurred_at, c.kind, c.target), reverse=True)[:SHOWN_CHANGES])


def _text(value: Any) -> str:
    return in_words(frames.text(value), 120)
