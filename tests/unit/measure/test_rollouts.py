from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from ratchet.contracts.experiments import Guardrail
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.contracts.rollout_states import RolloutState
from ratchet.contracts.rollout_verdicts import Finding, Recovered, RolloutAction
from ratchet.contracts.rollouts import NOT_STARTED, OFF, Mover, Phase, Rollout
from ratchet.measure.guardrails import judge_guardrails, planned_error
from ratchet.measure.rollouts import judge, judge_rollouts
from ratchet.objectives import Metric as Health
from ratchet.objectives import Objective

DAY = date(2026, 11, 20)
ERRORS = Metric("errors", MetricKind.PROPORTION, Direction.DECREASE)
USEFUL = Metric("useful", MetricKind.PROPORTION, Direction.INCREASE)
ROLLOUT = Rollout(id="search", flag_key="search", guardrails=(Guardrail(ERRORS, 0.1),))
OBJECTIVES = (Objective(Health.SUCCESS_RATE, 0.9, 0.75),)
COLUMNS = ["units", "sum_y", "sum_yy", "sum_d", "sum_dd", "sum_yd"]


def phase(stage="beta", percentage=5.0, days=3, number=2, groups=("internal_testers",)):
    start = datetime.combine(DAY - timedelta(days=days - 1), datetime.min.time(), UTC)
    return Phase(number, stage, percentage, groups, start, assignment=ROLLOUT.assignment)


def state(found=None, rollout=ROLLOUT, **changed):
    found = found or phase()
    made = RolloutState(rollout.id, found.stage, found.percentage, found.groups, (found,), rollout.assignment)
    return replace(made, **changed)


def row(variant, metric, units, hits, number=2, **sums):
    base = {"trial_id": "search", "phase": number, "variant": variant, "metric": metric, "units": units}
    return base | dict.fromkeys(COLUMNS[1:], 0.0) | {"sum_y": hits, "sum_yy": hits} | sums


def facts(*rows):
    return pd.DataFrame(rows, columns=["trial_id", "phase", "variant", "metric", *COLUMNS])


def units(on, off, number=2, **more):
    base = {"trial_id": "search", "phase": number, "dimension": "all", "value": ""} | more
    return pd.DataFrame([{**base, "variant": "on", "units": on}, {**base, "variant": "off", "units": off}])


def judged(on, off, rates=(0.05, 0.05), rollout=ROLLOUT, at=None, counts=None, metric="errors"):
    rows = facts(row("on", metric, on, rates[0] * on), row("off", metric, off, rates[1] * off))
    return judge(
        rollout, at or state(rollout=rollout), rows, units(on, off) if counts is None else counts, OBJECTIVES, DAY
    )


NOTHING = facts(), units(0, 0)


def test_a_safe_feature_advances_and_says_why():
    told = judged(50_000, 950_000)
    assert told.verdict is RolloutAction.ADVANCE
    assert (told.stage, told.next_stage, told.next_percentage) == ("beta", "quarter", 25)
    assert told.guardrails[0].finding is Finding.SAFE
    assert "72 hours" in told.reason
    assert told.guardrails[0].lift.high < 0.1


def test_a_harmful_feature_is_rolled_back_as_soon_as_harm_is_established():
    told = judged(50_000, 950_000, rates=(0.06, 0.05))
    assert told.verdict is RolloutAction.ROLL_BACK
    assert (told.next_stage, told.next_percentage) == (OFF, 0.0)
    assert "errors is worse" in told.reason
    assert told.guardrails[0].lift.low > 0.1


def test_a_better_feature_is_not_taken_for_a_harmful_one_whatever_the_direction():
    useful = ROLLOUT.model_copy(update={"guardrails": (Guardrail(USEFUL, 0.1),)})
    better, worse = (0.06, 0.05), (0.04, 0.05)
    assert judged(50_000, 950_000, better, useful, metric="useful").verdict is RolloutAction.ADVANCE
    assert judged(50_000, 950_000, worse, useful, metric="useful").verdict is RolloutAction.ROLL_BACK
    assert judged(50_000, 950_000, worse).verdict is RolloutAction.ADVANCE


def test_it_holds_while_the_guardrail_is_open_and_says_about_how_long():
    told = judged(3_000, 57_000)
    assert told.verdict is RolloutAction.HOLD
    assert "is not yet shown to keep its margin of 10.0%" in told.reason
    assert "more days if it is harmless" in told.reason
    assert told.guardrails[0].more_days > 10


