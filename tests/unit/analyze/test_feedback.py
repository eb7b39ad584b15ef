import json
from datetime import date

import numpy as np
import pytest

from ratchet.analyze.feedback import find_patterns

DAY = date(2026, 11, 20)
GLAD = {"intent": "answer", "scores": [10, 10, 7.5, 7.5, 10, 5] * 20}
SAD = {"intent": "export", "scores": [0, 0, 2.5, 2.5, 0, 5, 2.5, 10] * 4}


NOTHING = {"value": None, "n": 0, "low": None, "high": None}
BESIDE = {  # what the step puts beside: tested in test_behaviours.py and test_raters.py
    "did_next": {"intent": "", "requests": 0, "rephrased": NOTHING, "abandoned": NOTHING, "escalated": NOTHING},
    "behaviours": [],
    "calibration": [],
    "implicit": {"requests": 0, "by_table": None, "calibrated": None, "unknown": 0},
    "agreement": [],
}


@pytest.fixture
def find(feedback, response, comments, rules):
    def run(*rows, asked=(), said=(), **changed):
        return find_patterns(feedback(*rows), response(*asked), comments(*said), rules(**changed), DAY)

    return run


def test_an_intent_with_low_scores_is_a_pattern_and_the_others_are_not(find):
    (pattern,) = find(GLAD, SAD).patterns
    assert pattern.intent == "export"
    assert pattern.signs == ("worse than the rest", "low on the scale")
    assert pattern.feedback.mean.number == pytest.approx(np.mean(SAD["scores"]))
    assert pattern.feedback.low_share.number == 24 / 32
    assert pattern.rest_low_share == 0


def test_the_shrunk_mean_lies_between_the_own_and_the_common_one_and_the_fewer_scores_the_nearer(find):
    found = find(GLAD, {"intent": "few", "scores": [0, 0, 0, 0, 5]}, {"intent": "many", "scores": [0, 0, 0, 0, 5] * 30})
    few, many = (next(i for i in found.intents if i.intent == name) for name in ("few", "many"))
    assert few.mean.number == many.mean.number == 1
    assert 1 < many.shrunk_mean.number < few.shrunk_mean.number


@pytest.mark.parametrize(("low", "expected"), [(4, 0), (5, 1)])
def test_the_floor_is_five_low_scores(find, low, expected):
    assert len(find(GLAD, {"intent": "export", "scores": [0.0] * low}).patterns) == expected


def test_an_intent_that_is_low_by_chance_is_no_pattern(find):
    assert find(GLAD, {"intent": "greet", "scores": [10, 7.5, 2.5, 5] * 6 + [10] * 20}).intents[1].low == 6
    rough = {"intent": "rough", "scores": [2.5] * 25 + [7.5] * 35}
    assert find(rough, {"intent": "alike", "scores": [2.5] * 12 + [7.5] * 14}).patterns == ()


def test_intents_that_are_all_disliked_are_patterns_without_being_worse_than_the_rest(find):
    found = find({"intent": "a", "scores": [0, 2.5] * 20}, {"intent": "b", "scores": [2.5, 0] * 20})
    assert [p.signs for p in found.patterns] == [("low on the scale",)] * 2


def test_an_intent_that_became_bad_last_week_is_a_pattern_of_that_week(find):
    month = {"intent": "translate", "scores": [10.0] * 17 + [0.0] + [2.5] * 9 + [10.0] * 4}
    week = {"intent": "translate", "scores": [2.5] * 9 + [10.0] * 4, "window_days": 7}
    calm = [{"intent": i, "scores": [0.0] * 24 + [10.0] * 96, "window_days": d} for i in "ab" for d in (7, 30)]
    (pattern,) = find(month, week, *calm).patterns
    assert (pattern.intent, pattern.window_days, pattern.feedback.low) == ("translate", 7, 9)


def test_patterns_come_worst_first(find):
    bad = {"intent": "bad", "scores": [2.5, 5, 2.5, 0] * 8}
    assert [p.intent for p in find(GLAD, bad, SAD | {"scores": [0.0] * 30}).patterns] == ["export", "bad"]


def test_too_little_feedback_is_said_and_nothing_is_judged(find):
    found = find({"intent": "export", "scores": [0.0] * 9})
    assert found.patterns == ()
    assert found.reason == "9 scores in 30 days; 10 are needed"


