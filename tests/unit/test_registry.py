from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from ratchet.contracts.buckets import Hash
from ratchet.contracts.experiments import Arm, Design, Guardrail
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.errors import SettingsError
from ratchet.registry import Registry, load, metrics, parse

SHIPPED = Path(__file__).resolve().parents[2] / "include" / "config"
OF_SESSIONS = {"kind": "ratio", "direction": "increase", "unit_type": "session"}
OF_REQUESTS = {"kind": "ratio", "direction": "increase", "source": "interaction", "column": "failure"}
CLICKS = {"clicks": Metric("clicks", MetricKind.MEAN, Direction.INCREASE)}
SPEC: dict[str, Any] = {
    "id": "button",
    "hypothesis": "A green button is clicked more often.",
    "flag_key": "button_colour",
    "arms": [{"name": "grey", "weight": 50}, {"name": "green", "weight": 50}],
    "primary": "clicks",
    "mde": 0.1,
    "horizon_days": 14,
}


def spec(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (SPEC | changes).items() if value is not ...}


def test_the_shipped_experiments_load() -> None:
    registry = load(SHIPPED)
    assert [e.id for e in registry.require()] == ["sidebar_layout", "summary_prompt"]
    assert {e.hash for e in registry.experiments} == {Hash.FLAGD}


def test_the_shipped_experiments_are_those_of_the_sample_logs() -> None:
    from ratchet.samples.experiments import TRIALS

    planted = {trial.flag: trial for trial in TRIALS}
    for experiment in load(SHIPPED).require():
        trial = planted[experiment.flag_key]
        assert tuple(arm.name for arm in experiment.arms) == trial.variants
        assert experiment.primary.name == trial.metric
        assert experiment.bucket_order == trial.variants[::-1]  # the samples give treatments the lowest buckets


def test_what_a_file_leaves_out_is_filled_in() -> None:
    found = parse(spec(), CLICKS)
    assert (found.salt, found.unit_type, found.hash, found.start) == ("button_colour", "user", Hash.NONE, None)
    assert (found.conversion_days, found.design, found.alpha, found.power) == (7, Design.PARALLEL, 0.05, 0.8)
    assert found.control == "grey"


def test_what_a_file_says_is_resolved() -> None:
    own = {"kind": "quantile", "direction": "decrease", "source": "interaction", "column": "ttft_ms", "quantile": 0.9}
    found = parse(
        spec(
            start=date(2026, 1, 2),
            salt="",
            metrics={"first_token": own},
            guardrails=[{"metric": "first_token", "margin": 0}],
            arms=[{"name": f"arm {i}", "weight": 5} for i in range(20)],
        ),
        CLICKS,
    )
    assert found.salt == ""
    assert found.start == date(2026, 1, 2)
    assert [m.name for m in found.metrics] == ["clicks", "first_token"]
    assert found.guardrails == (Guardrail(found.guardrails[0].metric, 0.0),)
    assert len(found.arms) == 20


def test_what_is_logged_for_sessions_is_compared_by_users_as_a_ratio() -> None:
    found = parse(spec(metrics={"m": OF_SESSIONS}, primary="m"), CLICKS)
    assert (found.unit_type, found.primary.unit_type, found.primary.kind) == ("user", "session", MetricKind.RATIO)


