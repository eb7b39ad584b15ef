"""What a gate makes of its checks, in words and as data."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import ratchet.contracts
from ratchet.errors import GateFailedError
from ratchet.files import to_json
from ratchet.quality.results import CheckResult, GateResult, Outcome, Severity, Stage, quality_artifact

DAY = date(2026, 11, 20)
SCHEMA = Path(ratchet.contracts.__file__).parent / "schemas" / "quality.schema.json"


def check(name: str, outcome: Outcome = Outcome.PASSED, severity: Severity = Severity.FAIL) -> CheckResult:
    values: dict[str, Any] = {"rows": 3, "failing": 0 if outcome is Outcome.PASSED else 1}
    return CheckResult(
        suite="demo",
        check=name,
        column="x",
        severity=severity,
        outcome=outcome,
        observed=f"{name} was\nodd",
        expected="none",
        why="2026-11-21: because",
        cure="repair the file",
        **values,
    )


def gate(*checks: CheckResult) -> GateResult:
    return GateResult(Stage.RAW, DAY, checks)


def test_broken_warning_does_not_stop() -> None:
    result = gate(check("a"), check("b", Outcome.FAILED, Severity.WARN))
    assert result.passed
    result.require()
    assert result.headline() == "raw gate passed with warnings: 1 of 2 checks broken — demo.b: b was odd"


def test_broken_fail_check_stops_and_says_what_to_do() -> None:
    result = gate(*(check(name, Outcome.FAILED) for name in "abcd"), check("w", Outcome.FAILED, Severity.WARN))
    assert not result.passed
    with pytest.raises(GateFailedError) as caught:
        result.require()
    message = str(caught.value)
    assert "\n" not in message
    assert "4 of 5 checks broken — demo.a: a was odd; demo.b: b was odd; demo.c: c was odd; and 1 more" in message
    assert message.endswith("(2026-11-20) — repair the file")
    assert caught.value.exit_code == 1


def test_check_without_data_is_neither_passed_nor_failed() -> None:
    result = gate(check("a"), check("b", Outcome.NO_DATA))
    assert result.passed
    assert result.headline() == "raw gate passed: 2 checks, 1 without data to judge"
    assert [r["outcome"] for r in result.as_record()["results"]] == ["passed", "no data"]


def test_artifact_is_valid_and_says_when_no_gate_ran() -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    artifact = quality_artifact(DAY, [gate(check("a"), check("b", Outcome.FAILED)).as_record()])
    jsonschema.validate(json.loads(to_json(artifact)), schema)
    assert artifact["passed"] is False
    nothing = quality_artifact(DAY, [])
    jsonschema.validate(json.loads(to_json(nothing)), schema)
    assert nothing["passed"] is False
