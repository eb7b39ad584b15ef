"""Connected APIs: what they can do, what changed and breaks, what of it people ask for in vain or use."""

from __future__ import annotations

from ratchet.report.logtext import logged, prose, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import SHOWN_ROWS, Row, estimate, rows, total, without_empty
from ratchet.report.view import Block, CellKind, Column, Label, Paragraph, Table, Tone

_BREAKS = 5


def apis(result: Row) -> list[Block]:
    """Return what the APIs can do and what changed."""
    found = rows(result, "apis")
    problems = [Paragraph(text(prose(problem)), Tone.BAD) for problem in result.get("problems") or ()]
    if not found:
        return [*problems, Paragraph(text(f"Nothing to show: {result.get('reason') or 'no API is known'}."))]
    connected = [api for api in found if api.get("connected")]
    lead = f"{count(len(connected), 'API')} connected, {count(len(found) - len(connected))} more only seen in the log."
    tables = [
        *_apis(connected),
        *_adoption(rows(result, "adoption")),
        *_unmet(rows(result, "matches")),
        *_endpoints(rows(result, "endpoints")),
    ]
    return [*problems, Paragraph(text(lead)), *_breaking(connected), *tables]


def _apis(connected: list[Row]) -> list[Block]:
    columns = (
        Column("api", "API"),
        Column("known", "Known from", definition="apis-dialect"),
        Column("state", "Last look", CellKind.LABEL, definition="apis-state"),
        Column("operations", "Operations", CellKind.NUMBER),
        Column("client", "Client", CellKind.LABEL, definition="apis-client"),
        Column("untested", "Not tried", CellKind.NUMBER, definition="apis-untested"),
        Column("calls", "Calls logged", CellKind.NUMBER),
        Column("reason", "Said"),
    )
    shown = tuple(map(_api, connected[:SHOWN_ROWS]))
    return [Table("Connected APIs", _filled(columns, shown), shown, len(connected), "apis.csv")] if shown else []


def _filled(columns: tuple[Column, ...], shown: tuple[dict[str, object], ...]) -> tuple[Column, ...]:
    """Return the columns that say something: nothing is missing where nothing is to be said."""
    return tuple(column for column in columns if any(row[column.key] is not None for row in shown))


def _api(api: Row) -> dict[str, object]:
    return {
        "api": logged(api.get("api")),
        "known": logged(f"{api.get('dialect')} {api.get('version')}".strip()) if api.get("dialect") else None,
        "state": _state(api),
        "operations": api.get("operations"),
        "client": _client(api),
        "untested": api.get("untested"),
        "calls": api.get("calls"),
        "reason": prose(api["reason"]) if api.get("reason") else None,
    }


def _state(api: Row) -> Label:
    state = str(api.get("state") or "not yet")
    return Label(state, Tone.BAD if state == "failed" else Tone.PLAIN)


def _client(api: Row) -> Label | None:
    client = api.get("client")
    if not client:
        return None
    return Label("does not hold", Tone.BAD) if client.get("problems") else Label("holds", Tone.GOOD)


def _breaking(connected: list[Row]) -> list[Block]:
    said = [(api.get("api"), what) for api in connected for what in (api.get("difference") or {}).get("breaking", ())]
    blocks: list[Block] = [
        Paragraph(text(prose(f"Breaking change in {api}: {what}.")), Tone.WARN) for api, what in said[:_BREAKS]
    ]
    if len(said) > _BREAKS:
        blocks.append(
            Paragraph(text(f"{count(len(said) - _BREAKS)} more breaking changes are in apis.json."), Tone.MUTED)
        )
    return blocks


def _adoption(found: list[Row]) -> list[Block]:
    columns = (
        Column("api", "Client", definition="apis-adoption"),
        Column("since", "Published on"),
        Column("used", "Operations used", CellKind.ESTIMATE, Unit.SHARE, "apis-used"),
        Column("a_day", "Calls a day since", CellKind.ESTIMATE, Unit.RATIO, "apis-adoption"),
        Column("before", "Calls a day before", CellKind.ESTIMATE, Unit.RATIO, "apis-adoption"),
        Column("failed", "Failed", CellKind.ESTIMATE, Unit.SHARE),
    )
    shown = tuple(
        {"api": logged(a.get("api")), "since": str(a.get("published_on")), "before": estimate(a.get("a_day_before"))}
        | {key: estimate(a.get(key)) for key in ("used", "a_day", "failed")}
        for a in found[:SHOWN_ROWS]
    )
    table = Table("Are published clients used?", columns, shown, len(found), "apis_adoption.csv")
    return without_empty(table) if shown else []


def _unmet(found: list[Row]) -> list[Block]:
    columns = (
        Column("feature", "Asked for in vain", definition="apis-matches"),
        Column("demand", "Failed", CellKind.NUMBER),
        Column("api", "API"),
        Column("operation", "Operation that sounds like it"),
        Column("share", "Alike", CellKind.NUMBER, Unit.SHARE),
    )
    shown = tuple(
        {"feature": logged(m.get("feature")), "demand": m.get("demand"), "share": m.get("share")}
        | {key: logged(m.get(key)) for key in ("api", "operation")}
        for m in found[:SHOWN_ROWS]
    )
    return [Table("What could serve unmet requests", columns, shown, len(found), "apis_matches.csv")] if shown else []


def _endpoints(found: list[Row]) -> list[Block]:
    columns = (
        Column("api", "API"),
        Column("endpoint", "Endpoint", definition="apis-endpoints"),
        Column("calls", "Calls", CellKind.NUMBER),
        Column("failures", "Failed", CellKind.NUMBER),
        Column("known", "In its specification"),
    )
    listed = sorted(found, key=lambda e: -total(e, "calls"))
    shown = tuple(
        {
            "api": logged(e.get("api")),
            "endpoint": logged(f"{str(e.get('method')).upper()} {e.get('path')}"),
            "calls": e.get("calls"),
            "failures": e.get("failures"),
            "known": None if e.get("in_spec") is None else text("yes" if e["in_spec"] else "no"),
        }
        for e in listed[:SHOWN_ROWS]
    )
    filled = _filled(columns, shown)
    return [Table("What the application calls", filled, shown, len(found), "apis_endpoints.csv")] if shown else []
