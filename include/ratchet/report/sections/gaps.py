"""Feature gaps: what is asked for and fails."""

from __future__ import annotations

from ratchet.report.logtext import logged, text
from ratchet.report.numbers import Unit, count, plural
from ratchet.report.results import SHOWN_ROWS, Row, estimate, evidence, label, rows, total, whose, without_empty
from ratchet.report.view import Bar, Bars, Block, CellKind, Column, Paragraph, Table, Tone

_BARS = 8


def gaps(result: Row) -> list[Block]:
    """Return what is asked for and fails."""
    found = rows(result, "features")
    requests, failures = total(result, "requests"), total(result, "failures")
    if not requests:
        return [Paragraph(text(f"Nothing to look at: {result.get('reason') or 'no request was logged'}."))]
    days = count(total(result, "suggestion_window_days"), "day")
    looked = f"{count(requests, 'request')} of the last {days}, {count(failures)} of which failed"
    if not found:
        return [Paragraph(text(f"No intent fails more than chance allows. Looked at: {looked}.")), *_left_out(result)]
    lead = f"{count(len(found), 'intent')} {plural(len(found), 'stands', 'stand')} out among {looked}."
    return [Paragraph(text(lead)), _gap_bars(result, found), *without_empty(_gap_table(found)), *_left_out(result)]


def _gap_bars(result: Row, found: list[Row]) -> Bars:
    return Bars(
        caption="Failed share of the requests with a known outcome",
        unit=Unit.SHARE,
        bars=tuple(Bar(logged(g.get("feature")), estimate(g.get("failure_rate")), Tone.BAD) for g in found[:_BARS]),
        total=min(len(found), _BARS),
        definition="features-failure_rate",
        top=1.0,
        reference=estimate(result.get("failure_rate")).number,
        reference_label="all intents",
    )


def _gap_table(found: list[Row]) -> Table:
    they_failed = f"{whose(found).capitalize()} they failed"
    columns = (
        Column("feature", "Intent", definition="features-feature"),
        Column("priority", "Priority", CellKind.LABEL, definition="features-priority"),
        Column("status", "Status", CellKind.LABEL, definition="features-status"),
        Column("demand", "Failed requests", CellKind.NUMBER, definition="features-demand"),
        Column("failing_units", they_failed, CellKind.NUMBER, definition="features-gap"),
        Column("trend", "Rate, against before", CellKind.ESTIMATE, Unit.TIMES, "features-trend"),
        Column("evidence", "Evidence", CellKind.EVIDENCE),
    )
    return Table("Gaps, the largest first", columns, tuple(map(_gap, found[:SHOWN_ROWS])), len(found), "features.csv")


def _gap(gap: Row) -> dict[str, object]:
    return {
        "feature": logged(gap.get("feature")),
        "priority": label(gap.get("priority")),
        "status": label(gap.get("status")),
        "demand": gap.get("demand"),
        "failing_units": gap.get("failing_units"),
        "trend": estimate((gap.get("trend") or {}).get("ratio")),
        "evidence": evidence(gap),
    }


def _left_out(result: Row) -> list[Block]:
    left = [*rows(result, "not_computable"), result.get("below_floor") or {}]
    said = [_uncounted(u) for u in left if total(u, "requests")]
    ordinary = len(rows(result, "ordinary"))
    if ordinary:
        fails = plural(ordinary, "fails", "fail")
        said.insert(0, f"{count(ordinary, 'intent')} above the floor that {fails} no more than others")
    return [Paragraph(text(f"Not among them: {'; '.join(said)}."), Tone.MUTED)] if said else []


def _uncounted(left: Row) -> str:
    intents, failures = count(total(left, "intents"), "intent"), count(total(left, "failures"), "failed request")
    return f"{intents} with {failures} ({left.get('reason')})"
