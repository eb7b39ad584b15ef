"""Usage: who asks what, how well it works, what it costs, and how far that spreads."""

from __future__ import annotations

from ratchet.report.logtext import Text, logged, text
from ratchet.report.numbers import Unit, count, number
from ratchet.report.results import Row, estimate, rows, total
from ratchet.report.view import Block, CellKind, Column, Fact, Facts, Paragraph, Split, Splits, Table

_WINDOW = 7
_INTENTS = 10
_STEPS = 8
_OF_EACH = 3
_DIMENSIONS = ("model", "agent", "agent_tier", "task_type", "language", "service", "feature")
_FIGURES = (
    Column("requests", "Requests", CellKind.NUMBER, definition="usage-requests"),
    Column("share", "Share", CellKind.NUMBER, Unit.SHARE, "usage-requests"),
    Column("success_rate", "Success", CellKind.ESTIMATE, Unit.SHARE, "usage-success_rate"),
    Column("duration_p50_ms", "Median time", CellKind.NUMBER, Unit.MS, "usage-duration"),
    Column("duration_p95_ms", "95% within", CellKind.NUMBER, Unit.MS, "usage-duration"),
    Column("cost_usd", "Cost", CellKind.NUMBER, Unit.USD, "usage-cost_usd"),
)
_SPREADS = 8
# of each measure: half of it is on one side of the first quantile, 95% on the same side of the second
_SPREAD = {
    "cost": ("Cost each", Unit.USD, "cost_p50_usd", "cost_p95_usd"),
    "tokens": ("Tokens each", Unit.COUNT, "tokens_p50", "tokens_p95"),
    "quality": ("Quality (0-100)", Unit.SCORE, "quality_p50", "quality_p05"),
    "satisfaction": ("Satisfaction (0-10)", Unit.SCORE, "satisfaction_p50", "satisfaction_p05"),
}


def usage(result: Row) -> list[Block]:
    """Return the last week's usage, by what was asked and by who answered."""
    recent = [r for r in rows(result, "usage") if r.get("window_days") == _WINDOW and total(r, "requests")]
    whole = next((r for r in recent if r.get("dimension") == "all" and r.get("level") == "root"), None)
    if whole is None:
        return [Paragraph(text(f"No request in the last {_WINDOW} days. {result.get('reason') or ''}".strip()))]
    asked = [r for r in recent if r.get("dimension") == "intent" and r.get("level") == "root"]
    steps = [r for r in recent if r.get("dimension") == "intent" and r.get("level") == "step"]
    blocks: list[Block] = [_facts(whole), _intents(asked)]
    named = [r for r in recent if r.get("level") == "root" and r.get("value")]
    kinds = [[r for r in named if r.get("dimension") == d] for d in _DIMENSIONS]
    who = [r for kind in kinds if len(kind) > 1 for r in kind[:_OF_EACH]]
    blocks += _table("Who answered, the most used of each kind", who, sum(map(len, kinds)), cut="dimension")
    blocks += _spread([whole, *(r for r in who if r.get("dimension") in _DIMENSIONS[:5])])
    return blocks + _table("Steps taken for the answers, such as tool calls", steps[:_STEPS], len(steps))


def _facts(whole: Row) -> Facts:
    cost, p95 = whole.get("cost_usd"), whole.get("duration_p95_ms")
    unknown = f"{count(total(whole, 'unknown'))} with unknown outcome"
    items = [
        Fact(f"Requests in {_WINDOW} days", total(whole, "requests"), definition="usage-requests", note=unknown),
        Fact("Units", total(whole, "units"), definition="usage-units"),
    ]
    if p95 is not None:
        items.append(Fact("95% answered within", p95, Unit.MS, "usage-duration"))
    tokens = total(whole, "input_tokens") + total(whole, "output_tokens")
    if tokens:
        items.append(Fact("Tokens in and out", tokens))
    if cost is not None:
        items.append(Fact("Cost", cost, Unit.USD, "usage-cost_usd"))
    return Facts(tuple(items))


def _intents(asked: list[Row]) -> Splits:
    groups = tuple(
        Split(logged(r.get("value"), "(no intent)"), total(r, "successes"), total(r, "failures"), total(r, "unknown"))
        for r in asked[:_INTENTS]
    )
    return Splits("What was asked, and how it ended", groups, len(asked), "usage-success_rate", "usage.csv")


def _table(caption: str, found: list[Row], total: int, cut: str | None = None) -> list[Block]:
    shown = tuple(_row(r, cut) for r in found)
    if not shown:
        return []
    figures = tuple(c for c in _FIGURES if any(row[c.key] is not None for row in shown))
    return [Table(caption, (Column("value", "Name"), *figures), shown, total, "usage.csv")]


def _spread(found: list[Row]) -> list[Block]:
    """Return what half and 95% of the requests keep to, in what was logged."""
    cells = [{key: _halves(row, unit, half, most) for key, (_, unit, half, most) in _SPREAD.items()} for row in found]
    kept = [key for key in _SPREAD if any(cell[key] for cell in cells)]
    if not kept:
        return []
    columns = [Column(key, _SPREAD[key][0], CellKind.LINES, definition="usage-quantiles") for key in kept]
    names = [text("all requests"), *(_name(row, "dimension") for row in found[1:])]
    shown = tuple({"value": name, **cell} for name, cell in zip(names, cells, strict=True))
    caption = "Cost and scores: what half and 95% keep to"
    return [Table(caption, (Column("value", "Name"), *columns), shown[:_SPREADS], len(shown), "usage.csv")]


def _halves(row: Row, unit: Unit, half: str, most: str) -> tuple[Text, ...]:
    if row.get(half) is None:
        return ()
    side = "at least" if unit is Unit.SCORE else "at most"
    found = {
        share: round(row[name]) if unit is Unit.COUNT else row[name] for share, name in (("half", half), ("95%", most))
    }
    return tuple(text(f"{share} {side} {number(value, unit)}") for share, value in found.items())


def _name(row: Row, cut: str) -> Text:
    return text(f"{str(row.get(cut)).replace('_', ' ')}: ", logged(row.get("value"), "(not named)"))


def _row(row: Row, cut: str | None) -> dict[str, object]:
    said = _name(row, cut) if cut else logged(row.get("value"), "(not named)")
    figures = {c.key: row.get(c.key) for c in _FIGURES}
    return {"value": said, **figures, "success_rate": estimate(row.get("success_rate"))}
