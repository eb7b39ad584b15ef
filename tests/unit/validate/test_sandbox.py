"""A module runs in an interpreter of its own and its answer comes back, at every level alike."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ratchet.validate import allowed_names, sandbox
from ratchet.validate.sandbox import Level, Limits, Outcome, Reason, bubblewrap, launch, process


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


REPEATS = """
import random

def main(payload):
    return [list({"a", "b", "c", "d", "e"}), random.random(), random.sample(range(100), 5)]
"""


def test_runs_repeat_to_the_last_digit_at_every_level(level: Level) -> None:
    assert ran(REPEATS, level).result == ran(REPEATS, Level.REFUSAL).result


LOADS = """
def main(payload):
    loaded = []
    for module, names in payload.items():
        found = __import__(module, fromlist=names)
        loaded += [getattr(found, name) for name in names]
    for codec in ("latin-1", "utf-16", "shift_jis", "cp1252", "idna"):
        "a".encode(codec).decode(codec)
    return len(loaded)
"""


def test_all_that_is_allowed_can_be_imported_after_the_lock(level: Level) -> None:
    names = {module: sorted(names) for module, names in allowed_names.MODULES.items()}
    outcome = sandbox.run({"case.py": LOADS}, "case.py", names, level=level)
    assert outcome.result == sum(map(len, names.values())), outcome


def test_what_was_not_loaded_cannot_be_imported(level: Level) -> None:
    outcome = ran("import sqlite3", level)
    assert (outcome.reason, outcome.said) == (
        Reason.RAISED,
        "ModuleNotFoundError: No module named 'sqlite3' (case.py:1)",
    )


FAILURES = {  # source: what is said
    "def main(payload):\n    raise KeyError('a\\x1b[31m\\n')": "KeyError: 'a\\x1b[31m\\n' (case.py:2)",
    "def main(payload):\n    raise SystemExit(3)": "SystemExit: 3 (case.py:2)",
    "def main(payload):\n    raise ValueError('a\\x1b\\nb')": "ValueError: a  b (case.py:2)",
    "def main(payload):\n    return {1, 2}": "TypeError: Object of type set is not JSON serializable",
    "def main(:": "SyntaxError: invalid syntax (case.py, line 1)",
    "x = 1": "AttributeError: module 'case' has no attribute 'main'",
    "class E(Exception):\n    __str__ = 1\ndef main(payload):\n    raise E": "an error that cannot be told",
}


@pytest.mark.parametrize("source", FAILURES)
def test_what_goes_wrong_is_told_in_one_line(source: str) -> None:
    outcome = ran(source)
    assert (outcome.result, outcome.reason, outcome.said) == (None, Reason.RAISED, FAILURES[source])


def test_code_that_ends_the_process_is_told_with_what_it_printed(level: Level) -> None:
    outcome = ran("import os\ndef main(payload):\n    print('bye\\x1b', flush=True)\n    os._exit(0)", level)
    assert (outcome.result, outcome.reason, outcome.said) == (None, Reason.DIED, "bye")
    assert ran("import os\ndef main(payload):\n    os.abort()", level).reason is Reason.DIED


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{",
        b"[]",
        b'"done"',
        b"[" * 100_000,
        b"1" * 10_000,
        b"\xff",
        b'{"reason": "done"}',
        b'{"reason": "splendid", "as_root": false, "cpu_s": 1}',
        b'{"reason": "done", "as_root": false, "cpu_s": "x"}',
    ],
)
def test_an_answer_that_is_none_is_told_as_forged(answer: bytes) -> None:
    ended = process.Ended(answer=b"nonce" + answer)
    assert launch._outcome(ended, "nonce", Level.SECCOMP, Limits()).reason is Reason.FORGED


def test_an_answer_without_the_runs_number_is_forged() -> None:
    ended = process.Ended(answer=b'{"reason": "done", "result": 1, "as_root": false, "cpu_s": 1}')
    assert launch._outcome(ended, "nonce", Level.SECCOMP, Limits()).reason is Reason.FORGED


def test_nothing_runs_where_no_level_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "strongest", lambda: None)
    assert ran("def main(payload):\n    return 1") == Outcome(
        None, Reason.NOT_ISOLATED, None, said="no isolation can be had on this machine"
    )


def test_nothing_runs_when_a_lock_does_not_close(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"ratchet/validate/sandbox/child/refusal.py": "def lock(limits):\n    raise OSError('jammed')"}
    trusted = launch._trusted() | broken
    monkeypatch.setattr(launch, "_trusted", lambda: trusted)
    outcome = ran("raise SystemExit('ran')", Level.REFUSAL)
    assert (outcome.reason, outcome.level, outcome.held) == (Reason.NOT_ISOLATED, None, "none")
    assert outcome.said == "OSError: jammed"


def test_without_bubblewrap_the_next_level_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "command", lambda: ["/nowhere/bwrap"])
    for cached in (launch.strongest, launch.lacks):
        monkeypatch.setattr(launch, cached.__name__, cached.__wrapped__)
    assert launch.lacks(Level.BUBBLEWRAP) == "/nowhere/bwrap: No such file or directory"
    assert launch.strongest() is not Level.BUBBLEWRAP


ONLY_ROOT_IS_MAPPED = """
from ratchet.validate import sandbox

fork = "import os, select\\ndef main(p):\\n    return os.fork() or select.select([], [], [])"
for level in sandbox.Level:
    outcome = sandbox.run({"case.py": fork}, "case.py", 1, sandbox.Limits(wall_s=20.0), level)
    print(outcome.held, outcome.reason, sep=", ") if not sandbox.lacks(level) else None
"""


def test_root_that_cannot_become_nobody_is_said_and_starts_nothing_either() -> None:
    run = ["unshare", "--user", "--map-root-user", sys.executable, "-c", ONLY_ROOT_IS_MAPPED]
    try:
        ended = subprocess.run(run, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    except FileNotFoundError:
        pytest.skip("no unshare: apt-get install util-linux")
    if "unshare" in ended.stderr:
        pytest.skip(ended.stderr)
    found = ended.stdout.splitlines()
    assert f"{Level.REFUSAL} (as root), raised" in found, ended.stderr
    assert all(line.endswith(" (as root), raised") for line in found)


WAITS = """
import sys
from ratchet.validate import sandbox

wait = "import select\\ndef main(p):\\n    select.select([], [], [])"
sandbox.run({"case.py": wait}, "case.py", 1, sandbox.Limits(wall_s=120.0), sandbox.Level(sys.argv[1]))
"""


def test_a_sandbox_ends_with_whoever_started_it(level: Level) -> None:
    if level is Level.REFUSAL:
        pytest.skip("this level has only the alarm at the wall limit")
    starter = psutil.Popen([sys.executable, "-c", WAITS, level])
    try:
        while not any(map(waits_locked, begun := starter.children(recursive=True))):
            assert starter.poll() is None
        starter.kill()
        _, alive = psutil.wait_procs(begun, timeout=30)
        assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    finally:
        starter.kill()
        starter.wait()


def waits_locked(child: psutil.Process) -> bool:
    try:
        limits = Path(f"/proc/{child.pid}/limits").read_text()
        return bool(re.search(r"Max processes +0 +0 ", limits)) and child.status() == psutil.STATUS_SLEEPING
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return False
