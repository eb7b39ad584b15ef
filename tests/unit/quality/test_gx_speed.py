"""What is remembered while a gate runs changes no result, and ends with it."""

from contextlib import nullcontext

from ratchet.quality import gx, gx_speed
from ratchet.quality.runner import run_suites


def test_a_gate_says_the_same_with_and_without(good_marts, settings, day, monkeypatch, tmp_path):
    good_marts["mart_errors"].loc[0, "occurrences"] = -1
    quick = run_suites("marts", good_marts, day, settings, tmp_path / "quick")
    monkeypatch.setattr(gx, "remembering", nullcontext)
    plain = run_suites("marts", good_marts, day, settings, tmp_path / "plain")
    assert quick == plain
    assert not quick.passed


def test_a_configuration_is_built_once_and_anew_when_the_expectation_changes():
    with gx._quiet(), gx_speed.remembering():
        from great_expectations.expectations import ExpectColumnValuesToBeUnique

        expectation = ExpectColumnValuesToBeUnique(column="a")
        first = expectation.configuration
        assert expectation.configuration is first
        expectation.id = "another"
        assert expectation.configuration.id == "another"
    assert expectation.configuration is not expectation.configuration
