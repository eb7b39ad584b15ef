"""Experiments, rollouts and deployed fixes as Markdown: forest plots as lines of characters, timelines as tables.

Every other block of the view belongs to `markdown.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ratchet.contracts.estimates import Estimate
from ratchet.report import charts, impact_charts, numbers, trial_charts
from ratchet.report.impact_view import Effect, Effects
from ratchet.report.markdown_text import fact, grid, rest, say
from ratchet.report.numbers import Unit
from ratchet.report.trial_view import Check, Forest, Interval, Span, SpanState, Timeline, Timelines, Trial, Trials
from ratchet.report.view import Label, Table

_STATES = {SpanState.PAST: "", SpanState.PRESENT: "now", SpanState.PLANNED: "planned"}


def trials(block: Trials) -> str:
    """Return experiments, one heading each."""
    return "\n\n".join([*map(_trial, block.trials), f"All in {block.file}."])


def timelines(block: Timelines, table: Callable[[Table], str]) -> str:
    """Return rollouts, one heading each; `table` writes a table."""
    found = (_timeline(t, table) for t in block.timelines)
    return "\n\n".join([*found, *rest(block.total, len(block.timelines), block.file)])


def _trial(t: Trial) -> str:
    units = f"- Units so far: {numbers.count(t.sample.units)}"
    planned = f" ({trial_charts.of_plan(t.sample)})" if t.sample.planned else ""
    lines = [
        *_head(t.name, t.verdict, t.reason, t.news),
        *([say(t.hypothesis)] if t.hypothesis else []),
        say(t.about),
        "\n".join([units + planned, *(f"- {fact(f)}" for f in t.facts)]),
        *([forest(t.forest)] if t.forest else []),
        *_checks(t.checks),
    ]
    return "\n\n".join(lines)


def _timeline(t: Timeline, table: Callable[[Table], str]) -> str:
    lines = [
        *_head(t.name, t.verdict, t.reason, t.news),
        *(say(part) for part in (t.next_step, t.description) if part),
        say(t.about),
        *([grid(("Stage", "Share", "When", ""), map(_span, t.spans))] if t.spans else []),
        "\n".join(f"- {fact(f)}" for f in t.facts),
        *([forest(t.forest)] if t.forest else []),
        *([table(t.objectives)] if t.objectives else []),
        *_checks(t.checks),
    ]
    return "\n\n".join(line for line in lines if line)


def effects(block: Effects) -> str:
    """Return deployed fixes, one heading each."""
    found = map(_effect, block.effects)
    return "\n\n".join([*found, *rest(block.total, len(block.effects), block.file)])


def _effect(e: Effect) -> str:
    lines = [
        *_head(e.name, e.verdict, e.reason, ()),
        say(e.about),
        *([impact_charts.in_words(e)] if e.days else []),
        "\n".join(f"- {fact(f)}" for f in e.facts),
        *_checks(e.checks),
    ]
    return "\n\n".join(lines)


def _head(name: str, verdict: Label, reason: str, news: Iterable[str]) -> list[str]:
    new = "".join(f" ({say(n)})" for n in news)
    return [f"#### {say(name)}", f"**{say(verdict.text)}**{new}: {say(reason)}"]


def _span(span: Span) -> tuple[str, ...]:
    groups = "".join(f" + {say(g)}" for g in span.groups)
    share = f"{trial_charts.percentage(span.percentage)}{groups}"
    return say(span.stage), share, span.when, f"**{_STATES[span.state]}**" if _STATES[span.state] == "now" else ""


def forest(block: Forest) -> str:
    """Return lifts as a table, each drawn as a line of characters."""
    axis = trial_charts.axis(block.rows)
    ends = f"{numbers.number(axis.low, Unit.LIFT)} to {numbers.number(axis.high, Unit.LIFT)}"
    head = ("What", "Treatment", "Control", "Change", f"Picture, {ends}", "Finding")
    lines = [(*_values(r), f"`{trial_charts.strip(r, axis)}`", _finding(r)) for r in block.rows]
    return "\n\n".join([f"**{block.caption}**", grid(head, lines), *rest(block.total, len(lines), block.file)])


def _values(row: Interval) -> tuple[str, ...]:
    values = (_number(row.treatment, row.unit), _number(row.control, row.unit))
    return f"{say(row.label)} ({say(row.note)})", *values, charts.estimate_in_words(row.lift, Unit.LIFT)


def _number(estimate: Estimate | None, unit: Unit) -> str:
    return numbers.number(estimate.number if estimate else None, unit)


def _finding(row: Interval) -> str:
    return ", ".join(filter(None, (say(row.outcome.text), trial_charts.row_p_in_words(row))))


def _checks(found: Iterable[Check]) -> list[str]:
    lines = [f"- {c.name}: **{c.finding.text}**. {say(c.text)}{_examples(c)}" for c in found]
    return ["\n".join(lines)] if lines else []


def _examples(check: Check) -> str:
    shown = [*check.evidence.quotes, *check.evidence.event_ids]
    return f" Such as: {'; '.join(map(say, shown))}." if shown else ""
