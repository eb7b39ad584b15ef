"""What escapes from the sandbox and what does not, at every level, started by this user and by nobody.

The table in docs/sandbox.md is compared with what is seen here, in both directions: what it promises is stopped, and
what it says is not stopped does get through.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ratchet.validate import allowlist, sandbox
from ratchet.validate.sandbox import Level
from tests.integration import escapes

ROOT = Path(__file__).resolve().parents[2]
NEVER_WORK = {  # ways that fail for nobody in the open too, or whose success only the outside sees
    *("become_root", "become_root_for_a_while", "leave_the_root_folder", "mount"),
    *("udp", "look_up", "execute", "by_os", "by_posix", "/proc/self/mem"),
    f"create in {ROOT}",
}


@functools.cache
def by_this_user(level: Level) -> dict[str, list[str]]:
    return escapes.attempted(level)


@functools.cache
def by_nobody() -> dict[str, Any]:
    """Run the escapes as nobody, who needs an interpreter that is not in root's home."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        return {"why": "only root with setpriv can become nobody"}
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "-i"]
    paths = f"PYTHONPATH={ROOT / 'include'}:{Path(pytest.__file__).parents[1]}"
    for python in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        ready = [*become, paths, python, "-c", "import sys, tenacity, ratchet; sys.exit(sys.version_info < (3, 11))"]
        if subprocess.run(ready, capture_output=True, cwd=ROOT).returncode == 0:
            command = [*become, paths, python, str(Path(escapes.__file__))]
            return json.loads(subprocess.run(command, capture_output=True, cwd=ROOT, check=True, text=True).stdout)
    return {"why": "nobody can read no interpreter of this version: apt-get install python3"}


def as_promised(escape: str, level: Level, through: list[str], root: bool) -> bool:
    return (not through) == escapes.promised(escape, level, root)


@pytest.mark.parametrize("escape", escapes.NAMES)
@pytest.mark.parametrize("level", list(Level))
def test_an_escape_is_stopped_where_the_level_promises_it(level: Level, escape: str) -> None:
    if why := sandbox.lacks(level):
        pytest.skip(f"no {level} here: {why}")
    through = by_this_user(level)[escape]
    assert as_promised(escape, level, through, root=os.getuid() == 0), through


@pytest.mark.parametrize("escape", escapes.NAMES)
@pytest.mark.parametrize("level", list(Level))
def test_the_same_holds_when_nobody_starts_it(level: Level, escape: str) -> None:
    seen = by_nobody()
    if why := seen.get("why") or seen["lacking"][level]:
        pytest.skip(why)
    through = seen["found"][level][escape]
    assert as_promised(escape, level, through, root=False), through


def test_every_attempt_works_where_nothing_is_locked() -> None:
    seen = by_nobody() if os.getuid() == 0 else {"unlocked": escapes.unlocked()}
    if why := seen.get("why"):
        pytest.skip(why)
    assert {way for failed in seen["unlocked"].values() for way in failed} <= NEVER_WORK


@pytest.mark.parametrize("source", [escapes.ATTEMPTS, escapes.LIE], ids=["attempts", "lie"])
def test_the_allow_list_refuses_all_of_it(source: str) -> None:
    assert len(allowlist.check(source)) > 3


def test_the_page_says_what_is_tested() -> None:
    page = (ROOT / "docs" / "sandbox.md").read_text("utf-8").partition("## What each level stops")[2]
    rows = re.findall(r"^\| `(\w+)`.*?((?: \| [\w ]+){4}) \|$", page, re.MULTILINE)
    said = {name: dict(zip(Level, cells.strip(" |").split(" | "), strict=True)) for name, cells in rows}
    assert said == {
        name: {level: escapes.STOPPED.get(name, {}).get(level, escapes.YES) for level in Level}
        for name in escapes.NAMES
    }


def test_the_page_says_the_usual_limits() -> None:
    page, usual, mib = (ROOT / "docs" / "sandbox.md").read_text("utf-8"), sandbox.Limits(), 2**20
    for said in (
        f"| processor time | {usual.cpu_s} s |",
        f"| address space | {usual.memory_bytes // mib} MiB |",
        f"| answer, and what is printed | {usual.output_bytes // mib} MiB each |",
        f"| open descriptors | {usual.open_files} |",
        f"| wall clock | {usual.wall_s:.0f} s |",
    ):
        assert said in page
