"""A module runs in an interpreter of its own and its answer comes back, at every level alike."""

from __future__ import annotations

import pytest

from ratchet.validate import sandbox
from ratchet.validate.sandbox import Level, Limits, Outcome, Reason


@pytest.fixture(params=list(Level))
def level(request: pytest.FixtureRequest) -> Level:
    if why := sandbox.lacks(request.param):
        pytest.skip(f"no {request.param} here: {why}")
    return request.param


def ran(source: str, level: Level | None = None, **limits: float) -> Outcome:
    return sandbox.run({"case.py": source}, "case.py", {"n": 2}, Limits(**{"wall_s": 30.0, **limits}), level)


def test_a_result_comes_back_as_json(level: Level) -> None:
    outcome = ran("def main(payload):\n    return [payload['n'] + 1, None, 'é']", level)
    assert (outcome.result, outcome.reason, outcome.level) == ([3, None, "é"], Reason.DONE, level)


RETRIES = """
import asyncio, time
from datetime import datetime
import tenacity

def main(payload):
    began, calls = time.time(), []
    time.sleep(1000)
    asyncio.run(asyncio.sleep(5000))
    @tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(60))
    def call():
        calls.append(time.monotonic())
        if len(calls) < 3:
            raise ValueError("again")
        return str(datetime.strptime("2020", "%Y"))
    return [call(), calls, time.time() - began]
"""


def test_waits_pass_on_a_virtual_clock(level: Level) -> None:
    assert ran(RETRIES, level).result == ["2020-01-01 00:00:00", [6000.0, 6060.0, 6120.0], 6120.0]


def test_plain_tests_run_beside_the_fix(level: Level) -> None:
    files = {
        "fix.py": "def f():\n    return 1",
        "test_fix.py": "import fix\ndef test_a():\n    assert fix.f()\ndef test_b():\n    assert fix.f() == 2, 'no'",
    }
    assert sandbox.run_tests(files, "test_fix.py", level=level).result == [
        {"test": "test_a", "error": ""},
        {"test": "test_b", "error": "AssertionError: no"},
    ]
