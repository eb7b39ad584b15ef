"""Pages of the users' own packages: what there is by module, with examples and use; what changed, what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ratchet.report.logtext import Text, code_line, logged, prose, shortened, text
from ratchet.report.numbers import count, day
from ratchet.report.results import Row, rows, total, whose
from ratchet.report.site_view import Code, Page
from ratchet.report.view import (
    Block,
    CellKind,
    Column,
    Definition,
    Fact,
    Facts,
    Label,
    Link,
    Paragraph,
    Section,
    Table,
    Tone,
)

_TOP = 50
_LINES = 40
_WIDE = 88  # characters of a signature that fit beside each other
_PIECES = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|.""", re.DOTALL)
GROUP = "Code"


def pages(result: Row, used: Text, terms: tuple[Definition, ...]) -> list[Page]:
    """Return the pages of the code, none where no package was read."""
    packages = rows(result, "packages")
    if not packages:
        return []
    modules = _modules(rows(result, "capabilities"))
    fresh = {str(p["package"]): _read(p) for p in packages}
    found = [_reference(result, modules, used, fresh, terms), _changes(result, fresh, terms)]
    for n, (module, members) in _numbered(modules):
        known = fresh.get(str(members[0].get("package")), text())
        freshness = text(*known.parts, " ", *used.parts)
        found.append(_module(_file(module, n), module, members, freshness, whose([result])))
    return found


def _read(package: Row) -> Text:
    """Say when a package was read and how much of it."""
    holds = count(total(package, "capabilities"), "capability", "capabilities")
    tests = package.get("tests")
    run = "; no tests were given"
    if tests:
        passed, failed, skipped = (count(tests[state]) for state in ("passed", "failed", "skipped"))
        run = f"; tests: {passed} passed, {failed} failed, {skipped} skipped"
    when = f" as read for {day(package.get('day'))}: {count(total(package, 'files'), 'file')}, {holds}{run}."
    return text("Code of ", logged(package.get("package")), when)


def _modules(found: Sequence[Row]) -> dict[str, list[Row]]:
    modules: dict[str, list[Row]] = {}
    for each in sorted(found, key=lambda c: (str(c.get("file")), total(c, "line"), str(c.get("name")))):
        modules.setdefault(str(each.get("file")), []).append(each)
    return modules


def _file(module: str, number: int) -> str:
    """Return a name for a module's page: of ours, whatever the module is called."""
    return f"code_{number}_{re.sub(r'[^a-z0-9]+', '_', module.lower().removesuffix('.py'))[:60].strip('_')}".rstrip("_")


def _reference(
    result: Row, modules: dict[str, list[Row]], used: Text, fresh: dict[str, Text], terms: tuple[Definition, ...]
) -> Page:
    packages = rows(result, "packages")
    facts = Facts(
        (
            Fact("Capabilities", total(result, "total_capabilities")),
            Fact("With a docstring", sum(total(p, "documented") for p in packages)),
            Fact("With an example", sum(total(p, "with_example") for p in packages), note="from tests that passed"),
            Fact("Undocumented but used", len(rows(result, "undocumented")), definition="undocumented"),
        )
    )
    parts = [Section("all", "At a glance", (facts, *_problems(packages)))]
    missing = rows(result, "undocumented")
    if missing:
        columns = (
            Column("name", "Capability"),
            Column("calls", "Calls in 30 days", CellKind.NUMBER),
            Column("units", whose([result]).capitalize(), CellKind.NUMBER),
        )
        shown = tuple({**m, "name": logged(m.get("name"))} for m in missing[:_TOP])
        table = Table("Write these first: they are used, and nothing says what they do", columns, shown, len(missing))
        parts.append(Section("undocumented", "Undocumented but used", (table,)))
    links = tuple(
        Link(_label(module, members), f"{_file(module, n)}.html") for n, (module, members) in _numbered(modules)
    )
    if links:
        parts.append(Section("modules", "Modules", links))
    lead = text("Public functions, classes and methods, read from the source text; nothing was imported or run.")
    said = [part for each in fresh.values() for part in (*each.parts, " ")]
    return Page("reference", text("Capability reference"), lead, text(*said, *used.parts), GROUP, tuple(parts), terms)


def _numbered(modules: dict[str, list[Row]]) -> Iterator[tuple[int, tuple[str, list[Row]]]]:
    return enumerate(modules.items(), 1)


def _label(module: str, members: Sequence[Row]) -> str:
    used = sum(bool(m.get("action")) for m in members)
    seen = f", {count(used)} seen in the log" if used else ""
    return f"{shortened(logged(module))} – {count(len(members), 'capability', 'capabilities')}{seen}"


def _problems(packages: Sequence[Row]) -> list[Block]:
    said = [problem for package in packages for problem in package.get("problems") or ()]
    blocks: list[Block] = [Paragraph(text("Left out: ", prose(each), "."), Tone.WARN) for each in said[:5]]
    if len(said) > 5:
        blocks.append(Paragraph(text(f"{count(len(said) - 5)} more files do not parse."), Tone.MUTED))
    return blocks


