"""Nights -> HTML: the index, a week or a month, and a fix with its diff.

Which files there are belongs to `write.py`, what a period's numbers are to `periods.py`.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from itertools import groupby
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup

from ratchet.contracts.estimates import Estimate
from ratchet.deploy.decisions import Decision, Kind
from ratchet.report import numbers
from ratchet.report.charts import estimate_in_words
from ratchet.report.html import css, environment
from ratchet.report.logtext import LoggedProse, code_line, logged, prose
from ratchet.report.numbers import Unit
from ratchet.report.results import estimate
from ratchet.report.view import KeyFigure, Label, Point, Status, Tone
from ratchet.shelf import periods
from ratchet.shelf.cards import Card, change_of
from ratchet.shelf.periods import Period

MOST_NIGHTS = 400
LAST_DAYS = 60  # of the small lines
MOST_SERVICES = 4
MOST_PERIODS = 13
MOST_DECIDED = 15
MOST_LINES = 1500
_SAID = {
    Kind.PROPOSED: ("proposed", Tone.PLAIN),
    Kind.APPROVED: ("approved", Tone.PLAIN),
    Kind.REJECTED: ("rejected", Tone.MUTED),
    Kind.DEPLOYED: ("deployed", Tone.PLAIN),
    Kind.KEPT: ("kept", Tone.GOOD),
    Kind.ROLLED_BACK: ("rolled back", Tone.BAD),
    Kind.UNMEASURABLE: ("unmeasurable", Tone.WARN),
}  # the steps of an improvement that a week or a month tells


@dataclass(frozen=True, slots=True)
class Service:
    """A service that the index can be filtered by."""

    id: int
    name: LoggedProse
    series: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A period in a table."""

    period: Period
    nights: int
    well: int
    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of an improvement."""

    title: LoggedProse
    what: Label
    reason: LoggedProse
    day: date
    actor: str


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a fix against what is in force."""

    title: str
    said: str
    file: str
    lines: tuple[tuple[str, str], ...]
    left_out: int


def index(cards: Sequence[Card], *, has_marts: bool = False) -> str:
    """Return the page over all nights; beyond the newest 400 it counts the others.

    Args:
        cards: oldest first.
        has_marts: whether the page about the marts lies beside it.
    """
    shown = list(cards[-MOST_NIGHTS:])
    services, more = _services(shown)
    figures = _newest_figures(shown)
    months = [
        (month, list(found))
        for month, found in groupby(reversed(shown), lambda c: Period.of(periods.Kind.MONTH, c.day))
    ]
    return _render(
        "index.html.j2",
        cards=cards,
        newest=cards[-1] if cards else None,
        figures=[replace(f, series=f.series[-LAST_DAYS:]) for f in figures],
        trends=figures,
        services=services,
        services_left_out=more,
        periods=[p for p in (_table(shown, kind) for kind in (periods.Kind.MONTH, periods.Kind.WEEK)) if p[1]],
        months=months,
        left_out=len(cards) - len(shown),
        has_marts=has_marts,
    )


def _newest_figures(cards: Sequence[Card]) -> tuple[KeyFigure, ...]:
    newest = next((card for card in reversed(cards) if card.figures), None)
    return tuple(_key_figure(f, cards) for f in newest.figures) if newest is not None else ()


def _key_figure(figure: Mapping[str, Any], cards: Sequence[Card]) -> KeyFigure:
    metric, unit, found = str(figure.get("metric")), str(figure.get("unit")), estimate(figure.get("estimate"))
    change = change_of(figure)
    return KeyFigure(
        metric=metric,
        label=prose(figure.get("label"), metric),
        unit=Unit(unit) if unit in set(Unit) else Unit.RATIO,
        estimate=found,
        counted=prose(figure.get("counted"), "events"),
        definition="",
        week=found,
        change=change,
        trailing=change,
        series=_series({card.day: card.value(metric) for card in cards}),
    )


def _series(values: Mapping[date, Estimate]) -> tuple[Point, ...]:
    """Return every day between the first and the last that has a value; a day without a night is a gap."""
    known = [day for day, value in values.items() if value.number is not None]
    if not known:
        return ()
    days = [min(known) + timedelta(days=n) for n in range((max(known) - min(known)).days + 1)][-MOST_NIGHTS:]
    return tuple(Point(day, values[day].number if day in values else None) for day in days)


def _services(cards: Sequence[Card]) -> tuple[list[Service], int]:
    """Return the services with the most judged requests, in the order of their names, and how many are left out."""
    asked: Counter[str] = Counter()
    for card in cards:
        asked.update({name: found.n for name, (_, found) in (card.services or {}).items()})
    most = sorted((name for name in asked if asked[name]), key=lambda name: (-asked[name], name))
    named = sorted(most[:MOST_SERVICES])
    rates = [{c.day: c.services[name][1] for c in cards if c.services and name in c.services} for name in named]
    found = [Service(n, prose(name), _series(rate)) for n, (name, rate) in enumerate(zip(named, rates, strict=True))]
    return [s for s in found if s.series], len(most) - len(named)


def _table(cards: Sequence[Card], kind: periods.Kind) -> tuple[str, list[Row], int]:
    found = sorted({Period.of(kind, card.day) for card in cards}, reverse=True)
    wanted = [str(f.get("metric")) for f in next((c.figures for c in reversed(cards) if c.figures), ())][:3]
    rows = [_row(period, cards, wanted) for period in found[:MOST_PERIODS]]
    return f"{kind.value.title()}s", rows, len(found)


