import json
import math
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratchet.analyze.gaps import find_gaps

DAY = date(2026, 11, 20)
CALM = ("answer question", (1_000, 20), (250, 5), 300)  # what works, as a background


@pytest.fixture
def find(gaps, gap_errors, rules):
    def run(*intents, errors=(), extra=None, **changed):
        return find_gaps(gaps(*intents, **(extra or {})), gap_errors(*errors), rules(**changed), DAY)

    return run


def test_the_source_documents_example_has_its_three_fields(find):
    found = find(
        CALM,
        ("Export data to CSV", (50, 45), (12, 11), 20),
        ("Schedule recurring tasks", (40, 32), (10, 8), 15),
        ("Bulk edit operations", (20, 18), (5, 4), 9),
    )
    assert [{k: f[k] for k in ("feature", "demand", "priority")} for f in found.as_artifact()["features"]] == [
        {"feature": "Export data to CSV", "demand": 45, "priority": "high"},
        {"feature": "Schedule recurring tasks", "demand": 32, "priority": "high"},
        {"feature": "Bulk edit operations", "demand": 18, "priority": "medium"},
    ]


def test_a_gap_shows_its_evidence(find):
    (gap,) = find(CALM, ("export", (50, 45), (12, 11), 20)).features
    assert (gap.units, gap.failing_units, gap.unit_kind, gap.requests) == (20, 20, "user", 50)
    assert gap.failure_rate.number == 0.9
    assert (gap.failure_rate.low, gap.failure_rate.high) == pytest.approx((0.7864, 0.9565), abs=1e-4)
    assert gap.windows["30"].lift.number == pytest.approx(0.9 / 0.02)
    assert gap.windows["7"].failures == 11
    assert gap.sample_event_ids == ("e1", "e2")


@pytest.mark.parametrize(("failures", "units", "is_gap"), [(5, 5, False), (6, 5, True), (6, 1, False), (6, 2, True)])
def test_the_floor_is_more_than_five_failures_by_at_least_two_units(find, failures, units, is_gap):
    found = find(CALM, ("export", (failures, failures), (1, 1), units))
    assert bool(found.features) is is_gap
    if not is_gap:
        assert (found.below_floor.intents, found.below_floor.failures) == (1, failures)


def test_an_intent_that_fails_no_more_than_the_others_is_no_gap_and_is_still_listed(find):
    found = find(CALM, ("greet", (1_000, 22), (250, 6), 300))
    assert found.features == ()
    assert [o.feature for o in found.ordinary] == ["answer question", "greet"]


def test_an_intent_that_broke_last_week_is_a_gap_though_its_month_looks_well(find):
    found = find(("other", (4_000, 160), (1_000, 40), 900), ("search", (1_000, 40), (230, 32), 90))
    assert [g.feature for g in found.features] == ["search"]


def test_a_lone_intent_that_mostly_fails_is_a_gap_without_a_lift(find):
    (gap,) = find(("export", (50, 45), (12, 11), 20)).features
    assert gap.windows["30"].lift.as_record()["reason"] == "no other intent has failed"


def test_failures_for_want_of_support_make_a_gap_and_are_counted(find):
    error = {"intent": "greet", "error_kind": "ToolError: CSV is NOT SUPPORTED", "failures": 9, "units": 4}
    found = find(CALM, ("greet", (1_000, 22), (250, 6), 300), errors=[error])
    assert [(g.feature, g.unsupported) for g in found.features] == [("greet", 9)]


@pytest.mark.parametrize(
    ("long", "short", "status", "priority"),
    [
        ((40, 30), (40, 30), "new", "high"),
        ((60, 40), (40, 30), "growing", "high"),
        ((300, 280), (60, 20), "shrinking", "high"),
        ((300, 280), (60, 0), "fixed", "low"),
        ((300, 280), (4, 0), "shrinking", "high"),
        ((400, 400), (100, 100), "stable", "high"),
        ((12, 12), (3, 3), "not enough data", "medium"),
    ],
)
def test_the_status_needs_evidence(find, long, short, status, priority):
    found = find(("answer", (10_000, 200), (2_500, 50), 300), ("export", long, short, 40))
    (gap,) = found.features
    assert (gap.status, gap.priority) == (status, priority)


def test_without_days_before_the_last_week_there_is_no_trend(find):
    (gap,) = find(("answer", (250, 5), (250, 5), 300), ("export", (40, 30), (40, 30), 20)).features
    assert gap.status == "not enough data"
    assert gap.trend.ratio.as_record()["reason"] == "there is no window before"
    assert gap.score.number == pytest.approx(20 * 0.75)


