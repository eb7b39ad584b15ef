"""Forest plots of lifts and timelines of rollouts, as inline SVG with a text alternative; beside `charts.py`.

Lines are placed in per cent, so that they stretch to any width without stretching their ends. Which lifts and stages
are drawn belongs to the view.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from markupsafe import Markup

from ratchet.contracts.estimates import Estimate
from ratchet.report import charts, numbers
from ratchet.report.numbers import Unit
from ratchet.report.trial_view import Interval, Sample, Span, SpanState
from ratchet.report.view import Tone

_PICTURE = Markup('<svg class="{}" role="img" focusable="false"><title>{}</title>{}</svg>')
_LEAST_SPAN = 0.02
_MOST_OF_TYPICAL = 5.0  # bounds further out than so many times the typical one end in an arrow
_PLANNED_SHARE = 30.0  # per cent of a timeline's width kept for stages to come
_FLOOR, _CEILING = 96.0, 8.0  # where 0 % and 100 % lie in a timeline's height
_STRIP = 41  # characters of an interval drawn as text
_MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Axis:
    """The part of the line of lifts that is drawn; `ticks` are the labelled places on it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Return where a lift lies, 0 to 100; what lies outside is put on the edge."""
        return 100.0 * min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def holds(self, value: float) -> bool:
        """Return whether a lift is drawn where it is."""
        return self.low <= value <= self.high


def axis(rows: Sequence[Interval]) -> Axis:
    """Return an axis that shows no change, every lift and margin, and every bound that is not extreme."""
    needed = [0.0, *_finite(v for r in rows for v in (r.lift.number, r.margin))]
    bounds = _finite(b for r in rows for b in (r.lift.low, r.lift.high))
    reach = max(map(abs, bounds), default=0.0)
    typical = median(map(abs, bounds)) if bounds else 0.0
    top = max(1.2 * max(map(abs, needed)), min(reach, _MOST_OF_TYPICAL * typical))
    low, high = (max(min([*needed, *bounds]), -top), min(max([*needed, *bounds]), top))
    if high - low < _LEAST_SPAN:
        low, high = low - _LEAST_SPAN / 2, high + _LEAST_SPAN / 2
    padding = 0.05 * (high - low)
    low, high = low - padding, high + padding
    ticks = [t for t in charts.ticks(low, high, _MOST_TICKS) if low <= t <= high]
    return Axis(low, high, tuple(ticks if len(ticks) <= _MOST_TICKS + 1 else [t for t in ticks if _is_even(t, ticks)]))


def _is_even(tick: float, ticks: Sequence[float]) -> bool:
    step = ticks[1] - ticks[0]
    return round(tick / step) % 2 == 0


def _finite(values: Iterable[float | None]) -> list[float]:
    return [v for v in values if v is not None and math.isfinite(v)]


def interval(row: Interval, axis: Axis) -> Markup:
    """Return one line of a forest plot: what would be harm, no change, and the lift with its interval."""
    drawn = _grid(axis) + _harm(row, axis) + _upright("zero", axis.place(0.0))
    if row.lift.number is not None:
        drawn += _span(row.lift, axis, row.outcome.tone)
    return _PICTURE.format("interval", interval_in_words(row), drawn)


def interval_in_words(row: Interval) -> str:
    """Return what a line of a forest plot shows beside its name as one sentence."""
    said = [f"{charts.estimate_in_words(row.lift, Unit.LIFT)}, {row.outcome.text}"]
    if row.control is not None and row.treatment is not None:
        values = (numbers.number(e.number, row.unit) for e in (row.treatment, row.control))
        said.append(" against ".join(values))
    return "; ".join(filter(None, [*said, row_p_in_words(row)]))


def row_p_in_words(row: Interval) -> str:
    """Return a line's p-value, that of a guardrail with the harm that it is for; empty without either."""
    harm = "" if row.margin is None else f"harm beyond {numbers.number(row.margin, Unit.LIFT)}"
    if row.p is None:
        return harm
    return f"{p_in_words(row.p)}{harm and ' for '}{harm}"


def p_in_words(p: float) -> str:
    """Return a p-value such as `p = 0.031`."""
    return "p < 0.0001" if p < 0.0001 else f"p = {numbers.number(p, Unit.RATIO)}"


def of_plan(sample: Sample) -> str:
    """Return how much of the planned sample is there, such as `62% of 24,000`."""
    planned = sample.planned or 0
    return f"{100 * sample.units / planned:.0f}% of {numbers.count(planned)} planned" if planned else ""


def filled(sample: Sample) -> str:
    """Return the same as a percentage of at most 100."""
    return charts.rounded(min(100.0, 100.0 * sample.units / sample.planned) if sample.planned else 0.0)


def strip(row: Interval, axis: Axis) -> str:
    """Return a line of a forest plot as text: `│` is no change, `:` a margin, `├─●─┤` the interval."""
    drawn = ["·"] * _STRIP
    low, value, high = row.lift.low, row.lift.number, row.lift.high
    if value is not None and low is not None and high is not None:
        first, last = _character(low, axis), _character(high, axis)
        drawn[first : last + 1] = "─" * (last + 1 - first)
        drawn[first] = "├" if axis.holds(low) else "◂"
        drawn[last] = "┤" if axis.holds(high) else "▸"
    for place, mark in ((0.0, "│"), (row.margin, ":"), (value, "●")):
        if place is not None:
            drawn[_character(place, axis)] = mark
    return "".join(drawn)


