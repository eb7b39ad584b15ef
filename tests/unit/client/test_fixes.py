"""Published fixes in the application's hands: what they do, and that their own failures do nothing."""

import asyncio
import contextvars
import json
import shutil
import threading
import warnings

import pytest

from .conftest import in_child, read

ONE, TWO, THREE = "a" * 12, "b" * 12, "c" * 12
RETRY = """
FIX_ID = "{id}"
def apply(call, params, acted):
    try:
        return call(params)
    except ConnectionError:
        acted()
        return call(params)
async def apply_async(call, params, acted):
    try:
        return await call(params)
    except ConnectionError:
        acted()
        return await call(params)
"""
CHANGE = """
FIX_ID = "{id}"
def apply(call, params, acted):
    acted()
    return call(params | {{"seen": params.get("seen", "") + "{letter}"}})
async def apply_async(call, params, acted):
    acted()
    return await call(params | {{"seen": params.get("seen", "") + "{letter}"}})
"""
BROKEN = """
FIX_ID = "{id}"
def apply(call, params, acted):
    params["x"] = "spoiled"
    {before}
    raise RuntimeError("the fix itself")
async def apply_async(call, params, acted):
    params["x"] = "spoiled"
    {before_async}
    raise RuntimeError("the fix itself")
"""


def retry(fix_id=ONE, operation="search", layer=1):
    return fix_id, operation, layer, RETRY.format(id=fix_id)


def change(fix_id, letter, layer=0):
    return fix_id, "search", layer, CHANGE.format(id=fix_id, letter=letter)


def broken(before="pass", fix_id=ONE):
    again = before.replace("call(", "await call(")
    return fix_id, "search", 0, BROKEN.format(id=fix_id, before=before, before_async=again)


class Flaky:
    """An operation that fails so many times, and remembers what it was called with."""

    def __init__(self, failures=1, error=None):
        self.failures, self.error, self.seen = failures, error or ConnectionError("gone"), []

    def __call__(self, params):
        self.seen.append(params)
        if len(self.seen) <= self.failures:
            raise self.error
        return "answer"

    async def asynchronous(self, params):
        return self(params)


def test_without_a_fix_it_is_the_plain_call(client):
    flaky = Flaky(0)
    assert client.fixes.apply("search", flaky, {"q": "x"}) == "answer"
    assert (flaky.seen, client.fixes.acted, client.counts) == ([{"q": "x"}], (), {})


def test_a_fix_turns_a_failure_into_a_success_and_the_request_says_so(client, home, publish_fixes):
    version = publish_fixes(retry())
    client.capture_error("Before", {"operation": "search"})
    assert client.fixes.apply("search", Flaky(1), {"q": "x"}) == "answer"
    assert client.fixes.acted == (ONE,)
    client.capture_error(ConnectionError("gone"), {"operation": "search"})
    client.log_outcome("m", 1.0, "u")
    client.log_request("u", "search", success=True)
    client.log_request("u", "another", success=True)
    events = read(home.landing)
    assert [e.get("fix_id") for e in events] == [None, ONE, None, ONE, None]
    assert {e["published_version"] for e in events} == {version}
    assert client.counts == {}


def test_awaited_operations_are_fixed_too(client, publish_fixes):
    publish_fixes(retry())
    flaky = Flaky(1)
    assert asyncio.run(client.fixes.apply_async("search", flaky.asynchronous, {"q": "x"})) == "answer"
    assert len(flaky.seen) == 2


def test_an_error_that_no_fix_handles_comes_as_it_was(client, publish_fixes):
    publish_fixes(retry())
    error = ValueError("another")
    with pytest.raises(ValueError) as caught:
        client.fixes.apply("search", Flaky(9, error), {})
    assert caught.value is error
    last = ConnectionError("still")
    with pytest.raises(ConnectionError) as again:
        client.fixes.apply("search", Flaky(9, last), {})
    assert again.value is last
    assert client.counts == {}


