"""Proven fixes as improvements: what is proposed, how sure it is, and what holds a known one back."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from ratchet.contracts.estimates import Estimate
from ratchet.contracts.fixes import Fix, Proof
from ratchet.contracts.improvements import ImprovementType, Priority, State
from ratchet.errors import NotComputable
from ratchet.generate.error_fixes import fails_because, layer_of, propose_error_fixes

DAY = date(2026, 11, 20)
FIX = Fix(
    fingerprint="f" * 12,
    family="rate_limit",
    operation="search",
    source='"""Doc."""\n\nLAYER: Final[int] = 1\n',
    test="T = 1\n",
    title="Repeat search",
    why="It is asked for too often.",
    parameters={"attempts": 4},
    evidence={"failures": 41, "sample_event_ids": ["e1"]},
)
PROOF = Proof(
    fix_id=FIX.fix_id,
    sha256=FIX.sha256,
    inputs="0" * 64,
    level="bubblewrap",
    saved=Estimate(38 / 41, 41, 0.801, 0.985),
    broken=Estimate(0.0, 200, 0.0, 0.018),
    unchanged=3,
    unreplayable={"a later success": 4},
    tests_passed=True,
)
NOTHING = Estimate(NotComputable("no failure could be replayed"), 0)


def error(**changed):
    return SimpleNamespace(
        **{"occurrences": 188, "units": 62, "unit_kind": "user", "sample_event_ids": ("x",), "first_seen": DAY}
        | changed
    )


def propose(rules, proof=PROOF, known=(), found=None, fix=FIX):
    errors = {FIX.fingerprint: error()} if found is None else found
    return propose_error_fixes([(fix, proof)], known, errors, rules, DAY)


def test_a_fix_that_holds_is_validated_by_its_lower_bound(rules):
    (made,) = propose(rules())
    assert (made.type, made.target, made.key) == (ImprovementType.ERROR_FIX, FIX.fingerprint, "rate_limit")
    assert made.improvement_id == FIX.fix_id
    assert (made.state, made.confidence, made.reach, made.priority) == (State.VALIDATED, 0.801, 62, Priority.HIGH)
    assert made.effect == pytest.approx(38 / 41)
    assert made.expected_effect == (
        "38 of 41 logged failures would have succeeded (93%, 95 % interval 80% to 98%); "
        "none of 200 calls that worked would have failed"
    )
    published = made.evidence["publishes"]
    assert (published["source"], published["test"], published["sha256"]) == (FIX.source, FIX.test, FIX.sha256)
    assert (published["layer"], published["operation"], published["revision"]) == (1, "search", 1)
    assert "bubblewrap" not in repr(made.evidence)  # a fact of the machine
    assert not made.held_back


def test_below_the_threshold_it_is_proposed_only(rules):
    (made,) = propose(rules(improvement_confidence_threshold=0.9))
    assert (made.state, made.held_back) == (State.PROPOSED, "")
    (made,) = propose(rules(), found={FIX.fingerprint: error(occurrences=20)})
    assert made.priority is Priority.MEDIUM


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"broken": Estimate(2 / 30, 30, 0.01, 0.2)}, "it breaks 2 of 30 calls that worked"),
        ({"saved": Estimate(0.0, 12, 0.0, 0.26)}, "it saves none of 12 failures that could be replayed"),
        ({"saved": NOTHING}, "it saves none of 0 failures that could be replayed"),
        ({"tests_passed": False}, "its own test fails"),
        ({"error": "the replay ended early: cpu"}, "the replay ended early: cpu"),
    ],
)
def test_what_does_not_hold_is_no_improvement_unless_it_was_validated_before(rules, changed, why):
    proof = replace(PROOF, **changed)
    assert fails_because(proof) == why
    assert propose(rules(), proof) == []
    (made,) = propose(rules(), proof, known={FIX.fix_id})
    assert (made.state, made.held_back, made.state_reason) == (State.PROPOSED, why, why)


def test_without_its_error_there_is_nothing_to_propose(rules):
    assert propose(rules(), known={FIX.fix_id}, found={}) == []


def test_a_layer_is_what_the_source_states():
    assert layer_of(FIX) == 1
    assert layer_of(replace(FIX, source="LAYER = 0\n")) == 0
    assert layer_of(replace(FIX, source="x = 1\n")) == 0
