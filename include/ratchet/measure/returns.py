"""How well the system learns, and what its improvements are worth (R85, R86).

What became of each improvement belongs to `ledger.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ratchet import frames
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.impacts import Course, ImpactVerdict
from ratchet.contracts.improvements import ImprovementType
from ratchet.errors import NotComputable
from ratchet.measure.ledger import median_days
from ratchet.statistics.proportions import wilson

WINDOW_DAYS = 28
DEFINITIONS = {
    "patterns_identified": f"improvements proposed in the last {WINDOW_DAYS} days",
    "learning_velocity": "median days from when what an improvement is about was first seen (where not recorded: from "
    "its proposal) to when its effect was verified",
    "adaptation_speed": "median days from deployment to verdict",
    "feedback_processing": "median days from the night whose feedback made a task to its acceptance; feedback itself "
    "is in the report of the night on which it landed",
    "change_failure_rate": "deployments undone for harm, of all that were judged",
    "system_stability": f"share of the last {WINDOW_DAYS} days whose success rate was not surely below that of all of "
    "them (Wilson intervals at 99 %)",
    "saved_requests": "requests that did not fail thanks to improvements whose effect was verified, while they were "
    "measured; the interval adds the uncertainties as independent ones",
    "saved_usd": "the same times `values_usd.successful_interaction`",
    "cost_usd": "cost units of everything that was deployed times `values_usd.cost_unit`",
    "return_usd": "what was saved minus what it cost",
    "unknown_share": "share of what was deployed whose effect is not known: unmeasurable, or not judged yet",
}


class Values(Protocol):
    """What things are worth in US dollars; the setting `values_usd`."""

    @property
    def successful_interaction(self) -> float | None:
        """Return what a request that succeeds is worth."""

    @property
    def cost_unit(self) -> float | None:
        """Return what a cost unit of an improvement costs."""


@dataclass(frozen=True, slots=True)
class Learning:
    """How well the system learns; the attributes are defined in `DEFINITIONS`."""

    patterns_identified: int
    learning_velocity: Estimate
    adaptation_speed: Estimate
    feedback_processing: Estimate
    change_failure_rate: Estimate
    system_stability: Estimate

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `learning` in `impact.json`."""
        found: dict[str, Any] = as_record(self)
        return found


@dataclass(frozen=True, slots=True)
class Returns:
    """What improvements are worth; the attributes are defined in `DEFINITIONS`."""

    saved_requests: Estimate
    saved_usd: Estimate
    cost_usd: Estimate
    return_usd: Estimate
    unknown_share: Estimate

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `returns` in `impact.json`."""
        found: dict[str, Any] = as_record(self)
        return found


def learning(courses: Iterable[Course], kpis: pd.DataFrame, as_of: date) -> Learning:
    """Return how well the system learns.

    Args:
        courses: of every improvement.
        kpis: mart_kpis_daily.
        as_of: the night's day.
    """
    known = list(courses)
    judged = [c for c in known if c.verdict]
    kept = [c for c in judged if c.verdict is ImpactVerdict.KEPT]
    tasks = [c for c in known if c.type == ImprovementType.FEEDBACK_TASK]
    harmed = sum(bool(c.measured.get("harm")) for c in judged)
    return Learning(
        patterns_identified=sum(as_of - c.proposed_on < timedelta(days=WINDOW_DAYS) for c in known),
        learning_velocity=median_days((c.first_seen or c.proposed_on, c.judged_on) for c in kept),
        adaptation_speed=median_days((c.deployed_on, c.judged_on) for c in judged),
        feedback_processing=median_days((c.proposed_on, c.approved_on) for c in tasks),
        change_failure_rate=wilson(harmed, len(judged)).estimate(0, len(judged), "nothing was judged yet"),
        system_stability=_stability(kpis, as_of),
    )


def _stability(kpis: pd.DataFrame, as_of: date) -> Estimate:
    recent = pd.to_datetime(kpis["metric_date"]) > pd.Timestamp(as_of) - timedelta(days=WINDOW_DAYS)
    daily = kpis[(kpis["metric"] == "success_rate") & (kpis["window_days"] == 1) & recent]
    rows = frames.rows_of(daily, as_of, ("metric_date",))
    hits, n = (rows[c].astype(float).to_numpy() for c in ("numerator", "denominator"))
    hits, n = hits[n > 0], n[n > 0]
    if not len(n):
        return Estimate(NotComputable("no day with a known success rate"), 0)
    steady = int(np.sum(wilson(hits, n, 0.99).high >= hits.sum() / n.sum()))
    return wilson(steady, len(n)).estimate(0, len(n), "")


def returns(courses: Iterable[Course], values: Values) -> Returns:
    """Return what improvements brought and what they cost.

    Args:
        courses: of every improvement.
        values: what things are worth.
    """
    deployed = [c for c in courses if c.deployed_on]
    effects = [c.estimate("saved") for c in deployed if c.verdict is ImpactVerdict.KEPT]
    kept = [e for e in effects if e.number is not None]
    unknown = sum(c.verdict in (None, ImpactVerdict.UNMEASURABLE) for c in deployed)
    saved = _added(kept)
    saved_usd = _worth(saved, values.successful_interaction, "successful_interaction")
    units = Estimate(sum(c.cost for c in deployed), len(deployed), note="a setting, without an interval")
    cost_usd = _worth(units, values.cost_unit, "cost_unit")
    return Returns(
        saved_requests=saved,
        saved_usd=saved_usd,
        cost_usd=cost_usd,
        return_usd=_less(saved_usd, cost_usd),
        unknown_share=wilson(unknown, len(deployed)).estimate(0, len(deployed), "nothing was deployed yet"),
    )


def _added(parts: Sequence[Estimate]) -> Estimate:
    """Return a sum; its bounds lie where independent errors of the parts would (Zou & Donner 2008)."""
    if not parts:
        return Estimate(NotComputable("no effect was verified yet"), 0)
    value = [p.number or 0.0 for p in parts]
    below = [v - p.low for v, p in zip(value, parts, strict=True) if p.low is not None]
    above = [p.high - v for v, p in zip(value, parts, strict=True) if p.high is not None]
    total = sum(value)
    if len(below) < len(parts) or len(above) < len(parts):
        return Estimate(total, len(parts), note="a part has no interval")
    return Estimate(total, len(parts), total - float(np.hypot.reduce(below)), total + float(np.hypot.reduce(above)))


def _worth(amount: Estimate, value: float | None, name: str) -> Estimate:
    if value is None:
        return Estimate(NotComputable(f"the setting values_usd.{name} does not say what one is worth"), amount.n)
    if amount.number is None:
        return amount
    low, high = (None if x is None else x * value for x in (amount.low, amount.high))
    return Estimate(amount.number * value, amount.n, low, high, amount.note)


def _less(saved: Estimate, cost: Estimate) -> Estimate:
    if saved.number is None or cost.number is None:
        return saved if saved.number is None else cost
    low, high = (None if x is None else x - cost.number for x in (saved.low, saved.high))
    return Estimate(saved.number - cost.number, saved.n, low, high, saved.note)
