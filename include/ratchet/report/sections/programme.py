"""What all experiments together brought: how many improved anything, and how much of it was real."""

from __future__ import annotations

from collections.abc import Mapping

from ratchet.report import charts
from ratchet.report.logtext import logged, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import SHOWN_ROWS, Row, estimate, rows
from ratchet.report.sections.experiments import VERDICTS
from ratchet.report.sections.lifts import FILE, verdict_label
from ratchet.report.view import Block, CellKind, Column, Fact, Facts, Paragraph, Table, Tone

_NOT_SEEN = {"ship": "not in force for a whole day yet"}


def programme(result: Row) -> list[Block]:
    """Return the share that improved, and measured against most likely and realised lifts."""
    found = result.get("programme")
    if not isinstance(found, Mapping):
        return [Paragraph(text("Not computed for this night."), Tone.MUTED)]
    verdicts = found.get("verdicts") or {}
    ended = sum(verdicts.values())
    if not ended:
        return [Paragraph(text("No experiment has ended yet, so there is nothing to add up."))]
    named = ", ".join(f"{count(verdicts[v])} {v}" for v in VERDICTS if verdicts.get(v))
    return [
        Paragraph(text(f"{count(ended, 'experiment')} ended: {named}.")),
        _facts(found),
        *_lifts(rows(found, "lifts")),
    ]


def _facts(found: Row) -> Facts:
    return Facts(
        (
            _fact("Experiments that improved something", found.get("improved"), Unit.SHARE, "experiments-improved"),
            _fact("Measured lifts overstate by", found.get("overstated"), Unit.LIFT, "experiments-overstated"),
            _fact("Realised of what was expected", found.get("realised"), Unit.SHARE, "experiments-realised"),
        )
    )


def _fact(name: str, record: object, unit: Unit, definition: str) -> Fact:
    known = estimate(record)
    return Fact(name, known.number, unit, definition, charts.uncertainty_in_words(known, unit))


def _lifts(lifts: list[Row]) -> list[Block]:
    if not lifts:
        return []
    columns = (
        Column("experiment_id", "Experiment"),
        Column("verdict", "Verdict", CellKind.LABEL, definition="experiments-verdict"),
        Column("measured", "Measured lift", CellKind.NUMBER, Unit.LIFT),
        Column("expected", "Most likely lift", CellKind.ESTIMATE, Unit.LIFT, "experiments-expected"),
        Column("realised", "Seen since", CellKind.ESTIMATE, Unit.LIFT, "experiments-realised"),
    )
    newest = list(reversed(lifts))
    shown = tuple(
        {
            "experiment_id": logged(x.get("experiment_id")),
            "verdict": verdict_label(x.get("verdict"), VERDICTS),
            "measured": x.get("measured"),
            "expected": estimate(x.get("expected")),
            "realised": estimate(x.get("realised"), _NOT_SEEN.get(str(x.get("verdict")), "nothing was shipped")),
        }
        for x in newest[:SHOWN_ROWS]
    )
    return [Table("Ended experiments, the newest first; above 0 is better", columns, shown, len(lifts), FILE)]
