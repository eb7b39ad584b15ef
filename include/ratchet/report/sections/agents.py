"""Agents, models and configurations: who does the same work better, what validators found, and what to look at."""

from __future__ import annotations

from typing import Any

from ratchet.contracts.agents import WORDS
from ratchet.contracts.names import in_words
from ratchet.report.logtext import Text, logged, prose, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, rows, total, without_empty
from ratchet.report.view import Bar, Bars, Block, CellKind, Column, Paragraph, Table, Tone

_SHOWN, _BARS, _ADVICE, _VALIDATED = 8, 6, 3, 4
_NAME = 20  # characters of a name; the whole is in the file
_LEAGUE = (
    Column("who", "Who", CellKind.LINES),
    Column("attempts", "Attempts", CellKind.NUMBER, definition="agents-attempts"),
    Column("success", "Success", CellKind.ESTIMATE, Unit.SHARE, "agents-success"),
    Column("adjusted", "With the same cases", CellKind.ESTIMATE, Unit.SHARE, "agents-adjusted"),
    Column("typical_ms", "Typical time", CellKind.ESTIMATE, Unit.MS, "agents-typical_ms"),
    Column("quality", "Quality", CellKind.ESTIMATE, Unit.SCORE, "agents-quality"),
)
_CHOICES = (
    Column("who", "Model", CellKind.LINES, definition="agents-choices"),
    Column("attempts", "Attempts", CellKind.NUMBER, definition="agents-attempts"),
    Column("success", "Success", CellKind.ESTIMATE, Unit.SHARE, "agents-adjusted"),
    Column("cost_usd", "Cost each", CellKind.ESTIMATE, Unit.USD, "agents-cost_usd"),
    Column("typical_ms", "Typical time", CellKind.ESTIMATE, Unit.MS, "agents-typical_ms"),
)
_CHECKED = (
    Column("who", "Of"),
    Column("validations", "Validations", CellKind.NUMBER, definition="agents-validation"),
    Column("flawed", "With errors or warnings", CellKind.ESTIMATE, Unit.SHARE, "agents-validation"),
    Column("style_issues", "Style issues each", CellKind.ESTIMATE, Unit.SCORE),
    Column("coverage", "Tested", CellKind.ESTIMATE, Unit.SHARE),
    Column("documentation", "Documented (0-100)", CellKind.ESTIMATE, Unit.SCORE),
)
_LEVELS = (
    Column("grain", "By"),
    Column("rows", "Rows", CellKind.NUMBER, definition="agents-levels"),
    Column("requests", "Executions", CellKind.NUMBER),
    Column("failures", "Failures", CellKind.NUMBER),
    Column("errors", "Errors", CellKind.NUMBER),
    Column("feedback", "Feedback", CellKind.NUMBER),
    Column("validations", "Validations", CellKind.NUMBER),
    Column("hit", "Hit by a failure", CellKind.ESTIMATE, Unit.SHARE),
)


def agents(result: Row) -> list[Block]:
    """Return what to look at, models as bars, the league tables, validations, and the day at every grain."""
    table = rows(result, "league")
    unread = [str(p) for p in result.get("problems") or ()]
    blocks: list[Block] = [Paragraph(text("A prompt cannot be used: ", prose(p)), Tone.BAD) for p in unread[:_ADVICE]]
    if not table:
        blocks.append(Paragraph(text(prose(f"Nothing to compare: {result.get('reason') or 'no result'}."))))
    return [
        *blocks,
        *_advice(result),
        *_models(table),
        *_choices(result),
        *_league(table),
        *_checked(result),
        *_levels(result),
    ]


def _advice(result: Row) -> list[Block]:
    found = rows(result, "recommendations")
    shown = [Paragraph(text(prose(r.get("title")), ". ", prose(r.get("why")))) for r in found[:_ADVICE]]
    left = len(found) - len(shown)
    said = f"{count(left, 'more recommendation')} in agents_recommendations.csv, each with the rows it stands on."
    return [*shown, *([Paragraph(text(said), Tone.MUTED)] if left > 0 else [])]