def _row(period: Period, cards: Sequence[Card], wanted: Sequence[str]) -> Row:
    now, before = period.of_cards(cards), period.before.of_cards(cards)
    known = {f.metric: f for f in periods.figures(now, before, period.kind)}
    found = tuple(known.get(metric) or periods.missing(metric) for metric in wanted)
    return Row(period, len(now), sum(card.status is Status.HEALTHY for card in now), found)


def period(which: Period, cards: Sequence[Card], decisions: Iterable[Decision]) -> str:
    """Return the page of a week or a month.

    Args:
        which: it has at least one night.
        cards: every night of the home, oldest first.
        decisions: in the order of `decisions.read`.
    """
    now, before = which.of_cards(cards), which.before.of_cards(cards)
    figures, decided = periods.figures(now, before, which.kind), _decided(which, decisions)
    there = sorted({Period.of(which.kind, card.day) for card in cards})
    at = there.index(which)
    return _render(
        "period.html.j2",
        period=which,
        cards=list(reversed(now)),
        headline=_headline(now, figures),
        standings=", ".join(
            f"{numbers.count(n)} {label.lower()}" for label, n in Counter(c.label for c in now).items()
        ),
        figures=figures,
        decided=decided[:MOST_DECIDED],
        decided_total=len(decided),
        tally=f"{_tally(decided)}.",
        earlier=there[at - 1] if at else None,
        later=there[at + 1] if at + 1 < len(there) else None,
    )


def _headline(now: Sequence[Card], figures: Sequence[KeyFigure]) -> str:
    nights = numbers.count(len(now), "night")
    if not figures:
        return f"{nights}, without a key figure."
    moved = [f for f in figures if f.change.tone in (Tone.GOOD, Tone.BAD)]
    said = "; ".join(f"{f.label.lower()} is {f.change.verdict}" for f in moved) or "no key figure moved clearly"
    first = figures[0]
    known = f"{first.label} of the median night is {numbers.number(first.estimate.number, first.unit)}"
    return f"{nights}. {known}; {said}."


def _decided(which: Period, decisions: Iterable[Decision]) -> list[Decided]:
    titles: dict[str, Any] = {}
    found = []
    for d in decisions:
        titles[d.improvement_id] = d.facts.get("title") or titles.get(d.improvement_id)
        if d.decision in _SAID and which.first <= d.effective_date <= which.last:
            label = Label(*_SAID[d.decision])
            title = prose(titles[d.improvement_id], d.improvement_id)
            reason = prose(d.reason if d.decision is not Kind.PROPOSED else "")
            found.append(Decided(title, label, reason, d.effective_date, logged(d.actor)))
    order = [label for label, _ in reversed(_SAID.values())]
    return sorted(found, key=lambda row: (order.index(row.what.text), row.day, row.title))


def _tally(decided: Sequence[Decided]) -> str:
    counted = Counter(row.what.text for row in decided)
    return ", ".join(f"{numbers.count(n)} {what}" for what, n in counted.items())


def fix(record: Mapping[str, Any], made: Mapping[str, str], in_force: Mapping[str, str], day: date) -> str:
    """Return the page of a fix: what it is for, what its replay found, and what it would change.

    Args:
        record: `fix.json`.
        made: `fix.py` and `test_fix.py` of the night, by name.
        in_force: the same of the fix that is deployed, empty where none is.
        day: the night.
    """
    told = {"Operation": "operation", "Family": "family", "Error": "fingerprint", "Fitted": "parameters"}
    facts = [(name, prose(_flat(record.get(key)))) for name, key in told.items() if record.get(key)]
    return _render(
        "fix.html.j2",
        day=day,
        title=prose(record.get("title"), "(no title)"),
        why=prose(record.get("why")),
        holds=record.get("holds") is True,
        found=prose(record.get("found") or record.get("fails_because"), "The replay left no words."),
        facts=[*facts, *_shares(record)],
        parts=[_part(name, made.get(name, ""), in_force.get(name, "")) for name in ("fix.py", "test_fix.py")],
    )


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return str(value)


def _shares(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    named = {"Failures it saves": "saved", "Successes it breaks": "broken"}
    return [(name, estimate_in_words(estimate(record.get(key)), Unit.SHARE)) for name, key in named.items()]


def _part(name: str, after: str, before: str) -> Part:
    title = "The fix" if name == "fix.py" else "Its test"
    old, new = before.splitlines(), after.splitlines()
    lines = list(difflib.unified_diff(old, new, n=3, lineterm=""))[2:] if before else [f"+{x}" for x in new]
    said = "Against what is deployed now." if before else "All of it is new."
    if before and not lines:
        said, lines = "Unchanged since it was deployed.", [f" {line}" for line in new]
    shown = tuple((_kind(line), code_line(line)) for line in lines[:MOST_LINES])
    return Part(title, said, name, shown, max(0, len(lines) - MOST_LINES))


def _kind(line: str) -> str:
    return {"+": "add", "-": "cut", "@": "at"}.get(line[:1], "same")


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(css=css(), shelf_css=_css(), defined=frozenset(), **values)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    ours = environment()
    return ours.overlay(loader=ChoiceLoader([PackageLoader("ratchet.shelf"), PackageLoader("ratchet.report")]))


@lru_cache(maxsize=1)
def _css() -> Markup:
    return Markup(files("ratchet.shelf").joinpath("templates/shelf.css").read_text("utf-8"))  # noqa: S704 - our own file