def test_no_significant_difference_alone_never_advances():
    """A tiny sample shows nothing, which is no proof of safety."""
    assert judged(600, 11_400).verdict is RolloutAction.HOLD


def test_it_holds_until_the_stage_has_had_its_time():
    told = judged(250_000, 750_000, at=state(phase("quarter", 25.0, days=1)))
    assert told.verdict is RolloutAction.HOLD
    assert told.reason == "24 of 48 hours in this stage"


def test_it_holds_below_the_minimum_sample_and_judges_nothing():
    told = judged(499, 9_501, rates=(0.5, 0.05))
    assert (told.verdict, told.guardrails) == (RolloutAction.HOLD, ())
    assert told.reason == "499 units with the feature, 500 are needed"


def test_a_broken_sample_ratio_stops_an_advance_but_no_roll_back():
    told = judged(50_000, 950_000, counts=units(48_000, 952_000))
    assert told.verdict is RolloutAction.HOLD
    assert "sample ratio is broken" in told.reason
    assert judged(50_000, 950_000, (0.06, 0.05), counts=units(48_000, 952_000)).verdict is RolloutAction.ROLL_BACK


@pytest.mark.parametrize(("on", "off", "who"), [(0, 100, "with"), (100, 0, "without"), (0, 0, "with")])
def test_an_arm_without_units_is_no_data(on, off, who):
    told = judged(on, off)
    assert told.verdict is RolloutAction.NO_DATA
    assert f"no unit {who} the feature" in told.reason


@pytest.mark.parametrize(
    ("on", "off", "why"),
    [
        ((0, 0.0), (0, 0.0), "an arm has no units"),
        ((50_000, float("nan")), (950_000, 47_500), "an arm has no values"),
        ((50_000, 2_500), (950_000, float("inf")), "an arm has no values"),
        ((50_000, 0.0), (950_000, 0.0), "the value without the feature is 0"),
        ((50_000, 50_000.0), (950_000, 950_000.0), "no unit differs from another"),
    ],
)
def test_what_cannot_be_computed_holds_and_says_why(on, off, why):
    rows = facts(row("on", "errors", *on), row("off", "errors", *off))
    told = judge(ROLLOUT, state(), rows, units(50_000, 950_000), OBJECTIVES, DAY)
    assert told.verdict is RolloutAction.HOLD
    assert why in told.reason
    assert told.guardrails[0].finding is Finding.NOT_COMPUTABLE


def test_a_metric_without_rows_holds():
    told = judge(ROLLOUT, state(), facts(), units(50_000, 950_000), OBJECTIVES, DAY)
    assert (told.verdict, told.guardrails[0].finding) == (RolloutAction.HOLD, Finding.NOT_COMPUTABLE)


def test_every_guardrail_must_be_safe_and_one_is_enough_to_stop():
    both = ROLLOUT.model_copy(update={"guardrails": (Guardrail(ERRORS, 0.1), Guardrail(USEFUL, 0.1))})
    counts = units(50_000, 950_000)
    good = [row("on", "errors", 50_000, 2_500), row("off", "errors", 950_000, 47_500)]
    for hits, verdict in ((25_000, RolloutAction.ADVANCE), (20_000, RolloutAction.ROLL_BACK)):
        useful = [row("on", "useful", 50_000, hits), row("off", "useful", 950_000, 475_000)]
        assert judge(both, state(rollout=both), facts(*good, *useful), counts, OBJECTIVES, DAY).verdict is verdict
    few = [row("on", "useful", 100, 50), row("off", "useful", 1_900, 950)]
    assert judge(both, state(rollout=both), facts(*good, *few), counts, OBJECTIVES, DAY).verdict is RolloutAction.HOLD


def test_only_the_present_phase_counts():
    now = [row("on", "errors", 50_000, 2_500), row("off", "errors", 950_000, 47_500)]
    before = [row("on", "errors", 50_000, 9_000, number=1), row("off", "errors", 950_000, 47_500, number=1)]
    counts = pd.concat([units(50_000, 950_000), units(1, 999_999, number=1)])
    found = judge(ROLLOUT, state(), facts(*now, *before), counts, OBJECTIVES, DAY)
    assert found == judge(ROLLOUT, state(), facts(*now), units(50_000, 950_000), OBJECTIVES, DAY)
    assert (found.verdict, found.units_on) == (RolloutAction.ADVANCE, 50_000)


