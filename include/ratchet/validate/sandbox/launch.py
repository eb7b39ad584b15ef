"""Starts the sandbox's interpreter, feeds it from memory, reads its answer within limits, and ends it.

The only part of `validate` that starts processes. The interpreter gets nothing but a task on standard input: no file
of the project, no environment, no argument.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib import resources
from pathlib import Path
from signal import SIGKILL, SIGXCPU
from typing import Any

from ratchet.validate import allowed_names
from ratchet.validate.sandbox import bubblewrap, process
from ratchet.validate.sandbox.levels import USUAL, Level, Limits, Outcome, Reason

CHILD = "ratchet.validate.sandbox.child"
PROBE = {"probe.py": "def main(payload):\n    return payload"}


def run(
    files: Mapping[str, str], entry: str, payload: Any, limits: Limits = USUAL, level: Level | None = None
) -> Outcome:
    """Run `main(payload)` of one of the files and return what it returned.

    Args:
        files: sources by file name, such as {"fix.py": "...", "replay.py": "..."}; they import each other by name, and
            may import the modules of the allow-list, tenacity among them.
        entry: which of the files has `main`.
        payload: anything that JSON holds.
        limits: of the run.
        level: which isolation; without it the strongest that this machine has.
    """
    level = level or strongest()
    if level is None:
        return Outcome(None, Reason.NOT_ISOLATED, None, said="no isolation can be had on this machine")
    nonce = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="ratchet-sandbox-") as folder:
        Path(folder).chmod(0o555)  # nobody stands in it, and writes nothing
        task = {
            "nonce": nonce,
            "level": level.value,
            "limits": asdict(limits),
            "trusted": _trusted(),
            "preload": allowed_names.PRELOADED,
            "files": dict(files),
            "entry": entry,
            "payload": payload,
        }
        ended = process.end_to_end(_command(level), task, folder, limits)
    return _outcome(ended, nonce, level, limits)


@cache
def strongest() -> Level | None:
    """Return the first isolation that holds on this machine, None where none does; tried once per process."""
    return next((level for level in Level if not lacks(level)), None)


@cache
def lacks(level: Level) -> str:
    """Return why this machine does not have an isolation, empty where it holds; tried once per process."""
    outcome = run(PROBE, "probe.py", 1, Limits(wall_s=20.0), level)
    return "" if outcome.result == 1 else outcome.said or str(outcome.reason)


def _command(level: Level) -> list[str]:
    boot = _trusted()["ratchet/validate/sandbox/child/boot.py"]
    python = [bubblewrap.INTERPRETER, "-S", "-s", "-P", "-B", "-X", "utf8", "-c", boot]
    return [*bubblewrap.command(), *python] if level is Level.BUBBLEWRAP else python


@cache
def _trusted() -> dict[str, str]:
    """Return the sources that the interpreter loads before it is locked: its own, and tenacity."""
    own = CHILD.split(".")
    files = {"/".join((*own[:number], "__init__.py")): "" for number in range(1, len(own))}
    for package in (CHILD, *allowed_names.PACKAGES):
        folder = Path(str(resources.files(package)))
        base = package.replace(".", "/")
        files |= {f"{base}/{file.relative_to(folder)}": file.read_text("utf-8") for file in folder.rglob("*.py")}
    return files


def _outcome(ended: process.Ended, nonce: str, level: Level, limits: Limits) -> Outcome:
    """Judge how a process ended; only an answer that begins with the nonce counts."""
    said = _printable(ended.printed[-2000:])
    if ended.stopped:
        held = None if ended.stopped is Reason.NOT_ISOLATED else level
        return Outcome(None, ended.stopped, held, cpu_s=ended.cpu_s, said=said)
    if ended.answer.startswith(nonce.encode()):
        return _answered(ended, ended.answer[len(nonce) :], level, said)
    if ended.answer:
        return Outcome(None, Reason.FORGED, level, cpu_s=ended.cpu_s, said=said)
    late = ended.signal == SIGKILL and ended.cpu_s >= limits.cpu_s  # the first of a namespace takes no SIGXCPU
    reason = Reason.CPU_LIMIT if late or ended.signal == SIGXCPU else Reason.DIED
    return Outcome(None, reason, level, cpu_s=ended.cpu_s, said=said)


def _answered(ended: process.Ended, answer: bytes, level: Level, printed: str) -> Outcome:
    try:
        told = json.loads(answer)
        reason, as_root, cpu_s = Reason(told["reason"]), bool(told["as_root"]), float(told["cpu_s"])
        said = _printable(str(told.get("said", ""))) or printed
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return Outcome(None, Reason.FORGED, level, cpu_s=ended.cpu_s, said=printed)
    held = None if reason is Reason.NOT_ISOLATED else level
    return Outcome(told.get("result"), reason, held, as_root, max(ended.cpu_s, cpu_s), said)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()