def test_fixes_of_one_operation_are_nested_by_layer(client, publish_fixes):
    publish_fixes(retry(THREE), change(TWO, "b"), change(ONE, "a"))
    flaky = Flaky(1)
    assert client.fixes.apply("search", flaky, {"q": "x"}) == "answer"
    # the innermost has the last word on the parameters, and each repetition goes through all of them
    assert flaky.seen == [{"q": "x", "seen": "ba"}] * 2
    assert set(client.fixes.acted) == {ONE, TWO, THREE}


@pytest.mark.parametrize(
    ("before", "failures", "calls"),
    [("pass", 0, 1), ("call(params)", 0, 1), ("pass", 1, 1), ("call(params)", 1, 1)],
)
@pytest.mark.parametrize("awaited", [False, True])
def test_a_fix_that_fails_itself_changes_nothing_and_never_calls_twice(
    client, publish_fixes, warnings_of, before, failures, calls, awaited
):
    publish_fixes(broken(f"\n    try:\n        {before}\n    except ConnectionError:\n        pass"))
    flaky = Flaky(failures)

    def run():
        if awaited:
            return asyncio.run(client.fixes.apply_async("search", flaky.asynchronous, {"x": 1}))
        return client.fixes.apply("search", flaky, {"x": 1})

    if failures:
        with pytest.raises(ConnectionError):
            run()
    else:
        assert run() == "answer"
    assert len(flaky.seen) == calls
    assert flaky.seen[0]["x"] == (1 if before == "pass" else "spoiled")
    assert client.counts == {"fix_failed": 1}
    assert "the fix itself" in warnings_of()[0]


def test_what_ends_a_program_is_not_held_up(client, publish_fixes):
    publish_fixes(retry())
    with pytest.raises(KeyboardInterrupt):
        client.fixes.apply("search", Flaky(9, KeyboardInterrupt()), {})
    assert client.counts == {}


@pytest.mark.parametrize(
    "source",
    [
        "this is no Python",
        "import a_module_that_is_not_there",
        "raise SystemExit",
        f"FIX_ID = '{TWO}'\napply = apply_async = print",
        f"FIX_ID = '{ONE}'\napply = apply_async = None",
        "",
    ],
)
def test_a_fix_that_cannot_be_loaded_is_left_out(client, publish_fixes, source):
    publish_fixes((ONE, "search", 0, source), retry(TWO))
    assert [client.fixes.apply("search", Flaky(1), {}) for _ in range(3)] == ["answer"] * 3
    assert client.counts == {"fix_unreadable": 1}


def test_a_fix_whose_bytes_are_not_what_was_published_is_left_out(client, home, publish_fixes):
    publish_fixes(retry(), retry(TWO, "other"))
    assert client.fixes.apply("search", Flaky(0), {}) == "answer"
    version = publish_fixes(retry(), retry(TWO, "other"), retry(THREE, "third"))
    path = home.root / "versions" / version / "fixes" / ONE / "fix.py"
    path.write_text(path.read_text() + "\n# altered\n")
    with pytest.raises(ConnectionError):
        client.fixes.apply("search", Flaky(1), {})
    assert client.fixes.apply("other", Flaky(1), {}) == "answer"
    assert client.counts == {"fix_unreadable": 1}


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {},
        {"fix_id": "../../etc", "operation": "search", "layer": 0, "sha256": "x"},
        {"fix_id": 1, "operation": "search", "layer": 0, "sha256": "x"},
        {"fix_id": ONE, "operation": "search", "layer": "0", "sha256": "x"},
        {"fix_id": ONE, "operation": "search", "layer": 0, "sha256": "x"},
    ],
)
def test_a_malformed_entry_is_left_out(client, home, publish_fixes, entry):
    version = publish_fixes()
    (home.root / "versions" / version / "fixes" / "index.json").write_text(json.dumps({"fixes": [entry]}))
    assert client.fixes.apply("search", Flaky(0), {}) == "answer"
    assert client.counts == {"fix_unreadable": 1}


