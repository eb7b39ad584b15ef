"""Replays of settings as pairs of columns a day, inline SVG with a text alternative; beside `charts.py`.

Which days are drawn belongs to the view.
"""

from __future__ import annotations

from markupsafe import Markup

from ratchet.report import charts, numbers
from ratchet.report.numbers import Unit
from ratchet.report.replay_view import Replay

_PICTURE = Markup(
    '<svg class="trend" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" focusable="false">'
    "<title>{}</title>{}</svg>"
)
_COLUMN = Markup('<rect class="column {}" x="{}" y="{}" width="{}" height="{}"/>')
_FLOOR = 100.0
_SHARE = 0.38  # of a day's width, for each of its two columns


def in_words(replay: Replay) -> str:
    """Return what a replay shows as one sentence."""
    today, proposed = (sum(getattr(d, name) for d in replay.days) for name in ("today", "proposed"))
    return (
        f"Over {numbers.count(len(replay.days), 'day')}, {_written(today)} is lost with {replay.today} "
        f"and {_written(proposed)} with {replay.proposed}, which wins on "
        f"{charts.estimate_in_words(replay.wins, Unit.SHARE)} of the days on which they differ."
    )


def columns(replay: Replay) -> Markup:
    """Return two columns a day, today's value left and the proposed one right, on one axis that begins at 0."""
    top = max([v for d in replay.days for v in (d.today, d.proposed)], default=0.0) or 1.0
    marks = charts.ticks(0.0, top)
    wide = 100.0 / len(replay.days)
    drawn = Markup("").join(
        Markup('<path class="grid" d="M0 {0}H100"/>').format(charts.rounded(_y(t, marks[-1]))) for t in marks
    )
    for place, day in enumerate(replay.days):
        for part, (name, value) in enumerate((("now", day.today), ("then", day.proposed))):
            start = (place + 0.5 + (part - 1) * _SHARE) * wide
            drawn += _column(name, start, wide * _SHARE, value, marks[-1])
    y_axis = Markup("").join(
        Markup('<span style="top:{}%">{}</span>').format(charts.rounded(_y(t, marks[-1])), numbers.short(t, Unit.COUNT))
        for t in marks
    )
    return Markup(
        '<div class="plot"><div class="y-axis" aria-hidden="true">{}</div>{}'
        '<div class="x-axis" aria-hidden="true">{}</div></div>'
    ).format(y_axis, _PICTURE.format(in_words(replay), drawn), _days(replay))


def _column(name: str, start: float, width: float, value: float, top: float) -> Markup:
    height = _FLOOR - _y(value, top)
    places = (start, _FLOOR - height, width, height)
    return _COLUMN.format(name, *map(charts.rounded, places))


def _y(value: float, top: float) -> float:
    return _FLOOR * (1 - min(max(value / top, 0.0), 1.0))


def _days(replay: Replay) -> Markup:
    last = len(replay.days) - 1
    mark, end = Markup('<span style="left:{}%">{}</span>'), Markup("<span>{1}</span>")
    return Markup("").join(
        (end if i == last else mark).format(
            charts.rounded(100.0 * (i + 0.5) / len(replay.days)), numbers.short_day(day.day)
        )
        for i, day in enumerate(replay.days)
        if (last - i) % 7 == 0
    )


def _written(value: float) -> str:
    return numbers.count(round(value))
