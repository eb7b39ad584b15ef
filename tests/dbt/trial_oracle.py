"""What the marts of experiments must hold, read from the events in plain Python, one unit at a time."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.dbt.trials import TRIALS

from ratchet.contracts.experiments import Trial
from ratchet.contracts.metrics import Metric, MetricKind, MetricSource

DAYS = [date(2026, 1, 5) + timedelta(days=n) for n in range(5)]
GROWTH = 1.01 / 0.99
Event = dict[str, Any]


def at(event: Event) -> datetime:
    return datetime.fromisoformat(event["occurred_at"]).replace(tzinfo=UTC)


def ended(event: Event) -> datetime:
    """Return when a request was over, but on the day on which it began."""
    last = at(event).replace(hour=23, minute=59, second=59, microsecond=999_999)
    if event["clock"] != "real" or event["duration_ms"] is None:
        return at(event)
    return min(at(event) + timedelta(microseconds=round(1000 * event["duration_ms"])), last)


@dataclass
class Unit:
    """A unit of a trial and what was measured of it."""

    id: str
    variant: str
    reason: str
    entered: datetime
    ever: datetime
    begun: datetime
    until: datetime
    seen: list[Event]
    rebucketed: bool = False

    @property
    def crossover(self) -> bool:
        return len({e["variant"] for e in self.seen}) > 1


@dataclass
class Value:
    """A unit's values of a metric: within its window, before it, and too early."""

    y: float | None
    d: float
    x_sum: float
    x_d: float
    x_any: bool
    n: int
    pairs: set[str]
    early: bool
    x: float = 0.0


