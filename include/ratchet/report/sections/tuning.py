"""Adaptive settings: which values would do better on the log, and what became of those that were published."""

from __future__ import annotations

from datetime import date

from ratchet.contracts.names import in_words
from ratchet.report.logtext import Text, logged, prose, text
from ratchet.report.numbers import Unit, count
from ratchet.report.replay_view import Lost, Replay, Replays
from ratchet.report.results import Row, estimate, label, rows, total
from ratchet.report.view import Block, CellKind, Column, Paragraph, Table, Tone

_SHOWN, _LISTED = 6, 5
_COLUMNS = (
    Column("setting", "Setting"),
    Column("today", "Today"),
    Column("proposed", "Better"),
    Column("wins", "Days won", CellKind.ESTIMATE, Unit.SHARE, "tuning-wins"),
    Column("calls", "Calls", CellKind.NUMBER),
    Column("reason", "Why"),
    Column("judged", "Since it was published", CellKind.LABEL),
)


def tuning(result: Row) -> list[Block]:
    """Return the settings with a better value as pictures, and all of them as a table."""
    found = rows(result, "settings")
    if not found:
        return [Paragraph(text("No call, batch or task with a duration was logged in 28 days."))]
    better = [s for s in found if s.get("proposed")]
    said = (
        f"{count(len(found), 'setting')} replayed on the log; {count(len(better))} would do better with another value."
    )
    blocks: list[Block] = [Paragraph(text(said))]
    if better:
        shown = tuple(_replay(s, result) for s in better[:_SHOWN])
        blocks.append(Replays("Replayed against today's value", shown, len(better), "tuning-days", "tuning_days.csv"))
    listed = tuple(map(_row, found[:_LISTED]))
    used = tuple(c for c in _COLUMNS if any(row[c.key] is not None for row in listed))
    return [*blocks, Table("All settings", used, listed, len(found), "tuning.csv"), *_left_out(result)]


def _replay(setting: Row, result: Row) -> Replay:
    own = (setting.get("setting"), setting.get("target"))
    days = (d for d in rows(result, "days") if (d.get("setting"), d.get("target")) == own)
    return Replay(
        name=_name(setting),
        today=str(setting.get("today")),
        proposed=str(setting.get("proposed")),
        reason=text(prose(setting.get("reason"))),
        loss=str(setting.get("loss")),
        wins=estimate(setting.get("wins")),
        days=tuple(Lost(date.fromisoformat(d["day"]), float(d["today"]), float(d["proposed"])) for d in days),
    )


def _row(setting: Row) -> dict[str, object]:
    wins, judged = estimate(setting.get("wins")), setting.get("judged")
    return {
        "setting": _name(setting),
        "today": str(setting.get("today")),
        "proposed": setting.get("proposed"),
        "wins": wins if wins.number is not None else None,
        "calls": total(setting, "calls"),
        "reason": prose(setting.get("reason")),
        "judged": None if judged is None else label(judged or "too early"),
    }


def _name(setting: Row) -> Text:
    kind = str(setting.get("setting")).replace("_", " ").capitalize()
    return text(f"{kind} of ", logged(in_words(str(setting.get("target")), 40)))  # the whole name is in the file


def _left_out(result: Row) -> list[Block]:
    left = result.get("left_out")
    if not isinstance(left, dict) or not left:
        return []
    said = ", ".join(f"{count(n)} of {str(name).replace('_', ' ')}" for name, n in left.items())
    return [Paragraph(text(f"Targets with fewer calls that were not looked at: {said}."), Tone.MUTED)]
