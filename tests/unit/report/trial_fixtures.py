"""Results of experiments and rollouts by hand, as the steps store them; a test holds them against the schemas."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.unit.report.lifts import DAY, lift, none
from tests.unit.report.rollout_fixtures import guardrail, phases, rollout, rollouts

_P = {"better": 0.012, "worse": 0.012, "undecided": 0.62, "safe": 1.0, "harmed": 0.0008}


def comparison(
    metric: str, role: str, outcome: str, change: dict[str, Any], arm: str = "treatment", **changes: Any
) -> dict[str, Any]:
    """Return one metric of one arm."""
    value, base = change["value"], 0.117 if changes.get("kind", "proportion") == "proportion" else 812.0
    known = value is not None
    treated = lift(base * (1 + value), base * 0.05, 12_000) if known else none("too few units")
    found = {
        "metric": metric,
        "kind": "proportion",
        "role": role,
        "direction": "increase",
        "margin": None,
        "arm": arm,
        "control": lift(base, base * 0.05, 12_000),
        "treatment": treated,
        "difference": lift(base * value, base * 0.04) if known else none("too few units"),
        "lift": change,
        "single_look": lift(value, 0.02) if known else none("too few units"),
        "single_look_p": 0.01 if known else None,
        "p": _P.get(outcome),
        "adjusted_p": _P.get(outcome),
        "outcome": outcome,
        "pairs": None,
    }
    return found | changes


def units(*counts: int, **changes: Any) -> dict[str, Any]:
    """Return what the units of an experiment say about themselves."""
    return {
        "units": list(counts),
        "expected_shares": [1 / len(counts)] * len(counts),
        "sample_ratio_p": 0.62,
        "worst_slices": [],
        "crossovers": 0,
        "rebucketed": 0,
        "exposed_after_outcome": 0,
        "first_day": "2026-10-31",
        "units_a_day": 1200.0,
        "doubt": "",
    } | changes


def experiment(
    name: str, verdict: str, reason: str, compared: list[dict[str, Any]], seen: dict[str, Any], **changes: Any
) -> dict[str, Any]:
    """Return one phase of an experiment."""
    arms = changes.pop("arms", ["control", "treatment"])
    return {
        "id": name,
        "phase": 1,
        "hypothesis": "People accept more answers when each one names its sources.",
        "flag_key": f"{name}_flag",
        "unit_type": "user",
        "design": "parallel",
        "mde": 0.05,
        "alpha": 0.05,
        "power": 0.8,
        "horizon_days": 28,
        "spec_hash": "0123456789abcdef",
        "arms": [{"name": a, "weight": 50} for a in arms],
        "primary": "accepted",
        "verdict": verdict,
        "reason": reason,
        "arm": "treatment" if verdict == "ship" else "",
        "days_left": 9 if verdict == "keep running" else None,
        "edited_on": None,
        "started_on": "2026-10-31",
        "ends_on": "2026-12-04",
        "units": seen,
        "sample": {"tuned": 32768, "single_look": 18400, "every_night": 31900, "detectable": 0.061},
        "comparisons": compared,
    } | changes


def usual() -> list[dict[str, Any]]:
    """Return one experiment of each verdict, and the phase that an edit ended."""
    slow = {"kind": "mean", "direction": "decrease"}
    guarded = {"role": "guardrail", "direction": "decrease", "margin": 0.1}
    return [
        experiment(
            "answers_with_sources",
            "ship",
            "accepted is better with treatment: +8.4 %, and the interval leaves out no change, and all 2 guardrails "
            "are within the margin",
            [
                comparison("accepted", "primary", "better", lift(0.084, 0.041), p=0.0004, adjusted_p=0.00004),
                comparison("failure_rate", outcome="safe", change=lift(-0.011, 0.07), **guarded),
                comparison("latency_ms", outcome="safe", change=lift(0.032, 0.05), **guarded | slow),
                comparison("cost_usd", "secondary", "undecided", lift(0.012, 0.046), **slow),
            ],
            units(16_214, 16_090),
            sample={"tuned": 32768, "single_look": 18400, "every_night": 31900, "detectable": 0.049},
        ),
        experiment(
            "longer_context",
            "roll back",
            "latency_ms is worse with treatment than its margin allows (+31.6 %)",
            [
                comparison("accepted", "primary", "undecided", lift(0.021, 0.083)),
                comparison("latency_ms", outcome="harmed", change=lift(0.316, 0.142), **guarded | slow),
            ],
            units(4_980, 5_041),
            hypothesis="A context of twice the length answers more questions at once.",
        ),
        experiment(
            "tone_of_voice",
            "keep running",
            "no clear difference yet",
            [
                comparison("accepted", "primary", "undecided", lift(0.031, 0.068), arm="friendly"),
                comparison("accepted", "primary", "undecided", lift(-0.009, 0.071), arm="brief"),
                comparison("failure_rate", outcome="undecided", change=lift(0.041, 0.11), arm="friendly", **guarded),
                comparison("failure_rate", outcome="safe", change=lift(-0.052, 0.11), arm="brief", **guarded),
            ],
            units(4_110, 4_071, 4_168, crossovers=7),
            arms=["control", "friendly", "brief"],
            phase=2,
            edited_on=DAY.isoformat(),
            hypothesis="People accept answers more often in a friendlier or a briefer tone.",
        ),
        experiment(
            "tone_of_voice",
            "invalid",
            "the experiment was edited; what was seen before counts as a phase of its own",
            [comparison("accepted", "primary", "undecided", lift(0.012, 0.09), arm="friendly")],
            units(2_000, 1_980),
            ends_on=(DAY - timedelta(days=9)).isoformat(),
        ),
        experiment(
            "shorter_onboarding",
            "inconclusive",
            "it has ended without a clear difference; an effect of 4.6 % would probably have been found, as planned",
            [comparison("accepted", "primary", "undecided", lift(0.004, 0.043))],
            units(20_100, 20_034),
            started_on="2026-10-01",
            ends_on="2026-11-04",
        ),
        experiment(
            "search_ranking",
            "invalid",
            "sample ratio mismatch: 5,500 / 4,500 units where 50.0 % / 50.0 % were expected (p = 2e-23)",
            [comparison("accepted", "primary", "better", lift(0.062, 0.05))],
            units(
                5_500,
                4_500,
                sample_ratio_p=2e-23,
                crossovers=31,
                exposed_after_outcome=4,
                worst_slices=[{"dimension": "service", "value": "mobile", "units": [2100, 1204], "p": 4e-30}],
            ),
        ),
        experiment(
            "voice_input",
            "not computable",
            "no exposures yet",
            [],
            units(0, 0, sample_ratio_p=None, first_day=None),
            started_on=None,
            ends_on=None,
            sample={"tuned": None, "single_look": None, "every_night": None, "detectable": None},
        ),
    ]


def trial_audit(name: str, phase: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the audit of one phase."""
    return {
        "trial_id": name,
        "phase": phase,
        "hash": "flagd",
        "verdict": "agrees",
        "reason": "all 8,412 units met the variant of their bucket",
        "checked": 8412,
        "disagreeing": 0,
        "masked": 0,
        "fits": "",
        "samples": [],
        "units": 24_000,
        "crossovers": 0,
        "moved": 0,
        "exposed_after_outcome": 0,
        "examples": {"crossovers": [], "moved": [], "exposed_after_outcome": []},
    } | changes