def _character(value: float, axis: Axis) -> int:
    return round(axis.place(value) / 100 * (_STRIP - 1))


def _grid(axis: Axis) -> Markup:
    return Markup("").join(_upright("grid", axis.place(t)) for t in axis.ticks if t)


def _upright(name: str, place: float) -> Markup:
    return Markup('<line class="{0}" x1="{1}%" x2="{1}%" y1="0" y2="100%"/>').format(name, charts.rounded(place))


def _harm(row: Interval, axis: Axis) -> Markup:
    """Shade what a guardrail forbids, from its margin to the edge."""
    if row.margin is None:
        return Markup()
    place = axis.place(row.margin)
    start, width = (0.0, place) if row.margin < 0 else (place, 100.0 - place)
    shaded = Markup('<rect class="harm" x="{}%" width="{}%" height="100%"/>')
    return shaded.format(charts.rounded(start), charts.rounded(width)) + _upright("margin", place)


def _span(lift: Estimate, axis: Axis, tone: Tone) -> Markup:
    drawn = Markup()
    if lift.low is not None and lift.high is not None:
        line = Markup('<line class="span {}" x1="{}%" x2="{}%" y1="50%" y2="50%"/>')
        drawn += line.format(tone.value, *(charts.rounded(axis.place(b)) for b in (lift.low, lift.high)))
        drawn += _end(lift.low, axis, tone, -1) + _end(lift.high, axis, tone, 1)
    place = charts.rounded(axis.place(lift.number or 0.0))
    # what is established is a full diamond, what is open a hollow circle: told apart without colour
    if tone in (Tone.GOOD, Tone.BAD):
        return drawn + Markup(
            '<svg class="at" x="{}%" y="50%"><path class="point {}" d="M-6 0L0-6 6 0 0 6z"/></svg>'
        ).format(place, tone.value)
    return drawn + Markup('<circle class="point open" cx="{}%" cy="50%" r="4.5"/>').format(place)


def _end(bound: float, axis: Axis, tone: Tone, side: int) -> Markup:
    """Return the cap of an interval, or an arrow where it goes on beyond the edge."""
    path = "M0-5V5" if axis.holds(bound) else f"M{-7 * side}-5L0 0 {-7 * side} 5"
    return Markup('<svg class="at" x="{}%" y="50%"><path class="cap {}" d="{}"/></svg>').format(
        charts.rounded(axis.place(bound)), tone.value, path
    )


def timeline(spans: Sequence[Span], name: str) -> Markup:
    """Return the share of units with a feature over time: what was, what is, and the stages to come."""
    past, planned = ([s for s in spans if (s.state is SpanState.PLANNED) is p] for p in (False, True))
    share = past_share(spans)
    hours = max((s.end or 0.0 for s in past), default=0.0) or 1.0
    drawn = Markup("").join(_upright_at(y) for y in (0, 50, 100))
    for span in past:
        start, end = (share * (v or 0.0) / hours for v in (span.start, span.end))
        drawn += _step(span, min(start, share - 1.0), max(end - start, 1.0))
    for i, span in enumerate(planned):
        width = (100.0 - share) / len(planned)
        drawn += _step(span, share + i * width, width)
    if past and planned:
        drawn += _upright("tonight", share)
    return _PICTURE.format("timeline", timeline_in_words(spans, name), drawn)


def past_share(spans: Sequence[Span]) -> float:
    """Return how much of a timeline's width is for what already was, 0 to 100."""
    planned = [s for s in spans if s.state is SpanState.PLANNED]
    if not planned:
        return 100.0
    return 100.0 - _PLANNED_SHARE if len(planned) < len(spans) else 0.0


def timeline_in_words(spans: Sequence[Span], name: str) -> str:
    """Return what a timeline shows as one sentence."""
    return f"Stages of {name}: " + ("; ".join(map(span_in_words, spans)) or "none")


def span_in_words(span: Span) -> str:
    """Return one stage in words."""
    groups = "".join(f" + {g}" for g in span.groups)
    return f"{span.stage}, {percentage(span.percentage)}{groups}, {span.when}"


def percentage(value: float) -> str:
    """Return a percentage such as `5%`."""
    return f"{value:g}%"


def _upright_at(value: float) -> Markup:
    return Markup('<line class="grid" x1="0" x2="100%" y1="{0}%" y2="{0}%"/>').format(charts.rounded(_height(value)))


def _height(value: float) -> float:
    return _FLOOR - (_FLOOR - _CEILING) * value / 100


def _step(span: Span, x: float, width: float) -> Markup:
    top = min(_height(span.percentage), _FLOOR - 3.0)  # groups alone are a thin line
    box = Markup('<rect class="stage {}" x="{}%" y="{}%" width="{}%" height="{}%"/>')
    return box.format(span.state.value, *(charts.rounded(v) for v in (x, top, width, _FLOOR - top)))