def test_weights_may_have_another_sum_when_the_file_says_so() -> None:
    thirds = [{"name": name, "weight": 1} for name in "abc"]
    assert parse(spec(arms=thirds, total_weight=3), CLICKS).arms == tuple(Arm(name, 1) for name in "abc")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"primary": "click"}, "primary: unknown metric 'click' (a.yaml) — did you mean clicks?"),
        ({"primary": "x" * 200}, "valid are clicks"),
        ({"guardrails": [{"metric": "costs", "margin": 0.1}]}, "guardrails.0.metric: unknown metric 'costs'"),
        ({"secondaries": ["nope"]}, "secondaries: unknown metric 'nope'"),
        ({"guardrails": [{"metric": "clicks", "margin": -0.1}]}, "guardrails.0.margin must be a number of at least 0"),
        (
            {"guardrails": [{"metric": "clicks", "margin": float("inf")}]},
            "guardrails.0.margin: input should be a finite",
        ),
        ({"secondaries": ["clicks"]}, "metric 'clicks' is named twice"),
        ({"arms": [{"name": "a", "weight": 60}, {"name": "b", "weight": 60}]}, "arms: the weights sum to 120 (a.yaml)"),
        ({"arms": [{"name": "a", "weight": 100}, {"name": "b", "weight": 0}]}, "arms.1.weight must be a whole number"),
        ({"arms": [{"name": "a", "weight": 150}, {"name": "b", "weight": -50}]}, "arms.1.weight must be a whole"),
        (
            {"arms": [{"name": "a", "weight": 0.5}, {"name": "b", "weight": 0.5}]},
            "arms.0.weight: input should be a valid",
        ),
        ({"arms": [{"name": "a", "weight": 100}]}, "arms must be from 2 to 100"),
        ({"arms": []}, "arms: the weights sum to 0"),
        ({"arms": [{"name": "a", "weight": 50}, {"name": "a", "weight": 50}]}, "arm 'a' is named twice"),
        ({"arms": [{"name": "a", "wieght": 50}]}, "arms.0: unknown key 'wieght' (a.yaml) — did you mean weight?"),
        ({"bucket_order": ["green", "green"]}, "bucket_order must name every arm once"),
        ({"horizon_days": 0}, "horizon_days must be a whole number from 1 to 365"),
        ({"horizon_days": "14"}, "horizon_days: input should be a valid integer"),
        ({"horizon_days": ...}, "horizon_days: field required"),
        ({"horizon": 14, "horizon_days": ...}, "unknown key 'horizon' (a.yaml) — did you mean horizon_days?"),
        ({"conversion_days": 91}, "conversion_days must be a whole number from 1 to 90"),
        ({"mde": 0}, "mde must be a number above 0"),
        ({"mde": -0.1}, "mde must be a number above 0"),
        ({"mde": float("nan")}, "mde: input should be a finite number"),
        ({"alpha": 0.5}, "alpha must lie between 0.0 and 0.5"),
        ({"power": 1}, "power must lie between 0.5 and 1.0"),
        ({"planned_units": 1}, "planned_units must be at least 2"),
        ({"id": "../etc"}, "id: string should match pattern"),
        ({"flag_key": ""}, "flag_key: string should have at least 1 character"),
        ({"hash": "md5"}, "hash: input should be 'flagd', 'flagd_v1'"),
        ({"start": "soon"}, "start: input should be a valid date"),
        ({"metrics": {"clicks": {"kind": "mean", "direction": "increase"}}}, "'clicks' is in metrics.yaml already"),
        ({"metrics": {"m": {"kind": "mean", "direction": "up"}}}, "metrics.m.direction: input should be 'increase' or"),
        ({"metrics": {"m": {"kind": "mean", "directoin": "increase"}}}, "metrics.m: unknown key 'directoin'"),
        ({"metrics": {"m": {"kind": "quantile", "direction": "increase"}}}, "metrics.m.quantile is needed by kind"),
        (
            {"metrics": {"m": {"kind": "mean", "direction": "increase", "source": "interaction"}}},
            "metrics.m.column is needed by source interaction",
        ),
        (
            {"metrics": {"m": {"kind": "quantile", "direction": "increase", "quantile": 1.5}}},
            "metrics.m.quantile must lie between 0 and 1",
        ),
        (
            {"metrics": {"m": {"kind": "mean", "direction": "increase", "winsor_share": 0.5}}},
            "metrics.m.winsor_share must lie between 0 and 0.5",
        ),
        (
            {"metrics": {"m": {"kind": "proportion", "direction": "increase", "winsor_share": 0.1}}},
            "metrics.m.winsor_share is for means and ratios",
        ),
        (
            {"metrics": {"m": {"kind": "mean", "direction": "increase", "covariate_days": 91}}},
            "metrics.m.covariate_days must be a whole number from 0 to 90",
        ),
        (
            {"metrics": {"m": {"kind": "mean", "direction": "increase", "above": 1}}},
            "metrics.m.above is for a column of interactions",
        ),
        (
            {"metrics": {"m": OF_REQUESTS | {"unit_type": "session"}}},
            "metrics.m.unit_type is for outcomes",
        ),
        (
            {"metrics": {"m": OF_SESSIONS | {"kind": "mean"}}, "primary": "m"},
            "primary: 'm' cannot be measured by user: one user has several units of type session, which only",
        ),
        (
            {"metrics": {"m": OF_SESSIONS}, "secondaries": ["m"], "unit_type": "interaction"},
            "secondaries: 'm' cannot be measured by interaction: it is logged for each session, and no event says",
        ),
        (
            {"metrics": {"m": OF_REQUESTS}, "guardrails": [{"metric": "m", "margin": 0}], "unit_type": "org"},
            "guardrails.0.metric: 'm' cannot be measured by org: it reads interactions, which name their",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_by_file_and_key(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)) as caught:
        parse(spec(**changes), CLICKS, "a.yaml")
    assert "a.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "metrics.yaml").write_text("clicks: {kind: mean, direction: increase}\n")
    return tmp_path


def write(folder: Path, name: str, **changes: Any) -> None:
    (folder / "experiments" / name).write_text(yaml.safe_dump(spec(**changes)))


