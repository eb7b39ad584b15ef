"""Families that repeat a call: what failed for a moment works again, and what must not be repeated is not."""

import asyncio

import pytest
from tests.unit.fixing import World, finding, imported, virtual_time

from ratchet.contracts.fixes import Declined

SAFE = {"context": {"idempotent": True}}
CASES = {
    "timeout": (finding("TimeoutError", "Request timed out after <duration>"), "timed out", SAFE),
    "transient": (finding("InternalServerError", "The server had an error", (500,)), "server error", SAFE),
    "auth_expiry": (finding("AuthenticationError", "access token expired", (401,)), "token expired", {}),
    "content_filter": (finding("ContentFilterError", "The response was filtered"), "was filtered", SAFE),
    "rate_limit": (finding("HTTPError", "<n> Too Many Requests", (429,)), "429 too many requests", {}),
}


def world(family, waits=(2.0,) * 10, **changed):
    error, message, more = CASES[family]
    rows = [{"call_recovers_after_s": wait, **more, **changed} for wait in waits]
    return World(error, rows, [{}] * 10, message)


def raising(family, clock, recovers_at=2.0):
    error, message, _ = CASES[family]
    made = type(error.error_type, (Exception,), {})

    def call(params):
        if clock.now_s < recovers_at:
            raise made(message)
        return params

    return call


@pytest.mark.parametrize("family", CASES)
def test_the_imported_fix_turns_failures_into_successes(family, tmp_path):
    with virtual_time() as clock:
        fix = world(family).fix()
        assert fix.family == family
        module = imported(fix, tmp_path)
        assert (family, 1, "search.query") == (module.FAMILY, module.LAYER, module.OPERATION)
        assert module.apply(raising(family, clock), {"n": 1}, lambda: None) == {"n": 1}
    proof = world(family).proof()
    assert (proof.saved.number, proof.saved.n, proof.broken.number) == (1.0, 10, 0.0)
    assert proof.holds


@pytest.mark.parametrize("family", ["auth_expiry", "content_filter"])
def test_only_a_recovery_of_the_same_call_counts(family):
    elsewhere = world(family, (None,) * 10, next_success_after_s=0.5)
    assert elsewhere.made().reason is Declined.NOT_FITTED


@pytest.mark.parametrize("family", ["timeout", "transient"])
def test_what_might_do_something_twice_is_not_repeated(family):
    made = world(family, context={}, method="POST").made()
    assert made.reason is Declined.UNSAFE_TO_REPEAT


@pytest.mark.parametrize("changed", [{"method": "GET"}, {"attempts": 2}], ids=["reads", "is repeated already"])
def test_a_call_that_only_reads_or_is_repeated_already_may_be_repeated(changed):
    assert world("transient", context={}, **changed).fix().family == "transient"


def test_a_question_that_was_filtered_is_not_asked_again():
    error = finding("ContentFilterError", "The prompt was filtered")
    made = World(error, [{"call_recovers_after_s": 1.0, **SAFE}] * 10, []).made()
    assert made.reason is Declined.NOT_FITTED


def test_expired_credentials_are_renewed_as_in_calls_that_then_worked(tmp_path):
    rows = [{"params": {"q": "x"}, "succeeded_params": {"q": "x", "refresh": True}}] * 10
    known = World(CASES["auth_expiry"][0], rows, [{"params": {"q": "x"}}] * 10, "expired")
    module = imported(known.fix(), tmp_path)

    class AuthenticationError(Exception):
        pass

    def call(params):
        if not params.get("refresh"):
            raise AuthenticationError("expired")
        return "in"

    acts = []
    assert (module.apply(call, {"q": "y"}, lambda: acts.append(1)), acts) == ("in", [1])
    proof = known.proof()
    assert (proof.saved.n, proof.saved.number, proof.broken.n) == (10, 1.0, 10)


def test_an_error_whose_class_says_little_must_say_what_it_is(tmp_path):
    module = imported(world("rate_limit").fix(), tmp_path)

    class HTTPError(Exception):
        pass

    assert module.is_it(HTTPError("429 too many requests"))
    assert not module.is_it(HTTPError("no such page"))


def test_what_is_awaited_is_repeated_too(tmp_path):
    module = imported(world("timeout", (0.2,) * 10).fix(), tmp_path)
    calls = []

    async def call(params):
        calls.append(params)
        if len(calls) == 1:
            raise TimeoutError("timed out")
        return params

    async def quickly(seconds):
        assert 0 < seconds < 1

    async def run():
        asyncio.sleep, kept = quickly, asyncio.sleep
        try:
            return await module.apply_async(call, {"n": 1}, lambda: None)
        finally:
            asyncio.sleep = kept

    assert asyncio.run(run()) == {"n": 1}
    assert len(calls) == 2
