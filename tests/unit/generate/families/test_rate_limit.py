"""Rate limits."""

import pytest
from tests.unit.fixing import World, finding, imported, virtual_time

from ratchet.contracts.fixes import Declined
from ratchet.validate import sandbox

LIMITED = finding("gateway.RateLimitError", "Rate limit reached, try again in <duration>", (429,))


class RateLimitError(Exception):
    status_code = 429


def world(waits, **changed):
    failures = [{"call_recovers_after_s": wait, "http_status": 429} | changed for wait in waits]
    return World(LIMITED, failures, [{"params": {"q": "x"}}] * 10, "Rate limit reached")


def test_a_limited_call_works_after_the_waits_that_the_log_shows(tmp_path):
    with virtual_time() as clock:
        fix = imported(world([4.0, 5.0, 6.0, 5.0, 4.0, 6.0, 5.0, 30.0, 3.0, 5.0]).fix(), tmp_path)
        acts = []

        def limited(params):
            if clock.now_s < 5.0:
                raise RateLimitError("later")
            return params

        assert fix.apply(limited, {"q": 1}, lambda: acts.append(1)) == {"q": 1}
    assert len(acts) == len(clock.waits) == 1
    assert 5.0 <= clock.waits[0] <= 10.0


def test_what_the_service_asks_for_is_believed(tmp_path):
    with virtual_time() as clock:
        fix = imported(world([1.0] * 10).fix(), tmp_path)
        error = RateLimitError("later")
        error.retry_after = 17

        def limited(params):
            if clock.now_s < 17:
                raise error
            return params

        assert fix.apply(limited, {}, lambda: None) == {}
    assert clock.waits == [17.0]


def test_nobody_waits_longer_than_the_budget(tmp_path):
    with virtual_time() as clock:
        fix = imported(world([20.0] * 10).fix(), tmp_path)

        def limited(params):
            raise RateLimitError("for ever")

        with pytest.raises(RateLimitError, match="for ever"):
            fix.apply(limited, {}, lambda: None)
    assert sum(clock.waits) <= 120


def test_another_error_comes_out_as_it_was(tmp_path):
    fix = imported(world([1.0] * 10).fix(), tmp_path)

    def broken(params):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        fix.apply(broken, {}, lambda: pytest.fail("nothing was done"))


@pytest.mark.parametrize("run", [None, sandbox.run], ids=["here", "sandbox"])
def test_a_replay_saves_what_recovered_in_time_and_breaks_nothing(run):
    proof = world([5.0] * 9 + [5000.0]).proof(run)
    assert (proof.saved.number, proof.saved.n, proof.unchanged) == (0.9, 10, 1)
    assert (proof.broken.number, proof.broken.n) == (0.0, 10)
    assert proof.holds


def test_without_a_later_success_there_is_nothing_to_fit():
    made = world([None] * 10).made()
    assert made.reason is Declined.NO_CONTEXT
    assert "0 of 5" in made.said


def test_waits_that_nobody_would_wait_are_declined():
    assert world([4000.0] * 10).made().reason is Declined.NOT_FITTED