def test_the_score_is_reach_times_failure_times_trend_by_hand(find):
    (gap,) = find(("answer", (700, 0), (140, 0), 300), ("export", (300, 240), (60, 48), 40)).features
    observed = math.log(48.5 / 200) - math.log(192.5 / 800)
    spread, prior = 1 / 48.5 + 1 / 192.5, math.log(2) ** 2
    expected = math.log(40 * 0.8) + observed * prior / (prior + spread)
    half = 1.959964 * math.sqrt(1 / 40 + 0.2 / 240 + prior * spread / (prior + spread))
    assert gap.score.number == pytest.approx(math.exp(expected))
    assert (gap.score.low, gap.score.high) == pytest.approx((math.exp(expected - half), math.exp(expected + half)))


def test_six_failures_out_of_nothing_do_not_outrank_a_certain_large_gap(find):
    found = find(CALM, ("large", (300, 280), (70, 65), 80), ("small", (6, 6), (6, 6), 3))
    assert [g.feature for g in found.features] == ["large", "small"]


def test_texts_of_fewer_than_five_units_are_not_shown(find):
    few, many = (find(CALM, ("export", (50, 45), (12, 11), n)).features[0] for n in (4, 5))
    assert (few.samples, many.samples) == ((), ("please do it",))
    assert few.sample_event_ids == ("e1", "e2")


def test_errors_of_a_gap_are_the_most_frequent_first(find):
    errors = [{"intent": "export", "error_kind": k, "failures": n} for k, n in (("a", 3), ("c", 9), ("b", 9))]
    (gap,) = find(CALM, ("export", (50, 45), (12, 11), 20), errors=errors).features
    assert [(e.error, e.failures) for e in gap.errors] == [("b", 9), ("c", 9), ("a", 3)]


def test_requests_without_an_intent_are_counted_and_not_grouped(find):
    found = find(CALM, ("", (90, 80), (20, 18), 40))
    assert found.features == ()
    assert [(u.reason, u.requests, u.failures) for u in found.not_computable] == [("no intent was logged", 90, 80)]


def test_requests_without_a_unit_are_counted_and_no_gap(find):
    found = find(("export", (90, 80), (20, 18), 0), extra={"unit_kind": "none"})
    assert found.features == ()
    assert [u.reason for u in found.not_computable] == ["no user, session or trace id was logged"]


def test_no_request_is_said_and_not_taken_for_health(find):
    found = find()
    assert found.reason == "no request was logged in the window"
    assert found.failure_rate.as_record()["reason"] == "no request has a known outcome"


def test_rows_of_other_days_are_not_read(find):
    assert find(CALM, ("export", (50, 45), (12, 11), 20), extra={"as_of": date(2026, 11, 19)}).requests == 0


def test_unknown_outcomes_stand_beside_the_rate(find):
    (gap,) = find(("export", (50, 45), (12, 11), 20), extra={"unknown": 30}).features
    assert gap.failure_rate.n == 50
    assert gap.windows["30"].unknown == 30


HOSTILE = [
    "'; drop table x; --",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "a\x00b\n\u202egnp",
    "ü" * 5_000,
    "{{ 7*7 }}",
]


def test_hostile_intents_stay_data(find):
    found = find(CALM, *((name, (50, 45), (12, 11), 20) for name in HOSTILE))
    shown = {g.feature for g in found.features}
    assert shown >= {h.replace("\0", "␀0") for h in HOSTILE if len(h) < 300}
    assert len(shown) == len(HOSTILE)
    assert max(map(len, shown)) <= 300
    json.loads(json.dumps(found.as_artifact()))


intents = st.lists(
    st.tuples(st.text(max_size=6), st.integers(0, 60), st.integers(0, 40), st.integers(0, 20), st.integers(0, 20)),
    unique_by=lambda row: row[0],
    max_size=8,
)


@given(intents, st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_rows_changes_nothing(gaps, gap_errors, rules, rows, seed):
    made = gaps(*((n, (a + b + c + d, b + d), (c + d, d), 9) for n, a, b, c, d in rows))
    errors = gap_errors(*({"intent": n, "error_kind": k, "failures": b} for n, _, b, *_ in rows for k in ("x", "y")))
    first = find_gaps(made, errors, rules(), DAY)
    again = find_gaps(made.sample(frac=1, random_state=seed), errors.sample(frac=1, random_state=seed), rules(), DAY)
    assert again == first


def test_the_artifact_holds_to_its_schema(find, conforms):
    error = {"intent": "export", "error_kind": "not supported", "failures": 9, "units": 4}
    many = [CALM, ("", (9, 9), (1, 1), 3), ("rare", (2, 2), (0, 0), 1)]
    hostile = [(name, (50, 45), (12, 11), 20) for name in HOSTILE]
    for intents in ([], many, [*many, *hostile, ("export", (50, 45), (12, 11), 20)]):
        conforms("features", find(*intents, errors=[error]).as_artifact())
