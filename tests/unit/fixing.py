"""Errors and cases as dbt hands them over, and ways to run the fixes made from them."""

from __future__ import annotations

import copy
import importlib.util
import json
import sys
import time
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from ratchet.contracts.error_findings import BelowFloor, ErrorFinding, ErrorsResult, ErrorState
from ratchet.contracts.estimates import Estimate, Trend
from ratchet.contracts.fixes import Fix, NoFix, Proof
from ratchet.generate.fix_cases import cases_of
from ratchet.generate.fixes import generate_fixes
from ratchet.validate.replay import prove

DAY = date(2026, 11, 20)
FINGERPRINT = "0123456789ab"
COLUMNS = {
    "as_of": DAY,
    "fingerprint": FINGERPRINT,
    "case_id": "",
    "failed": True,
    "occurred_at": pd.Timestamp("2026-11-01"),
    "operation": "search.query",
    "params": None,
    "context": None,
    "error_type": "",
    "message": "",
    "http_status": None,
    "retry_after_s": None,
    "attempts": None,
    "method": None,
    "succeeded_params": None,
    "call_recovers_after_s": None,
    "next_success_after_s": None,
    "duration_ms": None,
    "response_text": None,
    "input_tokens": None,
    "logged": 100,
}


def finding(error_type: str, template: str = "", statuses: tuple[int, ...] = (), **changed: Any) -> ErrorFinding:
    """Return a frequent error."""
    some = Estimate(1.0, 20, 0.5, 2.0)
    made: dict[str, Any] = {
        "fingerprint": FINGERPRINT,
        "fingerprint_version": 2,
        "error_type": error_type,
        "message_template": template,
        "frames": (),
        "culprit": "",
        "kinds": 1,
        "state": ErrorState.ONGOING,
        "occurrences": 20,
        "previous_occurrences": 20,
        "occurrences_total": 40,
        "units": 9,
        "unit_kind": "user",
        "interactions": 20,
        "days": 7,
        "handled": some,
        "trend": Trend(some, 20, 20, None),
        "score": some,
        "first_seen": DAY,
        "last_seen": DAY,
        "returned_on": None,
        "fixed_on": None,
        "introduced_by": None,
        "apis": (),
        "http_statuses": statuses,
        "sample_message": None,
        "sample_event_ids": (),
    }
    return ErrorFinding(**made | changed)


def result(*errors: ErrorFinding) -> ErrorsResult:
    """Return a night's errors."""
    return ErrorsResult(DAY, "", len(errors), 20, 20, {}, errors, BelowFloor("", 0, 0))


@dataclass
class World:
    """One error with its failures and the successes of its operation."""

    error: ErrorFinding
    failures: list[dict[str, Any]]
    successes: list[dict[str, Any]]
    message: str = ""

    def __post_init__(self) -> None:
        self.failures, self.successes = copy.deepcopy((self.failures, self.successes))  # tests change them

    def frame(self) -> pd.DataFrame:
        """Return it as mart_fix_cases."""
        failed = {"failed": True, "error_type": self.error.error_type, "message": self.message}
        rows = [_row(failed | {"case_id": f"e{n}"} | row, n) for n, row in enumerate(self.failures)]
        rows += [_row({"failed": False, "case_id": f"s{n}"} | row, n) for n, row in enumerate(self.successes)]
        return pd.DataFrame([COLUMNS | row for row in rows])

    def made(self) -> Fix | NoFix:
        """Return the fix, or why there is none."""
        found = generate_fixes(result(self.error), self.frame(), DAY)
        (one,) = (*found.fixes, *found.declined)
        return one

    def fix(self) -> Fix:
        """Return the fix that must be there."""
        made = self.made()
        assert isinstance(made, Fix), made
        return made

    def proof(self, run: Any = None) -> Proof:
        """Return what a replay of all cases finds."""
        return prove(self.fix(), cases_of(self.frame(), DAY)[FINGERPRINT], run or in_process)


def _row(row: Mapping[str, Any], n: int) -> dict[str, Any]:
    texts = {name: json.dumps(row[name]) for name in ("params", "context", "succeeded_params") if name in row}
    return {**row, **texts, "occurred_at": pd.Timestamp("2026-11-01") + pd.Timedelta(minutes=n)}


@dataclass(frozen=True)
class Ended:
    """What a run in this process came to."""

    result: Any
    reason: str = "done"
    held: str = "none"


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self.waits.append(seconds)

    def monotonic(self) -> float:
        return self.now_s


@contextmanager
def virtual_time() -> Iterator[Clock]:
    """Replace waiting, for what is imported within."""
    clock, kept = Clock(), (time.sleep, time.monotonic)
    time.sleep, time.monotonic = clock.sleep, clock.monotonic
    try:
        yield clock
    finally:
        time.sleep, time.monotonic = kept


def in_process(files: Mapping[str, str], entry: str, payload: Any) -> Ended:
    """Run as the sandbox does, without its fences; for fixes of our own making."""
    with virtual_time(), _modules(files) as modules:
        try:
            return Ended(modules[entry].main(payload))
        except Exception:  # noqa: BLE001 as the sandbox does
            return Ended(None, "raised")


@contextmanager
def _modules(files: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    names = {file.removesuffix(".py"): file for file in files}
    made: dict[str, Any] = {}
    try:
        for name, file in sorted(names.items(), key=lambda pair: pair[0] != "fix"):
            made[file] = sys.modules[name] = types.ModuleType(name)
            exec(compile(files[file], file, "exec"), made[file].__dict__)
        yield made
    finally:
        for name in names:
            sys.modules.pop(name, None)


def imported(fix: Fix, folder: Any) -> Any:
    """Return a fix as an application has it that imports the published file."""
    path = folder / "fix.py"
    path.write_text(fix.source, "utf-8")
    spec = importlib.util.spec_from_file_location("published_fix", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
