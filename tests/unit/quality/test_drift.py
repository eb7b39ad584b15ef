"""A planted shift is found and named, everything else is left alone; too little data is said, not judged."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import ratchet.contracts
from ratchet.files import to_json
from ratchet.quality.drift import drift
from ratchet.quality.drift_config import drift_config

DAY = date(2026, 11, 20)
SCHEMA = Path(ratchet.contracts.__file__).parent / "schemas" / "drift.schema.json"
HOSTILE = "</script><script>alert(1)</script>"


def column(result: dict[str, Any], name: str) -> dict[str, Any]:
    return next(c for c in result["columns"] if c["column"] == name)


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        ({}, []),
        ({"slower": 1.3}, ["duration_ms"]),
        ({"new_intent": 0.15}, ["intent"]),
        ({"model": 0.5}, ["model"]),
        ({"cost_logged": 0.0}, ["cost_usd logged"]),
        ({"unhappy": 0.5}, ["score"]),
    ],
)
def test_planted_shift_is_found_and_nothing_else(
    traffic: Any, four_weeks: list[date], shift: dict[str, float], expected: list[str]
) -> None:
    result = drift(traffic.day(2000, 400, **shift), traffic.day(8000, 1600), DAY, reference_days=four_weeks)
    assert result["drifted"] == expected
    jsonschema.validate(json.loads(to_json(result)), json.loads(SCHEMA.read_text("utf-8")))


def test_fall_of_success_shows_in_success_and_error_kind(traffic: Any, four_weeks: list[date]) -> None:
    result = drift(traffic.day(2000, 400, success=0.65), traffic.day(8000, 1600), DAY, reference_days=four_weeks)
    assert result["drifted"] == ["success", "error_kind"]
    moved = column(result, "success")["shares"][0]
    assert moved["value"] in {"success", "failure"}
    assert moved["current"]["low"] < moved["current"]["value"] < moved["current"]["high"]


def test_quantiles_are_shown_as_logged(traffic: Any, four_weeks: list[date]) -> None:
    current, reference = traffic.day(2000, 400, slower=2.0), traffic.day(8000, 1600)
    result = drift(current, reference, DAY, reference_days=four_weeks)
    found = column(result, "duration_ms")["quantiles"]
    for side, frame in (("current", current), ("reference", reference)):
        values = frame["duration_ms"].dropna().sort_values().to_numpy()
        assert found[side]["p50"] == pytest.approx(values[len(values) // 2 - 1], rel=1e-9)


def test_same_input_gives_the_same_bytes(traffic: Any, four_weeks: list[date]) -> None:
    current, reference = traffic.day(500, 100), traffic.day(2000, 400)
    first = to_json(drift(current, reference, DAY, reference_days=four_weeks))
    shuffled = [frame.sample(frac=1, random_state=1) for frame in (current, reference)]
    assert to_json(drift(*shuffled, DAY, reference_days=four_weeks)) == first


def test_too_few_rows_are_not_judged(traffic: Any, four_weeks: list[date]) -> None:
    result = drift(traffic.day(150, 10), traffic.day(8000, 1600), DAY, reference_days=four_weeks)
    intent = column(result, "intent")
    assert (intent["drifted"], intent["statistic"]) == (None, None)
    assert intent["reason"] == "150 values on the day, 200 are needed"
    assert column(result, "score")["reason"] == "10 values on the day, 50 are needed"
    assert column(result, "model")["drifted"] is False


def test_less_than_a_week_before_is_not_judged(traffic: Any, four_weeks: list[date], tmp_path: Path) -> None:
    page = tmp_path / "drift.html"
    result = drift(traffic.day(2000, 400), traffic.day(8000, 1600), DAY, page, four_weeks[:6])
    assert (result["comparisons"], result["drifted"]) == (0, [])
    assert {c["reason"] for c in result["columns"]} == {"6 landed days before, 7 are needed"}
    assert "Nothing could be compared" in page.read_text("utf-8")
    jsonschema.validate(json.loads(to_json(result)), json.loads(SCHEMA.read_text("utf-8")))


def test_empty_day_is_not_judged(traffic: Any, four_weeks: list[date]) -> None:
    reference = traffic.day(8000, 1600)
    result = drift(reference.head(0), reference, DAY, reference_days=four_weeks)
    assert result["comparisons"] == 0


def test_field_that_is_never_logged_is_not_judged(traffic: Any, four_weeks: list[date]) -> None:
    current, reference = traffic.day(500, 100), traffic.day(2000, 400)
    for frame in (current, reference):
        frame["agent"] = None
        frame["cost_usd"] = float("nan")
    result = drift(current, reference, DAY, reference_days=four_weeks)
    assert column(result, "agent")["reason"] == "logged on neither side"
    assert column(result, "cost_usd")["reason"] == "0 values on the day, 100 are needed"
    assert "cost_usd logged" not in {c["column"] for c in result["columns"]}


def test_page_agrees_with_the_verdicts_and_cannot_run_log_text(
    traffic: Any, four_weeks: list[date], tmp_path: Path
) -> None:
    from ratchet.quality.drift import judge
    from ratchet.quality.drift_comparisons import comparisons
    from ratchet.quality.drift_page import write_drift_page

    current, reference = traffic.day(600, 100, slower=1.5, cost_logged=0.8), traffic.day(2400, 400)
    for frame in (current, reference):
        frame["agent"] = frame["agent"].map({"a": HOSTILE, "b": HOSTILE.replace("<", ">"), "c": "c"})
    judged = judge(comparisons(current, reference, 28, drift_config()), 0.05)
    page = tmp_path / "drift.html"
    write_drift_page(list(judged.values()), page)
    html = page.read_text("utf-8")
    shown = re.findall(r'"column_name": "([^"]+)".*?"drift_score": ([0-9.e-]+)', html)
    assert {title: float(score) for title, score in shown} == pytest.approx(
        {verdict.comparison.question.title: verdict.statistic for verdict in judged.values()}, abs=2e-6
    )
    assert len(judged["agent"].comparison.counts()[0]) == 3  # values that differ in markup alone stay apart
    assert "alert(1)" in html
    assert "<script>alert(1)" not in html
