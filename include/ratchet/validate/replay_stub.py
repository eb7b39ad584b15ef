"""Runs inside the sandbox, beside a fix: operations that behave as the log says, called without the fix and with it.

Standard library only. A rule says how an operation behaves; which rule a case gets is decided outside, by
`replay_rules.py`, and what becomes of the case by `replay.py`. Waits pass on the sandbox's virtual clock.
"""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

Params = dict[str, Any]
Call = Callable[[Params], Any]
KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
TOLERANCE_S = 1e-6


def main(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what becomes of each case, and how many of the fix's own tests ran; None where one failed."""
    apply = importlib.import_module("fix").apply
    return {"replayed": [replayed(apply, case) for case in payload["cases"]], "tests": tests_passed()}


def tests_passed() -> int | None:
    """Run the fix's own tests, in the order of their names."""
    try:
        tests = [
            test for name, test in sorted(vars(importlib.import_module("test_fix")).items()) if name[:5] == "test_"
        ]
        for test in tests:
            test()
    except Exception:  # noqa: BLE001 whatever is raised, a test failed
        return None
    return len(tests)


def replayed(apply: Callable[..., Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """Return what becomes of one case."""
    acts: list[int] = []
    plain, mended = Operation(case), Operation(case)
    before = _ended(plain, plain.call)
    after = _ended(mended, lambda params: apply(mended.call, params, lambda: acts.append(1)))
    return {
        "case_id": case["case_id"],
        "before": before,
        "after": after,
        "same": plain.result == mended.result,
        "acts": len(acts),
    }


def _ended(operation: Operation, call: Call) -> bool:
    """Call once; only the operation's own result is a success."""
    try:
        return call(operation.params()) is operation.result and operation.has_worked
    except Exception:  # noqa: BLE001 whatever is raised, the call failed
        return False


class Operation:
    """One call of the application, which fails or works by its case's rule."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self._case, self._rule = case, case["rule"]
        self._began: float | None = None
        self.result: Any = None
        self.has_worked = False

    def params(self) -> Params:
        """Return the parameters it is called with, a copy each time."""
        found: Params = json.loads(json.dumps(self._case["params"]))
        if self._rule.get("text") is not None:
            found[self._rule["key"]] = self._rule["text"]
        if self._rule["kind"] == "size":
            found["messages"] = [{"role": "user", "content": "x" * int(self._rule["chars"])}]
        return found

    def call(self, params: Params) -> Any:
        """Fail as the log says, or return what the parameters came to."""
        self.has_worked = False
        self.result = [RULES[self._rule["kind"]](self, params)]
        self.has_worked = True
        return self.result

    def recover(self, params: Params) -> Any:
        """Work from the moment on at which the log saw it work again; a success works at once."""
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        if now - self._began < self._rule["after_s"] - TOLERANCE_S:
            raise self.error()
        return params

    def check(self, params: Params) -> Any:
        """Accept what has the shape of other calls that succeeded."""
        shape = self._rule
        if any(name not in params for name in shape["required"]):
            raise self.error()
        for name, value in params.items():
            if name in shape["kinds"] and KINDS.get(type(value), "null") not in shape["kinds"][name]:
                raise self.error()
            if name in shape["values"] and value not in shape["values"][name]:
                raise self.error()
        return params

    def find(self, params: Params) -> Any:
        """Accept a name that is known."""
        if params.get(self._rule["key"]) not in self._rule["known"]:
            raise self.error()
        return params

    def parse(self, params: Params) -> Any:
        """Parse a text as JSON; the parser's own error is raised."""
        found = json.loads(params[self._rule["key"]])
        if KINDS.get(type(found), "null") not in self._rule["expected"]:
            raise self.error()
        return found

    def decode(self, params: Params) -> Any:
        """Decode bytes with the encoding that was asked for, one of those that succeeded; no control characters."""
        encoding = params[self._rule["key"]]
        text = bytes.fromhex(self._rule["raw_hex"]).decode(encoding)
        if encoding not in self._rule["encodings"] or any(0x7F <= ord(char) < 0xA0 for char in text):
            raise self.error()
        return text

    def fit(self, params: Params) -> Any:
        """Accept as much text as has no more tokens than the limit, by the case's own characters per token."""
        if _characters(params) / self._rule["chars_per_token"] > self._rule["limit"]:
            raise self.error()
        return _characters(params) > 0

    def error(self) -> Exception:
        """Return the error as it was logged; its class has the same name and nothing else of the original."""
        told = self._case["error"]
        fields = {name: told[name] for name in ("status_code", "retry_after_s") if told.get(name) is not None}
        made: Exception = type(told["name"], (Exception,), fields)(told["message"])
        return made


RULES: dict[str, Callable[[Operation, Params], Any]] = {
    "recovery": Operation.recover,
    "shape": Operation.check,
    "name": Operation.find,
    "json": Operation.parse,
    "encoding": Operation.decode,
    "size": Operation.fit,
}


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_characters(v) for v in value.values())
    return sum(_characters(v) for v in value) if isinstance(value, list) else 0
