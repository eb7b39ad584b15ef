"""How every number, date and unit of the report is written, in English, in one place.

Which numbers are shown belongs to the chapters, how they are laid out to the renderers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NOTHING = "\N{EM DASH}"
SAME = "no difference"
_SMALLEST_SHARE = 0.001
_ENDINGS = ("%", " ms", " s", " min", "×")
# spelt out, since strftime follows the process's locale
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Unit(StrEnum):
    """The closed set of things a number of the report may be."""

    COUNT = "count"
    SHARE = "share"
    SCORE = "score"
    RATIO = "ratio"
    TIMES = "times"
    LIFT = "lift"
    MS = "ms"
    USD = "usd"
    BYTES = "bytes"


def number(value: float | None, unit: Unit) -> str:
    """Return a value with its unit; what is missing or not finite is a dash."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return _WRITERS[unit](float(value)).replace("-", MINUS)


def interval(low: float | None, high: float | None, unit: Unit) -> str:
    """Return an interval such as `83.0–85.3%`, nothing where a bound is missing."""
    if low is None or high is None:
        return ""
    first, second = _alike(low, high, unit)
    joint = " to " if unit is Unit.LIFT or MINUS in first + second else DASH
    for ending in _ENDINGS:
        if first.endswith(ending) and second.endswith(ending):
            first = first.removesuffix(ending)
    return f"{first}{joint}{second}"


def _alike(low: float, high: float, unit: Unit) -> tuple[str, str]:
    """Write two bounds with the same number of decimals; a bound may be rounded to all or nothing."""
    if unit is Unit.SHARE:
        return _percent(low), _percent(high)
    first, second = number(low, unit), number(high, unit)
    if unit is Unit.RATIO:
        places = max(len(written.partition(".")[2]) for written in (first, second))
        first, second = (f"{bound:,.{places}f}".replace("-", MINUS) for bound in (low, high))
    return first, second


def change(value: float | None, unit: Unit) -> str:
    """Return a signed difference; shares differ in points, never in per cent."""
    if value is None or not math.isfinite(value):
        return NOTHING
    written = f"{abs(value) * 100:.1f} points" if unit is Unit.SHARE else number(abs(value), unit)
    if not any(c in "123456789" for c in written):
        return SAME
    return f"{'+' if value > 0 else MINUS}{written}"


def count(value: float | None, one: str = "", many: str = "") -> str:
    """Return a whole number with thousands separators and, where given, its noun."""
    written = number(value, Unit.COUNT)
    if not one:
        return written
    return f"{written} {one if value == 1 else many or one + 's'}"


def plural(number_of: int, one: str, many: str) -> str:
    """Return the form of a word that goes with a number."""
    return one if number_of == 1 else many


def short(value: float, unit: Unit) -> str:
    """Return an axis label: as few digits as the axis needs."""
    if unit is Unit.SHARE:
        return f"{value * 100:.4g}%"
    if unit is Unit.LIFT:
        return f"{value * 100:+.4g}%".replace("-", MINUS) if value else "0"
    if unit is Unit.COUNT:
        return _short_count(value)
    if unit is Unit.MS:
        return f"{value:.4g} ms" if value < 1000 else f"{value / 1000:.4g} s"
    return f"${value:.3g}" if unit is Unit.USD else f"{value:.4g}"


def day(value: date | str | None, *, weekday: bool = False) -> str:
    """Return a date such as `20 November 2026`."""
    found = _date(value)
    if found is None:
        return NOTHING
    name = f"{found.day} {_MONTHS[found.month - 1]} {found.year}"
    return f"{_WEEKDAYS[found.weekday()]} {name}" if weekday else name


def short_day(value: date | str | None) -> str:
    """Return a date such as `20 Nov`."""
    found = _date(value)
    return NOTHING if found is None else f"{found.day} {_MONTHS[found.month - 1][:3]}"


def moment(value: str | None) -> str:
    """Return a UTC timestamp such as `20 Nov 2026, 14:05`."""
    if not value:
        return NOTHING
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return NOTHING
    return f"{short_day(found)} {found.year}, {found.hour:02}:{found.minute:02}"


def _date(value: date | str | None) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def _whole(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _short_count(value: float) -> str:
    for size, letter in ((1e9, "b"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def _share(value: float) -> str:
    if 0 < value < _SMALLEST_SHARE:
        return "<0.1%"
    if 1 - _SMALLEST_SHARE < value < 1:
        return ">99.9%"
    return _percent(value)


def _percent(value: float) -> str:
    return f"{value * 100:.1f}%".replace("-", MINUS)


def _lift(value: float) -> str:
    """Write a relative change; rounded to no change it has no sign."""
    written = f"{value * 100:+,.1f}%"
    return written[1:] if written in ("+0.0%", "-0.0%") else written


def _ratio(value: float) -> str:
    return f"{value:,.2f}" if abs(value) >= 0.1 or value == 0 else _digits(value, 2)


def _digits(value: float, digits: int) -> str:
    """Write a small number with so many significant digits and no exponent."""
    return format(Decimal(f"{value:.{digits}g}"), "f")


def _ms(value: float) -> str:
    if abs(value) < 1_000:
        return f"{value:.0f} ms" if abs(value) >= 10 or value == 0 else f"{value:.1f} ms"
    seconds = value / 1000
    if abs(seconds) < 100:
        return f"{seconds:.2f} s"
    return f"{seconds:,.0f} s" if abs(seconds) < 600 else f"{seconds / 60:,.0f} min"


def _usd(value: float) -> str:
    sign = "-" if value < 0 else ""
    size = abs(value)
    return f"{sign}${size:,.2f}" if size >= 1 or size == 0 else f"{sign}${_digits(size, 2)}"


def _bytes(value: float) -> str:
    for size, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= size:
            return f"{value / size:.1f} {name}"
    return f"{value:.0f} bytes"


_WRITERS: dict[Unit, Callable[[float], str]] = {
    Unit.COUNT: _whole,
    Unit.SHARE: _share,
    Unit.SCORE: lambda v: f"{v:.1f}",
    Unit.RATIO: _ratio,
    Unit.TIMES: lambda v: f"{v:,.1f}×",
    Unit.LIFT: _lift,
    Unit.MS: _ms,
    Unit.USD: _usd,
    Unit.BYTES: _bytes,
}
