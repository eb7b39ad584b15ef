"""Deployed fixes in the record, and what is recorded of their verdicts."""

from datetime import date, timedelta

import pytest

from ratchet.contracts.impacts import ImpactVerdict
from ratchet.deploy.decisions import NIGHT, Decision, Kind, fold
from ratchet.deploy.impacts import before_tonight, courses, deployments, judgements
from ratchet.measure.impact_verdicts import Rules

START = date(2026, 3, 1)
RULES = Rules()
FACTS = {
    "effect": {"value": -0.2, "n": 9, "low": -0.3, "high": -0.1},
    "p": 0.01,
    "q": 0.02,
    "harm": False,
    "days_with": 7,
}
ROW = FACTS | {
    "improvement_id": "a",
    "revision": 1,
    "verdict": "kept",
    "reason": "fewer",
    "estimator": "interrupted_time_series",
    **dict.fromkeys(("before", "with_fix", "relative", "saved"), FACTS["effect"]),
}


def day(n):
    return START + timedelta(days=n)


def record(**changes):
    return {
        "type": "error_fix",
        "target": "f1",
        "key": "retry",
        "title": "Retry",
        "cost": 10.0,
        "confidence": 0.7,
    } | changes


def decision(kind, n, facts=None, name="a", revision=1, actor=NIGHT):
    return Decision(name, revision, kind, day(n), actor, "why", facts or {})


def path(*, version="2026-03-04-0123abcd", deployed=5, name="a", revision=1, start=0, **changes):
    """Return the decisions of a fix until it was deployed, proposed on day `start`."""
    facts = {"fingerprint": "f2", "family": "rate_limit", "published_version": version}
    return [
        decision(Kind.PROPOSED, start, record(**changes), name, revision),
        decision(Kind.VALIDATED, start, {"proof": {}}, name, revision),
        decision(Kind.APPROVED, start + 2, {}, name, revision, actor="ann"),
        decision(Kind.DEPLOYED, deployed, facts, name, revision),
    ]


def test_a_deployed_fix_comes_with_the_days_it_is_judged_by():
    (found,) = deployments(path(), day(8), RULES)
    assert (found.improvement_id, found.revision, found.fingerprint, found.family) == ("a", 1, "f2", "rate_limit")
    assert (found.proposed_on, found.deployed_on) == (day(0), day(5))
    assert (found.baseline_from, found.measured_until) == (day(5 - 28), day(5 + 13))
    assert (found.version_date, found.published_version) == (date(2026, 3, 4), "2026-03-04-0123abcd")
    assert found.is_open


@pytest.mark.parametrize("version", ["", None, "latest", "2026-03-04-nothex!!"])
def test_a_version_that_was_not_recorded_is_that_of_the_night_before(version):
    (found,) = deployments(path(version=version), day(8), RULES)
    assert found.version_date == day(4)


def test_what_is_no_fix_or_not_deployed_is_none():
    assert deployments(path(type="rollout_step"), day(8), RULES) == []
    assert deployments(path(), day(4), RULES) == []


def test_what_was_decided_within_the_window_counts_as_a_test():
    decided = [*path(), decision(Kind.KEPT, 12, FACTS)]
    (found,) = deployments(decided, day(13), RULES)
    assert (found.is_open, found.p) == (False, 0.01)
    assert deployments(decided, day(12 + 28), RULES) == []


def test_a_night_that_is_run_again_sees_what_it_saw():
    decided = [*path(), decision(Kind.KEPT, 12, FACTS)]
    (again,) = deployments(decided, day(12), RULES)
    (first,) = deployments(path(), day(12), RULES)
    assert again == first
    assert [c.verdict for c in courses(decided, day(12))] == [None]
    assert [c.verdict for c in courses(decided, day(13))] == [ImpactVerdict.KEPT]


def test_what_people_decided_for_a_night_counts_and_what_it_decides_itself_does_not():
    decided = [*path(deployed=6), decision(Kind.APPROVED, 6, {}, "b", actor="ann"), decision(Kind.PROPOSED, 6, {}, "c")]
    assert [(d.improvement_id, d.decision) for d in before_tonight(decided, day(6))][-2:] == [
        ("a", Kind.DEPLOYED),
        ("b", Kind.APPROVED),
    ]


def test_a_new_revision_is_judged_by_itself():
    both = [*path(), decision(Kind.ROLLED_BACK, 12, FACTS), *path(revision=2, start=50, deployed=55)]
    (found,) = deployments(both, day(58), RULES)
    assert (found.revision, found.proposed_on) == (2, day(50))
    assert [(c.revision, c.verdict) for c in courses(both, day(58))] == [(1, ImpactVerdict.ROLLED_BACK), (2, None)]


def test_verdicts_are_recorded_with_their_estimates():
    standings = fold(path(), day(12))
    (found,) = judgements([ROW], standings, day(12))
    assert (found.decision, found.effective_date, found.actor, found.reason) == (Kind.KEPT, day(12), NIGHT, "fewer")
    assert found.facts["p"] == 0.01
    moved = fold([*path(), found], day(12))["a"]
    assert moved.state == "kept"
    assert moved.measured == found.facts


@pytest.mark.parametrize("change", [{"verdict": "undecided"}, {"improvement_id": "gone"}, {"revision": 2}])
def test_what_is_undecided_or_not_deployed_is_not_recorded(change):
    assert judgements([ROW | change], fold(path(), day(12)), day(12)) == []


def test_what_was_decided_already_is_not_decided_again():
    standings = fold([*path(), decision(Kind.ROLLED_BACK, 10, FACTS)], day(12))
    assert judgements([ROW], standings, day(12)) == []


def test_a_course_knows_its_days_and_its_promise():
    (found,) = courses(
        [*path(evidence={"first_seen": "2026-02-20", "saved": {"value": 0.9}}), decision(Kind.KEPT, 12, FACTS)], day(20)
    )
    assert (found.proposed_on, found.validated_on, found.approved_on) == (day(0), day(0), day(2))
    assert (found.deployed_on, found.judged_on, found.first_seen) == (day(5), day(12), date(2026, 2, 20))
    assert (found.automatic, found.predicted, found.cost) == (False, 0.9, 10.0)
    assert found.measured["p"] == 0.01


@pytest.mark.parametrize("evidence", [{}, {"first_seen": "soon", "saved": 3}, {"first_seen": None}, "none"])
def test_a_record_without_evidence_promises_its_confidence(evidence):
    steps = path(evidence=evidence)
    steps[1] = decision(Kind.VALIDATED, 0)
    (found,) = courses(steps, day(20))
    assert (found.predicted, found.first_seen) == (0.7, None)
