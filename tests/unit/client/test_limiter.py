"""Slots for threads and tasks: never more than the limit, first come first served, nothing lost to cancelling."""

import asyncio
import threading

import pytest

from ratchet.client.limiter import Limiter


def test_threads_never_run_more_than_the_limit():
    limiter, lock, seen, running = Limiter(lambda: 3), threading.Lock(), [], [0]

    def run():
        for _ in range(50):
            with limiter.slot():
                with lock:
                    running[0] += 1
                    seen.append(running[0])
                with lock:
                    running[0] -= 1

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(seen) == 400
    assert max(seen) <= 3
    assert limiter.running == 0


def test_tasks_come_in_order_and_a_cancelled_one_gives_its_place_up():
    limiter, order = Limiter(lambda: 1), []

    async def one(name):
        async with limiter.slot_async():
            order.append(name)

    async def run():
        async with limiter.slot_async():
            tasks = [asyncio.create_task(one(n)) for n in range(4)]
            await asyncio.sleep(0)
            tasks[1].cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
    assert order == [0, 2, 3]
    assert limiter.running == 0


def test_a_task_cancelled_in_the_moment_it_gets_its_slot_gives_it_back():
    limiter = Limiter(lambda: 1)

    async def one():
        async with limiter.slot_async():
            pytest.fail("it was cancelled")

    async def run():
        async with limiter.slot_async():
            task = asyncio.create_task(one())
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert limiter.running == 0


def test_a_thread_waits_for_a_task_and_a_task_for_a_thread():
    limiter, order = Limiter(lambda: 1), []

    def thread():
        with limiter.slot():
            order.append("thread")

    async def run():
        async with limiter.slot_async():
            other = threading.Thread(target=thread)
            other.start()
            while not limiter._waiting:
                await asyncio.sleep(0)
            order.append("task")
        async with limiter.slot_async():
            order.append("task again")
        other.join(10)

    asyncio.run(run())
    assert order == ["task", "thread", "task again"]


def test_a_limit_that_grows_lets_more_in_and_a_waiter_whose_loop_is_gone_holds_nothing():
    limit = [1]
    limiter = Limiter(lambda: limit[0])
    held = limiter.slot()
    held.__enter__()

    async def gone():
        waiting = asyncio.create_task(limiter._acquire_async())
        await asyncio.sleep(0)
        waiting._log_destroy_pending = False

    loop = asyncio.new_event_loop()
    loop.run_until_complete(gone())
    loop.close()
    limit[0] = 2
    with limiter.slot():
        assert limiter.running == 2
    held.__exit__(None, None, None)
    assert limiter.running == 0


@pytest.mark.parametrize("limit", [0, -3])
def test_one_always_runs(limit):
    with Limiter(lambda: limit).slot():
        pass


def test_an_error_gives_the_slot_back():
    limiter = Limiter(lambda: 1)
    with pytest.raises(KeyError), limiter.slot():
        raise KeyError
    assert limiter.running == 0