def test_a_bad_file_leaves_the_others_alone(folder: Path) -> None:
    write(folder, "good.yaml")
    write(folder, "bad.yaml", id="other", mde=0)
    (folder / "experiments" / "worse.yaml").write_text("id: [")
    registry = load(folder)
    assert [e.id for e in registry.experiments] == ["button"]
    assert [Path(p.where).name for p in registry.problems] == ["bad.yaml", "worse.yaml"]
    with pytest.raises(SettingsError, match="mde must be"):
        registry.require()


def test_of_two_experiments_with_one_id_neither_counts(folder: Path) -> None:
    write(folder, "one.yaml")
    write(folder, "two.yaml", hypothesis="Another one.")
    write(folder, "three.yaml", id="other")
    registry = load(folder)
    assert [e.id for e in registry.experiments] == ["other"]
    assert [str(p) for p in registry.problems] == [
        f"id: 'button' is also in {there} ({folder / 'experiments' / here}) — give each experiment an id of its own"
        for here, there in (("one.yaml", "two.yaml"), ("two.yaml", "one.yaml"))
    ]


def test_no_experiment_is_no_problem(tmp_path: Path) -> None:
    assert load(tmp_path) == Registry((), ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clicks: {kind: mean}", "clicks.direction: field required"),
        ("clicks: {kind: mean, direction: increase, sorce: outcome}", "did you mean source?"),
        ("clicks: 3", "clicks: input should be a valid dictionary"),
        ("clicks: {kind: mean, direction: increase}\nclicks: {}", "key 'clicks' comes twice"),
        ("- a", "must hold a mapping of keys"),
        ("1: a", "must hold a mapping of keys"),
        ("\xff", "cannot be read"),
        ("{" * 10_000, "cannot be read"),
    ],
)
def test_a_bad_catalogue_is_one_line_and_spares_the_night(folder: Path, text: str, said: str) -> None:
    write(folder, "good.yaml", metrics={"own": {"kind": "mean", "direction": "increase"}}, primary="own")
    (folder / "metrics.yaml").write_text(text, "latin-1")
    with pytest.raises(SettingsError, match=re.escape(said)) as caught:
        metrics(folder)
    assert "\n" not in str(caught.value)
    registry = load(folder)
    assert [e.id for e in registry.experiments] == ["button"]
    assert [Path(p.where).name for p in registry.problems] == ["metrics.yaml"]


def test_on_and_off_are_names_of_arms(folder: Path) -> None:
    text = yaml.safe_dump(spec(arms=...)) + "arms: [{name: off, weight: 50}, {name: on, weight: 50}]\n"
    (folder / "experiments" / "switch.yaml").write_text(text)
    (found,) = load(folder).require()
    assert [arm.name for arm in found.arms] == ["off", "on"]


@pytest.mark.parametrize(
    "changes",
    [
        {"mde": 0.2},
        {"salt": "new"},
        {"arms": [{"name": "grey", "weight": 40}, {"name": "green", "weight": 60}]},
        {"horizon_days": 15},
        {"alpha": 0.01},
        {"start": date(2026, 1, 1)},
        {"guardrails": [{"metric": "m", "margin": 0.1}]},
        {"design": "paired"},
    ],
)
def test_an_edit_changes_the_hash(changes: dict[str, Any]) -> None:
    known = CLICKS | {"m": Metric("m", MetricKind.MEAN, Direction.INCREASE)}
    assert parse(spec(**changes), known).spec_hash != parse(spec(), known).spec_hash


def test_another_wording_is_no_edit() -> None:
    assert parse(spec(hypothesis="Green wins."), CLICKS).spec_hash == parse(spec(), CLICKS).spec_hash


def test_every_key_is_documented() -> None:
    from ratchet.registry import _ExperimentFields, _MetricFields

    page = (SHIPPED / "experiments" / "README.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z_]+)", page))
    assert set(_ExperimentFields.model_fields) <= named
    assert set(_MetricFields.model_fields) - {"kind", "direction"} <= named


EVERY_KEY = SPEC | {
    "unit_type": "user", "total_weight": 100, "salt": "s", "hash": "flagd", "guardrails": [], "secondaries": [],
    "metrics": {}, "start": date(2026, 1, 1), "conversion_days": 7, "design": "parallel", "alpha": 0.05, "power": 0.8,
    "planned_units": 100, "bucket_order": [],
}  # fmt: skip


@pytest.mark.parametrize("key", sorted(EVERY_KEY))
@pytest.mark.parametrize("wrong", [{"x": 1}, -3], ids=["mapping", "negative"])
def test_a_wrong_thing_in_any_key_is_named_with_file_key_and_way_out(key: str, wrong: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(EVERY_KEY | {key: wrong}, CLICKS, "a.yaml")
    assert key in str(caught.value)
    assert "(a.yaml) — " in str(caught.value)


def test_every_key_can_be_wrong() -> None:
    from ratchet.registry import _ExperimentFields

    assert set(EVERY_KEY) == set(_ExperimentFields.model_fields)
