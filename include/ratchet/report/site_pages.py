"""What there is to document -> pages: an overview, getting started, what it is used for, confusing topics, the code.

A page of the code is made in `site_code.py`. Which numbers there are is decided in `analyze/capabilities.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from ratchet.report import site_code
from ratchet.report.logtext import Text, code_line, logged, prose, text
from ratchet.report.numbers import Unit, count, day
from ratchet.report.results import Row, estimate, rows, total, whose
from ratchet.report.site_view import Code, Page
from ratchet.report.view import Block, CellKind, Column, Definition, Fact, Facts, Label, Paragraph, Section, Table, Tone

_TOP, _LISTED, _CALLS = 10, 60, 40
_NAMES = {
    "success_rate": "Success",
    "retry_rate": "Asked again",
    "confusing": "Confusing",
    "shape": "Usual call",
    "value": "Usual value",
    "first_steps": "First steps",
    "path_success": "Success of a path",
    "drop_off": "Stopped there",
    "undocumented": "Undocumented but used",
    "breaking": "Breaking",
}


def pages(result: Mapping[str, Any]) -> list[Page]:
    """Return every page, in the order in which they are listed."""
    use = [_overview(result), _getting_started(result), _actions(result), _confusing(result)]
    return [*use, *site_code.pages(result, _used(result), definitions(result, "undocumented", "breaking"))]


def definitions(result: Row, *names: str) -> tuple[Definition, ...]:
    """Return what terms mean."""
    known = result.get("definitions") or {}
    return tuple(Definition(n, _NAMES[n], f"{known[n][:1].upper()}{known[n][1:]}.", "") for n in names if n in known)


def _used(result: Row) -> Text:
    """Say from which days of use a page was made, and how much there was."""
    last = str(result.get("as_of"))
    first = date.fromisoformat(last) - timedelta(days=total(result, "window_days") - 1)
    first = max(first, date.fromisoformat(result.get("first_landed") or last))
    what = f"{count(total(result, 'requests'), 'request')} and {count(total(result, 'steps'), 'step')} taken for them"
    return text(f"Use from {day(first)} to {day(last)}: {what}, by {count(total(result, 'units'))} {whose([result])}.")


def _overview(result: Row) -> Page:
    asked = _of_level(result, "root")
    steps = result.get("first_steps") or {}
    packages = rows(result, "packages")
    facts = [
        Fact("Topics asked for", len(asked)),
        Fact(f"{whose([result]).capitalize()} in 30 days", total(result, "units")),
        Fact("New users", total(steps, "users"), note="whose first week is over"),
        Fact("Confusing topics", sum(bool(a.get("is_confusing")) for a in asked), definition="confusing"),
    ]
    if packages:
        documented = sum(total(p, "documented") for p in packages)
        facts.append(
            Fact("Capabilities in the code", total(result, "total_capabilities"), note=f"{documented} with a docstring")
        )
    blocks: list[Block] = [Facts(tuple(facts))]
    if result.get("reason"):
        blocks = [Paragraph(text(f"Nothing to document yet: {result['reason']}."))]
    parts = [Section("now", "At a glance", tuple(blocks))]
    if asked:
        most = _table("Asked for most", asked[:_TOP], len(asked))
        parts.append(Section("most", "What people ask for", (_first_words(steps), *most)))
    lead = text("What this assistant is used for, how well that works, and where people begin: drawn from its own log.")
    return Page(
        "index",
        text("Overview"),
        lead,
        _used(result),
        "",
        tuple(parts),
        definitions(result, "success_rate", "retry_rate", "confusing"),
    )


def _first_words(steps: Row) -> Paragraph:
    """Say in one sentence how most people begin."""
    first = next((p for p in rows(steps, "paths") if len(p.get("path") or ()) == 1), None)
    if first is None:
        return Paragraph(text("How new users begin is not known yet: ", prose(steps.get("reason")), "."), Tone.MUTED)
    rate = estimate(first.get("success_rate")).number
    works = "" if rate is None else f"; it works for {100 * rate:.0f}% of them in the end"
    said = f", as {count(total(first, 'users'))} of {count(total(steps, 'users'), 'new user')} did{works}."
    return Paragraph(text("Most begin with ", logged(first["path"][0]), said))


def _of_level(result: Row, level: str) -> list[Row]:
    return [action for action in rows(result, "actions") if action.get("level") == level]


def _table(caption: str, found: Sequence[Row], whole: int) -> list[Block]:
    columns = [
        Column("action", "Name"),
        Column("requests", "Times", CellKind.NUMBER),
        Column("units", whose(found).capitalize(), CellKind.NUMBER),
        Column("success", "Success", CellKind.ESTIMATE, Unit.SHARE, "success_rate"),
        Column("again", "Asked again", CellKind.ESTIMATE, Unit.SHARE, "retry_rate"),
        Column("note", "Note", CellKind.LABEL),
    ]
    shown = tuple(_row(action) for action in found)
    kept = tuple(c for c in columns if any(row[c.key] is not None for row in shown))
    return [Table(caption, kept, shown, whole, "../capabilities.csv" if whole > len(shown) else None)] if shown else []


def _row(action: Row) -> dict[str, Any]:
    again = action.get("retry_rate")
    return {
        "action": logged(action.get("action")),
        "requests": action.get("requests"),
        "units": action.get("units"),
        "success": estimate(action.get("success_rate")),
        "again": None if again is None else estimate(again),
        "note": Label("confusing", Tone.WARN) if action.get("is_confusing") else None,
    }


def _getting_started(result: Row) -> Page:
    steps = result.get("first_steps") or {}
    found = rows(steps, "paths")
    by_length = [[p for p in found if len(p.get("path") or ()) == n] for n in (1, 2, 3)]
    titles = ("What new users ask first", "What they ask next", "And third")
    parts = [
        Section(f"step-{n + 1}", title, tuple(_paths("The most frequent", paths)))
        for n, (title, paths) in enumerate(zip(titles, by_length, strict=True))
        if paths
    ]
    if not parts:
        parts = [Section("step-1", titles[0], (Paragraph(text("Nothing to show: ", prose(steps.get("reason")), ".")),))]
    parts += [Section("stops", "Where people stop", tuple(_stops(found)))] if found else []
    fresh = _used(result)
    if steps.get("users"):
        fresh = text(f"{_newcomers(steps, total(result, 'k_anonymity'))} ", *fresh.parts)
    lead = text("How others began in their first week, how that went, and what they asked for next.")
    terms = definitions(result, "first_steps", "path_success", "drop_off")
    return Page("getting_started", text("Getting started"), lead, fresh, "", tuple(parts), terms)


def _newcomers(steps: Row, least_users: int) -> str:
    """Say whose first weeks these are, and what is not shown of them."""
    came = f"who came from {day(steps['first_date'])} to {day(steps['last_date'])}"
    said = [f"{count(total(steps, 'users'), 'new user')} {came}"]
    if early := total(steps, "from_the_start"):
        said.append(f"{count(early)} of them were first seen in the log's first week and may have been users before")
    if hidden := total(steps, "hidden"):
        said.append(f"{count(hidden)} beginnings of fewer than {least_users} users are not shown")
    return f"{'; '.join(said)}."


def _paths(caption: str, found: Sequence[Row]) -> list[Block]:
    columns = (
        Column("path", "Asked for", CellKind.LINES),
        Column("users", "Users", CellKind.NUMBER),
        Column("share", "Of new users", CellKind.NUMBER, Unit.SHARE),
        Column("success", "Success", CellKind.ESTIMATE, Unit.SHARE, "path_success"),
        Column("stopped", "Stopped there", CellKind.ESTIMATE, Unit.SHARE, "drop_off"),
    )
    shown = tuple(
        {
            "path": tuple(
                text(f"{n}. ", logged(step)) if len(p["path"]) > 1 else logged(step)
                for n, step in enumerate(p["path"], 1)
            ),
            "users": p.get("users"),
            "share": estimate(p.get("share")).number,
            "success": estimate(p.get("success_rate")),
            "stopped": estimate(p.get("drop_off")),
        }
        for p in found[:_TOP]
    )
    return [Table(caption, columns, shown, len(found))]


def _stops(found: Sequence[Row]) -> list[Block]:
    """Return the beginnings after which most people left when the last step had failed."""
    lost = sorted((p for p in found if total(p, "left_after_failure")), key=lambda p: -total(p, "left_after_failure"))
    if not lost:
        return [Paragraph(text("Nobody is known to have left after a step that failed."), Tone.MUTED)]
    columns = (
        Column("path", "After"),
        Column("lost", "Left after a failure", CellKind.NUMBER),
        Column("users", "Users", CellKind.NUMBER),
    )
    shown = tuple(
        {"path": _in_words(p["path"]), "lost": p["left_after_failure"], "users": p.get("users")} for p in lost[:_TOP]
    )
    return [Table("Last step failed, and nothing else was asked for in the week", columns, shown, len(lost))]


def _in_words(path: Sequence[str]) -> Text:
    parts = [part for step in path for part in (", then ", logged(step))]
    return text(*parts[1:])


def _actions(result: Row) -> Page:
    asked, done = _of_level(result, "root"), _of_level(result, "step")
    parts = [
        Section("topics", "What people ask for", tuple(_table("Topics", asked[:_LISTED], len(asked)))),
        Section("tools", "What is done for it", tuple(_table("Steps, such as tool calls", done[:_LISTED], len(done)))),
    ]
    called = [action for action in rows(result, "actions") if action.get("parameters")]
    parts += [Section(f"call-{n}", logged(a.get("action")), tuple(_call(a))) for n, a in enumerate(called[:_CALLS], 1)]
    hidden = sum(bool(total(a, "measured")) and not a.get("parameters") for a in rows(result, "actions"))
    if hidden:
        why = f"fewer than {total(result, 'k_anonymity')} users or sessions share one way to call them"
        parts.append(
            Section("hidden", "Not shown", (Paragraph(text(f"Parameters of {count(hidden, 'action')}: {why}.")),))
        )
    lead = text("Every topic and tool of the last 30 days, and the usual way in which each is called with success.")
    terms = definitions(result, "success_rate", "retry_rate", "shape", "value")
    kept = tuple(part for part in parts if part.blocks)
    return Page("actions", text("What it is used for"), lead, _used(result), "", kept, terms)


def _call(action: Row) -> list[Block]:
    who = "users" if action.get("unit_kind") == "user" else "users or sessions"
    of = f"{count(total(action, 'shape_calls'))} of {count(total(action, 'measured'))} successful calls"
    said = f"{of}, by {count(total(action, 'shape_units'))} {who}"
    columns = (
        Column("name", "Parameter"),
        Column("type", "Type"),
        Column("value", "Usual value", definition="value"),
        Column("units", "Given by", CellKind.NUMBER),
    )
    shown = tuple(
        {
            "name": logged(p.get("name")),
            "type": text(str(p.get("type"))),
            "value": logged(p["value"]) if p.get("value") else text("differs"),
            "units": p.get("units") or None,
        }
        for p in rows(action, "parameters")
    )
    example = Code(text(f"The usual call: {said}"), (code_line(str(action.get("example")), 2_000),))
    return [example, Table("Its parameters", columns, shown, len(shown))]


def _confusing(result: Row) -> Page:
    asked = [a for a in _of_level(result, "root") if estimate(a.get("retry_rate")).number is not None]
    found = [a for a in asked if a.get("is_confusing")]
    columns = (
        Column("action", "Topic"),
        Column("again", "Asked again", CellKind.ESTIMATE, Unit.SHARE, "retry_rate"),
        Column("lift", "Against the rest", CellKind.ESTIMATE, Unit.TIMES),
        Column("success", "Success", CellKind.ESTIMATE, Unit.SHARE, "success_rate"),
        Column("note", "Note", CellKind.LABEL, definition="confusing"),
    )
    most = sorted(asked, key=lambda a: (not a.get("is_confusing"), -(estimate(a.get("retry_rate")).number or 0.0)))
    shown = tuple(_row(a) | {"lift": estimate(a.get("retry_lift"))} for a in most[: max(_TOP, len(found))])
    are = "is" if len(found) == 1 else "are"
    said = f"{count(len(found), 'topic')} of {count(len(asked))} {are} asked again beyond chance."
    blocks: list[Block] = [Paragraph(text(said if asked else "Nothing was asked with a topic."))]
    blocks += [Table("Topics that are asked again most", columns, shown, len(asked))] if shown else []
    lead = text(
        "Where people ask the same again at once: the answer was not what they meant, or they do not know how to ask."
    )
    terms = definitions(result, "retry_rate", "confusing", "success_rate")
    parts = (Section("topics", "Asked again at once", tuple(blocks)),)
    return Page("confusing", text("Confusing topics"), lead, _used(result), "", parts, terms)
