"""Workflows: where the time of requests goes, and which calls were in vain."""

from __future__ import annotations

from ratchet.report import numbers
from ratchet.report.logtext import Logged, Text, logged, shortened, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, label, rows, total
from ratchet.report.view import Block, CellKind, Column, Paragraph, Table, Tone

_SHOWN = 2
_NAME = 24


def workflows(result: Row) -> list[Block]:
    """Return the longest paths, what could be spared, and what could run at once."""
    tables = [*_paths(result), *_repeats(result), *_in_vain(result), *_pairs(result)]
    return [Paragraph(_lead(result)), *tables, _looked_at(result)]


def _lead(result: Row) -> Text:
    if not total(result.get("looked_at") or {}, "calls"):
        return text("No steps of requests were logged in 30 days: nothing can be said of workflows.")
    spared = sum(total(r.get("spared") or {}, "calls") for r in rows(result, "repeats"))
    loops = sum(total(r, "loops") for r in rows(result, "loops"))
    cycles = sum(total(r, "cycles") for r in rows(result, "cycles"))
    said = [f"{count(spared, 'call')} could have been spared"] if spared else []
    said += [f"{count(loops, 'time')} a step failed three times in a row"] if loops else []
    said += [f"{count(cycles, 'time')} two calls went round in a cycle"] if cycles else []
    wasted = f"{'; '.join(said)}." if said else "No call was seen to be in vain."
    return text(f"{wasted[:1].upper()}{wasted[1:]}", *_slowest(result))


def _slowest(result: Row) -> tuple[str, ...]:
    path = next((p for p in rows(result, "paths") if p.get("slowest")), None)
    if path is None:
        return ()
    share = numbers.number(_share_of(result, path), Unit.SHARE)
    request = _name(path.get("intent")) if path.get("intent") else "no intent"
    return (
        " Most time goes to requests of ",
        request,
        f"; {share} of it is spent in ",
        _name(path.get("slowest")),
        ".",
    )


def _share_of(result: Row, path: Row) -> float | None:
    own = (s for s in rows(result, "path_steps") if s.get("intent") == path.get("intent"))
    return next((s.get("share") for s in own if s.get("action") == path.get("slowest")), None)


def _paths(result: Row) -> list[Block]:
    columns = (
        Column("request", "Requests", CellKind.LINES, definition="patterns-path"),
        Column("path", "The longest chain", CellKind.NUMBER, Unit.MS, "patterns-path"),
        Column("at_once", "Beside it", CellKind.NUMBER, Unit.SHARE, "patterns-path"),
        Column("steps", "What it waits for", CellKind.LINES, definition="patterns-share"),
    )
    found = rows(result, "paths")
    shown = tuple(
        {
            "request": (_name(p.get("intent")), count(total(p, "requests"), "request")),
            "path": p.get("path_ms"),
            "at_once": p.get("at_once"),
            "steps": _waits(result, str(p.get("intent") or "")),
        }
        for p in found[:_SHOWN]
    )
    return [Table("Where the time of requests goes", columns, shown, len(found), "patterns_paths.csv")] if shown else []


def _waits(result: Row, intent: str) -> tuple[str, ...]:
    own = [s for s in rows(result, "path_steps") if str(s.get("intent") or "") == intent][:3]
    return tuple(
        text(_name(s.get("action")) if s.get("action") else "itself", " ", numbers.number(s.get("share"), Unit.SHARE))
        for s in own
    )


def _repeats(result: Row) -> list[Block]:
    columns = (
        Column("action", "Asked again", definition="patterns-repeat"),
        Column("spared", "Could be spared", CellKind.LINES, definition="patterns-repeat"),
        Column("changed", "Got another answer", CellKind.ESTIMATE, Unit.SHARE, "patterns-changed"),
        Column("verdict", "So it is", CellKind.LABEL, definition="patterns-changed"),
    )
    found = [r for r in rows(result, "repeats") if total(r.get("spared") or {}, "calls")]
    shown = tuple(
        {
            "action": _name(r.get("action")),
            "spared": _spent(r.get("spared") or {}, f" in {count(total(r, 'sessions'), 'session')}"),
            "changed": estimate(r.get("changed")),
            "verdict": label(str(r.get("verdict"))),
        }
        for r in found[:_SHOWN]
    )
    caption = "Calls whose answer was known already"
    return [Table(caption, columns, shown, len(found), "patterns_repeats.csv")] if shown else []


