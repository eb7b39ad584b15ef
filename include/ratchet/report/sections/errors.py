"""Errors that matter: how many units each hits, and whether it happens more often than before."""

from __future__ import annotations

from collections.abc import Iterator

from ratchet.report.logtext import Text, logged, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, evidence, label, rows, total, whose, without_empty
from ratchet.report.sections import fixes
from ratchet.report.view import Block, CellKind, Column, Paragraph, Table, Tone

SHOWN = 10


def errors(result: Row, fixed: Row, improvements: Row) -> list[Block]:
    """Return which errors matter, whom they hurt, and what is being done about each.

    Args:
        result: errors.json.
        fixed: fixes.json.
        improvements: improvements.json.
    """
    found = rows(result, "errors")
    kinds, recent = total(result, "kinds"), total(result, "occurrences")
    if not kinds:
        return [Paragraph(text(f"No error to rank: {result.get('reason') or 'none was logged'}."))]
    states = [f"{n} {name}" for name, n in (result.get("states") or {}).items() if n]
    before = count(total(result, "previous_occurrences"))
    judged = f"{count(len(found))} frequent enough to judge{': ' if states else ''}{', '.join(states)}"
    lead = f"{count(recent, 'error')} in 7 days, {before} in the 28 days before, of {count(kinds, 'kind')}; {judged}."
    known = fixes.standings(improvements)
    declined = {str(no.get("fingerprint")): no for no in rows(fixed, "declined")}
    about: list[Row] = [
        {**e, "fix": fixes.standing_of(e, known, declined), "impact": _impact(e, result)} for e in found
    ]
    return [Paragraph(text(lead)), *_hurt(result), *_error_table(about), *_rare(result)]


def _hurt(result: Row) -> list[Block]:
    known = rows(result, "impact")
    minutes = sum(float(row.get("impact_minutes") or 0) for row in known)
    if not known:
        return []
    said = f"Errors kept their users waiting for a success {count(round(minutes), 'minute')} in these 7 days"
    return [Paragraph(text(f"{said} (at most 30 an error)."))]


def _impact(error: Row, result: Row) -> float | None:
    known = {str(row.get("fingerprint")): row for row in rows(result, "impact")}
    found = known.get(str(error.get("fingerprint")))
    return round(float(found["impact_minutes"]), 1) if found else None


def _error_table(found: list[Row]) -> list[Block]:
    columns = (
        Column("error", "Error", CellKind.LINES, definition="errors-error"),
        Column("state", "State", CellKind.LABEL, definition="errors-state"),
        Column("occurrences", "In 7 days", CellKind.NUMBER, definition="errors-error"),
        Column("units", f"{whose(found).capitalize()} it hit", CellKind.NUMBER, definition="errors-units"),
        Column("impact", "Minutes lost", CellKind.NUMBER, definition="fixes-impact"),
        Column("fix", "Fix", CellKind.LABEL),
        Column("trend", "Rate, against before", CellKind.ESTIMATE, Unit.TIMES, "errors-trend"),
        Column("evidence", "Evidence", CellKind.EVIDENCE),
    )
    shown = tuple(map(_error, found[:SHOWN]))
    caption = "Errors, those that hit most units first"
    return without_empty(Table(caption, columns, shown, len(found), "errors.csv")) if found else []


def _error(error: Row) -> dict[str, object]:
    return {
        "error": tuple(_lines(error)),
        "state": label(error.get("state")),
        "occurrences": error.get("occurrences"),
        "units": error.get("units"),
        "impact": error["impact"],
        "fix": error["fix"],
        "trend": estimate((error.get("trend") or {}).get("ratio")),
        "evidence": evidence(error, "sample_message"),
    }


def _lines(error: Row) -> Iterator[Text]:
    said = f"{error.get('error_type') or 'error'}: {error.get('message_template') or '(no message)'}"
    yield text(logged(said))
    if error.get("culprit"):
        yield text("in ", logged(error["culprit"]))
    change = error.get("introduced_by")
    if change and error.get("state") == "new":
        after = " ".join(str(change[key]) for key in ("kind", "target", "after") if change.get(key))
        yield text("new since ", logged(after))


def _rare(result: Row) -> list[Block]:
    rare = result.get("below_floor") or {}
    if not total(rare, "errors"):
        return []
    said = f"{count(total(rare, 'errors'), 'kind')} of error with {count(total(rare, 'occurrences'), 'occurrence')}"
    return [Paragraph(text(f"Not among them: {said} ({rare.get('reason')})."), Tone.MUTED)]