def audit() -> dict[str, Any]:
    """Return an audit: one trial disagrees, one cannot be computed, one lists units."""
    wrong = [
        {
            "unit_id": f"u-{i}",
            "logged": "treatment",
            "expected": "control",
            "first_exposed_at": f"2026-11-18T0{i}:12:00+00:00",
        }
        for i in range(3)
    ]
    words = "412 of 3,300 units met another variant than that of their bucket, from 2026-11-14 02:10 to 23:58 UTC"
    return {
        "artifact": "audit",
        "as_of": DAY.isoformat(),
        "trials": [
            trial_audit("answers_with_sources", masked=12),
            trial_audit("longer_context"),
            trial_audit(
                "search_ranking",
                verdict="disagrees",
                reason=words,
                checked=3300,
                disagreeing=412,
                samples=wrong,
                examples={"crossovers": ["u-77", "u-91"], "moved": [], "exposed_after_outcome": ["u-5"]},
            ),
            trial_audit("tone_of_voice", 2, examples={"crossovers": ["u-3"], "moved": [], "exposed_after_outcome": []}),
            trial_audit(
                "shorter_onboarding",
                verdict="not computable",
                reason="no unit met the flag for the first time in the last seven landing days",
                checked=0,
                disagreeing=None,
            ),
            trial_audit("smart_search", 3),
        ],
    }


