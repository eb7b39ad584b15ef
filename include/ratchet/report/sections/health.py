"""Health: every objective against its interval, its error budget and its season, for all services together.

Uptime, who failed and why it changed are drawn in `health_causes.py`, each service by itself in `services.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ratchet.report.logtext import Text, logged, prose, text
from ratchet.report.numbers import Unit, count, number
from ratchet.report.results import SHOWN_ROWS, Row, estimate, label, rows, total
from ratchet.report.sections.backtests import backtests
from ratchet.report.sections.health_causes import causes
from ratchet.report.view import Block, CellKind, Column, Paragraph, Table, Tone

_COLUMNS = (
    Column("objective", "Objective", definition="health-status"),
    Column("status", "Status", CellKind.LABEL, definition="health-status"),
    Column("severity", "Severity", CellKind.LABEL, definition="health-severity"),
    Column("value", "Measured", CellKind.ESTIMATE, Unit.SHARE, "health-status"),
    Column("wanted", "Wanted"),
    Column("observed_ms", "Newest day", CellKind.NUMBER, Unit.MS, "health-latency"),
    Column("window", "Counted", definition="health-window"),
)


def health(result: Row) -> list[Block]:
    """Return how the application is."""
    judged = rows(result, "objectives")
    blocks: list[Block] = [Paragraph(text(f"{name_of(result)}: ", prose(result.get("reason"), "no reason given"), "."))]
    if judged:
        blocks.append(objectives_table("Objectives over all services", judged, len(judged), "health.csv"))
        blocks += _budgets(judged[:SHOWN_ROWS])
    blocks += _alerts(rows(result, "alerts"))
    blocks += _by_the_hour(rows(result, "incidents"), rows(result, "rolled_back"))
    return [*blocks, *causes(result), *backtests(result, "health")]


def missed(result: Row) -> list[Row]:
    """Return the objectives that are not met, of all services or of one."""
    return [j for j in rows(result, "objectives") if j.get("status") in ("degraded", "critical")]


def why_unwell(result: Row) -> str:
    """Return what is measured and wanted of each objective that is not met, else the reason as it stands.

    How fast error budgets burn is left to the tables: it is no answer to whether all is well.
    """
    said = [str(j["reason"]).partition("; ")[0] for j in missed(result) if j.get("reason")]
    reason = ("; ".join(said) or str(result.get("reason") or "")).rstrip(".")
    return f"{reason[:1].upper()}{reason[1:]}"


def objectives_table(caption: str, judged: list[Row], total: int, file: str | None = None) -> Table:
    """Return objectives with their intervals; columns that hold nothing are left out."""
    shown = tuple(map(_judgement, judged[:SHOWN_ROWS]))
    used = tuple(c for c in _COLUMNS if any(row[c.key] is not None for row in shown))
    return Table(caption, used, shown, total, file)


def name_of(result: Row) -> str:
    """Return the status as a word of a sentence."""
    return str(result.get("status") or "unknown").replace("_", " ").capitalize()


def _judgement(j: Row) -> dict[str, object]:
    return {
        "objective": str(j.get("objective")).replace("_ms", "").replace("_", " "),
        "status": label(j.get("status")),
        "severity": label(j.get("severity")),
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


def _budgets(judged: list[Row]) -> Iterator[Block]:
    """Yield how much of each error budget is left and how fast it burns, where an objective has one."""
    columns = (
        Column("objective", "Objective"),
        Column("left", "Budget left", CellKind.ESTIMATE, Unit.SHARE, "health-budget"),
        Column("days", "Of days", CellKind.NUMBER, definition="health-budget"),
        Column("burn", "Burns fastest", CellKind.ESTIMATE, Unit.TIMES, "health-burn"),
        Column("over", "Over, too fast from"),
        Column("usual", "Usually bad", CellKind.NUMBER, Unit.SHARE, "health-season"),
        Column("bad", "Bad on the day", CellKind.NUMBER, Unit.SHARE, "health-season"),
    )
    shown = tuple(_budget(j, j["budget"]) for j in judged if j.get("budget"))
    if shown:
        used = tuple(c for c in columns if any(row[c.key] is not None for row in shown))
        yield Table("Error budgets, how fast they burn, and the season", used, shown, len(shown), "health.csv")


def _budget(j: Row, budget: Row) -> dict[str, object]:
    known = [b for b in rows(j, "burns") if (b.get("now") or {}).get("value") is not None]
    burn = max(known, key=lambda b: (bool(b["is_burning"]), b["now"]["value"] / b["rate"]), default=None)
    season = j.get("season") or {}
    return {
        "objective": str(j.get("objective")).replace("_ms", "").replace("_", " "),
        "left": estimate(budget.get("left")),
        "days": budget.get("days"),
        "burn": estimate(
            burn["now"] if burn else None, "too few events" if rows(j, "burns") else "counted by day only"
        ),
        "over": f"{count(burn['hours'], 'hour')}, {number(burn['rate'], Unit.TIMES)}" if burn else None,
        "usual": season.get("expected_share"),
        "bad": season.get("bad_share"),
    }


def _alerts(alerts: list[Row]) -> list[Block]:
    if not alerts:
        return [
            Paragraph(text("No budget burnt too fast in any hour of the day, and nothing was worse than its season."))
        ]
    return [alerts_table(alerts), Paragraph(text("What to do about each is in docs/runbook.md."), Tone.MUTED)]


def alerts_table(alerts: list[Row]) -> Table:
    """Return what was wrong at some hour of the day."""
    columns = (
        Column("severity", "Severity", CellKind.LABEL, definition="health-severity"),
        Column("what", "What"),
        Column("service", "Service"),
        Column("since", "Since (UTC)", CellKind.MOMENT),
        Column("is_on", "At the end of the day"),
        Column("reason", "Why"),
    )
    shown = tuple(
        {
            "severity": label(a.get("severity")),
            "what": f"{a.get('objective')}".replace("_ms", "").replace("_", " "),
            "service": logged(a.get("service"), "all") if a.get("service") else "all",
            "since": str(a.get("since")),
            "is_on": "still so" if a.get("is_on") else "over",
            "reason": prose(a.get("reason")),
        }
        for a in alerts[:SHOWN_ROWS]
    )
    return Table("What was wrong during the day", columns, shown, len(alerts), "health_alerts.csv")


def _by_the_hour(incidents: list[Row], stopped: list[Row]) -> Iterator[Block]:
    """Yield what the hourly check met on the day and what it did."""
    if incidents:
        yield incidents_table(incidents)
    for each in stopped:
        said = (logged(each.get("rollout_id")), " was rolled back within the hour: ", prose(each.get("reason")))
        yield Paragraph(text(*said), Tone.BAD)


def incidents_table(incidents: list[Row]) -> Table:
    """Return the incidents of the hourly check."""
    columns = (
        Column("severity", "Severity", CellKind.LABEL, definition="health-severity"),
        Column("what", "What"),
        Column("service", "Service"),
        Column("since", "Opened (UTC)", CellKind.MOMENT),
        Column("ended", "Recovered (UTC)", CellKind.MOMENT),
        Column("reason", "Why"),
    )
    shown = tuple(
        {
            "severity": label(i.get("severity")),
            "what": _what(i),
            "service": logged(i.get("service")) if i.get("service") else "all",
            "since": i.get("since"),
            "ended": i.get("ended"),
            "reason": prose(i.get("reason")),
        }
        for i in incidents[:SHOWN_ROWS]
    )
    return Table("Incidents of the hourly check", columns, shown, len(incidents), "health_incidents.csv")


def _what(incident: Row) -> Text:
    """Return the objective, of others the kind with the name of what it is about."""
    kind, name = str(incident.get("kind")), str(incident.get("objective") or "")
    if kind in ("burn", "season"):
        return text(logged(name.replace("_ms", "").replace("_", " ")))
    return text(kind, *([": ", logged(name)] if name else []))
