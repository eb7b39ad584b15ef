from pathlib import Path

import pytest

from ratchet.errors import SettingsError
from ratchet.objectives import Metric, Objective, load, parse

SHIPPED = Path(__file__).resolve().parents[2] / "include" / "config"


def test_the_shipped_objectives_load():
    assert [o.metric for o in load(SHIPPED)] == [
        "success_rate", "error_rate", "latency_p95_ms", "satisfaction", "api_failure_rate", "uptime"
    ]  # fmt: skip


def test_a_block_becomes_an_objective():
    assert parse({"uptime": {"target": 0.99, "critical": 0.9, "floor": 5}}) == (
        Objective(Metric.UPTIME, 0.99, 0.9, floor=5),
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "at least one objective"),
        ([], "at least one objective"),
        ({"succes_rate": {}}, "did you mean success_rate?"),
        ({"uptime": 3}, "uptime must be a mapping"),
        ({"uptime": {"target": 0.9}}, "uptime needs critical"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "windowdays": 1}}, "did you mean window_days?"),
        ({"uptime": {"target": 90, "critical": 0.8}}, "target is a share"),
        ({"uptime": {"target": "high", "critical": 0.8}}, "target must be a number"),
        ({"uptime": {"target": 0.9, "critical": float("nan")}}, "critical must be a number"),
        ({"uptime": {"target": 0.9, "critical": 0.95}}, "stricter than target"),
        ({"error_rate": {"target": 0.1, "critical": 0.05}}, "stricter than target"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "window_days": 29}}, "from 1 to 28"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "floor": True}}, "floor must be a whole number"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "required": "yes"}}, "required must be true or false"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "budget_days": 60}}, "budget_days must be .* from 1 to 28"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "burn_rates": {}}}, "burn_rates must map hours to rates"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "burn_rates": {0: 2}}}, "0 must be a whole number of hours"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "burn_rates": {0.5: 2}}}, "0.5 must be a whole number of hours"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "burn_rates": {-6: 2}}}, "hours from 1 to 168"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "budget_days": 2, "burn_rates": {72: 1}}}, "hours from 1 to 48"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "burn_rates": {1: 0}}}, "must be a number above 0"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "burn_rates": {1: 14.4}}}, "failures alone burn at most 10"),
        ({"uptime": {"target": 1, "critical": 0.8, "burn_rates": {1: 2}}}, "allows no failure, so it has no budget"),
        ({"uptime": {"target": 0.9, "critical": 0.8, "burn_rates": {1: 2, 6: 5}}}, "longer window must not"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(found, said):
    with pytest.raises(SettingsError, match=said.replace("?", r"\?")):
        parse(found, "objectives.yaml")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no objectives file"),
        ("a: [", "cannot be read"),
        ("\xff", "cannot be read"),
        ("- uptime", "must hold a mapping"),
        ("", "must hold a mapping"),
        ("{}", "at least one objective"),
        ("uptime: {target: 0.9, critical: 0.8}\nuptime: {target: 0.1, critical: 0}", "'uptime' comes twice"),
        ("uptime: {target: 0.9, critical: 0.8, required: yes}", "required must be true or false"),
        ("uptime: {target: 0.9, critical: 0.8, window_days: 0}", "window_days must be a whole number from 1 to 28"),
        ("uptime: {target: 0.9, critical: 0.8, window_days: 1e999}", "window_days must be a whole number"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, content, said):
    if content is not None:
        (tmp_path / "objectives.yaml").write_text(content, "latin-1")
    with pytest.raises(SettingsError, match=said) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_burn_rate_that_failures_alone_could_not_reach_is_half_of_what_they_reach():
    def rates(found):
        return {b.hours: round(b.rate, 6) for b in parse(found)[0].burns}

    assert rates({"uptime": {"target": 0.99, "critical": 0.9}}) == {1: 14.4, 6: 6, 24: 3, 72: 1}
    assert rates({"uptime": {"target": 0.9, "critical": 0.8}}) == {1: 5, 6: 5, 24: 3, 72: 1}
    assert rates({"error_rate": {"target": 0.5, "critical": 0.9}}) == {1: 14.4, 6: 6, 24: 3, 72: 1}
    assert rates({"uptime": {"target": 0.3, "critical": 0.1}}) == rates({"uptime": {"target": 1, "critical": 1}}) == {}
    assert rates({"latency_p95_ms": {"target": 9, "critical": 10, "burn_rates": {2: 7, 9: 3.5}}}) == {2: 7, 9: 3.5}


def test_only_windows_of_a_few_hours_want_somebody_now():
    burns = parse({"uptime": {"target": 0.99, "critical": 0.9}})[0].burns
    assert [(b.short_hours, b.is_fast) for b in burns] == [(1, True), (1, True), (2, False), (6, False)]
