"""Patterns: what changed in how often things happen, what follows what, what moves together, what was unusual."""

from __future__ import annotations

from ratchet.report import numbers
from ratchet.report.logtext import Logged, logged, shortened, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, label, rows, total
from ratchet.report.sections.backtests import backtests
from ratchet.report.view import Block, CellKind, Column, Paragraph, Table, Tone

_SHOWN = 4
_NAME = 24  # characters of a name; the tables beside the report hold them whole
_STILL = ("no clear change", "no days before")
_KINDS = {
    "intent": "Requests",
    "failed intent": "Failed requests",
    "error": "Error",
    "learning pattern": "Sign of the catalogue",
}


def patterns(result: Row) -> list[Block]:
    """Return the patterns of a night, those that changed or stand out."""
    changed = [f for f in rows(result, "frequent") if f.get("course") not in _STILL]
    parts = [
        _frequent(changed),
        _sequences(rows(result, "sequences")),
        _unusual(rows(result, "hours"), rows(result, "intents")),
        _correlations(rows(result, "correlations")),
    ]
    tables = [table for part in parts for table in part]
    return [Paragraph(text(_lead(result, changed))), *tables, _looked_at(result), *backtests(result, "patterns")]


def _lead(result: Row, changed: list[Row]) -> str:
    if result.get("reason"):
        return f"No pattern: {result['reason']}."
    counted = (
        (len(changed), "thing happens", "things happen", " more or less often than before"),
        (len(rows(result, "sequences")), "sequence of actions stands", "sequences of actions stand", " out"),
        (len(rows(result, "hours")), "stretch of hours was", "stretches of hours were", " unusual"),
        (len(rows(result, "intents")), "intent was", "intents were", " asked for unusually often or seldom"),
        (len(rows(result, "correlations")), "pair of figures moves", "pairs of figures move", " together"),
    )
    said = [f"{n} {one if n == 1 else many}{rest}" for n, one, many, rest in counted if n]
    return f"{'; '.join(said)}." if said else "Nothing stands out."


def _frequent(changed: list[Row]) -> list[Block]:
    columns = (
        Column("what", "What", CellKind.LINES),
        Column("course", "Against before", CellKind.LABEL, definition="patterns-course"),
        Column("now", "This week", CellKind.NUMBER, definition="patterns-frequent"),
        Column("ratio", "Times as often", CellKind.ESTIMATE, Unit.RATIO, "patterns-course"),
    )
    shown = tuple(
        {
            "what": (_name(f.get("name")), _KINDS.get(str(f.get("kind")), "")),
            "course": label(str(f.get("course"))),
            "now": total(f.get("trend") or {}, "now"),
            "ratio": estimate((f.get("trend") or {}).get("ratio")),
        }
        for f in changed[:_SHOWN]
    )
    caption = "More or less often than in the four weeks before"
    return [Table(caption, columns, shown, len(changed), "patterns.csv")] if shown else []


def _sequences(found: list[Row]) -> list[Block]:
    columns = (
        Column("actions", "In this order", CellKind.LINES, definition="patterns-sequence"),
        Column("support", "Of sessions", CellKind.ESTIMATE, Unit.SHARE, "patterns-sequence"),
        Column("confidence", "The last one follows in", CellKind.ESTIMATE, Unit.SHARE, "patterns-sequence"),
        Column("lift", "Lift", CellKind.NUMBER, Unit.RATIO, "patterns-lift"),
    )
    shown = tuple(
        {
            "actions": tuple(_name(action) for action in s.get("actions") or ()),
            "support": estimate(s.get("support")),
            "confidence": estimate(s.get("confidence")),
            "lift": s.get("lift"),
        }
        for s in found[:_SHOWN]
    )
    return (
        [Table("What follows what in sessions", columns, shown, len(found), "patterns_sequences.csv")] if shown else []
    )


def _unusual(hours: list[Row], intents: list[Row]) -> list[Block]:
    columns = (
        Column("what", "What"),
        Column("when", "From"),
        Column("side", "It was", CellKind.LABEL, definition="patterns-hour"),
        Column("value", "Value"),
        Column("expected", "To be expected", definition="patterns-intent"),
    )
    told = [_hour(h) for h in hours] + [_intent(i) for i in intents]
    shown = tuple(told[:_SHOWN])
    return [Table("Unusual hours and intents", columns, shown, len(told), "patterns_hours.csv")] if shown else []


def _hour(hour: Row) -> dict[str, object]:
    unit = Unit.MS if hour.get("figure") == "p95_ms" else Unit.COUNT
    return {
        "what": str(hour.get("label")),
        "when": str(hour.get("hour"))[11:16],
        "side": _side(hour),
        "value": numbers.number(hour.get("value"), unit),
        "expected": numbers.number(estimate(hour.get("expected")).number, unit),
    }


def _intent(intent: Row) -> dict[str, object]:
    usual = estimate(intent.get("expected"))
    return {
        "what": _name(intent.get("intent")),
        "when": "all day",
        "side": _side(intent),
        "value": numbers.number(total(intent, "requests"), Unit.COUNT),
        "expected": numbers.interval(usual.low, usual.high, Unit.COUNT) or "–",
    }


def _side(found: Row) -> object:
    return label("unusually high" if found.get("is_high") else "unusually low")


def _correlations(found: list[Row]) -> list[Block]:
    columns = (
        Column("first", "First"),
        Column("second", "Second"),
        Column("lag", "Days later", CellKind.NUMBER, definition="patterns-correlation"),
        Column("rho", "Correlation", CellKind.ESTIMATE, Unit.RATIO, "patterns-correlation"),
    )
    shown = tuple(
        {"first": c.get("first"), "second": c.get("second"), "lag": total(c, "lag_days"), "rho": estimate(c.get("rho"))}
        for c in found[:_SHOWN]
    )
    caption = "What moves together from day to day; that says nothing of causes"
    return [Table(caption, columns, shown, len(found), "patterns_correlations.csv")] if shown else []


def _name(value: object) -> Logged:
    return Logged(shortened(logged(value), _NAME))


def _looked_at(result: Row) -> Paragraph:
    seen = result.get("looked_at") or {}
    looked = (
        count(total(seen, "frequent"), "frequent thing"),
        count(total(seen, "sessions"), "session"),
        count(total(seen, "figures_correlated"), "daily figure"),
        count(total(seen, "hourly_figures"), "hourly figure"),
        f"{count(total(seen, 'intents_judged'), 'intent')} with enough days",
    )
    said = f"Looked at: {', '.join(looked)}."
    return Paragraph(text(said), Tone.MUTED)
