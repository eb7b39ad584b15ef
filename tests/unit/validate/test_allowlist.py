"""What generated code may not do is refused from its syntax, with the line; what fixes need passes."""

from __future__ import annotations

import importlib

import pytest

from ratchet.validate import allowed_names, allowlist

FIX = '''
"""Waits and calls again."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import tenacity

FIX_ID: Final = "a"
_MOST = 3


@dataclass(frozen=True)
class _Waits:
    longest_s: float = 60.0

    def __call__(self, state: tenacity.RetryCallState) -> float:
        return min(self.longest_s, 2.0**state.attempt_number)


def _again(error: BaseException) -> bool:
    return getattr(error, "status_code", None) == 429 or type(error).__name__ == "RateLimitError"


class Keeper:
    def __init__(self) -> None:
        self._seen: list[str] = []

    def note(self, text: str) -> None:
        self._seen.append(f"{text!r:>{10}}")


def apply(call: Callable[[dict[str, Any]], Any], params: dict[str, Any], acted: Callable[[], None]) -> Any:
    began = time.monotonic()
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_again), stop=tenacity.stop_after_attempt(_MOST), wait=_Waits(), reraise=True
    )
    try:
        return retrying(call, params)
    except json.JSONDecodeError as error:
        acted()
        raise ValueError(f"after {time.monotonic() - began} s: {error.msg}") from error


async def apply_async(call: Any, params: dict[str, Any], acted: Callable[[], None]) -> Any:
    async with asyncio.timeout(30):
        return await call({**params, "n": [n for n in range(3) if n]})
'''


def test_a_fix_as_families_write_them_passes() -> None:
    assert allowlist.check(FIX) == []


def test_a_test_may_import_the_fix_and_nothing_private_of_it() -> None:
    assert allowlist.check("import fix\nfrom fix import apply\nassert fix.apply", own=["fix"]) == []
    assert allowlist.check("import fix") == ["line 1: imports 'fix'"]
    assert allowlist.check("from fix import _MOST", own=["fix"]) == ["line 1: imports '_MOST' from 'fix'"]
    assert allowlist.check("import fix\nfix._MOST", own=["fix"])
    assert allowlist.check("from fix import *", own=["fix"])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os", "imports 'os'"),
        ("import os.path as json", "imports 'os.path'"),
        ("from os import environ", "imports 'environ' from 'os'"),
        ("from . import fix", "imports 'fix' from '.'"),
        ("from json import decoder", "imports 'decoder' from 'json'"),
        ("from typing import sys", "imports 'sys' from 'typing'"),
        ("import collections.abc", "without a name of its own"),
        ("from math import *", "imports '*'"),
        ("import json\njson.decoder.scanner", "uses json.decoder"),
        ("import random as r\nr._os", "uses random._os"),
        ("import tenacity\ntenacity.sys", "uses tenacity.sys"),
        ("import json\nj = json\nj.decoder", "the module 'json' as a value"),
        ("import json\nprint", "uses 'print'"),
        ("import json\ngetattr(json, 'decoder')", "the module 'json' as a value"),
        ("import time\ntime.sleep = None", "uses time.sleep"),
        ("import asyncio\nasyncio.create_subprocess_shell", "uses asyncio.create_subprocess_shell"),
        ("import asyncio\nasyncio.sleep(1).cr_frame", "'cr_frame'"),
        ("from datetime import datetime\ndatetime.now()", "'now'"),
        ("().__class__.__base__.__subclasses__()", "'__subclasses__'"),
        ("def f(): ...\nf.__globals__", "'__globals__'"),
        ("(x for x in ()).gi_frame.f_back", "'gi_frame'"),
        ("'{0.__class__}'.format(1)", "'format'"),
        ("getattr(1, '__class__')", "'getattr'"),
        ("getattr(1, '_' + '_class__')", "'getattr'"),
        ("getattr(*[1, '__class__'])", "'getattr'"),
        ("get = getattr", "'getattr'"),
        ("setattr(1, 'a', 2)", "'setattr'"),
        ("type('X', (), {})", "'type'"),
        ("class X(metaclass=type): ...", "'type'"),
        ("type(1)._x", "'_x'"),
        ("eval('1')", "'eval'"),
        ("exec('1')", "'exec'"),
        ("open('/etc/passwd')", "'open'"),
        ("__import__('os')", "'__import__'"),
        ("__builtins__", "'__builtins__'"),
        ("breakpoint()", "'breakpoint'"),
        ("vars()", "'vars'"),
        ("globals()", "'globals'"),
        ("class X:\n    def __getattr__(self, name): ...", "defines '__getattr__'"),
        ("class X:\n    def __del__(self): ...", "defines '__del__'"),
        ("def __getattr__(name): ...\n", "defines '__getattr__'"),
        ("match 1:\n    case object(__class__=found): ...", "matches the attribute '__class__'"),
        ("match 1:\n    case __class__: ...", "defines '__class__'"),
        ("lambda __debug__x: 1", "defines '__debug__x'"),
        ("f'{().__class__}'", "'__class__'"),
        ("x: '().__class__' = ().__doc__", "'__doc__'"),
        ("try: ...\nexcept Exception as __e: ...", "defines '__e'"),
        ("def f(", "cannot be read: SyntaxError"),
        ("'\\d'", "cannot be read: SyntaxError"),
        ("x = 'a\0b'", "cannot be read"),
        ("x = '\ud800'", "cannot be read: UnicodeEncodeError"),
        ("(" * 5000 + ")" * 5000, "cannot be read"),
        ("x" + ".a" * 30_000, "cannot be read: RecursionError"),
        ("x = 1\n" * 20_000, "more than 65536 characters"),
    ],
)
def test_what_leads_out_is_refused(source: str, said: str) -> None:
    found = allowlist.check(source)
    assert any(said in line for line in found), found


def test_breaches_name_their_lines_in_order() -> None:
    assert allowlist.check("x = 1\nopen('a')\n\neval('b')") == ["line 2: uses 'open'", "line 4: uses 'eval'"]


@pytest.mark.parametrize("module", sorted(allowed_names.MODULES))
def test_every_allowed_name_exists_and_is_no_module(module: str) -> None:
    found = importlib.import_module(module)
    for name in allowed_names.MODULES[module]:
        assert not isinstance(getattr(found, name), type(allowlist)), name
