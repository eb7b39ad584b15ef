import shutil
from datetime import timedelta

import pytest
import yaml

from ratchet import settings
from ratchet.errors import SettingsError


@pytest.fixture
def folder(tmp_path):
    shutil.copy(settings.PROJECT_ROOT / "include" / "config" / "settings.yaml", tmp_path)
    return tmp_path


def change(folder, block, key, value):
    path = folder / "settings.yaml"
    content = yaml.safe_load(path.read_text())
    content[block] = {**(content.get(block) or {}), key: value}
    path.write_text(yaml.safe_dump(content))


@pytest.mark.parametrize(
    ("environment", "confidence", "automatic", "window", "safe"),
    [
        ("development", 0.6, 0.7, timedelta(minutes=15), False),
        ("staging", 0.8, 0.9, timedelta(hours=1), True),
        ("production", 0.95, 0.98, timedelta(hours=6), True),
    ],
)
def test_the_documented_defaults_of_each_environment(folder, environment, confidence, automatic, window, safe):
    found = settings.load(environment, folder)
    assert (found.improvement_confidence_threshold, found.auto_implement_threshold) == (confidence, automatic)
    assert (found.feedback_window, found.safety_mode) == (window, safe)


def test_the_environment_variable_names_the_environment(folder, monkeypatch):
    monkeypatch.setenv("RATCHET_ENVIRONMENT", "staging")
    assert settings.load(folder=folder).environment == "staging"


@pytest.mark.parametrize(
    ("block", "key", "value", "said"),
    [
        ("defaults", "eror_floor", 3, "unknown setting 'eror_floor' .*did you mean error_floor"),
        ("defaults", "max_quarantine_share", 1.5, "max_quarantine_share: .*less than or equal to 1"),
        ("defaults", "feedback_window", "soon", "feedback_window: must be a number and a unit"),
        ("defaults", "timeout_min_s", 100, "timeout_min_s must not be above timeout_default_s"),
        ("defaults", "failure_classes", [{"pattern": "(", "failure_class": "agent"}], "not a regular expression"),
        ("defaults", "values_usd", {"ticket": 1}, "values_usd.ticket: Extra inputs"),
        ("defaults", "approvers", "ann", "approvers: .*valid tuple"),
        ("defaults", "approvers", ["ann", ""], "approvers.1: .*at least 1 character"),
        ("production", "safety_mod", True, "did you mean safety_mode"),
        ("defaults", "colour", 3, "unknown setting 'colour' .*docs/settings.md lists them"),
        ("prodution", "safety_mode", True, "unknown block 'prodution' .*did you mean production"),
    ],
)
def test_a_wrong_setting_is_one_line_with_the_way_out(folder, block, key, value, said):
    change(folder, block, key, value)
    with pytest.raises(SettingsError, match=said) as caught:
        settings.load("development", folder)
    assert "\n" not in str(caught.value)
    assert "settings.yaml" in str(caught.value)


def test_an_unknown_environment_names_the_valid_ones(folder):
    with pytest.raises(SettingsError, match="unknown environment 'prod'.*production"):
        settings.load("prod", folder)


@pytest.mark.parametrize("content", ["", "- a list", "a: [unclosed", "\x00"])
def test_a_broken_file_is_refused(folder, content):
    (folder / "settings.yaml").write_text(content)
    with pytest.raises(SettingsError, match="settings.yaml"):
        settings.load("development", folder)


def test_a_missing_file_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(SettingsError, match="RATCHET_CONFIG"):
        settings.load("development", tmp_path)


def test_where_logs_lie_may_come_from_the_environment(folder, monkeypatch):
    monkeypatch.setenv("LOGS", "/data/logs")
    change(folder, "sources", "otlp", "${LOGS}/otlp")
    assert settings.load("development", folder).sources == {"native": None, "otlp": "/data/logs/otlp"}


def test_the_hash_moves_with_what_changes_results_and_with_nothing_else(folder):
    before = settings.load("development", folder).hash
    change(folder, "sources", "native", "/elsewhere")
    change(folder, "defaults", "approvers", ["ann"])
    assert settings.load("development", folder).hash == before
    change(folder, "defaults", "error_floor", 11)
    assert settings.load("development", folder).hash != before
