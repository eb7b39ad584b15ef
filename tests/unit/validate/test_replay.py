"""A replay says what a fix saves and breaks, what cannot be replayed, and believes nothing that a fix says itself."""

from dataclasses import replace

import pytest
from tests.unit.fixing import DAY, FINGERPRINT, Ended, World, finding, in_process
from tests.unit.generate.families.test_mending import OK, missing, unknown

from ratchet.generate.fix_cases import cases_of
from ratchet.validate import sandbox
from ratchet.validate.replay import UNEXPLAINED, inputs_hash, prove


def cases(world):
    return cases_of(world.frame(), DAY)[FINGERPRINT]


def judged(world, old="", new="", run=in_process):
    fix = world.fix()
    assert old in fix.source
    return prove(replace(fix, source=fix.source.replace(old, new)), cases(world), run)


def test_a_fix_that_changes_a_success_is_rejected():
    proof = judged(
        missing(),
        "return call(params)\n    except",
        'return call({**params, "zone": "UTC", "title": "t0"})\n    except',
    )
    assert proof.broken.number > 0.9
    assert proof.broken.n == 40
    assert proof.saved.number == 1.0
    assert not proof.holds


def test_a_fix_that_makes_up_a_result_saves_nothing():
    proof = judged(missing(), "acted()\n    return call(mended)", "return [mended]")
    assert (proof.saved.number, proof.unchanged) == (0.0, 10)


def test_a_fix_that_calls_and_then_answers_itself_saves_nothing():
    made_up = "acted()\n    call(mended)\n    return [{}]"
    assert judged(missing(), "acted()\n    return call(mended)", made_up).saved.number == 0.0


def test_a_fix_that_may_not_run_is_not_run():
    def run(*_):
        pytest.fail("it was run")

    proof = judged(missing(), "Params = dict", "import os\n\nParams = dict", run)
    assert "imports 'os'" in proof.error
    assert (proof.level, proof.holds, proof.saved.n) == ("none", False, 0)


def test_an_endless_fix_ends_the_replay_and_proves_nothing():
    def run(files, entry, payload):
        return sandbox.run(files, entry, payload, sandbox.Limits(cpu_s=2, wall_s=30.0))

    proof = judged(missing(), "acted()\n    return call(mended)", "while True:\n        acted()", run)
    assert proof.error.startswith("the replay ended early")
    assert not proof.holds


@pytest.mark.parametrize("answer", [None, 7, [{}], [{"case_id": "e0", "before": False, "after": True}] * 3])
def test_an_answer_that_is_not_the_stubs_proves_nothing(answer):
    proof = judged(missing(), run=lambda *_: Ended({"replayed": answer, "tests": 1}))
    assert proof.error
    proof = judged(missing(), run=lambda *_: Ended(answer))
    assert proof.error
    assert not proof.holds


def test_a_fix_whose_own_test_fails_does_not_hold():
    world = missing()
    fix = replace(world.fix(), test="def test_it() -> None:\n    assert False\n")
    proof = prove(fix, cases(world), in_process)
    assert (proof.saved.number, proof.tests_passed, proof.holds) == (1.0, False, False)


def test_what_was_redacted_or_not_logged_is_counted_and_not_replayed():
    world = missing()
    world.failures[0] = {"params": {"title": "[EMAIL]", "limit": 1, "note": "x"}}
    world.failures[1] = {"params": {"title": {"to": ["[API_KEY:9f3a51c2d4e6]"]}, "limit": 1, "note": "x"}}
    world.failures[2] = {}
    world.failures[3] = {"operation": "another"}
    proof = world.proof()
    assert proof.unreplayable == {"params": 1, "the operation": 1, "what was redacted": 2}
    assert (proof.saved.number, proof.saved.n) == (1.0, 6)


def test_a_failure_that_the_rule_does_not_explain_is_no_evidence():
    world = missing()
    world.failures[9] = {"params": OK[0]["params"]}
    proof = world.proof()
    assert proof.unreplayable == {UNEXPLAINED: 1}
    assert proof.saved.n == 9


def test_a_wait_without_a_later_success_is_not_replayed():
    limited = finding("RateLimitError", "rate limit", (429,))
    proof = World(limited, [{"call_recovers_after_s": 2.0}] * 8 + [{}] * 2, [], "rate limit").proof()
    assert proof.unreplayable == {"a later success": 2}
    assert (proof.saved.n, proof.broken.number, proof.holds) == (8, None, True)


def test_a_name_is_known_only_when_it_was_logged():
    world = unknown()
    world.failures[9] = {"params": {"name": "read_files"}}
    assert world.proof().unreplayable == {"known names": 1}


def test_the_set_of_inputs_has_one_hash_in_any_order():
    found = cases(missing())
    assert inputs_hash(found) == inputs_hash(found[::-1])
    assert inputs_hash(found) != inputs_hash(found[1:])
    assert inputs_hash(found) != inputs_hash((replace(found[0], message="other"), *found[1:]))