def _in_vain(result: Row) -> list[Block]:
    columns = (
        Column("action", "Again and again", CellKind.LINES, definition="patterns-loop"),
        Column("times", "Times", CellKind.NUMBER, definition="patterns-cycle"),
        Column("calls", "In vain", CellKind.LINES, definition="patterns-succeeds"),
        Column("succeeds", "A further try succeeds in", CellKind.ESTIMATE, Unit.SHARE, "patterns-succeeds"),
        Column("verdict", "So it is", CellKind.LABEL, definition="patterns-succeeds"),
    )
    told = [_loop(r) for r in rows(result, "loops")] + [_cycle(r) for r in rows(result, "cycles")]
    shown = tuple(told[:_SHOWN])
    caption = "Failures in a row, and cycles"
    return [Table(caption, columns, shown, len(told), "patterns_loops.csv")] if shown else []


def _loop(row: Row) -> dict[str, object]:
    return {
        "action": (_name(row.get("action")), f"after {total(row, 'failures')} failures"),
        "times": total(row, "loops"),
        "calls": _spent(row.get("in_vain") or {}),
        "succeeds": estimate(row.get("succeeds")),
        "verdict": label(str(row.get("verdict"))),
    }


def _cycle(row: Row) -> dict[str, object]:
    return {
        "action": (_name(row.get("first")), _name(row.get("second")), "in turn"),
        "times": total(row, "cycles"),
        "calls": _spent(row.get("in_vain") or {}),
        "succeeds": None,
        "verdict": label(str(row.get("verdict"))),
    }


def _pairs(result: Row) -> list[Block]:
    columns = (
        Column("steps", "One after the other", CellKind.LINES, definition="patterns-pair"),
        Column("requests", "Requests", CellKind.NUMBER, definition="patterns-pair"),
        Column("saved", "At once would save", CellKind.NUMBER, Unit.MS, "patterns-pair"),
        Column("free", "Do not wait for each other", CellKind.ESTIMATE, Unit.SHARE, "patterns-pair"),
        Column("verdict", "So it is", CellKind.LABEL, definition="patterns-pair"),
    )
    found = [r for r in rows(result, "pairs") if total(r, "requests")]
    shown = tuple(
        {
            "steps": (_name(r.get("first")), _name(r.get("second"))),
            "requests": total(r, "requests"),
            "saved": r.get("saved_ms"),
            "free": estimate(r.get("free")),
            "verdict": label(str(r.get("verdict"))),
        }
        for r in found[:_SHOWN]
    )
    caption = "Steps that could run at once"
    return [Table(caption, columns, shown, len(found), "patterns_pairs.csv")] if shown else []


def _spent(spent: Row, where: str = "") -> tuple[str, ...]:
    took = ((spent.get("duration_ms"), Unit.MS), (spent.get("cost_usd"), Unit.USD))
    known = ", ".join(numbers.number(value, unit) for value, unit in took if value)
    return (f"{count(total(spent, 'calls'), 'call')}{where}", *([known] if known else []))


def _name(value: object) -> Logged:
    return Logged(shortened(logged(value), _NAME))


def _looked_at(result: Row) -> Paragraph:
    seen = result.get("looked_at") or {}
    timed = count(total(seen, "requests_timed"), "request")
    calls = count(total(seen, "calls"), "call")
    return Paragraph(text(f"Looked at in 30 days: {calls} of steps, {timed} whose steps have durations."), Tone.MUTED)
