"""Loads what generated code may use, locks the interpreter, runs the code, and answers once.

After the lock no file can be opened at any level, so that everything an import or a codec needs is loaded before it.
The answer goes over a descriptor of its own and begins with a number that only this run knows. Code in the same
interpreter that digs through frames can find both: that is what the allow-list refuses, and why a verdict over what
came back is made by the process outside.
"""

from __future__ import annotations

import codecs
import importlib
import json
import os
import random
import sys
import traceback
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import BuiltinImporter, FrozenImporter
from typing import Any, NoReturn, cast

from ratchet.validate.sandbox.child import clock

CODECS = (
    "ascii idna punycode unicode_escape utf_7 utf_8 utf_8_sig utf_16 utf_16_le utf_16_be utf_32 latin_1"
    " iso8859_2 iso8859_5 iso8859_15 cp437 cp850 cp1250 cp1251 cp1252 koi8_r mac_roman"
    " big5 euc_jp euc_kr gb18030 gbk shift_jis"
)
OWN = ("ratchet", "ctypes", "_ctypes")


def main(task: dict[str, Any], files: MetaPathFinder) -> NoReturn:
    """Run a task; ends the process."""
    nonce, descriptor = task.pop("nonce"), int(task.pop("answer"))
    as_root = False
    try:
        warm_up(task["preload"])
        as_root = importlib.import_module(f"ratchet.validate.sandbox.child.{task['level']}").lock(task["limits"])
    except Exception as error:  # noqa: BLE001 whatever fails here, nothing generated may run
        answer = told({"reason": "not_isolated", "said": said(error)}, as_root)
    else:
        tidy(files)
        answer = outcome(task["entry"], task["payload"], as_root)
    send(descriptor, f"{nonce}{answer}".encode())
    os._exit(0)


def warm_up(modules: Sequence[str]) -> None:
    """Import the modules and look up the codecs that nobody can load later."""
    for module in modules:
        importlib.import_module(module)
    for codec in CODECS.split():
        codecs.lookup(codec)


def tidy(files: MetaPathFinder) -> None:
    """Leave the code what it is given: its files, what is loaded, a clock and a generator that repeat."""
    for name in list(sys.modules):
        if name.partition(".")[0] in OWN:
            del sys.modules[name]
    sys.meta_path[:] = [files, *(cast(MetaPathFinder, finder) for finder in (BuiltinImporter, FrozenImporter))]
    sys.path[:] = []
    random.seed(0)
    clock.install(clock.Clock())


def outcome(entry: str, payload: Any, as_root: bool) -> str:
    """Return what the entry's `main` made of the payload, as JSON."""
    answer: dict[str, Any]
    try:
        answer = {"reason": "done", "result": importlib.import_module(entry.removesuffix(".py")).main(payload)}
        return told(answer, as_root)
    except MemoryError:
        answer = {"reason": "memory_limit"}
    except BaseException as error:  # noqa: BLE001 generated code may raise anything
        answer = {"reason": "raised", "said": said(error)}
    return told(answer, as_root)


def told(answer: dict[str, Any], as_root: bool) -> str:
    """Return an answer as JSON, with the processor time that it took."""
    used = os.times()
    return json.dumps(answer | {"as_root": as_root, "cpu_s": used.user + used.system})


def said(error: BaseException) -> str:
    """Return an error's type, text and place in a few words, whatever its own methods do."""
    try:
        frames = traceback.extract_tb(error.__traceback__)
        place = [frame for frame in frames if "/" not in frame.filename and frame.filename.endswith(".py")]
        where = f" ({place[-1].filename}:{place[-1].lineno})" if place else ""
        return f"{type(error).__name__}: {str(error)[:1000]}{where}"
    except BaseException:  # noqa: BLE001 as above
        return "an error that cannot be told"


def send(descriptor: int, answer: bytes) -> None:
    """Write the answer and nothing after it."""
    while answer:
        answer = answer[os.write(descriptor, answer) :]
    os.close(descriptor)
