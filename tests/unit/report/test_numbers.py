from __future__ import annotations

import locale
from datetime import date

import pytest

from ratchet.report import numbers
from ratchet.report.numbers import Unit


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (1234567, Unit.COUNT, "1,234,567"),
        (-3, Unit.COUNT, "−3"),
        (12.5, Unit.COUNT, "12.5"),
        (0.8419, Unit.SHARE, "84.2%"),
        (0.0, Unit.SHARE, "0.0%"),
        (1.0, Unit.SHARE, "100.0%"),
        (0.00001, Unit.SHARE, "<0.1%"),
        (0.99999, Unit.SHARE, ">99.9%"),
        (7.04, Unit.SCORE, "7.0"),
        (0.0372, Unit.RATIO, "0.037"),
        (1234.5, Unit.RATIO, "1,234.50"),
        (0.00001, Unit.RATIO, "0.00001"),
        (2.34, Unit.TIMES, "2.3×"),
        (3.25, Unit.MS, "3.2 ms"),
        (812.4, Unit.MS, "812 ms"),
        (2840, Unit.MS, "2.84 s"),
        (250_000, Unit.MS, "250 s"),
        (3_600_000, Unit.MS, "60 min"),
        (12.5, Unit.USD, "$12.50"),
        (-0.0123, Unit.USD, "−$0.012"),
        (0.00001, Unit.USD, "$0.00001"),
        (1_500_000, Unit.BYTES, "1.5 MB"),
        (12, Unit.BYTES, "12 bytes"),
        (None, Unit.SHARE, "—"),
        (float("nan"), Unit.COUNT, "—"),
        (float("inf"), Unit.MS, "—"),
    ],
)
def test_a_number_is_written_with_its_unit(value: float | None, unit: Unit, written: str) -> None:
    assert numbers.number(value, unit) == written


def test_a_share_that_is_not_all_is_never_written_as_all() -> None:
    assert numbers.number(0.9996, Unit.SHARE) != "100.0%"
    assert numbers.number(0.0004, Unit.SHARE) != "0.0%"


@pytest.mark.parametrize(
    ("low", "high", "unit", "written"),
    [
        (0.835, 0.883, Unit.SHARE, "83.5–88.3%"),
        (0.075, 0.118, Unit.RATIO, "0.075–0.118"),
        (2610, 3120, Unit.MS, "2.61–3.12 s"),
        (812, 3120, Unit.MS, "812 ms–3.12 s"),
        (1.2, 4.0, Unit.TIMES, "1.2–4.0×"),
        (-2.0, 1.5, Unit.SCORE, "−2.0 to 1.5"),
        (0.98, 0.99996, Unit.SHARE, "98.0–100.0%"),
        (None, 0.5, Unit.SHARE, ""),
    ],
)
def test_an_interval_names_its_unit_once(low: float | None, high: float, unit: Unit, written: str) -> None:
    assert numbers.interval(low, high, unit) == written


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.024, Unit.SHARE, "+2.4 points"),
        (-0.024, Unit.SHARE, "−2.4 points"),
        (0.00001, Unit.SHARE, "no difference"),
        (-120.0, Unit.MS, "−120 ms"),
        (0, Unit.COUNT, "no difference"),
        (None, Unit.COUNT, "—"),
    ],
)
def test_a_change_is_signed_and_shares_change_in_points(value: float | None, unit: Unit, written: str) -> None:
    assert numbers.change(value, unit) == written


def test_counted_nouns_agree_with_their_number() -> None:
    assert numbers.count(1, "event") == "1 event"
    assert numbers.count(1200, "event") == "1,200 events"
    assert numbers.count(2, "query", "queries") == "2 queries"
    assert numbers.count(3) == "3"


def test_dates_are_english_in_any_locale() -> None:
    before = locale.setlocale(locale.LC_TIME)
    try:
        for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"):
            try:
                locale.setlocale(locale.LC_TIME, name)
            except locale.Error:
                continue
            assert numbers.day(date(2026, 11, 20), weekday=True) == "Friday 20 November 2026"
            assert numbers.short_day("2026-03-01") == "1 Mar"
    finally:
        locale.setlocale(locale.LC_TIME, before)


def test_what_is_no_date_is_a_dash() -> None:
    assert numbers.day(None) == numbers.day("soon") == numbers.moment("") == numbers.moment("x") == "—"
    assert numbers.moment("2026-11-20T04:05:59.123456") == "20 Nov 2026, 04:05"


def test_axis_labels_are_short() -> None:
    assert [numbers.short(v, Unit.COUNT) for v in (0, 900, 1500, 2_000_000)] == ["0", "900", "1.5k", "2m"]
    assert [numbers.short(v, Unit.SHARE) for v in (0.8, 0.825)] == ["80%", "82.5%"]
    assert [numbers.short(v, Unit.MS) for v in (500, 2500)] == ["500 ms", "2.5 s"]
    assert numbers.short(0.02, Unit.USD) == "$0.02"
