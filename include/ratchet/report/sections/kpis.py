"""Key figures: the day's value with its interval, against a week before, the days that led here, and the loop's own."""

from __future__ import annotations

from datetime import date
from itertools import dropwhile

from ratchet.report import charts
from ratchet.report.logtext import logged, prose, shortened, text
from ratchet.report.numbers import Unit
from ratchet.report.results import Row, estimate, not_computable, rows, total, without_empty
from ratchet.report.view import (
    Band,
    Block,
    CellKind,
    Change,
    Column,
    Fact,
    Facts,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Point,
    Table,
    Tone,
    Trends,
)

# the first screen shows the first five of these that can be computed
FIRST = (
    "success_rate",
    "satisfaction",
    "error_rate",
    "p95_ms",
    "active_users",
    "api_failure_rate",
    "cost_per_success_usd",
    "requests",
)
_LINES = 6
_ADOPTED = 4
_NAME = 32
_MOST = {Unit.SHARE: 1.0, Unit.SCORE: 10.0}  # no key figure is below 0
_TONES = {"good": Tone.GOOD, "bad": Tone.BAD, "changed": Tone.PLAIN}
_WORDS = {
    "good": "better than {}",
    "bad": "worse than {}",
    "changed": "unlike {}",
    "no clear change": "no clear change",
}


def figures(result: Row) -> tuple[KeyFigure, ...]:
    """Return every key figure of the night, those of the first screen first."""
    found = tuple(map(_figure, rows(result, "kpis")))
    return tuple(sorted(found, key=lambda f: FIRST.index(f.metric) if f.metric in FIRST else len(FIRST)))


def kpis(result: Row) -> list[Block]:
    """Return all key figures that were logged, and the lines of the first ones."""
    found = figures(result)
    known = tuple(f for f in found if f.estimate.number is not None or f.week.number is not None)
    if not known:
        return [Paragraph(text("No key figure: ", prose(result.get("reason"), "nothing was logged"), "."))]
    missing = ((f.label.lower(), charts.uncertainty_in_words(f.estimate, f.unit)) for f in found if f not in known)
    trends = Trends(tuple(f for f in known if f.metric in FIRST)[:_LINES])
    table = KeyFigures("Key figures of the day", known, "kpis.csv")
    return [trends, table, *not_computable(missing), *_loop(rows(result, "loop")), *_adoption(rows(result, "adoption"))]


def _loop(figures: list[Row]) -> list[Block]:
    """Return what the loop itself found, added and healed, and what could not be computed of it."""
    shown = [(str(f.get("metric")), str(f.get("label")), _unit(f), estimate(f.get("value"))) for f in figures]
    facts = tuple(
        Fact(label, found.number, unit, f"kpis-{metric}", charts.uncertainty_in_words(found, unit))
        for metric, label, unit, found in shown
        if found.number is not None
    )
    missing = ((label.lower(), charts.uncertainty_in_words(e, u)) for _, label, u, e in shown if e.number is None)
    return [*([Facts(facts)] if facts else []), *not_computable(missing)]


def _adoption(features: list[Row]) -> list[Block]:
    columns = (
        Column("feature", "Feature", definition="kpis-adoption"),
        Column("new", "New"),
        Column("units", "Units", CellKind.NUMBER),
        Column("share", "Of all units", CellKind.ESTIMATE, Unit.SHARE, "kpis-adoption"),
    )
    shown = tuple(
        {
            "feature": logged(shortened(str(f.get("feature")), _NAME)),
            "new": "new" if f.get("new") else None,
            "units": total(f, "units"),
            "share": estimate(f.get("share")),
        }
        for f in features[:_ADOPTED]
    )
    return (
        without_empty(Table("Who uses which feature", columns, shown, len(features), "kpis_adoption.csv"))
        if shown
        else []
    )


def _unit(figure: Row) -> Unit:
    unit = str(figure.get("unit"))
    return Unit(unit) if unit in set(Unit) else Unit.RATIO


def _figure(kpi: Row) -> KeyFigure:
    metric, known = str(kpi.get("metric")), _unit(kpi)
    return KeyFigure(
        metric=metric,
        label=str(kpi.get("label") or metric),
        unit=known,
        estimate=estimate(kpi.get("value")),
        counted=str(kpi.get("counted") or "events"),
        definition=f"kpis-{metric}",
        week=estimate(kpi.get("week")),
        change=_change(kpi.get("week_before") or {}, "a week before"),
        trailing=_change(kpi.get("trailing") or {}, "the days before"),
        series=_series(rows(kpi, "series")),
        band=_band(kpi.get("trailing") or {}, known),
    )


def _series(days: list[Row]) -> tuple[Point, ...]:
    """Return the days from the first that was logged on; those before it say nothing."""
    logged = dropwhile(lambda row: row.get("value") is None, days)
    return tuple(Point(date.fromisoformat(str(row["day"])), row.get("value"), total(row, "n")) for row in logged)


def _change(change: Row, before: str) -> Change:
    found, verdict = estimate(change.get("difference")), str(change.get("verdict"))
    if found.number is None:
        return Change(None, f"nothing to compare with {before}")
    said = _WORDS.get(verdict, "not enough data to say").format(before)
    return Change(found.number, said, _TONES.get(verdict, Tone.MUTED), found.low, found.high)


def _band(trailing: Row, unit: Unit) -> Band | None:
    """Return which values of the day would have been no clear change: the reference with the difference's interval."""
    reference, found = trailing.get("reference"), estimate(trailing.get("difference"))
    if reference is None or found.number is None or found.low is None or found.high is None:
        return None
    low, high = reference - (found.high - found.number), reference + (found.number - found.low)
    return Band(max(low, 0.0), min(high, _MOST.get(unit, high)), reference)