def programme() -> dict[str, Any]:
    """Return what eight ended experiments brought."""
    ended = (("ship", 0.084, 0.061, 0.05), ("inconclusive", 0.004, 0.009, None), ("roll back", -0.04, -0.027, None))
    lifts = [
        {
            "experiment_id": f"ended_{i}",
            "verdict": ended[i % 3][0],
            "measured": ended[i % 3][1],
            "expected": lift(ended[i % 3][2], 0.03, 8),
            "realised": ended[i % 3][3] and lift(ended[i % 3][3], 0.03),
        }
        for i in range(8)
    ]
    return {
        "as_of": DAY.isoformat(),
        "verdicts": {"inconclusive": 3, "invalid": 1, "roll back": 2, "ship": 3},
        "improved": {"value": 3 / 8, "n": 8, "low": 0.137, "high": 0.694},
        "lifts": lifts,
        "overstated": lift(0.023, 0.0, 3)
        | {"low": None, "high": None, "reason": "an average of shrunk estimates has no interval here"},
        "realised": {"value": 0.82, "n": 3, "low": 0.51, "high": 1.13},
    }


def experiments(found: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """Return experiments.json."""
    return {
        "artifact": "experiments",
        "as_of": DAY.isoformat(),
        "reason": "",
        "experiments": usual() if found is None else found,
        "news": [{"id": "answers_with_sources", "phase": 1, "before": "keep running"}],
        "audit": audit(),
        "programme": programme(),
        "problems": ["experiments/price_test.yaml: weights: must be a whole number from 1 to 1000000"],
    } | changes


def nothing(name: str) -> dict[str, Any]:
    """Return an artifact of a night on which no experiment or rollout is registered."""
    found = experiments([], news=[], audit=None, problems=[]) if name == "experiments" else rollouts([])
    none_yet = {"programme": programme() | {"verdicts": {}, "lifts": []}} if name == "experiments" else {}
    return found | none_yet | {"reason": f"no {name.removesuffix('s')} is registered"}


def crowded() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return 300 experiments of 20 arms with five metrics each, and 200 rollouts."""
    return many(lambda i: f"a_rather_long_name_of_an_experiment_{i}", lambda i: f"arm_{i}")


def hostile(attacks: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return experiments and rollouts in which every text is an attack."""
    return many(
        lambda i: attacks[i % len(attacks)] + str(i), lambda i: attacks[i % len(attacks)] + str(i), len(attacks)
    )


def many(name: Any, arm: Any, n: int = 300) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return many experiments of 20 arms and rollouts whose texts come from two functions of a number."""
    arms = [arm(i) for i in range(20)]
    metrics = [arm(i) for i in range(5)]
    compared = [
        comparison(m, "primary" if i == 0 else "secondary", "undecided", lift(0.01 * j, 0.1), arm=a)
        for i, m in enumerate(metrics)
        for j, a in enumerate(arms[1:])
    ]
    entries = [
        experiment(name(i), "keep running", name(i), compared, units(*[600] * 20), arms=arms, hypothesis=name(i),
                   flag_key=name(i))
        for i in range(n)
    ]  # fmt: skip
    wrong = [{"unit_id": name(i), "logged": name(i), "expected": name(i), "first_exposed_at": ""} for i in range(20)]
    examples = {k: [name(i) for i in range(5)] for k in ("crossovers", "moved", "exposed_after_outcome")}
    audited = [
        trial_audit(name(i), verdict="disagrees", reason=name(i), samples=wrong, examples=examples, moved=1)
        for i in range(n)
    ]
    guards = [guardrail(arm(i), "open", lift(0.01, 0.1)) for i in range(12)]
    plan = [{"stage": name(i), "percentage": 5.0 * i, "groups": [name(i)]} for i in range(20)]
    passed = [p | {"stage": name(i), "groups": [name(i)]} for i, p in enumerate(phases([9, 7, 5, 3]))]
    moving = [
        rollout(name(i), "hold", name(i), passed, guardrails=guards, plan=plan, description=name(i), flag_key=name(i))
        for i in range(n)
    ]
    news = [{"id": name(i), "phase": 1, "before": None} for i in range(n)]
    problems = [name(i) for i in range(50)]
    return (
        experiments(entries, audit=audit() | {"trials": audited}, news=news, problems=problems),
        rollouts(moving, problems=problems),
    )