def internal(successes, requests, testers=5, rollout=None, days=2, objectives=OBJECTIVES):
    rollout = rollout or ROLLOUT.model_copy(update={"objectives": ("success_rate",)})
    rows = facts(row("on", "success_rate", testers, successes, sum_d=requests))
    at = state(phase("internal", 0.0, days=days), rollout=rollout)
    return judge(rollout, at, rows, units(testers, 0), objectives, DAY)


def test_the_internal_stage_is_judged_by_its_objectives_and_compared_with_nothing():
    told = internal(285, 300)
    assert (told.verdict, told.next_stage, told.guardrails) == (RolloutAction.ADVANCE, "beta", ())
    assert told.objectives[0].met is True
    assert "few and not random" in told.reason


@pytest.mark.parametrize(
    ("changed", "verdict", "said"),
    [
        ({"successes": 240}, RolloutAction.HOLD, "success_rate is breached"),
        ({"successes": 150}, RolloutAction.ROLL_BACK, "success_rate is critical"),
        ({"successes": 19, "requests": 20}, RolloutAction.HOLD, "too few observations: 20"),
        ({"testers": 2}, RolloutAction.HOLD, "2 units with the feature, 3 are needed"),
        ({"testers": 0}, RolloutAction.NO_DATA, "no member of its groups"),
        ({"days": 1, "rollout": None, "objectives": ()}, RolloutAction.HOLD, "objective success_rate is not set"),
        ({"rollout": ROLLOUT}, RolloutAction.ADVANCE, "only time and sample count"),
    ],
)
def test_the_internal_stage_holds_rolls_back_and_lacks_data(changed, verdict, said):
    told = internal(**({"successes": 285, "requests": 300} | changed))
    assert told.verdict is verdict
    assert said in told.reason


@pytest.mark.parametrize(
    ("slow", "very_slow", "verdict", "said"),
    [
        (5, 0, RolloutAction.ADVANCE, "no objective is breached"),
        (
            30,
            5,
            RolloutAction.HOLD,
            "latency_p95_ms is breached: 90.0% of 300 took no longer than 10,000 ms, wanted 95.0%",
        ),
        (90, 60, RolloutAction.ROLL_BACK, "latency_p95_ms is critical"),
    ],
)
def test_latency_judges_the_internal_stage_by_the_share_of_requests_above_its_lines(slow, very_slow, verdict, said):
    rollout = ROLLOUT.model_copy(update={"objectives": ("latency_p95_ms",)})
    wanted = (Objective(Health.LATENCY_P95_MS, 10_000, 30_000),)
    names = [m.name for m in wanted[0].trial_metrics]
    rows = facts(*(row("on", n, 5, above, sum_d=300) for n, above in zip(names, (slow, very_slow), strict=True)))
    at = state(phase("internal", 0.0, days=2), rollout=rollout)
    told = judge(rollout, at, rows, units(5, 0), wanted, DAY)
    assert told.verdict is verdict
    assert said in told.reason
    assert told.objectives[0].wanted == 0.95


def test_a_rollout_begins_with_its_first_stage():
    told = judge(ROLLOUT, RolloutState("search"), *NOTHING, OBJECTIVES, DAY)
    assert (told.verdict, told.stage, told.next_stage) == (RolloutAction.ADVANCE, NOT_STARTED, "internal")
    assert "internal_testers" in told.reason


def test_full_exposure_without_a_holdback_is_stated_as_not_judged():
    told = judged(1_000_000, 0, at=state(phase("everyone", 100.0)))
    assert (told.verdict, told.guardrails) == (RolloutAction.DONE, ())
    assert "before against after, not judged" in told.reason


def test_full_exposure_is_judged_by_its_holdback():
    held = ROLLOUT.model_copy(update={"holdback_pct": 5.0})
    at = state(phase("everyone", 95.0), rollout=held)
    told = judged(950_000, 50_000, rollout=held, at=at)
    assert told.verdict is RolloutAction.DONE
    assert "holdback of 5%" in told.reason
    assert judged(950_000, 50_000, (0.06, 0.05), held, at).verdict is RolloutAction.ROLL_BACK
    assert judged(9_500, 500, rollout=held, at=at).verdict is RolloutAction.HOLD


@pytest.mark.parametrize(
    ("at", "verdict", "said"),
    [
        (state(stage=OFF), RolloutAction.DONE, "raise `attempt`"),
        (state(phase(days=0)), RolloutAction.NO_DATA, "not been in force"),
        (state(phases=()), RolloutAction.NO_DATA, "nobody has it"),
    ],
)
def test_what_is_over_or_not_yet_in_force_is_not_judged(at, verdict, said):
    told = judged(50_000, 950_000, (0.07, 0.05), at=at)
    assert told.verdict is verdict
    assert said in told.reason


