from datetime import date

import pytest

from ratchet.analyze.contributions import UNLOGGED, diagnose

DAY = date(2026, 11, 20)


@pytest.fixture
def why(usage):
    """Return the diagnosis of cells: (dimension, value) -> (bad, n) on the day and (bad, n) before."""

    def run(cells, changes=()):
        rows = []
        for (dimension, value), ((bad, n), (bad_before, n_before)) in cells.items():
            for days, b, m in ((1, bad, n), (30, bad + bad_before, n + n_before)):
                counts = {"requests": m, "failures": b, "successes": m - b}
                rows.append({"window_days": days, "dimension": dimension, "value": value, **counts})
        return diagnose(usage(*rows), changes, DAY)

    return run


def test_a_value_that_fails_more_is_found_and_others_are_not_blamed(why):
    found = why(
        {
            ("all", ""): ((300, 1000), (1000, 10_000)),
            ("model", "new"): ((250, 500), (500, 5000)),
            ("model", "old"): ((50, 500), (500, 5000)),
            ("language", "en"): ((150, 500), (500, 5000)),
            ("language", "de"): ((150, 500), (500, 5000)),
        }
    )
    first = found.contributions[0]
    assert (first.dimension, first.value) == ("model", "new")
    assert (first.rate_effect, first.mix_effect, first.share) == pytest.approx((0.2, 0.0, 1.0))
    assert [c.dimension for c in found.contributions] == ["model"]


def test_a_change_of_the_mix_is_told_from_a_change_of_the_rate(why):
    found = why(
        {
            ("all", ""): ((260, 1000), (1000, 10_000)),
            ("intent", "hard"): ((250, 500), (500, 1000)),
            ("intent", "easy"): ((10, 500), (500, 9000)),
        }
    )
    hard = next(c for c in found.contributions if c.value == "hard")
    assert hard.rate_effect == pytest.approx(0)
    assert hard.mix_effect > 0.1


def test_effects_of_a_dimension_add_up_to_the_change_with_what_was_not_logged(why):
    found = why({("all", ""): ((300, 1000), (1000, 10_000)), ("model", "a"): ((30, 300), (300, 3000))})
    (rest,) = found.contributions
    assert (rest.dimension, rest.value) == ("model", UNLOGGED)
    assert rest.share == pytest.approx(1.0)


def test_a_new_value_has_no_rate_before_and_is_part_of_the_mix(why):
    found = why(
        {
            ("all", ""): ((300, 1000), (1000, 10_000)),
            ("model", "old"): ((80, 800), (1000, 10_000)),
            ("model", "new"): ((220, 200 + 20), (0, 0)),
        }
    )
    new = next(c for c in found.contributions if c.value == "new")
    assert new.before.number is None
    assert new.rate_effect == 0


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        ((10, 100), (1000, 10_000), "not changed beyond chance"),
        ((5, 10), (1000, 10_000), "10 outcomes on one side, 30 are needed"),
        ((50, 100), (0, 0), "0 outcomes on one side"),
        ((0, 0), (0, 0), "0 outcomes on one side"),
        ((100, 100), (1000, 1000), "not changed beyond chance"),
    ],
)
def test_where_nothing_changed_nothing_is_explained(why, now, before, said):
    found = why({("all", ""): (now, before), ("model", "a"): (now, before)})
    assert said in found.reason
    assert found.contributions == ()


def test_what_was_changed_on_the_day_or_the_day_before_stands_beside_it(why):
    changes = [
        {"kind": kind, "target": "t", "before": None, "after": "2", "service": None, "occurred_at": at}
        for kind, at in (
            ("release", "2026-11-20T10:00:00"), ("prompt", "2026-11-19T00:00:00"), ("model", "2026-11-18T23:59:00"),
            ("release", "2026-11-21T00:00:00"), ("incident", "2026-11-20T10:00:00"), ("release", None),
        )
    ]  # fmt: skip
    found = why({("all", ""): ((1, 100), (1, 100))}, changes)
    assert [(c.kind, c.occurred_at) for c in found.changes] == [
        ("release", "2026-11-20T10:00:00Z"), ("prompt", "2026-11-19T00:00:00Z")
    ]  # fmt: skip


def test_among_ten_thousand_intents_the_one_that_fails_is_found(why):
    few = {("intent", f"i{n}"): ((0, 1), (1, 10)) for n in range(10_000)}
    whole = {("all", ""): ((3000, 14_000), (10_000, 140_000)), ("intent", "pay"): ((3000, 4000), (0, 40_000))}
    found = why(whole | few)
    first = found.contributions[0]
    assert (first.dimension, first.value) == ("intent", "pay")
    assert len(found.contributions) < 50
