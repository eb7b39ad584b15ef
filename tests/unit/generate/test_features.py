import json

import pytest

from ratchet.contracts.estimates import Estimate
from ratchet.contracts.gaps import GapError, GapStatus
from ratchet.generate.features import propose_features


@pytest.fixture
def propose(gap, gaps_result, rules):
    def run(feature="export", threshold=0.6, **changed):
        result = gaps_result(gap(feature, **changed))
        return propose_features(result, rules(improvement_confidence_threshold=threshold))

    return run


def test_a_gap_becomes_a_feature_request_that_says_why(propose):
    (made,) = propose()
    assert made.title == "Build export"
    assert made.why == (
        "20 users asked for “export” 52 times in 30 days and 9 in 10 of these requests failed; they fail more often "
        "than before."
    )
    assert made.expected_effect == (
        "about 40 more requests would succeed in 30 days if it failed no more often than the rest"
    )
    assert made.suggested_action == "Begin with “ToolError: not supported”: it ends 40 of the 45 failed requests."


@pytest.mark.parametrize(
    ("threshold", "state", "reason"),
    [
        (0.6, "validated", "confidence 0.79 reaches the threshold of 0.60"),
        (0.95, "proposed", "confidence 0.79 is below the threshold of 0.95"),
    ],
)
def test_the_confidence_is_the_lower_bound_of_the_demand_share_and_decides_the_state(propose, threshold, state, reason):
    (made,) = propose(threshold=threshold)
    assert (made.confidence, made.state, made.state_reason) == (0.79, state, reason)


def test_the_effect_is_what_the_rest_does_better(propose):
    (made,) = propose()
    assert (made.effect, made.reach) == (pytest.approx(0.8), 20)


def test_a_fixed_gap_is_not_proposed(propose):
    assert propose(status=GapStatus.FIXED) == []


def test_what_exists_and_fails_is_to_be_made_to_work(propose):
    (made,) = propose(unsupported=3, errors=(GapError("", 45, 18, ()),))
    assert made.title == "Make export work"
    assert "no error was logged" in made.suggested_action


def test_the_evidence_names_its_mart_its_threshold_and_what_will_judge_it(propose):
    evidence = propose()[0].evidence
    assert {"mart", "threshold", "judged_by", "lift_q", "sample_event_ids"} <= evidence.keys()
    assert evidence["failure_rate"] == {"value": 0.9, "n": 50, "low": 0.79, "high": 0.96}
    assert evidence["judged_by"] == "failure rate of requests for “export”"


def test_a_gap_keeps_its_id_whatever_its_numbers(propose):
    assert propose()[0].improvement_id == propose(demand=7, threshold=0.9)[0].improvement_id
    assert propose()[0].improvement_id != propose("import")[0].improvement_id


def test_hostile_names_are_one_short_line_in_sentences(propose):
    (made,) = propose("<b>\n\x00" * 90, failure_rate=Estimate(0.02, 50, 0.01, 0.1))
    assert len(made.title) < 100
    assert "\n" not in made.title + made.why
    json.loads(json.dumps(made.as_record()))
