import json
import math
from datetime import date

import pandas as pd
import pytest

from ratchet.analyze.error_origins import current_fixes
from ratchet.analyze.errors import rank_errors
from ratchet.contracts.error_findings import Introduction

DAY = date(2026, 11, 20)


@pytest.fixture
def rank(errors, rules):
    def run(*rows, **changed):
        made = [{"fingerprint": str(i), "occurrences_total": 500} | row for i, row in enumerate(rows)]
        return rank_errors(errors(*made), rules(**changed), DAY)

    return run


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"occurrences": 30, "first_seen": date(2026, 11, 14)}, "new"),
        ({"occurrences": 30, "first_seen": date(2026, 11, 13), "previous_occurrences": 4}, "escalating"),
        ({"occurrences": 25, "previous_occurrences": 100}, "ongoing"),
        ({"occurrences": 0, "previous_occurrences": 100}, "resolved"),
        ({"occurrences": 0, "previous_occurrences": 10}, "not enough data"),
        ({"occurrences": 30, "first_seen": date(2026, 11, 16), "previous_exposure_days": 0}, "not enough data"),
    ],
)
def test_the_state_needs_evidence(rank, row, state):
    assert [e.state for e in rank(row).errors] == [state]


def test_errors_are_ranked_by_units_and_rate_change(rank):
    found = rank(
        {"occurrences": 70, "previous_occurrences": 280, "units": 40, "error_type": "many"},
        {"occurrences": 70, "previous_occurrences": 20, "units": 30, "error_type": "rising"},
        {"occurrences": 900, "previous_occurrences": 3_600, "units": 2, "error_type": "loud"},
    )
    assert [e.error_type for e in found.errors] == ["rising", "many", "loud"]


def test_the_score_is_units_times_the_shrunk_trend_by_hand(rank):
    (error,) = rank({"occurrences": 70, "previous_occurrences": 20, "units": 30}).errors
    observed, spread = math.log(70.5 / 7) - math.log(20.5 / 28), 1 / 70.5 + 1 / 20.5
    weight = math.log(2) ** 2 / (math.log(2) ** 2 + spread)
    assert error.score.number == pytest.approx(30 * math.exp(weight * observed))
    assert error.trend.ratio.number == pytest.approx(14)


def test_days_without_data_are_no_days_without_errors(rank):
    (error,) = rank(
        {"occurrences": 20, "previous_occurrences": 5, "exposure_days": 7, "previous_exposure_days": 2}
    ).errors
    assert error.trend.ratio.number == pytest.approx((20 / 7) / (5 / 2))
    assert error.state == "ongoing"


@pytest.mark.parametrize(("now", "before", "shown"), [(9, 0, 0), (10, 0, 1), (4, 6, 1), (0, 0, 0)])
def test_the_floor_is_ten_in_five_weeks(rank, now, before, shown):
    found = rank({"occurrences": now, "previous_occurrences": before})
    assert len(found.errors) == shown
    assert found.below_floor.occurrences == (0 if shown else now + before)


def test_nothing_is_said_about_fixes_that_were_not_made(rank):
    (record,) = rank({"occurrences": 30}).as_artifact()["errors"]
    assert {key: record[key] for key in record if "fix" in key} == {"fixed_on": None}


def test_a_message_of_fewer_than_five_units_is_not_shown(rank):
    few, many = (rank({"occurrences": 30, "units": n}).errors[0] for n in (4, 5))
    assert (few.sample_message, many.sample_message) == (None, "rate limit for gpt-4o")


def test_many_unchanged_errors_do_not_make_one_escalate(rank):
    rows = [{"occurrences": 20, "previous_occurrences": 80}] * 60 + [{"occurrences": 31, "previous_occurrences": 80}]
    found = rank(*rows)
    assert found.errors[-1].trend.q > 0.05 or found.states["escalating"] == 0
    assert found.states == {
        "new": 0,
        "escalating": 0,
        "regressed after fix": 0,
        "ongoing": 61,
        "resolved": 0,
        "not enough data": 0,
    }


def test_no_error_is_said(rank):
    assert rank().reason == "no error was logged in 35 days"


def test_hostile_messages_stay_data_and_order_does_not_matter(errors, rules):
    hostile = ["<img src=x onerror=alert(1)>", "=1+1", "\x00\ud7ff" * 400, "'; drop table--"]
    made = errors(
        *(
            {
                "fingerprint": str(i),
                "error_type": h,
                "message_template": h,
                "sample_message": h,
                "occurrences": 20,
                "units": 9,
            }
            for i, h in enumerate(hostile)
        )
    )
    found = rank_errors(made, rules(), DAY)
    assert rank_errors(made.iloc[::-1], rules(), DAY) == found
    assert len(json.loads(json.dumps(found.as_artifact()))["errors"]) == 4


def test_the_artifact_holds_to_its_schema(rank, conforms):
    conforms("errors", rank().as_artifact())
    rows = [{"occurrences": 30, "units": n, "first_seen": None} for n in (0, 9)]
    conforms("errors", rank(*rows, {"occurrences": 0, "previous_occurrences": 40}).as_artifact())


@pytest.mark.parametrize(
    ("returned", "fixed", "state"),
    [
        (date(2026, 11, 15), date(2026, 11, 1), "regressed after fix"),
        (date(2026, 11, 15), date(2026, 11, 15), "escalating"),
        (date(2026, 11, 15), None, "escalating"),
        (None, date(2026, 11, 1), "escalating"),
    ],
)
def test_only_what_was_gone_after_its_fix_has_regressed(errors, rules, returned, fixed, state):
    row = {"fingerprint": "f", "occurrences": 30, "previous_occurrences": 4, "returned_on": returned}
    found = rank_errors(errors(row), rules(), DAY, {"f": fixed} if fixed else {})
    assert [(e.state, e.fixed_on, e.returned_on) for e in found.errors] == [(state, fixed, returned)]


def test_an_error_names_the_change_before_it(rank, conforms):
    change = {
        "change_id": "c1",
        "change_kind": "release",
        "change_target": "app",
        "change_after": "2.0",
        "change_at": pd.Timestamp("2026-11-01 09:00"),
        "first_at": pd.Timestamp("2026-11-01 10:30"),
    }
    found = rank({"occurrences": 30} | change, {"occurrences": 20})
    assert found.errors[0].introduced_by == Introduction(
        "c1", "release", "app", None, "2.0", "2026-11-01T09:00:00Z", 1.5
    )
    assert found.errors[1].introduced_by is None
    conforms("errors", found.as_artifact())


def test_a_fix_follows_its_bug_to_the_next_version_of_fingerprints():
    rows = [
        ("k1", "old", "f", DAY),
        ("k2", "old2", "f", DAY),
        ("k3", "old3", "k3", DAY),
        ("k1", "old", "x", date(2026, 1, 1)),
    ]
    names = ["error_key", "previous_fingerprint", "fingerprint", "as_of"]
    made = pd.DataFrame(rows, columns=names).assign(as_of=lambda f: pd.to_datetime(f["as_of"]).astype("datetime64[us]"))
    early, late = date(2026, 10, 1), date(2026, 10, 9)
    assert current_fixes({"old": early, "k2": late, "gone": late}, made, DAY) == {"f": late}
    assert current_fixes({"f": early}, made, DAY) == {"f": early}
    assert current_fixes({}, made, DAY) == {}
