"""What is computed for experiments and rollouts is what their schemas say, and the schemas refuse what is not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import jsonschema
import pandas as pd
import pytest
from tests.unit.measure.trial_frames import (
    CONVERTED,
    FAILED,
    NIGHT,
    WAIT,
    binary,
    experiment,
    fact,
    facts,
    phases,
    sums,
    units,
)
from tests.unit.report import trial_fixtures

from ratchet.contracts.experiments import Guardrail
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.contracts.rollout_states import RolloutState
from ratchet.contracts.rollouts import OFF, Phase, Rollout
from ratchet.contracts.splits import of_experiment
from ratchet.measure.audit import audit
from ratchet.measure.experiments import experiments
from ratchet.measure.programme import concluded, programme
from ratchet.measure.rollouts import judge_rollouts
from ratchet.phases import Seen

ERRORS = Metric("errors", MetricKind.PROPORTION, Direction.DECREASE)
ROLLOUT = Rollout(id="search", flag_key="search", guardrails=(Guardrail(ERRORS, 0.1),))
ASSIGNED = ("as_of", "trial_id", "phase", "unit_id", "variant", "first_exposed_at", "reason")
FLAWS = ("crossover", "rebucketed", "exposed_after_outcome")


def judged_experiments():
    """Return experiments.json of one that ships, one that was never seen, and one that was edited."""
    ships = experiment("ships", CONVERTED, guardrails=((FAILED, 0.2),), secondaries=(WAIT,))
    before, edited = experiment("edited"), experiment("edited", mde=0.2)
    marts = facts(
        fact("ships", variant, metric.name, **sums(binary(hits, 40_000)))
        for variant, rates in (("control", (4_000, 800)), ("treatment", (4_800, 800)))
        for metric, hits in zip((CONVERTED, FAILED), rates, strict=True)
    )
    seen = [Seen(before, NIGHT - timedelta(days=10)), Seen(edited, NIGHT - timedelta(days=1))]
    found = phases(ships, edited, experiment("unseen", arms=("a", "b", "c")), seen=seen)
    counted = units({"control": 40_000, "treatment": 40_000}, trial="ships", treatment={"crossovers": 3})
    result = experiments(marts, counted, found, NIGHT)
    start = pd.Timestamp("2026-03-27")
    rows = [(NIGHT, "ships", 1, f"u{i}", "treatment", start, "SPLIT") for i in range(40)]
    assigned = pd.DataFrame(rows, columns=ASSIGNED).assign(**dict.fromkeys(FLAWS, True))
    audited = audit(assigned, counted, [of_experiment(p.experiment, p.trial.phase) for p in found], NIGHT)
    brought = programme([concluded(e, NIGHT) for e in result.experiments], NIGHT)
    more = {"audit": audited.as_artifact(), "programme": brought.as_artifact(), "problems": ["x.yaml: mde: missing"]}
    told = [{"id": e.experiment.id, "phase": e.phase, "before": None} for e in result.news({})]
    return result.as_artifact() | more | {"news": told}


def judged_rollouts():
    """Return rollouts.json of one that is compared, one that is planned, and one that was rolled back."""
    start = datetime.combine(NIGHT - timedelta(days=3), datetime.min.time(), UTC)
    beta = Phase(2, "beta", 5.0, ("internal_testers",), start)
    ended = replace(beta, ends_at=start + timedelta(days=1))
    stands = {
        "search": RolloutState("search", "beta", 5.0, beta.groups, (beta,), ROLLOUT.assignment),
        "planned": RolloutState("planned"),
        "taken_back": RolloutState("taken_back", OFF, 0.0, (), (ended,)),
    }
    marts = pd.DataFrame(
        [
            {"trial_id": "search", "phase": 2, "variant": v, "metric": "errors", "units": n, "sum_y": n * 0.05,
             "sum_yy": n * 0.05, "sum_d": 0.0, "sum_dd": 0.0, "sum_yd": 0.0}
            for v, n in (("on", 2_000), ("off", 38_000))
        ]
    )  # fmt: skip
    counted = units({"on": 2_000, "off": 38_000}, trial="search", phase=2)
    rollouts = [ROLLOUT.model_copy(update={"id": name}) for name in stands]
    return judge_rollouts(rollouts, stands, marts, counted, (), NIGHT).as_artifact() | {"problems": []}


def test_what_is_computed_for_experiments_conforms(conforms):
    found = judged_experiments()
    assert {e["verdict"] for e in found["experiments"]} == {"ship", "invalid", "not computable"}
    assert any(t["samples"] and t["examples"]["crossovers"] for t in found["audit"]["trials"])
    conforms("experiments", found)


def test_what_is_computed_for_rollouts_conforms(conforms):
    found = judged_rollouts()
    assert [r["verdict"] for r in found["rollouts"]] == ["hold", "advance", "done"]
    assert found["rollouts"][0]["guardrails"]
    conforms("rollouts", found)


def test_a_night_without_any_conforms(conforms):
    nothing = experiments(facts([]), units({}), [], date(2026, 3, 28)).as_artifact()
    conforms("experiments", nothing | {"audit": None, "programme": None, "problems": []})
    conforms("rollouts", judge_rollouts([], {}, facts([]), units({}), (), NIGHT).as_artifact() | {"problems": []})


@pytest.mark.parametrize(
    ("name", "key", "broken"),
    [
        ("experiments", "verdict", "maybe"),
        ("experiments", "days_left", -1),
        ("experiments", "ends_on", "soon"),
        ("experiments", "spec_hash", "short"),
        ("experiments", "surprise", 1),
        ("rollouts", "verdict", "ship"),
        ("rollouts", "percentage", 101),
        ("rollouts", "phase", 1.5),
        ("rollouts", "surprise", 1),
    ],
)
def test_what_breaks_a_schema_is_refused(conforms, name, key, broken):
    artifact = getattr(trial_fixtures, name)()
    conforms(name, artifact)
    artifact[name][0][key] = broken
    with pytest.raises(jsonschema.ValidationError):
        conforms(name, artifact)
