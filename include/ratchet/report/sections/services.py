"""Services: the key figures, health, failures and alerts of each by itself, for readers who look after one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ratchet.report.logtext import Logged, logged, prose, shortened, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import SHOWN_ROWS, Row, estimate, label, rows, total
from ratchet.report.sections.health import alerts_table, incidents_table, objectives_table, why_unwell
from ratchet.report.service_view import ByService, Service
from ratchet.report.view import Block, CellKind, Column, Fact, Facts, Paragraph, Table, Tone

CHOICES = 8  # services with figures of their own on the page; `report.css` has as many rules
NAME = 60  # characters of a name to choose by; the table has all of it
SHOWN = 3  # alerts and incidents of each
_WINDOW = 7
_OVERVIEW = (
    Column("service", "Service"),
    Column("status", "Status", CellKind.LABEL, definition="health-status"),
    Column("requests", "Requests in 7 days", CellKind.NUMBER, definition="usage-requests"),
    Column("success_rate", "Success", CellKind.ESTIMATE, Unit.SHARE, "health-status"),
    Column("error_rate", "Errors per request", CellKind.ESTIMATE, Unit.RATIO, "health-status"),
    Column("p95", "95% within", CellKind.NUMBER, Unit.MS, "health-latency"),
    Column("api_failure_rate", "Failed API calls", CellKind.ESTIMATE, Unit.SHARE, "health-status"),
    Column("uptime", "Uptime", CellKind.ESTIMATE, Unit.SHARE, "health-status"),
)
_ESTIMATES = ("success_rate", "error_rate", "api_failure_rate", "uptime")


def services(health: Row, usage: Row) -> list[Block]:
    """Return every service by itself, nothing where the log names fewer than two.

    Args:
        health: health.json.
        usage: usage.json.
    """
    found = rows(health, "services")
    if len(found) < 2:
        return []
    shown = tuple(_overview_row(s, usage) for s in found[:SHOWN_ROWS])
    used = tuple(c for c in _OVERVIEW if c.key in ("service", "status") or any(row[c.key] is not None for row in shown))
    overview = Table("All services on this day", used, shown, len(found), "health_services.csv")
    each = tuple(_service(at, s, health, usage) for at, s in enumerate(found[:CHOICES], 1))
    said = f"{count(len(found), 'service')} in the log. Choose one to see its figures, objectives, failures and alerts."
    if any(s.get("status") == "no data" for s in found):
        said += " No data: too few requests of its own to judge it by, as of a service that only others call."
    return [Paragraph(text(said)), ByService("Show", overview, each, len(found))]


def _overview_row(service: Row, usage: Row) -> dict[str, object]:
    known = {str(o.get("objective")): o for o in rows(service, "objectives")}
    values = {name: estimate((known.get(name) or {}).get("value")) for name in _ESTIMATES}
    asked = _usage_of(service, usage, "root")
    return {
        "service": _name(service),
        "status": label(service.get("status")),
        "requests": total(asked, "requests") if asked else None,
        "p95": (known.get("latency_p95_ms") or {}).get("observed_ms"),
        **{name: value if value.number is not None else None for name, value in values.items()},
    }


def _service(at: int, service: Row, health: Row, usage: Row) -> Service:
    blocks = tuple(_of(service, health, usage))
    return Service(f"service-{at}", text(logged(shortened(_name(service), NAME))), label(service.get("status")), blocks)


def _of(service: Row, health: Row, usage: Row) -> Iterator[Block]:
    yield Paragraph(text(prose(why_unwell(service), "No reason was given"), "."))
    if facts := tuple(_facts(service, health, usage)):
        yield Facts(facts)
    judged = [o for o in rows(service, "objectives") if estimate(o.get("value")).number is not None]
    if judged:
        table = objectives_table("Objectives on this day", judged, len(judged))
        yield _without(table, "severity", "observed_ms", "window")
    if alerts := _own(service, health, "alerts"):
        yield _without(alerts_table(alerts), "service")
    if incidents := _own(service, health, "incidents"):
        yield _without(incidents_table(incidents), "service")
    if not judged:
        yield Paragraph(text("Nothing of it can be judged on this day."), Tone.MUTED)


def _without(table: Table, *keys: str) -> Table:
    """Return the first rows of a table without what the service's own heading, or the health chapter, says."""
    kept = tuple(c for c in table.columns if c.key not in keys)
    shown = table.rows[:SHOWN] if table.file else table.rows
    return replace(table, columns=kept, rows=tuple({c.key: row[c.key] for c in kept} for row in shown))


def _facts(service: Row, health: Row, usage: Row) -> Iterator[Fact]:
    for level, said in (("root", "Requests in 7 days"), ("step", "Steps for other services, in 7 days")):
        if asked := _usage_of(service, usage, level):
            note = f"{count(total(asked, 'failures'))} failed"
            yield Fact(said, total(asked, "requests"), definition="usage-requests", note=note)
            if asked.get("duration_p95_ms") is not None:
                yield Fact("95% answered within", asked["duration_p95_ms"], Unit.MS, "usage-duration")
            if asked.get("cost_usd") is not None:
                yield Fact("Cost", asked["cost_usd"], Unit.USD, "usage-cost_usd")
    failed = next(iter(_own(service, health, "failure_classes")), {})
    for key, said in (
        ("agent", "The agent failed"),
        ("infrastructure", "Infrastructure failed"),
        ("user", "Users failed"),
    ):
        if total(failed, key):
            yield Fact(said, total(failed, key), definition="health-failure_class", note="requests of this day")


def _own(service: Row, health: Row, key: str) -> list[Row]:
    return [row for row in rows(health, key) if row.get("service") == service.get("service")]


def _usage_of(service: Row, usage: Row, level: str) -> Row:
    wanted = (_WINDOW, level, "service", service.get("service"))
    keys = ("window_days", "level", "dimension", "value")
    return next((r for r in rows(usage, "usage") if tuple(r.get(k) for k in keys) == wanted), {})


def _name(service: Row) -> Logged:
    return logged(service.get("service"), "(no name)")