@pytest.mark.parametrize(
    ("at", "said"), [(state(edited=True), "assigns units otherwise"), (state(stage="gone"), "no stage “gone”")]
)
def test_an_edit_of_the_file_holds_an_advance_and_never_a_roll_back(at, said):
    told = judged(50_000, 950_000, at=at)
    assert told.verdict is RolloutAction.HOLD
    assert said in told.reason
    assert judged(50_000, 950_000, (0.07, 0.05), at=at).verdict is RolloutAction.ROLL_BACK


def test_the_variants_that_were_published_are_judged():
    renamed = ROLLOUT.model_copy(update={"variants": ("old", "new")})
    at = state(edited=True)
    assert judged(50_000, 950_000, (0.07, 0.05), renamed, at).verdict is RolloutAction.ROLL_BACK


def test_the_artifact_is_plain_and_complete():
    states = {"search": state()}
    rows = facts(row("on", "errors", 50_000, 2_500), row("off", "errors", 950_000, 47_500))
    found = judge_rollouts([ROLLOUT], states, rows, units(50_000, 950_000), OBJECTIVES, DAY).as_artifact()
    (entry,) = found["rollouts"]
    assert (entry["verdict"], entry["plan"][1]["percentage"], entry["phases"][0]["hours"]) == ("advance", 5, 72)
    assert entry["plan"][1]["groups"] == ["internal_testers"]
    assert entry["guardrails"][0]["lift"]["high"] < 0.1
    assert entry["moved_by"] == Mover.RATCHET
    empty = judge_rollouts([], {}, *NOTHING, OBJECTIVES, DAY).as_artifact()
    assert (empty["rollouts"], empty["reason"]) == ([], "no rollout is registered")


def arm(metric, values, denominators=None):
    y = np.asarray(values, dtype=float)
    d = np.zeros(len(y)) if denominators is None else np.asarray(denominators, dtype=float)
    sums = [len(y), y.sum(), (y * y).sum(), d.sum(), (d * d).sum(), (y * d).sum()]
    return pd.DataFrame([sums], index=[metric.name], columns=COLUMNS)


@pytest.mark.parametrize("kind", [MetricKind.PROPORTION, MetricKind.MEAN, MetricKind.RATIO])
def test_each_kind_of_metric_is_judged(kind):
    rng = np.random.default_rng(5)
    metric = Metric("m", kind, Direction.DECREASE)
    size = 60_000
    asked = rng.integers(1, 4, size) if kind is MetricKind.RATIO else None
    n = np.ones(size, dtype=int) if asked is None else asked
    control = arm(metric, rng.binomial(n, 0.2), asked)
    for rate, finding in ((0.2, Finding.SAFE), (0.25, Finding.HARM)):
        (told,) = judge_guardrails(
            [Guardrail(metric, 0.1)], control, arm(metric, rng.binomial(n, rate), asked), 0.05, 1
        )
        assert told.finding is finding
        assert told.control == pytest.approx(0.2, abs=0.01)


def test_the_planned_error_is_the_one_at_which_a_harmless_feature_is_mostly_safe():
    """Hand-computed: k = 2.776 at α = 0.05 one-sided, z(0.8) = 0.842."""
    assert planned_error(0.1, 0.05) == pytest.approx(0.1 / 3.62, rel=0.01)


def test_at_the_margin_itself_hardly_anything_is_ever_shown_to_be_safe():
    """1,000 features exactly at the margin, looked at for 20 nights: a plain one-sided test passes far too many."""
    rng = np.random.default_rng(11)
    nights, features, size = 20, 1_000, 5_000
    metrics = [Metric(f"m{i}", MetricKind.PROPORTION, Direction.DECREASE) for i in range(features)]
    guardrails = [Guardrail(metric, 0.1) for metric in metrics]
    on, off = (rng.binomial(size, rate, (nights, features)).cumsum(axis=0) for rate in (0.055, 0.05))
    safe, plain = np.zeros(features, bool), np.zeros(features, bool)
    for night in range(nights):
        n = size * (night + 1)
        told = judge_guardrails(guardrails, *(_counted(metrics, n, hits[night]) for hits in (off, on)), 0.05, 1)
        safe |= np.array([each.finding is Finding.SAFE for each in told])
        a, b = 1.1 * off[night] / n, on[night] / n
        plain |= (a - b) / np.sqrt((1.21 * off[night] / n + b) * 0.95 / n) > 1.645
    assert safe.mean() <= 0.05
    assert plain.mean() > 0.1


