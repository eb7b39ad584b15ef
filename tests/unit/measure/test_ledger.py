"""What became of improvements."""

from datetime import timedelta

import pytest
from tests.unit.measure.courses import START, course, day, judged
from tests.unit.measure.impact_frames import DEPLOYED, days, deployment

from ratchet.contracts.impacts import ImpactVerdict
from ratchet.measure.impact import impacts
from ratchet.measure.impact_verdicts import Rules
from ratchet.measure.ledger import ledger, median_days, with_tonight

COURSES = (
    course("new"),
    course("ready", validated=0),
    course("task", type="feedback_task", validated=0, approved=4),
    course("out", validated=0, approved=1, deployed=2),
    judged("good", "kept", 100, -0.8, predicted=0.8),
    judged("better", "kept", 50, -0.9, predicted=0.6, automatic=True),
    judged("bad", "rolled_back", -80, 0.5, predicted=0.5, automatic=True),
    judged("dark", "unmeasurable"),
)


def test_improvements_are_counted_by_how_far_they_came():
    found = ledger(COURSES)
    assert found.counts == {
        "generated": 8,
        "validated": 7,
        "approved": 6,
        "deployed": 5,
        "verified": 2,
        "refuted": 1,
        "unmeasurable": 1,
    }
    assert [row["type"] for row in found.by_type] == ["error_fix", "feedback_task"]
    assert found.by_type[1]["generated"] == 1


def test_the_hit_rate_is_of_what_was_verified_or_refuted_with_wilsons_interval():
    found = ledger(COURSES)
    assert (found.hit_rate.number, found.hit_rate.n) == (pytest.approx(2 / 3), 3)
    assert (found.hit_rate.low, found.hit_rate.high) == (
        pytest.approx(0.2077, abs=1e-4),
        pytest.approx(0.9385, abs=1e-4),
    )
    assert (found.auto_healing.number, found.auto_healing.n) == (0.5, 2)
    assert (found.unmeasurable.number, found.unmeasurable.n) == (0.25, 4)


def test_realised_is_measured_over_promised():
    found = ledger(COURSES).realised
    assert found.n == 3
    assert found.number == pytest.approx((0.8 / 0.8 + 0.9 / 0.6 - 0.5 / 0.5) / 3)
    assert found.low < found.number < found.high
    assert ledger(COURSES[:5]).realised.note == "a single fix"


def test_medians_of_days_come_with_the_interval_of_order_statistics():
    pairs = [(START, day(n)) for n in (9, 1, 2, 3, 4, 5, 6, 7, 8)]
    found = median_days([*pairs, (None, START), (START, None)])
    assert (found.number, found.n, found.low, found.high) == (5.0, 9, 2.0, 8.0)  # ranks 2 and 8 of 9: 96.1 %
    assert median_days(pairs[:5]).low is None
    assert median_days([]).number is None


def test_entries_are_what_was_deployed():
    found = ledger(COURSES)
    assert {e["improvement_id"] for e in found.entries} == {"out", "good", "better", "bad", "dark"}
    row = next(e for e in found.entries if e["improvement_id"] == "good")
    assert (row["verdict"], row["predicted"], row["realised"]) == ("kept", 0.8, 0.8)
    out = next(e for e in found.entries if e["improvement_id"] == "out")
    assert (out["verdict"], out["realised"], out["judged_on"]) == ("undecided", None, None)


def test_nothing_is_a_result_too():
    found = ledger([])
    assert found.counts["generated"] == 0
    assert found.hit_rate.number is None
    assert found.entries == ()


def test_tonights_verdicts_count_tonight():
    as_of = DEPLOYED + timedelta(days=6)
    fixed = days(as_of, lambda k: 0.2 if k < 0 else 0.02)
    tonight = impacts(fixed, [deployment()], Rules(), as_of)
    (found,) = with_tonight([course("fix", validated=0, approved=1, deployed=2)], tonight.impacts, as_of)
    assert (found.verdict, found.judged_on) == (ImpactVerdict.KEPT, as_of)
    assert found.estimate("saved").number == tonight.impacts[0].saved.number
    (open_still,) = with_tonight([course("other", deployed=2)], tonight.impacts, as_of)
    assert open_still.verdict is None
