"""The ledger of improvements, how well the system learns, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping

from ratchet.report import charts, numbers
from ratchet.report.logtext import logged, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import SHOWN_ROWS, Row, estimate, not_computable, rows, total
from ratchet.report.sections.impact import FILE, SHOWN, verdict_label
from ratchet.report.sections.lifts import brief, short_name
from ratchet.report.view import Block, CellKind, Column, Fact, Facts, Paragraph, Table, Tone

_STEPS = ("generated", "validated", "approved", "deployed", "verified", "refuted", "unmeasurable")
_TIMES = {
    "proposed_to_validated": "Proposed to validated",
    "validated_to_approved": "Validated to approved",
    "approved_to_deployed": "Approved to deployed",
    "deployed_to_judged": "Deployed to judged",
}


def ledger(result: Row) -> list[Block]:
    """Return what became of improvements: counts, shares, times, and each one that was deployed."""
    found = result.get("ledger")
    if not isinstance(found, Mapping):
        return [Paragraph(text("Not computed for this night."), Tone.MUTED)]
    counts = found.get("counts") or {}
    if not total(counts, "generated"):
        return [Paragraph(text("Nothing was proposed yet."))]
    named = ", ".join(f"{count(total(counts, step))} {step}" for step in _STEPS if counts.get(step))
    return [
        Paragraph(text(f"Improvements so far, each coming back counted anew: {named}.")),
        _shares(found),
        *_by_type(found),
        *_entries(found),
    ]


def learning(result: Row) -> list[Block]:
    """Return how well the system learns, and what its improvements are worth."""
    found, worth = result.get("learning"), result.get("returns")
    if not isinstance(found, Mapping) or not isinstance(worth, Mapping):
        return [Paragraph(text("Not computed for this night."), Tone.MUTED)]
    facts = (
        Fact("Patterns identified", total(found, "patterns_identified"), Unit.COUNT, "impact-patterns_identified"),
        _days("Learning velocity", found, "learning_velocity"),
        _days("Adaptation speed", found, "adaptation_speed"),
        _days("Feedback processing", found, "feedback_processing"),
        _share("Change failure rate", found, "change_failure_rate"),
        _share("System stability", found, "system_stability"),
        _fact("Requests spared", worth, "saved_requests", Unit.COUNT),
        _fact("Worth", worth, "saved_usd", Unit.USD),
        _fact("Cost", worth, "cost_usd", Unit.USD),
        _fact("Return", worth, "return_usd", Unit.USD),
        _share("Effect unknown", worth, "unknown_share"),
    )
    missing = ((f.label, f.note) for f in facts if f.value is None)
    return [Facts(tuple(f for f in facts if f.value is not None)), *not_computable(missing)]


def _shares(found: Row) -> Facts:
    times = found.get("times") or {}
    return Facts(
        (
            _share("Verified, of those judged", found, "hit_rate"),
            _share("The same, without a person", found, "auto_healing"),
            _fact("Realised of what was promised", found, "realised", Unit.SHARE),
            *(_days(label, times, name, "time_in_state") for name, label in _TIMES.items()),
        )
    )


def _share(name: str, found: Row, key: str) -> Fact:
    return _fact(name, found, key, Unit.SHARE)


def _days(name: str, found: Row, key: str, definition: str = "") -> Fact:
    known = _fact(name, found, key, Unit.COUNT, definition)
    return (
        known if known.value is None else Fact(name, known.value, Unit.COUNT, known.definition, f"days; {known.note}")
    )


def _fact(name: str, found: Row, key: str, unit: Unit, definition: str = "") -> Fact:
    known = estimate(found.get(key))
    note = " \N{MIDDLE DOT} ".join(filter(None, [charts.uncertainty_in_words(known, unit), known.note]))
    return Fact(name, known.number, unit, f"impact-{definition or key}", note)


def _by_type(found: Row) -> list[Block]:
    types = rows(found, "by_type")
    if not types:
        return []
    columns = (
        Column("type", "Type"),
        *(Column(step, step.capitalize(), CellKind.NUMBER, definition=_defined(step)) for step in _STEPS),
    )
    shown = tuple({"type": logged(str(t.get("type")).replace("_", " "))} | {s: t.get(s) for s in _STEPS} for t in types)
    return [Table("Improvements by type", columns, shown[:SHOWN_ROWS], len(types), FILE)]


def _defined(step: str) -> str | None:
    return f"impact-{step}" if step in ("generated", "verified", "refuted") else None


def _entries(found: Row) -> list[Block]:
    entries = rows(found, "entries")
    if not entries:
        return [Paragraph(text("Nothing was deployed yet."), Tone.MUTED)]
    columns = (
        Column("title", "Improvement"),
        Column("verdict", "Verdict", CellKind.LABEL, definition="impact-verdict"),
        Column("deployed", "Deployed"),
        Column("judged", "Judged"),
        Column("predicted", "Promised", CellKind.NUMBER, Unit.SHARE, "impact-realised"),
        Column("realised", "Realised", CellKind.NUMBER, Unit.SHARE, "impact-realised"),
        Column("saved", "Requests spared", CellKind.ESTIMATE, Unit.COUNT, "impact-saved"),
        Column("reason", "Why"),
    )
    shown = tuple(map(_entry, entries[:SHOWN]))
    return [Table("Deployed improvements, the newest first", columns, shown, len(entries), FILE)]


def _entry(row: Row) -> dict[str, object]:
    saved = estimate(row.get("saved"))
    return {
        "title": short_name(row.get("title")),
        "verdict": verdict_label(row.get("verdict")),
        "deployed": numbers.short_day(row.get("deployed_on")),
        "judged": numbers.short_day(row["judged_on"]) if row.get("judged_on") else None,
        "predicted": row.get("predicted"),
        "realised": row.get("realised"),
        "saved": saved if saved.number is not None else None,
        "reason": brief(row["reason"]) if row.get("reason") else None,
    }
