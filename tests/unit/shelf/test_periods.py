from datetime import date, timedelta

import pytest
from scipy import stats

from ratchet.contracts.estimates import Estimate
from ratchet.report.view import Status, Tone
from ratchet.shelf import periods
from ratchet.shelf.cards import Card
from ratchet.shelf.periods import Kind, Period, median

MONDAY = date(2026, 11, 16)


def nights(first, values, metric="success_rate"):
    def figure(value):
        estimate = {"value": value, "n": 10, "low": None, "high": None}
        return {"metric": metric, "label": "Success rate", "unit": "share", "estimate": estimate}

    return [
        Card(first + timedelta(days=n), Status.HEALTHY, "Healthy", "", figures=(figure(value),))
        for n, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("kind", "day", "name", "title", "first", "last"),
    [
        (Kind.WEEK, date(2026, 11, 20), "2026-W47", "Week 47 of 2026", MONDAY, date(2026, 11, 22)),
        (Kind.WEEK, date(2027, 1, 1), "2026-W53", "Week 53 of 2026", date(2026, 12, 28), date(2027, 1, 3)),
        (Kind.MONTH, date(2028, 2, 29), "2028-02", "February 2028", date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_a_day_lies_in_one_week_and_one_month(kind, day, name, title, first, last):
    found = Period.of(kind, day)
    assert (found.name, found.title, found.first, found.last) == (name, title, first, last)
    assert found.before.after == found


@pytest.mark.parametrize("n", [6, 7, 9, 28, 30, 31])
def test_the_interval_of_a_median_is_the_narrowest_that_holds(n):
    found = median([float(v) for v in range(n, 0, -1)])
    rank = int(found.low)
    assert found.high == n + 1 - rank
    assert found.number == (n + 1) / 2

    def misses(k):
        return 2 * stats.binom.cdf(k - 1, n, 0.5)

    assert misses(rank) <= 0.05 < misses(rank + 1)


@pytest.mark.parametrize("n", range(1, 6))
def test_below_six_nights_there_is_no_interval(n):
    found = median([0.5] * n)
    assert (found.number, found.n, found.low, found.high) == (0.5, n, None, None)
    assert "at least 6" in found.note


def test_no_night_has_no_median():
    assert median([]).number is None


@pytest.mark.parametrize(
    ("now", "before", "tone"),
    [
        ([0.9] * 7, [0.8] * 7, Tone.GOOD),
        ([0.7] * 7, [0.8] * 7, Tone.BAD),
        ([0.8, 0.9, 0.7, 0.8, 0.9, 0.8, 0.8], [0.8] * 7, Tone.MUTED),
        ([0.9] * 5, [0.1] * 7, Tone.MUTED),
        ([0.9] * 7, [], Tone.MUTED),
    ],
)
def test_only_intervals_that_do_not_overlap_say_that_something_moved(now, before, tone):
    (figure,) = periods.figures(nights(MONDAY, now), nights(MONDAY - timedelta(days=7), before), Kind.WEEK)
    assert figure.change.tone is tone


def test_fewer_errors_are_better_and_more_requests_are_neither():
    few, many = Estimate(1.0, 7, 0.9, 1.1), Estimate(2.0, 7, 1.9, 2.1)
    assert periods.change("error_rate", few, many, "the week before").tone is Tone.GOOD
    assert periods.change("requests", few, many, "the week before").tone is Tone.PLAIN