def test_an_index_that_is_none_leaves_the_version_before_in_force(client, home, publish_fixes):
    publish_fixes(retry())
    assert client.fixes.apply("search", Flaky(1), {}) == "answer"
    version = publish_fixes(retry(TWO))
    (home.root / "versions" / version / "fixes" / "index.json").write_text("[[[")
    assert client.fixes.apply("search", Flaky(1), {}) == "answer"
    assert client.fixes.acted == (ONE,)
    assert client.counts["published_unreadable"] >= 1


def test_a_fix_that_is_undone_is_gone_at_the_next_version(client, publish_fixes):
    publish_fixes(retry())
    assert client.fixes.apply("search", Flaky(1), {}) == "answer"
    publish_fixes()
    with pytest.raises(ConnectionError):
        client.fixes.apply("search", Flaky(1), {})


def test_the_version_in_use_works_on_when_its_folder_is_gone(client, home, publish_fixes):
    publish_fixes(retry())
    assert client.fixes.apply("search", Flaky(0), {}) == "answer"
    shutil.rmtree(home.root / "versions")
    assert client.fixes.apply("search", Flaky(1), {}) == "answer"


def test_functions_and_methods_are_protected_with_all_kinds_of_arguments(client, publish_fixes):
    publish_fixes(change(ONE, "a"))

    @client.fixes.protect("search")
    def plain(first, /, second=2, *, third=3, **rest):
        """Search."""
        return first, second, third, rest

    @client.fixes.protect("search")
    def many(first, *others, seen=None):
        return first, others, seen

    class Engine:
        name = "engine"

        @client.fixes.protect("search")
        def find(self, query, seen=""):
            return self.name, query, seen

        @client.fixes.protect("search")
        async def find_later(self, query, seen=""):
            return self.name, query, seen

    assert plain(1, 5, more=6) == (1, 5, 3, {"more": 6, "seen": "a"})
    assert (plain.__name__, plain.__doc__) == ("plain", "Search.")
    assert many(1, 2, 3) == (1, (2, 3), "a")
    assert Engine().find("q") == ("engine", "q", "a")
    assert asyncio.run(Engine().find_later("q")) == ("engine", "q", "a")
    with pytest.raises(TypeError):
        plain()


def test_what_acted_for_one_request_is_not_said_of_another(client, home, publish_fixes):
    publish_fixes(retry())

    async def request(number):
        with client.fixes.request():
            task = asyncio.create_task(client.fixes.apply_async("search", Flaky(number).asynchronous, {}))
            await task
            client.log_request(f"u{number}", "search", success=True)

    async def both():
        await asyncio.gather(request(1), request(0))

    asyncio.run(both())
    with client.fixes.request():
        context = contextvars.copy_context()
        worker = threading.Thread(target=lambda: context.run(client.fixes.apply, "search", Flaky(1), {}))
        worker.start()
        worker.join()
        client.log_request("u3", "search", success=True)
    client.fixes.apply("search", Flaky(1), {})
    with client.fixes.request():
        client.log_request("u4", "search", success=True)
    said = {e["user_id"]: e.get("fix_id") for e in read(home.landing)}
    assert said == {"u1": ONE, "u0": None, "u3": ONE, "u4": None}


def test_many_threads_share_the_fixes_while_versions_switch(client, publish_fixes):
    publish_fixes(retry())
    assert client.fixes.apply("search", Flaky(1), {}) == "answer"  # while one thread reads, others keep what they had
    failed = []

    def work():
        for _ in range(100):
            if client.fixes.apply("search", Flaky(1), {}) != "answer":
                failed.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(10):
        publish_fixes(retry(), change(TWO, str(number)))
    for thread in threads:
        thread.join()
    assert (failed, client.counts) == ([], {})


def test_a_forked_child_uses_them_too(client, publish_fixes):
    publish_fixes(retry())
    client.fixes._modules._lock.acquire()
    try:
        with warnings.catch_warnings():
            assert in_child(lambda: client.fixes.apply("search", Flaky(1), {})) == 0
    finally:
        client.fixes._modules._lock.release()