def _models(table: list[Row]) -> list[Block]:
    own = [r for r in table if r.get("dimension") == "model" and not r.get("within") and r.get("rank")]
    if not own:
        return []
    bars = tuple(Bar(logged(in_words(str(r.get("name")), _NAME)), estimate(r.get("adjusted"))) for r in own[:_BARS])
    mean = own[0].get("mean")
    caption = "Models with the same cases: success"
    return [Bars(caption, Unit.SHARE, bars, len(own), "agents-adjusted", 1.0, mean, "all", "agents.csv")]


def _choices(result: Row) -> list[Block]:
    """Return the models of each intent, those first for which another model is better."""
    found = sorted(rows(result, "choices"), key=lambda c: not c.get("better"))
    lines = [(c, m) for c in found for m in rows(c, "models")]
    if not lines:
        return []
    shown = tuple(
        {k: estimate(m.get(k)) for k in ("success", "cost_usd", "typical_ms")}
        | {"who": _candidate(c, m), "attempts": total(m, "attempts")}
        for c, m in lines[:_SHOWN]
    )
    return without_empty(Table("Which model for what", _CHOICES, shown, len(lines), "agents.json"))


def _candidate(choice: Row, model: Row) -> tuple[Text, ...]:
    name = str(model.get("model"))
    intent = text("for ", logged(in_words(str(choice.get("intent")), _NAME)) if choice.get("intent") else "all intents")
    said = {choice.get("today"): "used most", choice.get("better"): "better: try it in an experiment"}.get(name)
    said = said or ("beaten by nobody in all three" if model.get("efficient") else "")
    return tuple(line for line in (text(logged(in_words(name, _NAME))), intent, text(said)) if line)


def _league(table: list[Row]) -> list[Block]:
    """Return the rows that differ most surely from their table, each table's best among them."""
    if not table:
        return []
    order = sorted(range(len(table)), key=lambda at: (_surely(table[at]), at))
    shown = tuple(_line(table[at]) for at in sorted(order[:_SHOWN]))
    return without_empty(Table("Who does the same work better", _LEAGUE, shown, len(table), "agents.csv"))


def _surely(row: Row) -> float:
    q = row.get("q")
    return float(q) if isinstance(q, int | float) else 2.0


def _line(row: Row) -> dict[str, Any]:
    errors = rows(row, "errors")
    where = _named(row.get("within"), row.get("group")) if row.get("within") else text("At all tasks")
    worst = text("fails most by ", logged(in_words(str(errors[0].get("message_template")), 40))) if errors else None
    found = {c.key: estimate(row.get(c.key)) for c in _LEAGUE if c.cell is CellKind.ESTIMATE}
    return {
        **found,
        "who": tuple(line for line in (_named(row.get("dimension"), row.get("name")), where, worst) if line),
        "attempts": total(row, "attempts"),
    }


def _named(dimension: Any, name: Any) -> Text:
    word = WORDS.get(str(dimension), str(dimension)).capitalize()
    return text(f"{word} ", logged(in_words(str(name), _NAME)) if name else "unknown")


def _checked(result: Row) -> list[Block]:
    found = rows(result, "validation")
    if not found:
        return []
    keys = [c.key for c in _CHECKED if c.cell is CellKind.ESTIMATE]
    shown = tuple(
        {k: estimate(r.get(k)) for k in keys}
        | {"who": _named(r.get("dimension"), r.get("name")), "validations": total(r, "validations")}
        for r in found[:_VALIDATED]
    )
    return without_empty(Table("What validators found", _CHECKED, shown, len(found), "agents_validation.csv"))


def _levels(result: Row) -> list[Block]:
    found = [r for r in rows(result, "levels") if r.get("level") == "root"]
    if not found:
        return []
    counted = [c.key for c in _LEVELS if c.cell is CellKind.NUMBER]
    shown = tuple(
        {k: total(r, k) for k in counted} | {"grain": str(r.get("grain")), "hit": estimate(r.get("hit"))} for r in found
    )
    return [Table("What landed with this night, at every grain", _LEVELS, shown, len(found), "agents_levels.csv")]
