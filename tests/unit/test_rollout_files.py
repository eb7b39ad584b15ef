from pathlib import Path

import pytest

from ratchet import registry
from ratchet.contracts.metrics import Direction, InteractionColumn, Metric, MetricKind, MetricSource
from ratchet.contracts.rollouts import Rollout
from ratchet.errors import SettingsError
from ratchet.rollout_files import load_groups, load_rollouts, parse_rollout

SHIPPED = Path(__file__).resolve().parents[2] / "include" / "config"
METRICS = {
    "errors": Metric("errors", MetricKind.PROPORTION, Direction.DECREASE),
    "asked": Metric("asked", MetricKind.MEAN, Direction.INCREASE, MetricSource.INTERACTION, InteractionColumn.REQUESTS),
    "slowest": Metric("slowest", MetricKind.QUANTILE, Direction.DECREASE, quantile=0.95),
}
GROUPS = {"internal_testers": ("u1",)}
GOOD = {"id": "search", "flag_key": "search", "guardrails": [{"metric": "errors", "margin": 0.1}]}


def stage(name, percentage, **more):
    return {"name": name, "percentage": percentage, **more}


def parsed(**changed):
    return parse_rollout({**GOOD, **changed}, METRICS, GROUPS, "rollouts/search.yaml")


def test_the_shipped_rollouts_load():
    (smart_search,) = load_rollouts(SHIPPED, registry.metrics(SHIPPED)).require()
    assert smart_search.flag_key == "smart_search"
    assert [g.metric.name for g in smart_search.guardrails] == ["failure_rate", "answer_useful"]
    assert load_groups(SHIPPED) == {"internal_testers": ()}


