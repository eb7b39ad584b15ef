"""Feature gaps: what is asked for and fails, by intent and by what people say."""

from __future__ import annotations

from ratchet.contracts.names import in_words
from ratchet.report.logtext import logged, prose, text
from ratchet.report.numbers import Unit, count, plural
from ratchet.report.results import SHOWN_ROWS, Row, estimate, evidence, label, rows, total, whose, without_empty
from ratchet.report.view import Bar, Bars, Block, CellKind, Column, Paragraph, Table, Tone

_BARS = 8
_CLUSTERS = 4


def gaps(result: Row) -> list[Block]:
    """Return what is asked for and fails."""
    return [*_by_intent(result), *_by_words(result)]


def _by_intent(result: Row) -> list[Block]:
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


_SAID = {
    "failed": "failed",
    "refused": "refused",
    "fell_back": "fell back",
    "empty_answers": "empty answers",
    "abandoned": "abandoned",
    "again": "asked again at once",
}


def _by_words(result: Row) -> list[Block]:
    """Return requests in vain that ask for the same thing in other words."""
    if "clusters" not in result:
        return []
    found, blocks = rows(result, "clusters"), _how_it_shows(result)
    if found:
        blocks += without_empty(_cluster_table(found))
    return [*blocks, *_divided(result)]


def _how_it_shows(result: Row) -> list[Block]:
    seen = [s for s in rows(result, "signals") if total(s, "requests")]
    unseen = [s for s in rows(result, "signals") if s.get("reason")]
    said = ", ".join(f"{_SAID.get(str(s.get('signal')), 'other')} {count(total(s, 'requests'))}" for s in seen)
    blocks: list[Block] = [Paragraph(text(f"Asked in vain, as the log shows it: {said}."))] if said else []
    if unseen:
        why = "; ".join(f"{_SAID.get(str(s.get('signal')), 'other')} ({s.get('reason')})" for s in unseen)
        blocks.append(Paragraph(text(f"Cannot be seen: {why}."), Tone.MUTED))
    return blocks


def _cluster_table(found: list[Row]) -> Table:
    columns = (
        Column("feature", "What people say", CellKind.LINES, definition="features-clusters"),
        Column("verdict", "What would meet it", CellKind.LABEL, definition="features-verdict"),
        Column("priority", "Priority", CellKind.LABEL, definition="features-priority"),
        Column("status", "Status", CellKind.LABEL, definition="features-cluster_status"),
        Column("demand", "In vain", CellKind.ESTIMATE, Unit.COUNT, "features-demand_interval"),
        Column("units", "Users", CellKind.NUMBER),
        Column("failure_rate", "Share in vain", CellKind.ESTIMATE, Unit.SHARE, "features-cluster_failure_rate"),
        Column("evidence", "Evidence", CellKind.EVIDENCE),
    )
    shown = tuple(map(_cluster, found[:_CLUSTERS]))
    return Table("What people say when they ask in vain", columns, shown, len(found), "features_clusters.csv")


def _cluster(cluster: Row) -> dict[str, object]:
    said = [in_words(sample, 60) for sample in (cluster.get("samples") or ())[:1]]
    what = [logged(in_words(str(cluster.get("feature")), 40)), prose(cluster.get("verdict_reason"))]
    if cluster.get("same_as"):
        what.append(logged("the gap of intent " + in_words(str(cluster["same_as"]), 40)))
    return {
        "feature": what,
        "verdict": label(cluster.get("verdict")),
        "priority": label(cluster.get("priority")),
        "status": label(cluster.get("status")),
        "demand": estimate(cluster.get("demand_interval")),
        "units": cluster.get("units"),
        "failure_rate": estimate(cluster.get("failure_rate")),
        "evidence": evidence({"samples": said, "sample_event_ids": (cluster.get("sample_event_ids") or ())[:2]}),
    }


def _divided(result: Row) -> list[Block]:
    said = [
        f"{part.get('part')}: {count(total(part, 'requests'), 'request')} in {count(total(part, 'texts'), 'text')}"
        for part in rows(result, "grouped")
        if total(part, "texts") and part.get("part") != "clusters"
    ]
    return [Paragraph(text(f"In no row: {'; '.join(said)}."), Tone.MUTED)] if said else []
