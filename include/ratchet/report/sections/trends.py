"""Trends: where the key figures are going, whether the day was unusual, and what is to be expected."""

from __future__ import annotations

from ratchet.report import numbers
from ratchet.report.logtext import prose, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, label, rows, total
from ratchet.report.sections.backtests import backtests
from ratchet.report.sections.kpis import FIRST
from ratchet.report.view import Block, CellKind, Column, Paragraph, Table, Tone

_SHOWN = 8
_QUIET = ("no clear trend", "not enough data", "as usual")


def trends(result: Row) -> list[Block]:
    """Return the course of every key figure, those with something to say first."""
    found = rows(result, "figures")
    if not found:
        return [Paragraph(text("No trend: ", prose(result.get("reason"), "nothing was logged"), "."))]
    known = [f for f in found if _said(f, "trend", "direction") != "not enough data" or _day_known(f)]
    if not known:
        most = max(total(f, "days") for f in found)
        said = f"Trends need about seven weeks of days and unusual days four; {count(most, 'day')} were logged so far."
        return [Paragraph(text(said), Tone.MUTED)]
    told = sorted(known, key=lambda f: (not _has_news(f), _place(f)))
    return [Paragraph(text(_lead(known))), _table(told), *_outlooks(told), *backtests(result, "trends")]


def _lead(known: list[Row]) -> str:
    said = [
        *(f"{_name(f)} is {_said(f, 'trend', 'direction')}" for f in known if _news(f, "trend", "direction")),
        *(f"{_name(f)} was {_said(f, 'day', 'standing')}" for f in known if _news(f, "day", "standing")),
        *(f"{_name(f)} would break its objective on {numbers.day(_breaks(f))}" for f in known if _breaks(f)),
    ]
    return f"{'; '.join(said)}." if said else f"Nothing stands out among {count(len(known), 'key figure')}."


def _table(found: list[Row]) -> Table:
    columns = (
        Column("figure", "Key figure"),
        Column("trend", "Trend", CellKind.LABEL, definition="trends-trend"),
        Column("week", "Change a week", definition="trends-trend"),
        Column("day", "This day", CellKind.LABEL, definition="trends-day"),
        Column("value", "Value"),
        Column("expected", "To be expected", definition="trends-day"),
    )
    shown = tuple(
        {
            "figure": _name(f),
            "trend": label(_said(f, "trend", "direction")),
            "week": _week(f),
            "day": label(_said(f, "day", "standing")),
            "value": numbers.number((f.get("day") or {}).get("value"), _unit(f)),
            "expected": _expected(f),
        }
        for f in found[:_SHOWN]
    )
    return Table("Key figures, those that stand out first", columns, shown, len(found), "trends.csv")


def _week(figure: Row) -> str:
    trend = figure.get("trend") or {}
    change = estimate(trend.get("per_week"))
    unit = Unit.LIFT if trend.get("relative") else _unit(figure)
    if change.number is None:
        return "–"
    written = numbers.number if unit is Unit.LIFT else numbers.change  # a lift has its sign already
    value, low, high = (written(bound, unit) for bound in (change.number, change.low, change.high))
    return f"{value} ({low} to {high})"


def _expected(figure: Row) -> str:
    found = estimate((figure.get("day") or {}).get("expected"))
    return numbers.interval(found.low, found.high, _unit(figure)) or "–"


def _outlooks(found: list[Row]) -> list[Block]:
    shown = [f for f in found if (f.get("outlook") or {}).get("days")]
    if not shown:
        return []
    columns = (
        Column("figure", "Key figure"),
        Column("tomorrow", "Tomorrow", definition="trends-outlook"),
        Column("week", "In a week", definition="trends-outlook"),
        Column("better", "Closer than last week's values by", definition="trends-outlook"),
        Column("breaks", "Objective breaks on", definition="trends-breaks_on"),
    )
    made = tuple(_outlook(f) for f in shown[:_SHOWN])
    return [Table("What is to be expected", columns, made, len(shown), "trends.csv")]


def _outlook(figure: Row) -> dict[str, object]:
    outlook, unit = figure["outlook"], _unit(figure)
    first, last = outlook["days"][0], outlook["days"][-1]
    better = 1 - (outlook.get("error") or 0.0) / (outlook.get("naive_error") or 1.0)
    return {
        "figure": _name(figure),
        "tomorrow": _span(first, unit),
        "week": _span(last, unit),
        "better": numbers.number(better, Unit.SHARE),
        "breaks": numbers.day(_breaks(figure)) if _breaks(figure) else "–",
    }


def _span(day: Row, unit: Unit) -> str:
    return f"{numbers.number(day.get('value'), unit)} ({numbers.interval(day.get('low'), day.get('high'), unit)})"


def _name(figure: Row) -> str:
    return str(figure.get("label") or figure.get("metric"))


def _unit(figure: Row) -> Unit:
    unit = str(figure.get("unit"))
    return Unit(unit) if unit in set(Unit) else Unit.RATIO


def _said(figure: Row, part: str, key: str) -> str:
    return str((figure.get(part) or {}).get(key))


def _news(figure: Row, part: str, key: str) -> bool:
    return _said(figure, part, key) not in _QUIET


def _day_known(figure: Row) -> bool:
    return _said(figure, "day", "standing") != "not enough data"


def _breaks(figure: Row) -> str | None:
    found = (figure.get("outlook") or {}).get("breaks_on")
    return str(found) if found else None


def _place(figure: Row) -> int:
    metric = str(figure.get("metric"))
    return FIRST.index(metric) if metric in FIRST else len(FIRST)


def _has_news(figure: Row) -> bool:
    return _news(figure, "trend", "direction") or _news(figure, "day", "standing") or bool(_breaks(figure))
