"""Health: every objective against its interval, for all services and for each."""

from __future__ import annotations

from ratchet.report.logtext import logged, prose, text
from ratchet.report.numbers import Unit, count, number
from ratchet.report.results import SHOWN_ROWS, Row, estimate, label, rows, total
from ratchet.report.view import Block, CellKind, Column, Paragraph, Table

_COLUMNS = (
    Column("objective", "Objective", definition="health-status"),
    Column("status", "Status", CellKind.LABEL, definition="health-status"),
    Column("value", "Measured", CellKind.ESTIMATE, Unit.SHARE, "health-status"),
    Column("wanted", "Wanted"),
    Column("observed_ms", "Newest day", CellKind.NUMBER, Unit.MS, "health-latency"),
    Column("window", "Counted", definition="health-window"),
)


def health(result: Row) -> list[Block]:
    """Return how the application is."""
    judged, services = rows(result, "objectives"), rows(result, "services")
    blocks: list[Block] = [Paragraph(text(f"{name_of(result)}: ", prose(result.get("reason"), "no reason given"), "."))]
    shown = tuple(map(_judgement, judged[:SHOWN_ROWS]))
    if shown:
        used = tuple(c for c in _COLUMNS if any(row[c.key] is not None for row in shown))
        blocks.append(Table("Objectives over all services", used, shown, len(judged), "health.csv"))
    if len(services) > 1:
        blocks.append(_services(services))
    return blocks


def name_of(result: Row) -> str:
    """Return the status as a word of a sentence."""
    return str(result.get("status") or "unknown").replace("_", " ").capitalize()


def _judgement(j: Row) -> dict[str, object]:
    return {
        "objective": str(j.get("objective")).replace("_ms", "").replace("_", " "),
        "status": label(j.get("status")),
        "value": estimate(j.get("value")),
        "wanted": _wanted(j),
        "observed_ms": j.get("observed_ms"),
        "window": f"{count(total(j, 'window_days'), 'day')}, floor {count(total(j, 'floor'))}",
    }


def _wanted(j: Row) -> str:
    target, critical = j.get("target"), j.get("critical")
    if target is None or critical is None:
        return "–"
    if j.get("wanted_share") is not None:
        return f"{number(j['wanted_share'], Unit.SHARE)} within {number(target, Unit.MS)}"
    bound = "at least" if critical <= target else "at most"
    return f"{bound} {number(target, Unit.SHARE)}"


def _services(services: list[Row]) -> Table:
    columns = (Column("service", "Service"), Column("status", "Status", CellKind.LABEL), Column("reason", "Why"))
    shown = tuple(
        {"service": logged(s.get("service")), "status": label(s.get("status")), "reason": prose(s.get("reason"))}
        for s in services[:SHOWN_ROWS]
    )
    return Table("Services", columns, shown, len(services), "health_services.csv")
