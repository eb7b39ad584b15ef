"""Tokens for threads and tasks: never more in a minute than the rate, first come first served, nothing lost."""

import asyncio
import math
import threading

import pytest

from ratchet.client import token_bucket
from ratchet.client.token_bucket import Rate, TokenBucket


class Clock:
    """Time that only passes where somebody waits."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(token_bucket.time, "sleep", found.sleep)
    return found


def begun(bucket, clock, calls):
    moments = []
    for _ in range(calls):
        assert bucket.wait()
        moments.append(clock() - 1000)
    return moments


def test_a_burst_goes_at_once_and_the_rest_at_the_rate(clock):
    bucket = TokenBucket(lambda: Rate(60, 3), clock)
    assert begun(bucket, clock, 6) == [0, 0, 0, 1, 2, 3]
    clock.now += 2  # two tokens have come meanwhile
    assert begun(bucket, clock, 3) == [5, 5, 6]
    clock.now += 3600  # never more than the bucket holds
    assert begun(bucket, clock, 4) == [3606, 3606, 3606, 3607]


def test_in_no_minute_more_than_the_rate_and_the_burst(clock):
    moments = begun(TokenBucket(lambda: Rate(90, 10), clock), clock, 500)
    assert max(sum(m <= other < m + 60 for other in moments) for m in moments) in range(95, 101)


def test_without_a_limit_nothing_waits(clock):
    assert begun(TokenBucket(clock=clock), clock, 1000) == [0] * 1000


def test_what_would_take_too_long_takes_nothing(clock):
    bucket = TokenBucket(lambda: Rate(60, 1), clock)
    assert [bucket.wait(at_most_s=0) for _ in range(3)] == [True, False, False]
    assert begun(bucket, clock, 1) == [1]


def test_a_new_version_acts_on_the_next_call(clock):
    rate = [Rate(60, 1)]
    bucket = TokenBucket(lambda: rate[0], clock)
    assert begun(bucket, clock, 2) == [0, 1]
    rate[0] = Rate(6, 1)
    assert begun(bucket, clock, 2) == [2, 12]
    rate[0] = Rate()
    assert begun(bucket, clock, 2) == [12, 12]


def test_a_burst_below_one_still_lets_one_through(clock):
    assert begun(TokenBucket(lambda: Rate(60, 0.25), clock), clock, 2) == [0, 1]


def test_threads_share_one_bucket():
    bucket, lock, waits = TokenBucket(lambda: Rate(60, 5), lambda: 0.0), threading.Lock(), []

    def run():
        for _ in range(50):
            taken = bucket._take(math.inf)
            with lock:
                waits.append(taken.wait_s)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(waits) == [0.0] * 5 + [float(s) for s in range(1, 396)]


def test_tasks_wait_without_blocking_the_loop_and_in_order():
    bucket, order = TokenBucket(lambda: Rate(60_000, 1)), []

    async def one(name):
        assert await bucket.wait_async()
        order.append(name)

    async def run():
        await asyncio.gather(*(one(n) for n in range(5)))

    asyncio.run(run())
    assert order == [0, 1, 2, 3, 4]


def test_a_cancelled_task_gives_its_token_back_unless_others_came_after_it():
    bucket = TokenBucket(lambda: Rate(60, 1), lambda: 0.0)

    async def run(others):
        bucket._take(math.inf)
        task = asyncio.create_task(bucket.wait_async())
        await asyncio.sleep(0)
        for _ in range(others):
            bucket._take(math.inf)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return bucket._full_at

    assert asyncio.run(run(0)) == 1.0
    assert asyncio.run(run(1)) == 4.0


def test_an_interrupted_thread_gives_its_token_back(monkeypatch):
    bucket = TokenBucket(lambda: Rate(60, 1), lambda: 0.0)
    bucket.wait()

    def interrupted(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(token_bucket.time, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bucket.wait()
    assert bucket._full_at == 1.0


def test_a_forked_child_has_a_lock_of_its_own():
    bucket = TokenBucket(lambda: Rate(60, 1), lambda: 0.0)
    with bucket._lock:
        bucket.after_fork()
        assert bucket.wait()


def test_a_clock_that_jumps_back_neither_opens_the_bucket_nor_fails(clock):
    bucket = TokenBucket(lambda: Rate(60, 2), clock)
    begun(bucket, clock, 2)
    clock.now -= 30
    assert begun(bucket, clock, 1) == [1]
    clock.now += 1e9
    assert begun(bucket, clock, 2) == [1e9 + 1] * 2