def _changes(result: Row, fresh: dict[str, Text], terms: tuple[Definition, ...]) -> Page:
    found, packages = rows(result, "changes"), rows(result, "packages")
    columns = (
        Column("name", "Capability"),
        Column("change", "Change", CellKind.LABEL),
        Column("breaking", "Breaks a caller", definition="breaking"),
        Column("signature", "Before, and now", CellKind.LINES),
    )
    shown = tuple(
        {
            "name": logged(c.get("name")),
            "change": Label(str(c.get("change")), Tone.BAD if c.get("breaking") else Tone.PLAIN),
            "breaking": prose(c["breaking"]) if c.get("breaking") else None,
            "signature": tuple(prose(c[side]) for side in ("before", "after") if c.get(side)),
        }
        for c in found[: 2 * _TOP]
    )
    since = [p for p in packages if p.get("before")]
    against = " and ".join(f"{day(p['day'])} against {day(p['before'])}" for p in since)
    said = text(f"Signatures as read for {against}." if since else "There is no earlier look to compare with.")
    blocks: list[Block] = [Paragraph(said, Tone.MUTED)]
    blocks += [Table("What breaks first", columns, shown, len(found))] if shown else []
    lead = text("What was added, removed or is called in another way since the code last changed.")
    freshness = text(*[part for each in fresh.values() for part in (*each.parts, " ")])
    parts = (Section("changes", "Signatures", tuple(blocks)),)
    return Page("changes", text("What changed"), lead, freshness, GROUP, parts, terms)


def _module(name: str, module: str, members: Sequence[Row], freshness: Text, who: str) -> Page:
    parts = tuple(Section(f"c-{n}", logged(_short(m)), tuple(_capability(m, who))) for n, m in enumerate(members, 1))
    lead = text(count(len(members), "capability", "capabilities"), ", in the order of the file.")
    return Page(name, text(logged(module)), lead, freshness, GROUP, parts, is_listed=False)


def _short(capability: Row) -> str:
    """Return a capability's name, that of a method with its class."""
    parts = str(capability.get("name")).split(".")
    return ".".join(parts[-2:] if capability.get("kind") == "method" else parts[-1:])


def _capability(found: Row, who: str) -> list[Block]:
    place = text(str(found.get("kind")), " ", logged(found.get("name")), f", line {total(found, 'line')}")
    blocks: list[Block] = [Code(place, _lines(_one_a_line(str(found.get("signature")))))]
    if found.get("summary"):
        blocks.append(Paragraph(text(prose(found["summary"]))))
    else:
        blocks.append(
            Paragraph(text("Its author says nothing about it."), Tone.WARN if found.get("action") else Tone.MUTED)
        )
    blocks += [Paragraph(text(prose(part))) for part in str(found.get("description") or "").split("\n\n")[:6] if part]
    blocks += _arguments(found)
    if found.get("returns"):
        blocks.append(Paragraph(text("Returns: ", prose(found["returns"]))))
    if found.get("action"):
        used = f"{count(total(found, 'calls'), 'call')} in 30 days, by {count(total(found, 'units'))} {who}."
        blocks.append(Paragraph(text("In the log as ", logged(found["action"]), f": {used}")))
    for each in rows(found, "examples"):
        where = text(
            "From the test ", logged(each.get("test")), ", ", logged(each.get("file")), f", line {total(each, 'line')}"
        )
        blocks.append(Code(where, _lines(str(each.get("code")))))
    return blocks


def _one_a_line(signature: str) -> str:
    """Return a signature that is wide with an argument a line; what is none, or was cut, as it is."""
    head, _, rest = signature.partition("(")
    parts, depth = [""], 0
    for found in _PIECES.finditer(rest if len(signature) > _WIDE else ""):
        piece = found.group()
        depth += (piece in "([{") - (piece in ")]}")
        if depth < 0:
            return "\n".join([f"{head}(", *(f"    {part.strip()}," for part in parts), rest[found.start() :]])
        if piece == "," and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return signature


def _lines(code: str) -> tuple[str, ...]:
    lines = code.split("\n")
    left = len(lines) - _LINES
    return tuple(code_line(line) for line in lines[:_LINES]) + ((f"… {left} more lines",) if left > 0 else ())


def _default(argument: Row) -> Text | str:
    if argument.get("default") is not None:
        return logged(argument["default"])
    return text("any number" if argument.get("kind") in ("list", "mapping") else "must be given")


def _arguments(found: Row) -> list[Block]:
    listed = rows(found, "arguments")
    if not any(a.get("description") for a in listed):
        return []
    columns = (
        Column("name", "Parameter"),
        Column("annotation", "Type"),
        Column("default", "Default"),
        Column("description", "Meaning"),
    )
    shown = tuple(
        {
            "name": logged(a.get("name")),
            "annotation": logged(a["annotation"]) if a.get("annotation") else None,
            "default": _default(a),
            "description": prose(a["description"]) if a.get("description") else None,
        }
        for a in listed[:_TOP]
    )
    return [Table("Parameters", columns, shown, len(listed))]
