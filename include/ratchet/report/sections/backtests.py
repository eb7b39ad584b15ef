"""How far the detectors behind a chapter are to be trusted, by their backtest on the home's own past."""

from __future__ import annotations

from ratchet.report.logtext import text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, rows, total
from ratchet.report.view import Block, CellKind, Column, Paragraph, Table, Tone

_SHOWN = 4


def backtests(result: Row, chapter: str) -> list[Block]:
    """Return the table of a chapter's detectors, those that are wrong most often first.

    Args:
        result: of the chapter, with `backtests`.
        chapter: its name, which the table of all detectors beside the report has.
    """
    found = rows(result, "backtests")
    known = [b for b in found if b.get("now")]
    if not known:
        reasons = "; ".join(dict.fromkeys(f"{b.get('detector')} {b.get('reason')}" for b in found))
        said = f"How far to trust these detectors cannot be said yet: {reasons}."
        return [Paragraph(text(said), Tone.MUTED)] if found else []
    definition = f"{chapter}-backtest"
    columns = (
        Column("detector", "Detector", CellKind.LINES, definition=definition),
        Column("spoke", "Spoke on"),
        Column("false", "False alarms", CellKind.ESTIMATE, Unit.SHARE, definition),
        Column("missed", "Missed", CellKind.ESTIMATE, Unit.SHARE, definition),
        Column("planted", "Of what was planted"),
    )
    shown = sorted(known, key=lambda b: -_wrong(b))[:_SHOWN]
    cells = tuple(_cells(b) for b in shown)
    return [Table("How far to trust these detectors", columns, cells, len(found), f"{chapter}_backtests.csv")]


def _cells(found: Row) -> dict[str, object]:
    now = found["now"]
    nights = total(found, "nights")
    return {
        "detector": (str(found.get("detector")), str(found.get("subject")).replace("_", " ")),
        "spoke": f"{total(found, 'spoke')} of {count(nights, 'night')}",
        "false": estimate(now.get("false_alarms")),
        "missed": estimate(now.get("misses")),
        "planted": str(found.get("planted")),
    }


def _wrong(found: Row) -> float:
    return max(estimate(found["now"].get(key)).number or 0.0 for key in ("false_alarms", "misses"))