def _counted(metrics, n, hits):
    rows = dict.fromkeys(COLUMNS, 0.0) | {"units": n, "sum_y": hits, "sum_yy": hits}
    return pd.DataFrame(rows, index=[metric.name for metric in metrics], columns=COLUMNS)


def test_an_edit_under_way_is_shown():
    looser = ROLLOUT.model_copy(update={"guardrails": (Guardrail(ERRORS, 0.2),)})
    published = state(spec_hash=ROLLOUT.spec_hash)
    assert judged(50_000, 950_000, at=published).edited is False
    assert judged(50_000, 950_000, rollout=looser, at=published).edited is True


def test_more_guardrails_ask_for_more_to_stop_and_for_no_less_to_advance():
    """Any of them can stop a rollout, so that each must show harm more surely; all of them must be safe."""
    metrics = [Metric(f"m{i}", MetricKind.PROPORTION, Direction.DECREASE) for i in range(20)]
    guardrails = [Guardrail(metric, 0.1) for metric in metrics]
    arms = _counted(metrics, 20_000, np.full(20, 1_000)), _counted(metrics, 20_000, np.full(20, 1_280))
    alone, together = (judge_guardrails(guardrails[:n], *arms, 0.05, 1)[0] for n in (1, 20))
    assert (alone.finding, together.finding) == (Finding.HARM, Finding.OPEN)
    assert alone.lift == together.lift


def rolled_back(rates=(0.05, 0.05), counts=(5_000, 95_000), days=5, percentage=5.0, rollout=ROLLOUT, more=()):
    """Judge a rollout that was rolled back `days` ago by the units of its last stage."""
    midnight = datetime.combine(DAY - timedelta(days=days), datetime.min.time(), UTC)
    last = replace(phase("beta" if percentage else "internal", percentage, days=days + 3), ends_at=midnight)
    at = state(last, rollout=rollout, stage=OFF, percentage=0.0, groups=())
    of_units = zip(("on", "off"), counts, rates, strict=True)
    rows = [row(v, "errors", n, n * rate) | {"trial_id": "search:after"} for v, n, rate in of_units]
    return judge(rollout, at, facts(*rows, *more), units(0, 0), OBJECTIVES, DAY)


@pytest.mark.parametrize(
    ("changed", "finding", "said"),
    [
        ({"counts": (50_000, 950_000)}, Recovered.YES, "errors is back within its margin of 10.0%"),
        ({"rates": (0.08, 0.05)}, Recovered.NOT_YET, "errors is worse than its margin of 10.0% allows"),
        ({"counts": (600, 95_000)}, Recovered.UNKNOWN, "errors is not yet shown to keep its margin"),
        ({"counts": (20, 95_000)}, Recovered.UNKNOWN, "only 20 units in an arm of that stage"),
        ({"days": 0}, Recovered.UNKNOWN, "it was turned off only now"),
        ({"percentage": 0.0}, Recovered.UNKNOWN, "no objective is set"),
    ],
)
def test_after_a_roll_back_those_who_had_the_feature_are_held_against_those_who_had_not(changed, finding, said):
    told = rolled_back(**changed)
    assert (told.verdict, told.stage) == (RolloutAction.DONE, OFF)
    assert told.recovery.finding is finding
    assert said in told.recovery.reason
    assert all(g.lift.low < g.lift.number < g.lift.high for g in told.recovery.guardrails)


@pytest.mark.parametrize(
    ("successes", "finding"), [(285, Recovered.YES), (240, Recovered.NOT_YET), (19, Recovered.UNKNOWN)]
)
def test_after_the_internal_stage_its_objectives_say_whether_its_members_recovered(successes, finding):
    rollout = ROLLOUT.model_copy(update={"objectives": ("success_rate",)})
    requests = 300 if successes > 20 else 20
    more = [row("on", "success_rate", 5, successes, sum_d=requests) | {"trial_id": "search:after"}]
    assert rolled_back(percentage=0.0, rollout=rollout, more=more).recovery.finding is finding


def test_a_rollout_that_was_not_rolled_back_has_nothing_to_recover_from():
    assert judged(50_000, 950_000).recovery is None
