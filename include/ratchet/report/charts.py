"""Vector charts, drawn as inline SVG that takes its colours from the page's style sheet and stretches to any width.

Every chart has a text alternative; the Markdown report prints that text. Which numbers are drawn belongs to the view.
Lines are drawn in a box of 100 x 100 that is stretched without stretching its strokes; bars are placed in per cent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from markupsafe import Markup

from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable
from ratchet.report import numbers
from ratchet.report.numbers import Unit
from ratchet.report.view import Band, Bars, Change, Point, Split

_LINE = Markup(
    '<svg class="{}" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" focusable="false">'
    "<title>{}</title>{}</svg>"
)
_BAR = Markup('<svg class="bar" role="img" focusable="false"><title>{}</title>{}</svg>')
_TICKS = 4
_PADDING = 6.0  # per cent of the height kept free above and below a line


def series_in_words(points: Sequence[Point], unit: Unit, label: str) -> str:
    """Return what a line chart shows as one sentence."""
    known = [p for p in points if p.value is not None]
    if not known:
        return f"{label}: no value in {numbers.count(len(points), 'day')}."
    low, high = min(known, key=_value), max(known, key=_value)
    last, missing = known[-1], len(points) - len(known)
    gaps = f"; {numbers.count(missing, 'day')} without a value" if missing else ""
    return (
        f"{label}, {numbers.count(len(points), 'day')} to {numbers.day(points[-1].day)}: "
        f"last {numbers.number(last.value, unit)} on {numbers.short_day(last.day)}, "
        f"lowest {numbers.number(low.value, unit)} on {numbers.short_day(low.day)}, "
        f"highest {numbers.number(high.value, unit)} on {numbers.short_day(high.day)}{gaps}."
    )


def estimate_in_words(estimate: Estimate, unit: Unit) -> str:
    """Return a number with its interval and n, or why there is none."""
    if estimate.number is None:
        return f"not computable: {reason(estimate)}"
    return ", ".join([numbers.number(estimate.number, unit), *uncertainty(estimate, unit)])


def uncertainty_in_words(estimate: Estimate, unit: Unit) -> str:
    """Return interval and n of an estimate in one line, or why it has no value."""
    return reason(estimate) or " \N{MIDDLE DOT} ".join(uncertainty(estimate, unit))


def reason(estimate: Estimate) -> str:
    """Return why there is no value."""
    return estimate.value.reason if isinstance(estimate.value, NotComputable) else ""


def uncertainty(estimate: Estimate, unit: Unit) -> list[str]:
    """Return the interval and the n of an estimate, as far as it has them."""
    found = numbers.interval(estimate.low, estimate.high, unit)
    return [*([found] if found else []), f"n = {numbers.count(estimate.n)}"]


def change_in_words(change: Change, unit: Unit) -> str:
    """Return a difference and what it means."""
    moved = numbers.change(change.value, unit)
    return change.verdict if moved in (numbers.NOTHING, numbers.SAME) else f"{moved}, {change.verdict}"


def split_in_words(split: Split) -> str:
    """Return a stacked bar as words."""
    return (
        f"{numbers.count(split.successes)} succeeded, {numbers.count(split.failures)} failed, "
        f"{numbers.count(split.unknown)} unknown"
    )


def sparkline(points: Sequence[Point], unit: Unit, label: str, band: Band | None = None) -> Markup:
    """Return a small line with the band of what was expected and a mark on the last day."""
    scale = _Scale(*_domain(points, unit, band), len(points))
    drawn = _band(band, scale) + _lines(points, scale) + _last(points, scale)
    return _LINE.format("spark", series_in_words(points, unit, label), drawn)


def trend(points: Sequence[Point], unit: Unit, label: str, band: Band | None = None) -> Markup:
    """Return a line over days with its band, its grid, and the labels of both axes."""
    low, high = _domain(points, unit, band)
    marks = ticks(low, high)
    scale = _Scale(min(low, marks[0]), max(high, marks[-1]), len(points))
    grid = _join(Markup('<path class="grid" d="M0 {0}H100"/>').format(rounded(scale.y(t))) for t in marks)
    drawn = grid + _band(band, scale) + _lines(points, scale) + _last(points, scale)
    picture = _LINE.format("trend", series_in_words(points, unit, label), drawn)
    y_axis = _join(
        Markup('<span style="top:{}%">{}</span>').format(rounded(scale.y(t)), numbers.short(t, unit)) for t in marks
    )
    return Markup(
        '<div class="plot"><div class="y-axis" aria-hidden="true">{}</div>{}'
        '<div class="x-axis" aria-hidden="true">{}</div></div>'
    ).format(y_axis, picture, _days(points, scale))


def bar(estimate: Estimate, unit: Unit, top: float, tone: str, reference: float | None = None) -> Markup:
    """Return a bar with the whiskers of its interval and, where given, the line to compare with."""
    value = estimate.number or 0.0
    drawn = Markup(
        '<rect class="track" width="100%" height="100%"/><rect class="fill {}" width="{}%" height="100%"/>'
    ).format(tone, rounded(_share(value, top)))
    if reference is not None:
        drawn += Markup('<line class="reference" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(
            rounded(_share(reference, top))
        )
    if estimate.low is not None and estimate.high is not None:
        drawn += _whiskers(_share(estimate.low, top), _share(estimate.high, top))
    return _BAR.format(estimate_in_words(estimate, unit), drawn)


def full_bar(bars: Bars) -> float:
    """Return the value at which a bar is full: given, else the largest end of a whisker."""
    ends = [e for b in bars.bars for e in (b.estimate.number, b.estimate.high) if e is not None]
    return bars.top or max([*ends, bars.reference or 0.0]) or 1.0


def split(group: Split) -> Markup:
    """Return one stacked bar; the unknown part is hatched, so that it is told apart without colour."""
    counts = (("good", group.successes), ("bad", group.failures), ("unknown", group.unknown))
    whole = sum(n for _, n in counts) or 1
    drawn, start = Markup(), 0.0
    for name, n in counts:
        width = 100 * n / whole
        drawn += Markup('<rect class="fill {}" x="{}%" width="{}%" height="100%"/>').format(
            name, rounded(start), rounded(width)
        )
        start += width
    return _BAR.format(split_in_words(group), drawn)


class _Scale:
    """Where a value and a day lie in the box of 100 x 100."""

    def __init__(self, low: float, high: float, days: int) -> None:
        self.low, self.span, self.days = low, (high - low) or 1.0, days

    def x(self, index: int) -> float:
        return 100.0 * (index + 0.5) / self.days

    def y(self, value: float) -> float:
        inside = min(max((value - self.low) / self.span, 0.0), 1.0)
        return _PADDING + (100 - 2 * _PADDING) * (1 - inside)


def _value(point: Point) -> float:
    return math.nan if point.value is None else point.value


def _domain(points: Sequence[Point], unit: Unit, band: Band | None) -> tuple[float, float]:
    ends = [p.value for p in points if p.value is not None] + ([band.low, band.high] if band else [])
    if not ends:
        return 0.0, 1.0
    low, high = min(ends), max(ends)
    least = 0.02 if unit is Unit.SHARE else abs(high) * 0.04 or 1.0  # noise is not blown up to fill the chart
    if high - low < least:
        middle = (low + high) / 2
        low, high = middle - least / 2, middle + least / 2
    return (max(low, 0.0) if min(ends) >= 0 else low), (min(high, 1.0) if unit is Unit.SHARE else high)


def ticks(low: float, high: float, about: int = _TICKS) -> list[float]:
    """Return about so many round numbers that enclose a range."""
    rough = (high - low) / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough * 0.999)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(step * n, 12) for n in range(first, last + 1)]


def _runs(points: Sequence[Point]) -> Iterator[list[tuple[int, Point]]]:
    for known, run in groupby(enumerate(points), key=lambda pair: pair[1].value is not None):
        if known:
            yield list(run)


def _lines(points: Sequence[Point], scale: _Scale) -> Markup:
    drawn = Markup()
    for run in _runs(points):
        path = " ".join(f"{rounded(scale.x(i))} {rounded(scale.y(_value(p)))}" for i, p in run)
        # a day alone between gaps is a dot: a line of no length with round ends
        drawn += Markup('<path class="{}" d="M{}"/>').format(
            "line" if len(run) > 1 else "dot", path + ("h0" if len(run) == 1 else "")
        )
    return drawn


def _band(band: Band | None, scale: _Scale) -> Markup:
    if band is None:
        return Markup()
    high, low, center = (rounded(scale.y(v)) for v in (band.high, band.low, band.center))
    drawn = Markup('<path class="band" d="M0 {}H100V{}H0Z"/><path class="center" d="M0 {}H100"/>')
    return drawn.format(high, low, center)


def _last(points: Sequence[Point], scale: _Scale) -> Markup:
    known = [(i, p) for i, p in enumerate(points) if p.value is not None]
    if not known:
        return Markup()
    index, point = known[-1]
    return Markup('<path class="last" d="M{} {}h0"/>').format(rounded(scale.x(index)), rounded(scale.y(_value(point))))


def _days(points: Sequence[Point], scale: _Scale) -> Markup:
    last = len(points) - 1
    shown = [i for i in range(len(points)) if (last - i) % 7 == 0]
    mark, end = Markup('<span style="left:{}%">{}</span>'), Markup("<span>{1}</span>")
    return _join(
        (end if i == last else mark).format(rounded(scale.x(i)), numbers.short_day(points[i].day)) for i in shown
    )


def _whiskers(low: float, high: float) -> Markup:
    line = Markup('<line class="whisker" x1="{}%" x2="{}%" y1="{}" y2="{}"/>')
    ends = ((low, high, "50%", "50%"), (low, low, "25%", "75%"), (high, high, "25%", "75%"))
    return _join(line.format(rounded(a), rounded(b), top, bottom) for a, b, top, bottom in ends)


def _share(value: float, top: float) -> float:
    return 100.0 * min(max(value / top, 0.0), 1.0) if top > 0 else 0.0


def rounded(value: float) -> str:
    """Return a coordinate with as few digits as it needs."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _join(parts: Iterator[Markup]) -> Markup:
    return Markup("").join(parts)