class Reading:
    """What a night knows of a trial, computed without SQL."""

    def __init__(self, events: dict[date, list[Event]], day: date, trial: Trial, earlier: list[Reading]) -> None:
        self.trial = trial
        self.log = [e | {"landed": landed} for landed in events if landed <= day for e in events[landed]]
        exposures = [e for e in self.log if e["event_type"] == "flag_evaluation" and self._is_exposure(e)]
        followed = [r for r in earlier if (r.trial.trial_id, r.trial.phase) == trial.follows]
        self.units = {u.id: u for u in (self._cohort(followed[0]) if followed else self._units(exposures))}
        phases = [r for r in earlier if r.trial.trial_id == trial.trial_id]
        for unit in self.units.values():
            before = [r.units[unit.id].variant for r in phases if unit.id in r.units]
            unit.rebucketed = bool(before) and before[-1] != unit.variant
        self.values = {m.name: self._values(m) for m in trial.metrics}

    def _is_exposure(self, e: Event) -> bool:
        same = e["flag_key"] == self.trial.flag_key and e["unit_type"] == self.trial.unit_type
        return same and e["reason"] not in ("DEFAULT", "ERROR")

    def _units(self, exposures: list[Event]) -> list[Unit]:
        trial = self.trial
        ever: dict[str, datetime] = {}
        for e in exposures:
            ever[e["unit_id"]] = min(at(e), ever.get(e["unit_id"], at(e)))
        mine = [
            e
            for e in exposures
            if e["variant"] in trial.variants
            and (trial.reason is None or (e["reason"] or "SPLIT") == trial.reason)
            and (trial.ends_at is None or at(e) < trial.ends_at)
        ]
        if trial.starts_at is not None:  # a unit met before the switch does not count on the day of the switch
            met = {e["unit_id"] for e in mine if at(e) < trial.starts_at and at(e).date() == trial.starts_at.date()}
            on_the_day = {e["event_id"] for e in mine if at(e).date() == trial.starts_at.date() and e["unit_id"] in met}
            mine = [e for e in mine if at(e) >= trial.starts_at and e["event_id"] not in on_the_day]
        if not mine:
            return []
        begun = trial.starts_at or min(at(e) for e in mine)
        if trial.horizon_days is not None:
            last = datetime(begun.year, begun.month, begun.day, tzinfo=UTC) + timedelta(days=trial.horizon_days)
            mine = [e for e in mine if at(e) < last]
        by_unit = defaultdict(list)
        for e in sorted(mine, key=lambda e: (at(e), e["variant"], e["reason"] or "SPLIT")):
            by_unit[e["unit_id"]].append(e)
        return [
            Unit(u, s[0]["variant"], s[0]["reason"] or "SPLIT", at(s[0]), ever[u], begun, self._until(at(s[0])), s)
            for u, s in by_unit.items()
        ]

    def _until(self, entered: datetime, days: timedelta | None = None) -> datetime:
        until = entered + (timedelta(days=self.trial.conversion_days) if days is None else days)
        return min(until, self.trial.outcomes_until or until)

    def _cohort(self, followed: Reading) -> list[Unit]:
        """Return the units of another trial; pooled, each counts for as long as it did there."""
        start, control = self.trial.starts_at, self.trial.control
        assert start is not None
        pooled = len(self.trial.variants) == 1
        return [
            replace(
                unit,
                variant=control if pooled else unit.variant,
                entered=start,
                begun=start,
                until=self._until(start, unit.until - unit.entered if pooled else None),
                seen=unit.seen[:1],
            )
            for unit in followed.units.values()
        ]

    def _events_of(self, metric: Metric, unit: Unit) -> list[tuple[datetime, float, float, str]]:
        if metric.source is MetricSource.OUTCOME:
            mine = [e for e in self.log if e["event_type"] == "outcome" and e["metric"] == metric.name]
            logged = metric.unit_type or self.trial.unit_type
            key = "unit_id" if logged == self.trial.unit_type else f"{self.trial.unit_type}_id"
            mine = [e for e in mine if e["unit_type"] == logged and e[key] == unit.id]
            return [
                (at(e), e["value"], 1.0 if e["denominator"] is None else e["denominator"], e["pair_id"] or "")
                for e in mine
            ]
        key = f"{self.trial.unit_type}_id"
        roots = [e for e in self.log if e["event_type"] == "interaction" and not e["parent_id"] and e[key] == unit.id]
        found = [(ended(e), _measured(e, metric.column)) for e in roots]
        cut = metric.above
        return [(t, v if cut is None else float(v > cut), 1.0, "") for t, v in found if v is not None]

    def _values(self, metric: Metric) -> dict[str, Value]:
        found = {}
        for unit in self.units.values():
            events = self._events_of(metric, unit)
            inside = [e for e in events if unit.entered <= e[0] < unit.until]
            before = [e for e in events if unit.ever - timedelta(days=metric.covariate_days) <= e[0] < unit.ever]
            total, d = sum(e[1] for e in inside), sum(e[2] for e in inside)
            y = {
                MetricKind.PROPORTION: float(any(e[1] > 0 for e in inside)),
                MetricKind.QUANTILE: total / d if d else None,
            }.get(metric.kind, total)
            found[unit.id] = Value(
                y,
                d,
                sum(e[1] for e in before),
                sum(e[2] for e in before),
                any(e[1] > 0 for e in before),
                len(inside),
                {e[3] for e in inside if e[3]},
                metric.source is MetricSource.OUTCOME and any(unit.begun <= e[0] < unit.ever for e in events),
            )
        whole, pooled_d = sum(v.x_sum for v in found.values()), sum(v.x_d for v in found.values())
        for v in found.values():
            v.x = {
                MetricKind.PROPORTION: float(v.x_any),
                MetricKind.MEAN: v.x_sum,
                MetricKind.RATIO: v.x_sum - whole / pooled_d * v.x_d if pooled_d else 0.0,
                MetricKind.QUANTILE: 0.0,
            }[metric.kind]
        return found

    def row(self, variant: str, metric: Metric) -> dict[str, Any]:
        values = self.values[metric.name]
        arm = [v for u, v in values.items() if self.units[u].variant == variant]
        known = [(v.y or 0.0, v.d, v.x) for v in arm]
        cap = self._cap(metric)
        row: dict[str, Any] = {
            "units": len(arm),
            "units_with_value": sum(v.n > 0 for v in arm),
            "observations": sum(v.n for v in arm),
            "sum_y": sum(y for y, _, _ in known),
            "sum_yy": sum(y * y for y, _, _ in known),
            "sum_d": sum(d for _, d, _ in known),
            "sum_dd": sum(d * d for _, d, _ in known),
            "sum_yd": sum(y * d for y, d, _ in known),
            "sum_x": sum(x for _, _, x in known),
            "sum_xx": sum(x * x for _, _, x in known),
            "sum_xy": sum(x * y for y, _, x in known),
            "sum_xd": sum(x * d for _, d, x in known),
            "winsor_cap": cap,
        }
        capped = [(min(y, cap), d, x) for y, d, x in known] if cap is not None else []
        none = None if cap is None else 0
        row |= {
            "winsor_sum_y": sum((y for y, _, _ in capped), none) if capped or none == 0 else None,
            "winsor_sum_yy": sum((y * y for y, _, _ in capped), none) if capped or none == 0 else None,
            "winsor_sum_yd": sum((y * d for y, d, _ in capped), none) if capped or none == 0 else None,
            "winsor_sum_xy": sum((x * y for y, _, x in capped), none) if capped or none == 0 else None,
        }
        return row | self._pairs(variant, metric) | {"histogram": self._histogram(arm, metric)}

    def _cap(self, metric: Metric) -> float | None:
        ys = sorted((v.y or 0.0 for v in self.values[metric.name].values() if v.n), reverse=True)
        if metric.winsor_share is None or not ys:
            return None
        n = len(self.units) if metric.kind is MetricKind.MEAN else len(ys)
        place = math.floor(metric.winsor_share * n)
        return ys[place] if place < len(ys) else 0.0

    def _pairs(self, variant: str, metric: Metric) -> dict[str, Any]:
        here, there = self._by_pair(variant, metric), self._by_pair(self.trial.control, metric)
        counts = ("pairs", "pair_sum", "pair_sum_squares", "pairs_higher", "pairs_lower")
        if not self.trial.paired or variant == self.trial.control or not here:
            return dict.fromkeys((*counts, "pairs_only_here", "pairs_only_control"), 0)
        lifts = [here[p] - there[p] for p in here.keys() & there.keys()]
        numbers = (
            len(lifts),
            sum(lifts),
            sum(x * x for x in lifts),
            sum(x > 0 for x in lifts),
            sum(x < 0 for x in lifts),
        )
        missing = {"pairs_only_here": len(here.keys() - there), "pairs_only_control": len(there.keys() - here)}
        return dict(zip(counts, numbers, strict=True)) | missing

    def _by_pair(self, variant: str, metric: Metric) -> dict[str, float]:
        members = defaultdict(list)
        for name, unit in self.units.items():
            of_unit = set().union(*(values[name].pairs for values in self.values.values()))
            value = self.values[metric.name][name]
            if unit.variant == variant and of_unit and value.n and value.y is not None:
                members[min(of_unit)].append(value)
        if metric.kind is MetricKind.RATIO:
            return {p: sum(v.y for v in vs) / d for p, vs in members.items() if (d := sum(v.d for v in vs))}
        return {p: sum(v.y for v in vs) / len(vs) for p, vs in members.items()}

    @staticmethod
    def _histogram(arm: list[Value], metric: Metric) -> dict[int, int]:
        found: dict[int, int] = defaultdict(int)
        for v in arm if metric.kind is MetricKind.QUANTILE else []:
            if v.y is not None:
                found[math.ceil(math.log(v.y) / math.log(GROWTH)) if v.y > 0 else -1_000_000] += 1
        return dict(found)


def _measured(e: Event, column: str | None) -> float | None:
    if column == "requests":
        return 1.0
    if column == "failure":
        return None if e["success"] is None else float(not e["success"])
    if column == "duration_ms":
        return e["duration_ms"] if e["clock"] == "real" else None
    return e[column]  # type: ignore[no-any-return,index]


def readings(events: dict[date, list[Event]], day: date) -> list[Reading]:
    found: list[Reading] = []
    for trial in sorted(TRIALS, key=lambda t: (t.trial_id, t.phase)):
        found.append(Reading(events, day, trial, list(found)))
    return found
