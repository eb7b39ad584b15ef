"""The circuit breaker's states, in threads and in tasks."""

import asyncio
import threading

import pytest

from ratchet.client.breaker import CircuitBreaker, CircuitOpenError, CircuitState, Rule


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class DownError(Exception):
    pass


def fail():
    raise DownError


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return CircuitBreaker(lambda: Rule(3, 10.0), clock=clock)


def trip(breaker, times=3):
    for _ in range(times):
        with pytest.raises(DownError):
            breaker.call(fail)


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not(breaker):
    trip(breaker, 2)
    assert breaker.call(lambda: "fine") == "fine"
    trip(breaker, 2)
    assert breaker.state is CircuitState.CLOSED
    trip(breaker, 1)
    assert breaker.state is CircuitState.OPEN


def test_an_open_circuit_calls_nothing_and_says_when_it_tries_again(breaker, clock):
    trip(breaker)
    clock.now = 4.0
    with pytest.raises(CircuitOpenError) as refused:
        breaker.call(lambda: pytest.fail("called"))
    assert refused.value.retry_after_s == 6.0


@pytest.mark.parametrize(("works", "state"), [(True, CircuitState.CLOSED), (False, CircuitState.OPEN)])
def test_one_trial_decides_after_the_recovery_time(breaker, clock, works, state):
    trip(breaker)
    clock.now = 10.0
    assert breaker.state is CircuitState.HALF_OPEN
    trial = breaker.guard()
    trial.__enter__()
    with pytest.raises(CircuitOpenError):
        breaker.call(lambda: None)
    trial.__exit__(None, None if works else DownError(), None)
    assert breaker.state is state


def test_what_began_before_it_opened_changes_nothing(breaker, clock):
    slow = breaker.guard()
    slow.__enter__()
    trip(breaker)
    slow.__exit__(None, None, None)
    assert breaker.state is CircuitState.OPEN


def test_a_cancelled_trial_leaves_room_for_the_next(breaker, clock):
    trip(breaker)
    clock.now = 10.0
    with pytest.raises(KeyboardInterrupt), breaker.guard():
        raise KeyboardInterrupt
    assert breaker.call(lambda: "fine") == "fine"
    assert breaker.state is CircuitState.CLOSED


def test_a_trial_that_never_ends_is_given_up(breaker, clock):
    trip(breaker)
    clock.now = 10.0
    breaker.guard().__enter__()
    clock.now = 20.0
    assert breaker.call(lambda: "fine") == "fine"


def test_the_callers_own_mistakes_do_not_count(clock):
    breaker = CircuitBreaker(lambda: Rule(1, 10.0), lambda error: not isinstance(error, ValueError), clock)
    with pytest.raises(ValueError, match="mine"), breaker.guard():
        raise ValueError("mine")
    assert breaker.state is CircuitState.CLOSED


def test_a_new_rule_acts_at_once(clock):
    rule = [Rule(3, 10.0)]
    breaker = CircuitBreaker(lambda: rule[0], clock=clock)
    trip(breaker, 1)
    rule[0] = Rule(2, 1.0)
    trip(breaker, 1)
    assert breaker.state is CircuitState.OPEN
    clock.now = 1.0
    assert breaker.state is CircuitState.HALF_OPEN


def test_tasks_share_one_trial(breaker, clock):
    async def one(gate):
        await gate.wait()

    async def run():
        for _ in range(3):
            with pytest.raises(DownError):
                async with breaker.guard():
                    fail()
        clock.now = 10.0
        gate = asyncio.Event()
        trial = asyncio.create_task(breaker.call_async(one, gate))
        await asyncio.sleep(0)
        others = await asyncio.gather(*(breaker.call_async(one, gate) for _ in range(5)), return_exceptions=True)
        gate.set()
        await trial
        return others

    assert all(isinstance(other, CircuitOpenError) for other in asyncio.run(run()))
    assert breaker.state is CircuitState.CLOSED


def test_of_many_threads_one_makes_the_trial(breaker, clock):
    trip(breaker)
    clock.now = 10.0
    together, gate, said = threading.Barrier(8), threading.Event(), []

    def run():
        together.wait()
        try:
            with breaker.guard():
                said.append("tried")
                gate.wait()
        except CircuitOpenError:
            said.append("refused")
            if said.count("refused") == 7:
                gate.set()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(said) == ["refused"] * 7 + ["tried"]
