"""Drift: which columns of the day look different from the weeks before, beyond chance and by how much."""

from __future__ import annotations

from collections import Counter

from ratchet.report import numbers
from ratchet.report.logtext import Text, logged, text
from ratchet.report.numbers import Unit, count, number, plural
from ratchet.report.results import Row, estimate, rows, total
from ratchet.report.view import Block, CellKind, Column, Label, Link, Paragraph, Table, Tone

MEANINGS = {
    "distance": (
        "How far the day lies from the days before: for numbers the earth mover's distance in standard deviations of "
        "the days before, for shares the Jensen–Shannon distance."
    ),
    "needed": "What the distance has to reach: the size that matters and what chance alone could reach, the larger.",
}
_SMALL = 10.0
_LEAST_ROWS = 6
_COLUMNS = (
    Column("column", "Column"),
    Column("verdict", "Verdict", CellKind.LABEL),
    Column("moved", "What moved most"),
    Column("distance", "Distance", CellKind.NUMBER, Unit.RATIO, "drift-distance"),
    Column("needed", "Needed", CellKind.NUMBER, Unit.RATIO, "drift-needed"),
    Column("n", "Values, now and before"),
)


def drift(result: Row) -> list[Block]:
    """Return which columns drifted."""
    columns = rows(result, "columns")
    answered = [c for c in columns if c.get("drifted") is not None]
    said: list[Block] = [Paragraph(text(_lead(result, answered)))]
    if answered:
        drifted = sum(bool(c["drifted"]) for c in answered)
        shown = sorted(answered, key=lambda c: not c["drifted"])[: max(drifted, _LEAST_ROWS)]
        found = tuple(map(_column, shown))
        said.append(Table("Columns that were compared", _COLUMNS, found, len(answered), "drift.csv"))
        said.append(Link("Both distributions of each column, drawn by Evidently", "drift.html"))
    return said + _unanswered(columns)


def _lead(result: Row, answered: list[Row]) -> str:
    days = result.get("reference") or {}
    before = f"the {count(total(days, 'landed_days'), 'landed day')} since {numbers.short_day(days.get('from'))}"
    if not answered:
        return "No column could be compared with the days before."
    drifted = sum(bool(c["drifted"]) for c in answered)
    found = f"{count(drifted) if drifted else 'None'} of {count(len(answered), 'column')}"
    return f"{found} {plural(drifted, 'looks', 'look')} different from {before}."


def _column(column: Row) -> dict[str, object]:
    n = column.get("n") or {}
    return {
        "column": f"{column.get('of')}.{column.get('column')}",
        "verdict": Label("drifted", Tone.WARN) if column.get("drifted") else Label("as before", Tone.PLAIN),
        "moved": _moved(column),
        "distance": column.get("statistic"),
        "needed": max(column.get("threshold") or 0.0, column.get("noise_floor") or 0.0),
        "n": f"{count(total(n, 'current'))} and {count(total(n, 'reference'))}",
    }


def _moved(column: Row) -> Text | None:
    quantiles, shares = column.get("quantiles"), rows(column, "shares")
    if quantiles:
        before, now = (_median(quantiles[side]) for side in ("reference", "current"))
        return text(f"median {before} → {now}")
    if not shares:
        return None
    before, now = (number(estimate(shares[0].get(s)).number, Unit.SHARE) for s in ("reference", "current"))
    return text(logged(shares[0].get("value")), f" {before} → {now}")


def _median(quantiles: Row) -> str:
    found = quantiles.get("p50")
    return number(found, Unit.RATIO if found is not None and abs(found) < _SMALL else Unit.COUNT)


def _unanswered(columns: list[Row]) -> list[Block]:
    reasons = Counter(str(c.get("reason")) for c in columns if c.get("drifted") is None)
    said = "; ".join(
        f"{count(n, 'column')} ({reason})" for reason, n in sorted(reasons.items(), key=lambda r: (-r[1], r))
    )
    return [Paragraph(text(f"Not compared: {said}."), Tone.MUTED)] if reasons else []
