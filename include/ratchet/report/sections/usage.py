"""Usage: who asks what, how well it works, and what it costs."""

from __future__ import annotations

from ratchet.report.logtext import logged, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, rows, total
from ratchet.report.view import Block, CellKind, Column, Fact, Facts, Paragraph, Split, Splits, Table

_WINDOW = 7
_INTENTS = 10
_STEPS = 8
_OF_EACH = 3
_DIMENSIONS = ("service", "model", "agent", "agent_tier", "task_type", "feature", "language")
_FIGURES = (
    Column("requests", "Requests", CellKind.NUMBER, definition="usage-requests"),
    Column("share", "Share", CellKind.NUMBER, Unit.SHARE, "usage-requests"),
    Column("success_rate", "Success", CellKind.ESTIMATE, Unit.SHARE, "usage-success_rate"),
    Column("duration_p50_ms", "Median time", CellKind.NUMBER, Unit.MS, "usage-duration"),
    Column("duration_p95_ms", "95% within", CellKind.NUMBER, Unit.MS, "usage-duration"),
    Column("cost_usd", "Cost", CellKind.NUMBER, Unit.USD, "usage-cost_usd"),
)


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


def _row(row: Row, cut: str | None) -> dict[str, object]:
    name = logged(row.get("value"), "(not named)")
    said = text(f"{str(row.get(cut)).replace('_', ' ')}: ", name) if cut else name
    figures = {c.key: row.get(c.key) for c in _FIGURES}
    return {"value": said, **figures, "success_rate": estimate(row.get("success_rate"))}
