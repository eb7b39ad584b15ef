"""A suite that nobody could explain is refused; bounds that are settings are read from them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from ratchet.contracts.streams import STREAMS
from ratchet.errors import SettingsError
from ratchet.log.checks import Reason
from ratchet.quality.results import Stage
from ratchet.quality.suites import SUITES, load_suites, resolve

GOOD = {
    "name": "demo",
    "stage": "raw",
    "frame": "demo",
    "title": "a demo",
    "key": ["id"],
    "missing": "fail",
    "empty": "allowed",
    "cure": "repair it",
    "checks": [
        {
            "name": "unique",
            "expect": "expect_column_values_to_be_unique",
            "kwargs": {"column": "id"},
            "severity": "fail",
            "why": "2026-11-21: ids are unique",
        }
    ],
}


def written(folder: Path, suite: dict[str, object]) -> Path:
    (folder / "demo.yaml").write_text(yaml.safe_dump(suite), "utf-8")
    return folder


def refusal(folder: Path, suite: dict[str, object]) -> str:
    with pytest.raises(SettingsError) as caught:
        load_suites(Stage.RAW, written(folder, suite))
    return str(caught.value)


def test_shipped_suites_load_and_name_existing_settings() -> None:
    from ratchet.settings import Settings

    settings = SimpleNamespace(**dict.fromkeys(Settings.model_fields, 1))
    for stage in Stage:
        for suite in load_suites(stage):
            for check in suite.checks:
                resolve(check.kwargs, settings)
    assert sum(len(load_suites(stage)) for stage in Stage) == len(list(SUITES.glob("*.yaml")))


def test_streams_of_the_suite_are_those_of_the_contract() -> None:
    suite = next(s for s in load_suites(Stage.RAW) if s.name == "raw_load_streams")
    (check,) = [c for c in suite.checks if c.name == "known"]
    assert set(check.kwargs["value_set"]) == set(STREAMS)


def test_reasons_of_the_suite_are_those_of_the_load() -> None:
    suite = next(s for s in load_suites(Stage.RAW) if s.name == "raw_load_reasons")
    (check,) = [c for c in suite.checks if c.name == "known"]
    assert set(check.kwargs["value_set"]) == {reason.value for reason in Reason}


def test_good_suite_loads(tmp_path: Path) -> None:
    (suite,) = load_suites(Stage.RAW, written(tmp_path, GOOD))
    assert (suite.missing, suite.empty) == ("fail", None)
    assert load_suites(Stage.MARTS, tmp_path) == ()


def test_unknown_key_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    assert "did you mean missing?" in refusal(tmp_path, {**GOOD, "misssing": "warn"})


def test_missing_key_is_refused(tmp_path: Path) -> None:
    assert "the key cure is missing" in refusal(tmp_path, {k: v for k, v in GOOD.items() if k != "cure"})


def test_unknown_expectation_is_refused(tmp_path: Path) -> None:
    check = {**GOOD["checks"][0], "expect": "expect_column_values_to_be_uniqe"}  # type: ignore[index]
    assert "did you mean expect_column_values_to_be_unique?" in refusal(tmp_path, {**GOOD, "checks": [check]})


def test_check_without_dated_reason_is_refused(tmp_path: Path) -> None:
    check = {**GOOD["checks"][0], "why": "ids are unique"}  # type: ignore[index]
    assert "no dated reason" in refusal(tmp_path, {**GOOD, "checks": [check]})


def test_two_checks_of_one_name_are_refused(tmp_path: Path) -> None:
    assert "have one name" in refusal(tmp_path, {**GOOD, "checks": GOOD["checks"] * 2})  # type: ignore[operator]


def test_unknown_derivation_is_refused(tmp_path: Path) -> None:
    assert "did you mean sum?" in refusal(tmp_path, {**GOOD, "derive": {"total": {"summ": ["a", "b"]}}})


def test_suite_is_named_like_its_file(tmp_path: Path) -> None:
    assert "not named like its file" in refusal(tmp_path, {**GOOD, "name": "other"})


def test_bounds_are_read_from_settings() -> None:
    settings = SimpleNamespace(max_quarantine_share=0.07, gap_window_days=7)
    kwargs = {"max_value": {"setting": "max_quarantine_share"}, "value_set": [{"setting": "gap_window_days"}, 1]}
    assert resolve(kwargs, settings) == {"max_value": 0.07, "value_set": [7, 1]}


def test_setting_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(SettingsError, match="the setting max_qarantine"):
        resolve({"max_value": {"setting": "max_qarantine"}}, SimpleNamespace())
