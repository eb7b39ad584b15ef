from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable
from ratchet.report import charts
from ratchet.report.logtext import logged
from ratchet.report.numbers import Unit
from ratchet.report.view import Band, Bar, Bars, Point, Split

FIRST = date(2026, 10, 24)


def series(*values: float | None) -> tuple[Point, ...]:
    return tuple(Point(FIRST + timedelta(days=i), v, 10) for i, v in enumerate(values))


def test_a_line_in_words_names_last_lowest_highest_and_missing_days() -> None:
    assert charts.series_in_words(series(0.8, None, 0.9, 0.85), Unit.SHARE, "Success") == (
        "Success, 4 days to 27 October 2026: last 85.0% on 27 Oct, lowest 80.0% on 24 Oct, highest 90.0% on 26 Oct; "
        "1 day without a value."
    )
    assert charts.series_in_words(series(None, None), Unit.SHARE, "Success") == "Success: no value in 2 days."


def test_an_estimate_in_words_has_interval_and_n_or_says_why_it_is_missing() -> None:
    assert charts.estimate_in_words(Estimate(0.87, 46, 0.74, 0.94), Unit.SHARE) == "87.0%, 74.0–94.0%, n = 46"
    assert charts.estimate_in_words(Estimate(NotComputable("no score"), 0), Unit.SCORE) == "not computable: no score"


@pytest.mark.parametrize(
    "points",
    [series(), series(None), series(0.5), series(1.0, 1.0), series(0.0, 0.0), series(0.2, None, 0.4)],
)
@pytest.mark.parametrize("draw", [charts.sparkline, charts.trend])
@pytest.mark.parametrize("band", [None, Band(0.1, 0.3, 0.2), Band(-0.2, 1.4, 0.6)])
def test_any_series_gives_a_picture_with_a_name_inside_its_box(
    draw: object, points: tuple[Point, ...], band: Band | None
) -> None:
    picture = draw(points, Unit.SHARE, "A & <b>", band)  # type: ignore[operator]
    root = ElementTree.fromstring(f"<div>{picture}</div>")
    svg = next(root.iter("svg"))
    assert svg.get("role") == "img"
    assert (svg.findtext("title") or "").startswith("A & <b>")
    for path in svg.iter("path"):
        numbers = [float(n) for n in re.findall(r"[\d.]+", (path.get("d") or "").replace("h0", ""))]
        assert all(0 <= n <= 100 for n in numbers)


def test_a_gap_breaks_the_line_and_a_lone_day_is_a_dot() -> None:
    picture = charts.sparkline(series(0.1, 0.2, None, 0.3), Unit.SHARE, "x")
    assert picture.count('class="line"') == 1
    assert picture.count('class="dot"') == 1


def test_the_axis_of_shares_stays_within_0_and_100_per_cent() -> None:
    labels = re.findall(r">([\d.]+)%</span>", charts.trend(series(0.97, 1.0, 0.99), Unit.SHARE, "x"))
    assert all(0 <= float(label) <= 100 for label in labels)
    assert len(labels) >= 3


def test_a_bar_is_as_long_as_its_value_and_its_whiskers_as_its_interval() -> None:
    picture = charts.bar(Estimate(0.5, 20, 0.3, 0.7), Unit.SHARE, 1.0, "bad", 0.2)
    assert 'class="fill bad" width="50%"' in picture
    assert 'x1="30%" x2="70%"' in picture
    assert 'class="reference" x1="20%"' in picture
    assert "50.0%, 30.0–70.0%, n = 20" in picture


def test_a_bar_never_leaves_its_track() -> None:
    assert 'width="100%"' in charts.bar(Estimate(9, 1, 5, 20), Unit.SCORE, 5.0, "plain")
    assert 'class="fill plain" width="0%"' in charts.bar(Estimate(NotComputable("?"), 0), Unit.SCORE, 0.0, "plain")


def test_stacked_bars_share_the_width() -> None:
    widths = re.findall(r'class="fill \w+" x="[\d.]+%" width="([\d.]+)%"', charts.split(Split("a", 30, 50, 20)))
    assert [float(w) for w in widths] == [30, 50, 20]
    assert "width" in charts.split(Split("nothing", 0, 0, 0))


def test_bars_are_full_at_their_top_or_at_the_longest_whisker() -> None:
    bars = tuple(Bar(logged(str(v)), Estimate(v, 5, 0.0, v + 1)) for v in (2.0, 4.0))
    assert charts.full_bar(Bars("c", Unit.COUNT, bars, 2, "d")) == 5.0
    assert charts.full_bar(Bars("c", Unit.COUNT, bars, 2, "d", top=10.0)) == 10.0
    assert charts.full_bar(Bars("c", Unit.COUNT, (), 0, "d")) == 1.0
