"""Behind health: how long services were there, who failed, and which part of the traffic explains a change."""

from __future__ import annotations

from collections.abc import Iterator

from ratchet.report.logtext import logged, prose, text
from ratchet.report.numbers import Unit, number
from ratchet.report.results import Row, estimate, label, rows
from ratchet.report.view import Block, CellKind, Column, Paragraph, Table

SHOWN = 6  # rows of each table; all of them are in its file


def causes(result: Row) -> Iterator[Block]:
    """Yield uptime, failures by class and the diagnosis, each where there is something to show."""
    yield from _uptime(rows(result, "uptime"))
    yield from _classes(rows(result, "failure_classes"), rows(result, "failure_kinds"))
    diagnosis = result.get("diagnosis")
    if isinstance(diagnosis, dict):
        yield from _diagnosis(diagnosis)


def _uptime(found: list[Row]) -> Iterator[Block]:
    known = [u for u in found if estimate(u.get("by_request")).n or estimate(u.get("by_minute")).n]
    if not known:
        return
    columns = (
        Column("service", "Service"),
        Column("days", "Days", CellKind.NUMBER),
        Column("by_request", "Uptime by request", CellKind.ESTIMATE, Unit.SHARE, "health-availability"),
        Column("by_minute", "By known minute", CellKind.ESTIMATE, Unit.SHARE, "health-availability"),
        Column("down_minutes", "Minutes down", CellKind.NUMBER, definition="health-availability"),
        Column("unknown_minutes", "Minutes unknown", CellKind.NUMBER, definition="health-availability"),
    )
    shown = tuple(
        {
            "service": _service(u),
            "by_request": estimate(u.get("by_request")),
            "by_minute": estimate(u.get("by_minute")),
            **{key: u.get(key) for key in ("days", "down_minutes", "unknown_minutes")},
        }
        for u in known[:SHOWN]
    )
    yield Table("Uptime; silence is unknown, not up", columns, shown, len(known), "health_uptime.csv")


def _classes(classes: list[Row], kinds: list[Row]) -> Iterator[Block]:
    failing = [c for c in classes if any(c.get(key) for key in ("agent", "infrastructure", "user"))]
    if not failing:
        return
    columns = (
        Column("service", "Service"),
        Column("agent", "The agent failed", CellKind.NUMBER, definition="health-failure_class"),
        Column("infrastructure", "Infrastructure", CellKind.NUMBER, definition="health-failure_class"),
        Column("user", "User", CellKind.NUMBER, definition="health-failure_class"),
        Column("agent_success", "Success of the agent", CellKind.ESTIMATE, Unit.SHARE, "health-failure_class"),
    )
    shown = tuple(
        {
            "service": _service(c),
            "agent_success": estimate(c.get("agent_success")),
            **{key: c.get(key) for key in ("agent", "infrastructure", "user")},
        }
        for c in failing[:SHOWN]
    )
    yield Table("Who failed", columns, shown, len(failing), "health_failure_classes.csv")
    yield from _not_agent([k for k in kinds if k.get("failure_class") != "agent"])


def _not_agent(kinds: list[Row]) -> Iterator[Block]:
    if not kinds:
        return
    columns = (
        Column("class", "Class", CellKind.LABEL, definition="health-failure_class"),
        Column("what", "What failed"),
        Column("failures", "Requests", CellKind.NUMBER),
        Column("first", "First hour (UTC)", CellKind.MOMENT),
        Column("last", "Last hour (UTC)", CellKind.MOMENT),
    )
    shown = tuple(
        {
            "class": label(k.get("failure_class")),
            "what": logged(k.get("sample"), "(no message)"),
            "failures": k.get("failures"),
            "first": str(k.get("first_hour")),
            "last": str(k.get("last_hour")),
        }
        for k in kinds[:SHOWN]
    )
    yield Table("Failures that are not the agent's", columns, shown, len(kinds), "health_failure_kinds.csv")


def _diagnosis(found: Row) -> Iterator[Block]:
    now, before = (estimate(found.get(key)).number for key in ("now", "before"))
    if now is None or before is None:
        yield Paragraph(text("No change of the failure rate to explain: ", prose(found.get("reason")), "."))
        return
    rates = (
        f"{number(now, Unit.SHARE)} of requests failed on the day, {number(before, Unit.SHARE)} in the 29 days before"
    )
    why = str(found.get("reason") or "")
    yield Paragraph(text(f"{rates}: ", prose(why), ".") if why else text(f"{rates}. What stands out:"))
    yield from _contributions(rows(found, "contributions"))
    yield from _changes(rows(found, "changes"))


def _contributions(found: list[Row]) -> Iterator[Block]:
    columns = (
        Column("dimension", "Cut by"),
        Column("value", "Value"),
        Column("share", "Part of the change", CellKind.NUMBER, Unit.SHARE, "health-diagnosis"),
        Column("rate", "By its rate", CellKind.NUMBER, Unit.LIFT, "health-diagnosis"),
        Column("mix", "By its part of requests", CellKind.NUMBER, Unit.LIFT, "health-diagnosis"),
        Column("now", "Fails now", CellKind.ESTIMATE, Unit.SHARE),
        Column("before", "Failed before", CellKind.ESTIMATE, Unit.SHARE),
    )
    shown = tuple(
        {
            "dimension": str(c.get("dimension")).replace("_", " "),
            "value": logged(c.get("value"), "(none)"),
            "share": c.get("share"),
            "rate": c.get("rate_effect"),
            "mix": c.get("mix_effect"),
            "now": estimate(c.get("now")),
            "before": estimate(c.get("before")),
        }
        for c in found[:SHOWN]
    )
    if shown:
        yield Table("Which part of the traffic explains the change", columns, shown, len(found))


def _changes(found: list[Row]) -> Iterator[Block]:
    columns = (
        Column("at", "When (UTC)", CellKind.MOMENT),
        Column("kind", "Kind"),
        Column("what", "What was changed"),
        Column("to", "To"),
    )
    shown = tuple(
        {
            "at": str(c.get("occurred_at")),
            "kind": str(c.get("kind")),
            "what": logged(" ".join(str(c[key]) for key in ("service", "target") if c.get(key)), "(not named)"),
            "to": logged(c.get("after"), "(not logged)"),
        }
        for c in found[:SHOWN]
    )
    if shown:
        yield Table("Changed on the day or the day before, which proves nothing", columns, shown, len(found))


def _service(row: Row) -> str:
    return logged(row.get("service")) if row.get("service") else "all"
