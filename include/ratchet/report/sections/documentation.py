"""Documentation: the site that a night writes, and what in it changed or is missing."""

from __future__ import annotations

from ratchet.report.logtext import logged, prose, text
from ratchet.report.numbers import count
from ratchet.report.results import Row, rows, total
from ratchet.report.view import Block, Fact, Facts, Link, Paragraph, Tone

_NAMED = 3


def documentation(result: Row) -> list[Block]:
    """Return where the site is, how much it holds, and what needs a writer; the site itself holds the tables."""
    if result.get("reason"):
        return [Paragraph(text(f"Nothing to show: {result['reason']}."))]
    steps = result.get("first_steps") or {}
    confusing = [a for a in rows(result, "actions") if a.get("is_confusing")]
    facts = [
        Fact("Topics and tools", total(result, "total_actions"), definition="capabilities-action"),
        Fact("New users", total(steps, "users"), definition="capabilities-first_steps"),
        Fact("Confusing topics", len(confusing), definition="capabilities-confusing"),
    ]
    if rows(result, "packages"):
        missing = len(rows(result, "undocumented"))
        facts += [
            Fact("Capabilities in the code", total(result, "total_capabilities"), definition="capabilities-capability"),
            Fact("Undocumented but used", missing, definition="capabilities-undocumented"),
        ]
    blocks: list[Block] = [Link("Open the documentation of this night", "docs/index.html"), Facts(tuple(facts))]
    return [*blocks, *_confusing(confusing), *_problems(result), *_changes(rows(result, "changes"))]


def _confusing(found: list[Row]) -> list[Block]:
    if not found:
        return []
    names = [part for a in found[:_NAMED] for part in (", ", logged(a.get("action")))]
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return [Paragraph(text("Asked again at once more than the rest: ", *names[1:], f"{more}."), Tone.WARN)]


def _problems(result: Row) -> list[Block]:
    said = [problem for package in rows(result, "packages") for problem in package.get("problems") or ()]
    if not said:
        return []
    more = f", and {len(said) - 1} more" if len(said) > 1 else ""
    return [Paragraph(text("Could not be read: ", prose(said[0]), f"{more}."), Tone.WARN)]


def _changes(found: list[Row]) -> list[Block]:
    if not found:
        return []
    breaking = sum(bool(change.get("breaking")) for change in found)
    tone = Tone.WARN if breaking else Tone.PLAIN
    said = f"{count(len(found), 'signature')} changed since the look before; {count(breaking)} of them break a caller."
    return [Paragraph(text(said), tone), Link("What changed", "docs/changes.html")]
