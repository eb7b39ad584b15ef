"""The picture of a deployed fix: failures day by day, and their level before and with it, each with its interval.

What it shows belongs to `impact_view.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ratchet.contracts.estimates import Estimate
from ratchet.report import charts, numbers
from ratchet.report.impact_view import Effect, EffectDay
from ratchet.report.numbers import Unit

_TOP, _HEIGHT = 6.0, 88.0  # per cent of the box, as in charts.py
_PICTURE = Markup(
    '<svg class="trend" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" focusable="false">'
    "<title>{}</title>{}</svg>"
)
_FRAME = Markup(
    '<div class="plot"><div class="y-axis" aria-hidden="true">{}</div>{}'
    '<div class="x-axis" aria-hidden="true">{}</div></div>'
)


def in_words(effect: Effect) -> str:
    """Return what the picture shows as one sentence."""
    before, with_fix = (charts.estimate_in_words(e, Unit.SHARE) for e in (effect.before, effect.with_fix))
    left_out = sum(not d.counted for d in effect.days)
    more = f"; {numbers.count(left_out, 'day')} left out" if left_out else ""
    return f"Requests that failed with the error: before {before}; with the fix {with_fix}{more}."


def picture(effect: Effect) -> Markup:
    """Return the days as points, the levels as lines with their intervals, and the day of the deployment."""
    days = effect.days
    top = max([d.share or 0.0 for d in days] + [e.high or 0.0 for e in (effect.before, effect.with_fix)]) or 1.0
    marks = charts.ticks(0.0, top)
    full = max(marks[-1], top)
    edge = 100.0 * sum(not d.with_fix for d in days) / len(days)
    drawn = Markup("").join(
        [
            *(Markup('<path class="grid" d="M0 {0}H100"/>').format(_y(t, full)) for t in marks),
            _level(effect.before, 0.0, edge, full),
            _level(effect.with_fix, edge, 100.0, full),
            Markup('<path class="deployed" d="M{} 0V100"/>').format(charts.rounded(edge)),
            *(_points(days, name, full) for name in ("dot", "dot left-out", "dot with-fix")),
        ]
    )
    y_axis = Markup("").join(
        Markup('<span style="top:{}%">{}</span>').format(_y(t, full), numbers.short(t, Unit.SHARE)) for t in marks
    )
    return _FRAME.format(y_axis, _PICTURE.format(in_words(effect), drawn), _x_axis(days))


def _y(value: float, full: float) -> str:
    return charts.rounded(_TOP + _HEIGHT * (1 - min(max(value / full, 0.0), 1.0)))


def _x(index: int, days: int) -> str:
    return charts.rounded(100.0 * (index + 0.5) / days)


def _level(estimate: Estimate, left: float, right: float, full: float) -> Markup:
    if estimate.number is None or estimate.low is None or estimate.high is None:
        return Markup("")
    ends = (charts.rounded(left), charts.rounded(right))
    low, high, middle = (_y(v, full) for v in (estimate.low, estimate.high, estimate.number))
    band = Markup('<path class="band" d="M{0} {2}H{1}V{3}H{0}Z"/>').format(*ends, high, low)
    return band + Markup('<path class="center" d="M{} {}H{}"/>').format(ends[0], middle, ends[1])


def _points(days: Sequence[EffectDay], name: str, full: float) -> Markup:
    """Return the points of one kind as one path: lines of no length with round ends."""
    found = [(i, d.share) for i, d in enumerate(days) if d.share is not None and _kind(d) == name]
    path = "".join(f"M{_x(i, len(days))} {_y(share, full)}h0" for i, share in found)
    return Markup('<path class="{}" d="{}"/>').format(name, path) if path else Markup("")


def _kind(day: EffectDay) -> str:
    return "dot with-fix" if day.with_fix else "dot" if day.counted else "dot left-out"


def _x_axis(days: Sequence[EffectDay]) -> Markup:
    first = next((i for i, d in enumerate(days) if d.with_fix), None)
    apart = len(days) / 4  # labels that are nearer than that would touch on a narrow page
    shown = [0, *([first] if first and apart <= first <= len(days) - apart else []), len(days) - 1]
    return Markup("").join(
        (Markup("<span>{1}</span>") if i == len(days) - 1 else Markup('<span style="left:{}%">{}</span>')).format(
            _x(i, len(days)), numbers.short_day(days[i].day)
        )
        for i in dict.fromkeys(shown)
    )