def test_the_default_stages_are_those_of_the_documents():
    told = [(s.name, s.percentage, s.min_hours) for s in parsed().stages]
    assert told == [("internal", 0, 24), ("beta", 5, 24), ("quarter", 25, 48), ("most", 75, 72), ("everyone", 100, 24)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"guardrials": []}, "did you mean guardrails?"),
        ({"guardrails": []}, "guardrails: "),
        ({"guardrails": "errors"}, "guardrails: "),
        ({"guardrails": ["errors"]}, "guardrails.0: "),
        ({"guardrails": [{"metric": "error", "margin": 0.1}]}, "unknown metric 'error'"),
        ({"guardrails": [{"metric": "error", "margin": 0.1}]}, "did you mean errors?"),
        ({"guardrails": [{"metric": "errors"}]}, "guardrails.0.margin: field required"),
        ({"guardrails": [{"metric": "errors", "margins": 0.1}]}, "did you mean margin?"),
        ({"guardrails": [{"metric": "errors", "margin": -0.1}]}, "guardrails.0.margin must be a number above 0"),
        ({"guardrails": [{"metric": "errors", "margin": 0}]}, "guardrails.0.margin must be a number above 0"),
        ({"guardrails": [{"metric": "errors", "margin": True}]}, "guardrails.0.margin must be a number above 0"),
        (
            {"guardrails": [{"metric": "errors", "margin": float("nan")}]},
            "guardrails.0.margin must be a number above 0",
        ),
        ({"guardrails": [{"metric": "slowest", "margin": 0.1}]}, "a quantile cannot guard a rollout"),
        ({"guardrails": [{"metric": "errors", "margin": 0.1}] * 2}, "guardrails: errors stands there twice"),
        ({"stages": []}, "stages: there must be at least one"),
        ({"stages": [stage("a", 5), stage("b", 5)]}, "stages.b.percentage must be above that of a"),
        ({"stages": [stage("a", 5), stage("b", 1)]}, "stages.b.percentage must be above that of a"),
        ({"stages": [stage("a", 5), stage("a", 10)]}, "stages: a stands there twice"),
        ({"stages": [stage("a", 101)]}, "stages.0.percentage: "),
        ({"stages": [stage("a", -1)]}, "stages.0.percentage: "),
        ({"stages": [stage("a", True)]}, "stages.0.percentage: "),
        ({"stages": [stage("a", 5, min_hours=0)]}, "stages.0.min_hours: "),
        ({"stages": [stage("a", 5, min_units=0)]}, "stages.0.min_units: "),
        ({"stages": [stage("a", 5, min_unit=1)]}, "did you mean min_units?"),
        ({"stages": [stage("off", 5)]}, "no stage may be called off"),
        ({"stages": [stage("a", 5, groups=["internal_tester"])]}, "did you mean internal_testers?"),
        ({"objectives": ["uptime"]}, "not measured by variant: 'uptime'"),
        ({"objectives": ["latency_p95"]}, "did you mean latency_p95_ms?"),
        (
            {"unit_type": "org", "objectives": ["success_rate"]},
            "objectives: they are about requests, which name their user and session but no org",
        ),
        (
            {"unit_type": "org", "guardrails": [{"metric": "asked", "margin": 0.1}]},
            "guardrails.0.metric: 'asked' cannot be measured by org: it reads interactions",
        ),
        ({"holdback_pct": 100}, "holdback_pct: "),
        ({"holdback_pct": 25}, "holdback_pct must leave the last stage more"),
        ({"alpha": 0}, "alpha: "),
        ({"variants": ["on", "on"]}, "variants must be two different ones"),
        ({"variants": [False, True]}, "variants.0: "),
        ({"hash": "md5"}, "hash: "),
        ({"hash": "growthbook_v1"}, "hash must be one of flagd's"),
        ({"moved_by": "nobody"}, "moved_by: "),
        ({"id": ""}, "id: "),
        ({"id": "a b"}, "id: must be letters"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line_that_names_file_and_key(changed, said):
    with pytest.raises(SettingsError) as caught:
        parsed(**changed)
    assert said in str(caught.value)
    assert "rollouts/search.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def _folder(tmp_path, **files):
    (tmp_path / "rollouts").mkdir()
    (tmp_path / "groups.yaml").write_text("internal_testers: [u1]\n")
    for name, text in files.items():
        (tmp_path / "rollouts" / f"{name}.yaml").write_text(text)
    return tmp_path


TEXT = "id: {0}\nflag_key: {1}\nguardrails: [{{metric: errors, margin: 0.1}}]\n"


def test_two_files_with_one_id_or_one_flag_are_both_refused_and_leave_the_others_alone(tmp_path):
    texts = {"a": ("one", "f"), "b": ("one", "g"), "c": ("three", "h"), "d": ("four", "h"), "e": ("five", "i")}
    found = load_rollouts(_folder(tmp_path, **{n: TEXT.format(*t) for n, t in texts.items()}), METRICS)
    assert [r.id for r in found.rollouts] == ["five"]
    said = [str(problem) for problem in found.problems]
    assert len(said) == 4
    assert any("id: 'one' stands in b.yaml too" in line and "a.yaml" in line for line in said)
    assert any("flag_key: 'h' stands in d.yaml too" in line for line in said)
    with pytest.raises(SettingsError):
        found.require()


@pytest.mark.parametrize("text", ["a: [", "- 1", "\x00", "id: a\nid: b\n", ""])
def test_a_file_that_cannot_be_read_is_one_line_and_leaves_the_others_alone(tmp_path, text):
    found = load_rollouts(_folder(tmp_path, broken=text, good=TEXT.format("x", "x")), METRICS)
    assert [r.id for r in found.rollouts] == ["x"]
    (problem,) = found.problems
    assert "broken.yaml" in str(problem)
    assert "\n" not in str(problem)


def test_no_folder_and_no_groups_are_no_rollouts(tmp_path):
    assert load_rollouts(tmp_path, METRICS).require() == ()
    assert load_groups(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("testers: u1", "testers must be a list"),
        ("testers: [1, 2]", "testers must be a list"),
        ("testers: [u1, u2, u1]", "testers names 'u1' twice"),
        ("[a]", "must hold a mapping"),
    ],
)
def test_groups_are_lists_of_texts(tmp_path, text, said):
    (tmp_path / "groups.yaml").write_text(text)
    with pytest.raises(SettingsError, match=said) as caught:
        load_groups(tmp_path)
    assert "groups.yaml" in str(caught.value)
    assert load_rollouts(tmp_path, METRICS).problems


@pytest.mark.parametrize("key", sorted(Rollout.model_fields))
@pytest.mark.parametrize("wrong", [{"x": 1}, -3], ids=["mapping", "negative"])
def test_a_wrong_thing_in_any_key_is_named_with_file_key_and_way_out(key, wrong):
    with pytest.raises(SettingsError) as caught:
        parsed(**{key: wrong})
    said = str(caught.value)
    assert said.startswith(key)
    assert "rollouts/search.yaml) — " in said
