"""Key figures of the loop itself: what it found, added and healed, who uses what it brought, and who fails (R87).

The figures of the application by day belong to `kpis.py`, what became of each improvement to `ledger.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from ratchet import frames
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.impacts import Course
from ratchet.contracts.improvements import ImprovementType
from ratchet.contracts.key_figures import Unit
from ratchet.contracts.names import bounded
from ratchet.errors import NotComputable
from ratchet.statistics.proportions import wilson

WEEK_DAYS, MONTH_DAYS = 7, 28
USED_DAYS = 30
FEATURES = 50
CLASSES = ("agent", "infrastructure", "user")
DEFINITIONS = {
    "gaps_found": f"feature gaps that nights first proposed in the last {WEEK_DAYS} days",
    "fixes_generated": f"fixes of errors that nights proposed in the last {MONTH_DAYS} days",
    "fixes_deployed": f"fixes that were deployed in the last {MONTH_DAYS} days",
    "capabilities_added": f"API clients that were deployed in the last {MONTH_DAYS} days",
    "auto_healing": "deployments that no person approved whose effect was verified, of those verified or refuted",
    "experiments_improved": "conclusive experiments that shipped",
    **{
        f"failures_{name}": f"failed requests of the last {WEEK_DAYS} days whose error names the {name} (setting "
        "`failure_classes`), real clocks only"
        for name in CLASSES
    },
    "adoption": f"units that used a feature in {USED_DAYS} days, of all units; new where a `change` of kind `feature` "
    "named it in that time",
}


@dataclass(frozen=True, slots=True)
class LoopFigure:
    """One key figure of the loop; `source` is the mart or the record that it is read from."""

    metric: str
    label: str
    unit: Unit
    value: Estimate
    definition: str
    source: str


@dataclass(frozen=True, slots=True)
class Adoption:
    """How many units use one feature."""

    feature: str
    new: bool
    units: int
    share: Estimate


def loop_figures(
    courses: Iterable[Course], auto_healing: Estimate, improved: Estimate, failures: pd.DataFrame, as_of: date
) -> list[dict[str, Any]]:
    """Return the key figures of the loop.

    Args:
        courses: of every improvement.
        auto_healing: of the ledger.
        improved: share of the conclusive experiments that shipped.
        failures: rows of mart_failures_hourly with their failure_class.
        as_of: the night's day.
    """
    known = list(courses)
    fixes = [c for c in known if c.type == ImprovementType.ERROR_FIX]
    gaps = [c for c in known if c.type == ImprovementType.FEATURE_REQUEST]
    clients = [c for c in known if c.type == ImprovementType.API_CAPABILITY]
    found = [
        _counted("gaps_found", "Gaps found this week", (c.proposed_on for c in gaps), WEEK_DAYS, as_of),
        _counted("fixes_generated", "Fixes generated", (c.proposed_on for c in fixes), MONTH_DAYS, as_of),
        _counted("fixes_deployed", "Fixes deployed", (c.deployed_on for c in fixes), MONTH_DAYS, as_of),
        _counted("capabilities_added", "Capabilities added", (c.deployed_on for c in clients), MONTH_DAYS, as_of),
        _figure("auto_healing", "Auto-healing that worked", Unit.SHARE, auto_healing, "decisions"),
        _figure("experiments_improved", "Experiments that improved", Unit.SHARE, improved, "mart_experiments"),
        *_failures(failures),
    ]
    return [as_record(each) for each in found]


def _figure(metric: str, label: str, unit: Unit, value: Estimate, source: str) -> LoopFigure:
    return LoopFigure(metric, label, unit, value, DEFINITIONS[metric], source)


def _counted(metric: str, label: str, days: Iterable[date | None], window: int, as_of: date) -> LoopFigure:
    n = sum(day is not None and as_of - timedelta(days=window) < day <= as_of for day in days)
    return _figure(metric, label, Unit.COUNT, Estimate(n, n, note="a count is complete"), "decisions")


def _failures(failures: pd.DataFrame) -> list[LoopFigure]:
    by_class = [int(failures.loc[failures["failure_class"] == name, "failures"].sum()) for name in CLASSES]
    whole = sum(by_class)
    shares = wilson(by_class, [whole] * len(CLASSES))
    return [
        _figure(
            f"failures_{name}",
            f"Failures by the {name}",
            Unit.SHARE,
            shares.estimate(row, whole, "no request with a real clock failed"),
            "mart_failures_hourly",
        )
        for row, name in enumerate(CLASSES)
    ]


def adoption(usage: pd.DataFrame, changes: Sequence[Mapping[str, Any]], as_of: date) -> list[dict[str, Any]]:
    """Return how many units use each feature, new ones first, then the most used.

    Args:
        usage: mart_usage.
        changes: `change` events that had landed by the night.
        as_of: the night's day.
    """
    rows = frames.rows_of(usage, as_of, ("window_days", "level", "dimension", "value"))
    rows = rows[(rows["window_days"] == USED_DAYS) & (rows["level"] == "root")]
    whole = int(frames.counts(rows[rows["dimension"] == "all"], ["units"])["units"].sum())
    used = rows[(rows["dimension"] == "feature") & (rows["value"] != "")]
    counts = dict(zip(used["value"], frames.counts(used, ["units"])["units"].tolist(), strict=True))
    new = _new_features(changes, as_of)
    found = [_adoption(name, name in new, counts.get(name, 0), whole) for name in sorted({*counts, *new})]
    found.sort(key=lambda a: (not a.new, -a.units, a.feature))
    return [as_record(each) for each in found[:FEATURES]]


def _adoption(feature: str, new: bool, units: int, whole: int) -> Adoption:
    if not whole:
        return Adoption(bounded(feature), new, units, Estimate(NotComputable("no unit was logged"), 0))
    return Adoption(bounded(feature), new, units, wilson(units, whole).estimate(0, whole, ""))


def _new_features(changes: Sequence[Mapping[str, Any]], as_of: date) -> set[str]:
    """Return the features that a change named in the window; `occurred_at` is a time or its text."""
    first = pd.Timestamp(as_of) - timedelta(days=USED_DAYS - 1)
    last = pd.Timestamp(as_of) + timedelta(days=1)
    return {
        str(change["target"])
        for change in changes
        if change["kind"] == "feature" and first <= pd.Timestamp(change["occurred_at"]).tz_localize(None) < last
    }
