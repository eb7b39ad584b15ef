"""Nights -> weeks and months: the median night of each key figure, and whether it differs from the period before.

How a period is shown belongs to `pages.py`.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ratchet.contracts.estimates import Estimate
from ratchet.contracts.key_figures import FIGURES
from ratchet.errors import NotComputable
from ratchet.report import numbers
from ratchet.report.logtext import prose
from ratchet.report.numbers import Unit
from ratchet.report.view import Change, KeyFigure, Point, Tone
from ratchet.shelf.cards import Card

LEVEL = 0.95
_BETTER_IS_HIGHER = {figure.metric: figure.higher_is_better for figure in FIGURES}


class Kind(StrEnum):
    """How long a period is."""

    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """An ISO week or a calendar month.

    Attributes:
        first: its first day.
        kind: week or month.
    """

    first: date
    kind: Kind

    @classmethod
    def of(cls, kind: Kind, day: date) -> Period:
        """Return the period a day lies in."""
        return cls(day - timedelta(days=day.weekday()) if kind is Kind.WEEK else day.replace(day=1), kind)

    @property
    def last(self) -> date:
        """Return its last day."""
        if self.kind is Kind.WEEK:
            return self.first + timedelta(days=6)
        return self.first.replace(day=calendar.monthrange(self.first.year, self.first.month)[1])

    @property
    def before(self) -> Period:
        """Return the period before it."""
        return Period.of(self.kind, self.first - timedelta(days=1))

    @property
    def after(self) -> Period:
        """Return the period after it."""
        return Period.of(self.kind, self.last + timedelta(days=1))

    @property
    def name(self) -> str:
        """Return its name in paths: `2026-W47` or `2026-11`."""
        if self.kind is Kind.MONTH:
            return f"{self.first:%Y-%m}"
        year, week, _ = self.first.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def path(self) -> str:
        """Return where its page lies in the folder of artifacts."""
        return f"{self.kind.value}s/{self.name}.html"

    @property
    def title(self) -> str:
        """Return it in words: `Week 47 of 2026`, `November 2026`."""
        if self.kind is Kind.MONTH:
            return numbers.day(self.first).split(" ", 1)[1]
        year, week, _ = self.first.isocalendar()
        return f"Week {week} of {year}"

    def of_cards(self, found: Sequence[Card]) -> list[Card]:
        """Return the nights of this period."""
        return [card for card in found if self.first <= card.day <= self.last]


def median(values: Sequence[float]) -> Estimate:
    """Return the median with the narrowest distribution-free interval of order statistics that holds 95 %.

    The k-th smallest and k-th largest of n values enclose the median with probability 1 - 2 P(B < k), B binomial with n
    and 1/2 (Conover 1999, 3.2); below six values no pair does.
    """
    ordered, n = sorted(values), len(values)
    if not n:
        return Estimate(NotComputable("no night of the period has a value"), 0)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    outside, rank = 0.0, 0
    while rank < n // 2 and 2 * (outside + math.comb(n, rank) / 2**n) <= 1 - LEVEL:
        outside += math.comb(n, rank) / 2**n
        rank += 1
    if not rank:
        return Estimate(middle, n, note=f"no interval: {n} of at least 6 nights")
    return Estimate(middle, n, ordered[rank - 1], ordered[n - rank])


def figures(now: Sequence[Card], before: Sequence[Card], kind: Kind) -> tuple[KeyFigure, ...]:
    """Return the key figures of a period: those that its newest night shows first, at most five.

    Args:
        now: the nights of the period.
        before: the nights of the period before.
        kind: for the words.
    """
    named = next((card.figures for card in reversed(now) if card.figures), ())
    return tuple(
        _figure(str(f.get("metric")), str(f.get("label")), str(f.get("unit")), now, before, kind) for f in named
    )


def _figure(metric: str, label: str, unit: str, now: Sequence[Card], before: Sequence[Card], kind: Kind) -> KeyFigure:
    here, there = (median(_values(nights, metric)) for nights in (now, before))
    return KeyFigure(
        metric=metric,
        label=prose(label, metric),
        unit=Unit(unit) if unit in set(Unit) else Unit.RATIO,
        estimate=here,
        counted=numbers.plural(here.n, "night", "nights"),
        definition="median",
        week=here,
        change=change(metric, here, there, f"the {kind.value} before"),
        trailing=Change(None, ""),
        series=tuple(Point(card.day, card.value(metric).number, card.value(metric).n) for card in now),
    )


def _values(nights: Sequence[Card], metric: str) -> list[float]:
    found = (card.value(metric).number for card in nights)
    return [value for value in found if value is not None]


def change(metric: str, now: Estimate, before: Estimate, against: str) -> Change:
    """Return how a median moved; only intervals that do not overlap say that it did."""
    if now.number is None or before.number is None:
        return Change(None, f"nothing to compare with {against}")
    moved = now.number - before.number
    if now.low is None or now.high is None or before.low is None or before.high is None:
        return Change(moved, f"too few nights to compare with {against}")
    if now.low <= before.high and before.low <= now.high:
        return Change(moved, f"no clear change on {against}")
    higher = _BETTER_IS_HIGHER.get(metric)
    if higher is None:
        return Change(moved, f"unlike {against}", Tone.PLAIN)
    better = (moved > 0) == higher
    return Change(moved, f"{'better' if better else 'worse'} than {against}", Tone.GOOD if better else Tone.BAD)


def missing(metric: str) -> KeyFigure:
    """Return the figure of a period that does not show it."""
    label = next((f.label for f in FIGURES if f.metric == metric), metric)
    return _figure(metric, label, Unit.RATIO.value, (), (), Kind.WEEK)
