"""Rollouts from the first stage to everyone or back, night by night, through the very fold and verdict of Ratchet.

    python benchmarks/bench_rollouts.py [--features 1000] [--nights 150] [--seed 1]

20,000 units a day, each of them new to the stage, an error rate of 5 %, one guardrail with a margin of 10 % relative, the
default stages. Every night is simulated as it would be run: the state is folded from what was published, the verdict is
given by the facts of the present phase, and what it says is published on the day after; the day of a switch belongs to no
phase. Figures go to benchmarks/results/rollouts.json.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ratchet import files
from ratchet.contracts.experiments import Direction, Guardrail, Metric, MetricKind
from ratchet.contracts.rollout_verdicts import RolloutAction
from ratchet.contracts.rollouts import OFF, Phase, Rollout
from ratchet.deploy.decisions import NIGHT, Decision, Kind
from ratchet.deploy.rollouts import folded
from ratchet.measure.rollouts import judge

RESULTS = Path(__file__).parent / "results" / "rollouts.json"
START = date(2026, 1, 1)
UNITS_A_DAY, ERROR_RATE, MARGIN = 20_000, 0.05, 0.10
TESTERS = 12
ROLLOUT = Rollout(
    id="feature",
    flag_key="feature",
    guardrails=(Guardrail(Metric("errors", MetricKind.PROPORTION, Direction.DECREASE), MARGIN),),
)
NO_CHANGES = pd.DataFrame(columns=["kind", "target", "after", "occurred_at"])
KEYS = {"trial_id": ROLLOUT.id, "dimension": "all", "value": ""}


@dataclass(frozen=True)
class Scenario:
    name: str
    effect: float  # on the error rate, relative
    wanted: str


SCENARIOS = (
    Scenario("harmful", 0.20, "rolled back before the 75 % stage in 95 %"),
    Scenario("harmless", 0.00, "reaches 100 % in 90 %"),
    Scenario("better", -0.10, ""),
    Scenario("at the margin", 0.10, "neither is shown: at most 5 % pass a stage, at most 5 % are rolled back in it"),
)


@dataclass(frozen=True)
class Course:
    """What became of one feature: the stages it reached, and the nights until it was over (None where it was not)."""

    reached: tuple[str, ...]
    ended: str
    nights: int | None


def main() -> None:
    options = parsed()
    begin, rows = time.perf_counter(), []
    for scenario in SCENARIOS:
        courses = [course(scenario.effect, options.nights, options.seed + i) for i in range(options.features)]
        rows.append(summary(scenario, courses))
        print(line(rows[-1]), flush=True)
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "platform": platform.platform()}
    setup = {
        "features": options.features,
        "nights": options.nights,
        "seed": options.seed,
        "units_a_day": UNITS_A_DAY,
        "error_rate": ERROR_RATE,
        "margin": MARGIN,
        "alpha": ROLLOUT.alpha,
    }
    files.write_json(
        RESULTS, {"setup": setup, "scenarios": rows, "seconds": time.perf_counter() - begin, "machine": machine}
    )


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=1_000)
    parser.add_argument("--nights", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def course(effect: float, nights: int, seed: int, rollout: Rollout = ROLLOUT) -> Course:
    """Run one feature until it reaches everyone, is rolled back, or the nights are over."""
    rng = np.random.default_rng(seed)
    recorded: list[Decision] = []
    counts = np.zeros((2, 2))  # off and on: units, errors
    phase_seen, reached = 0, []
    for number in range(nights):
        day = START + timedelta(days=number)
        state = folded(rollout, recorded, NO_CHANGES, day)
        if state.phase is not None and state.phase.number != phase_seen:
            phase_seen, counts = state.phase.number, np.zeros((2, 2))
        if state.phase is not None and state.phase.starts_at.date() <= day:
            counts += seen(state.phase, effect, rng)
        verdict = judge(rollout, state, *frames(counts, phase_seen), (), day)
        if verdict.verdict is RolloutAction.DONE:
            return Course(tuple(reached), verdict.stage, number)
        if verdict.next_stage is not None:
            reached.append(verdict.next_stage)
            recorded.append(published(rollout, verdict.next_stage, day + timedelta(days=1)))
            if verdict.next_stage == OFF:
                return Course(tuple(reached), OFF, number)
    return Course(tuple(reached), "", None)


def seen(phase: Phase, effect: float, rng: np.random.Generator) -> np.ndarray:
    """Return one day's units and errors, without the feature and with it."""
    on = rng.binomial(UNITS_A_DAY, phase.percentage / 100) if phase.randomised else 0
    off = UNITS_A_DAY - on if phase.randomised else 0
    if phase.percentage == 0:
        on = TESTERS
    errors = rng.binomial(off, ERROR_RATE), rng.binomial(on, ERROR_RATE * (1 + effect))
    return np.array([[off, errors[0]], [on, errors[1]]], dtype=float)


def frames(counts: np.ndarray, phase: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of both marts that the counts make."""
    base = {"variant": list(ROLLOUT.variants), "phase": phase, "units": counts[:, 0]} | KEYS
    sums = {"sum_y": counts[:, 1], "sum_yy": counts[:, 1], "sum_d": 0.0, "sum_dd": 0.0, "sum_yd": 0.0}
    return pd.DataFrame(base | sums | {"metric": "errors"}), pd.DataFrame(base)


def published(rollout: Rollout, stage: str, day: date) -> Decision:
    facts = rollout.publication(None if stage == OFF else rollout.stage(stage))
    return Decision(f"to {stage}", 1, Kind.DEPLOYED, day, NIGHT, "", facts)


def summary(scenario: Scenario, courses: list[Course]) -> dict[str, Any]:
    nights = {
        name: sorted(c.nights for c in courses if c.ended == name and c.nights is not None)
        for name in ("everyone", OFF)
    }
    return {
        "scenario": scenario.name,
        "effect": scenario.effect,
        "wanted": scenario.wanted,
        "features": len(courses),
        "rolled_back_before_most": share(c.ended == OFF and "most" not in c.reached for c in courses),
        "rolled_back": share(c.ended == OFF for c in courses),
        "reached_most": share("most" in c.reached for c in courses),
        "reached_everyone": share(c.ended == "everyone" for c in courses),
        "passed_beta": share("quarter" in c.reached for c in courses),
        "nights_to_everyone": quantiles(nights["everyone"]),
        "nights_to_roll_back": quantiles(nights[OFF]),
    }


def share(found: Any) -> float:
    return float(np.mean(list(found)))


def quantiles(nights: list[int]) -> dict[str, float] | None:
    if not nights:
        return None
    return {name: float(np.quantile(nights, q)) for name, q in (("p5", 0.05), ("p50", 0.5), ("p95", 0.95))}


def line(row: dict[str, Any]) -> str:
    ends = [row["nights_to_everyone"], row["nights_to_roll_back"]]
    times = " / ".join("-" if e is None else f"{e['p5']:.0f}-{e['p50']:.0f}-{e['p95']:.0f}" for e in ends)
    return (
        f"{row['scenario']:14} {row['effect']:+.0%}  rolled back before 75 %: {row['rolled_back_before_most']:6.1%}  "
        f"at all: {row['rolled_back']:6.1%}  reaches 100 %: {row['reached_everyone']:6.1%}  "
        f"nights (5-50-95 %) to everyone / to roll back: {times}"
    )


if __name__ == "__main__":
    main()