def test_evaluators_are_listed_apart(find):
    found = find(GLAD, SAD | {"rater": "evaluator"})
    assert found.patterns == ()
    assert [(s.rater, s.scored) for s in found.sources] == [("evaluator", 32), ("user", 120)]
    assert found.overall[1].scored == 120


def test_scores_without_an_intent_are_counted_and_stand_in_the_rest(find):
    found = find(SAD, {"intent": "", "scores": [10.0] * 40})
    assert (found.without_intent.scored, len(found.patterns)) == (40, 1)
    assert found.overall[1].scored == 72


def test_raw_ratings_stand_beside_the_score(find):
    found = find(GLAD | {"rating_sum": 500.0, "rating_n": 120})
    assert found.sources[0].raw_rating.number == pytest.approx(500 / 120)
    assert 1 <= found.sources[0].raw_rating.low <= found.sources[0].raw_rating.high <= 5


def test_response_rates_stand_beside_the_averages_by_intent_and_tier(find):
    asked = [
        {"intent": "export", "agent_tier": "senior", "requests": 40, "requests_with_feedback": 30},
        {"intent": "export", "agent_tier": "junior", "requests": 60, "requests_with_feedback": 2},
        {"intent": "answer", "requests": 0},
    ]
    found = find(GLAD, SAD, asked=asked)
    assert [(r.agent_tier, r.rate.number) for r in found.response] == [
        ("junior", pytest.approx(2 / 60)), ("senior", 0.75), ("", None)
    ]  # fmt: skip
    assert found.patterns[0].feedback.response_rate.number == 0.32
    assert found.overall[1].response_rate.n == 100


SAID = [
    {"intent": "export", "rank": i, "event_id": f"f{i}", "score": 0, "comment": f"the export is slow and broken {i}"}
    for i in range(1, 13)
] + [{"intent": "answer", "rank": i, "score": 2, "comment": "the answer was wrong and rude"} for i in range(1, 31)]


def test_distinctive_words_and_comments_are_those_of_low_scores(find):
    high = {"intent": "export", "rank": 13, "score": 9, "comment": "lovely export"}
    (pattern,) = find(GLAD, SAD, said=[*SAID, high]).patterns
    assert [w.word for w in pattern.words] == ["broken", "export", "slow"]
    assert pattern.samples == tuple(f"the export is slow and broken {i}" for i in (1, 2, 3))
    assert pattern.sample_event_ids == ("f1", "f2", "f3")


def test_comments_of_fewer_than_five_units_are_not_shown(find):
    (pattern,) = find(GLAD, SAD | {"units": 4}, said=SAID).patterns
    assert (pattern.words, pattern.samples) == ((), ())


def test_no_feedback_is_said(find):
    found = find()
    assert found.reason == "0 scores in 30 days; 10 are needed"
    assert found.overall[0].mean.as_record()["reason"] == "no score was given"


def test_scores_that_are_all_alike_do_not_break_the_shrinkage(find):
    assert find({"intent": "a", "scores": [5.0] * 8}, {"intent": "b", "scores": [5.0] * 6}).patterns == ()


def test_order_does_not_matter_and_hostile_content_stays_data(feedback, response, comments, rules):
    names = ["<b>", "=1", "a\x00b", "ü" * 999]
    made = feedback(
        GLAD, *({"intent": n, "kind": k, "scores": [0, 1, 2.5] * 4} for n in names for k in ("rating", "score"))
    )
    said = comments(*({"intent": n, "rank": i, "comment": "<script>" * 999} for n in names for i in range(9)))
    asked = response(*({"intent": n, "agent_tier": t, "requests": 9} for n in names for t in "ab"))
    found = find_patterns(made, asked, said, rules(), DAY)
    again = find_patterns(*(f.sample(frac=1, random_state=3) for f in (made, asked, said)), rules(), DAY)
    assert again == found
    assert len(found.patterns) == 4
    assert max(len(s) for p in found.patterns for s in p.samples) <= 300
    json.loads(json.dumps(found.as_artifact()))


def test_the_artifact_holds_to_its_schema(find, conforms):
    conforms("feedback", find().as_artifact() | BESIDE)
    asked = [{"intent": "export", "requests": 40, "requests_with_feedback": 30}, {"intent": "x"}]
    rows = [GLAD, SAD | {"rating_sum": 50.0, "rating_n": 32}, {"intent": "", "scores": [1.0]}]
    conforms("feedback", find(*rows, asked=asked, said=SAID).as_artifact() | BESIDE)
