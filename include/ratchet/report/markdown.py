"""The report as Markdown: the same content as the page, with each chart as the sentence that stands for it.

What it says belongs to the view. Everything is escaped, so that text from a log stays text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from ratchet.contracts.estimates import Estimate
from ratchet.report import charts, numbers, replay_charts
from ratchet.report.markdown_text import fact, grid, rest, say
from ratchet.report.numbers import Unit
from ratchet.report.replay_view import Replays
from ratchet.report.service_view import ByService
from ratchet.report.site_view import Code
from ratchet.report.trial_markdown import effects, forest, timelines, trials
from ratchet.report.view import (
    STANDING_WORDS,
    Bars,
    CellKind,
    Chapter,
    Column,
    Definition,
    Evidence,
    Facts,
    KeyFigure,
    KeyFigures,
    Listing,
    Proposal,
    Proposals,
    Section,
    Splits,
    Standing,
    Table,
    View,
)

_BAR = 20  # characters of a full bar


def render_markdown(view: View) -> str:
    """Return the report as text; the same view always gives the same bytes."""
    lines = [
        f"# Ratchet: daily improvement report, {numbers.day(view.day, weekday=True)}",
        f"**{say(view.headline)}**",
        f"Status: **{view.status_label}**. {say(view.status_reason)}",
        "## At a glance",
        *_figures(view.figures),
        *(line for listing in view.lists for line in _listing(listing)),
        *(line for chapter in view.chapters for line in _chapter(chapter)),
        "## Definitions",
        "\n".join(_definition(d) for d in view.definitions),
        f"Drawn from what had landed by {numbers.day(view.day)}, and from nothing else. Days are UTC.",
    ]
    return "\n\n".join(line for line in lines if line) + "\n"


def _figures(figures: Iterable[KeyFigure]) -> list[str]:
    found = [_figure(f) for f in figures]
    return [grid(("Key figure", "Value", "Against a week before", "Last days"), found)] if found else []


def _figure(figure: KeyFigure) -> tuple[str, ...]:
    trend = charts.series_in_words(figure.series, figure.unit, figure.label) if figure.series else ""
    change = charts.change_in_words(figure.change, figure.unit)
    return figure.label, charts.estimate_in_words(figure.estimate, figure.unit), change, trend


def _listing(listing: Listing) -> list[str]:
    lines = [f"- {say(item.text)}" for item in listing.items]
    if listing.total > len(lines):
        lines.append(f"- and {numbers.count(listing.total - len(lines))} more")
    return [f"### {listing.title}", "\n".join(lines) or listing.empty]


def _chapter(chapter: Chapter) -> list[str]:
    head = [f"## {chapter.title}", f"*{chapter.question}*", *_standing(chapter.standing, chapter.reason)]
    return head + [line for each in chapter.sections for line in section(each)]


def section(section: Section, level: int = 3) -> list[str]:
    """Return the paragraphs of a section under a heading of a level."""
    head = [f"{'#' * level} {say(section.title)}", *_standing(section.standing, section.reason)]
    return head + [_BLOCKS[block.kind](block) for block in section.blocks]


def _standing(standing: Standing, reason: str) -> list[str]:
    return [] if standing is Standing.OK or not reason else [f"> **{STANDING_WORDS[standing]}:** {say(reason)}"]


def _facts(block: Facts) -> str:
    return "\n".join(f"- {fact(each)}" for each in block.items)


def _table(block: Table) -> str:
    found = [[_cell(row[c.key], c) for c in block.columns] for row in block.rows]
    drawn = grid([c.label for c in block.columns], found)
    return "\n\n".join([f"**{block.caption}**", drawn, *rest(block.total, len(block.rows), block.file)])


def _cell(value: Any, column: Column) -> str:
    return numbers.NOTHING if value is None else _CELLS[column.cell](value, column.unit)


def _evidence(value: Evidence, _unit: Unit) -> str:
    quotes = "; ".join(f"“{say(q)}”" for q in value.quotes)
    return "; ".join(filter(None, [quotes, ", ".join(say(i) for i in value.event_ids)])) or numbers.NOTHING


def _bars(block: Bars) -> str:
    top = charts.full_bar(block)
    against = (
        "" if block.reference is None else f" ({block.reference_label}: {numbers.number(block.reference, block.unit)})"
    )
    lines = [
        f"- {say(b.label)}: `{_bar(b.estimate, top)}` {charts.estimate_in_words(b.estimate, block.unit)}"
        for b in block.bars
    ]
    return "\n\n".join([f"**{block.caption}**{against}", "\n".join(lines), *rest(block.total, len(lines), block.file)])


def _bar(estimate: Estimate, top: float) -> str:
    full = round(_BAR * min(max((estimate.number or 0.0) / top, 0.0), 1.0))
    return "█" * full + "░" * (_BAR - full)


def _splits(block: Splits) -> str:
    lines = [f"- {say(s.label)}: {charts.split_in_words(s)}" for s in block.splits]
    return "\n\n".join([f"**{block.caption}**", "\n".join(lines), *rest(block.total, len(lines), block.file)])


def _trend(f: KeyFigure) -> str:
    expected = f" Expected: {numbers.interval(f.band.low, f.band.high, f.unit)}." if f.band else ""
    return charts.series_in_words(f.series, f.unit, f.label) + expected


def _key_figures(block: KeyFigures) -> str:
    head = ("Figure", "This day", "7 days", "Against a week before", "Against the days before")
    drawn = grid(head, [_key_figure(f) for f in block.figures])
    return f"**{block.caption}**\n\n{drawn}"


def _key_figure(f: KeyFigure) -> tuple[str, ...]:
    known = (charts.estimate_in_words(e, f.unit) for e in (f.estimate, f.week))
    return f.label, *known, *(charts.change_in_words(c, f.unit) for c in (f.change, f.trailing))


def _proposals(block: Proposals) -> str:
    found = [_proposal(p) for p in block.proposals]
    return "\n\n".join([*found, *rest(block.total, len(found), block.file)])


def _proposal(p: Proposal) -> str:
    sure = "none yet" if p.confidence is None else numbers.number(p.confidence, Unit.SHARE)
    new = ", new tonight" if p.is_new else ""
    revision = f", revision {p.revision}" if p.revision > 1 else ""
    lines = [
        f"#### {say(p.title)}",
        f"{say(p.why)}",
        f"- {p.priority.text} priority, {p.type}, confidence: {sure}{new}",
        f"- state: {p.state.text}{f' ({say(p.state_reason)})' if p.state_reason else ''}",
        *([f"- {say(p.action)}"] if p.action else []),
        f"- expected: {say(p.expected_effect)}; judged by: {say(p.judged_by)}",
        *(f"- {line}" for line in map(fact, p.facts)),
        f"- evidence: {_evidence(p.evidence, Unit.COUNT)}; source: {say(p.source)}{_found_in(p)}",
        f"- id {p.improvement_id}{revision}, proposed {numbers.day(p.proposed_on)}",
    ]
    return "\n".join([lines[0], "", lines[1], "", *lines[2:]])


def _found_in(p: Proposal) -> str:
    return f"; see {p.found_in.title}" if p.found_in else ""


def _definition(d: Definition) -> str:
    samples = f" Sample events: {', '.join(say(i) for i in d.sample_event_ids)}." if d.sample_event_ids else ""
    return f"- **{d.name}**: {say(d.meaning)} Source: `{d.mart}`.{samples}"


_CELLS: dict[CellKind, Callable[[Any, Unit], str]] = {
    CellKind.TEXT: lambda v, _: say(v),
    CellKind.NUMBER: numbers.number,
    CellKind.ESTIMATE: charts.estimate_in_words,
    CellKind.MOMENT: lambda v, _: numbers.moment(v),
    CellKind.EVIDENCE: _evidence,
    CellKind.LABEL: lambda v, _: say(v.text),
    CellKind.LINES: lambda v, _: "; ".join(say(line) for line in v),
}


def _code(block: Code) -> str:
    """Fence code with more backticks than it holds, so that nothing in it ends the fence."""
    longest = max([2, *(len(run) for run in re.findall("`+", "\n".join(block.lines)))])
    fence = "`" * (longest + 1)
    return "\n".join([*([f"{say(block.caption)}\n"] if block.caption else []), fence, *block.lines, fence])


def _by_service(block: ByService) -> str:
    shown = [
        f"**Service {say(s.name)}**: {s.status.text}\n\n" + "\n\n".join(_BLOCKS[b.kind](b) for b in s.blocks)
        for s in block.services
    ]
    return "\n\n".join([_table(block.overview), *shown])


def _replays(block: Replays) -> str:
    lines = [f"- **{say(r.name)}** ({r.loss}). {replay_charts.in_words(r)}" for r in block.replays]
    return "\n\n".join([f"**{block.caption}**", "\n".join(lines), *rest(block.total, len(block.replays), block.file)])


_BLOCKS: dict[str, Callable[[Any], str]] = {
    "paragraph": lambda b: say(b.text),
    "facts": _facts,
    "table": _table,
    "bars": _bars,
    "splits": _splits,
    "trends": lambda b: "\n".join(f"- {_trend(f)}" for f in b.figures),
    "key_figures": _key_figures,
    "proposals": _proposals,
    "forest": forest,
    "by_service": _by_service,
    "replays": _replays,
    "trials": trials,
    "effects": effects,
    "timelines": lambda b: timelines(b, _table),
    "link": lambda b: f"{say(b.label)}: {b.file}",
    "code": _code,
}
