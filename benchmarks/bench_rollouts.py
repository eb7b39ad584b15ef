"""Rollouts from the first stage to everyone or back, night by night, through the very fold and verdict of Ratchet.

    python benchmarks/bench_rollouts.py [--features 1000] [--nights 150] [--seed 1]

20,000 users a day, an error rate of 5 %, one guardrail with a margin of 10 % relative, the default stages. Either every
day brings users who are new to the stage (a share of users with an error), or the same 60,000 return, some of them with far
more errors than others (errors a request, the variance by the delta method). Every night is simulated as it would be run: the state is folded from what was published, the verdict is
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
from ratchet.contracts.experiments import Guardrail
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.contracts.rollout_verdicts import RolloutAction
from ratchet.contracts.rollouts import OFF, Rollout
from ratchet.deploy.decisions import NIGHT, Decision, Kind
from ratchet.deploy.rollouts import folded
from ratchet.measure.rollouts import judge

RESULTS = Path(__file__).parent / "results" / "rollouts.json"
START = date(2026, 1, 1)
UNITS_A_DAY, ERROR_RATE, MARGIN = 20_000, 0.05, 0.10
TESTERS, POOL, SPREAD = 12, 60_000, 20  # SPREAD: error rates of users are Beta(0.05 x 20, 0.95 x 20)
RETURNING_SHARE = 4  # so many times fewer features where users return, which is slower to simulate


def rollout_of(kind: MetricKind) -> Rollout:
    guardrail = Guardrail(Metric("errors", kind, Direction.DECREASE), MARGIN)
    return Rollout(id="feature", flag_key="feature", guardrails=(guardrail,))


ROLLOUT, ROLLOUT_OF_RATIO = rollout_of(MetricKind.PROPORTION), rollout_of(MetricKind.RATIO)
NO_CHANGES = pd.DataFrame(columns=["kind", "target", "after", "occurred_at"])
COLUMNS = ("units", "sum_y", "sum_yy", "sum_d", "sum_dd", "sum_yd")
KEYS = {"trial_id": "feature", "dimension": "all", "value": ""}


@dataclass(frozen=True)
class Scenario:
    name: str
    effect: float  # on the error rate, relative
    wanted: str
    returning: bool = False


SCENARIOS = (
    Scenario("harmful", 0.20, "rolled back before the 75 % stage in 95 %"),
    Scenario("harmless", 0.00, "reaches 100 % in 90 %"),
    Scenario("better", -0.10, ""),
    Scenario("at the margin", 0.10, "neither is shown: at most 5 % pass a stage, at most 5 % are rolled back in it"),
    Scenario("harmful, returning", 0.20, "", returning=True),
    Scenario("harmless, returning", 0.00, "", returning=True),
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
        features = options.features // (RETURNING_SHARE if scenario.returning else 1)
        courses = [course(scenario, options.nights, options.seed + i) for i in range(features)]
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


def course(scenario: Scenario, nights: int, seed: int) -> Course:
    """Run one feature until it reaches everyone, is rolled back, or the nights are over."""
    rng = np.random.default_rng(seed)
    rollout, crowd = (ROLLOUT_OF_RATIO, Regulars(rng)) if scenario.returning else (ROLLOUT, Strangers(rng))
    recorded: list[Decision] = []
    phase_seen, reached = 0, []
    for number in range(nights):
        day = START + timedelta(days=number)
        state = folded(rollout, recorded, NO_CHANGES, day)
        if state.phase is not None and state.phase.number != phase_seen:
            phase_seen = state.phase.number
            crowd.begin()
        if state.phase is not None and state.phase.starts_at.date() <= day:
            crowd.day(state.phase.percentage, scenario.effect)
        verdict = judge(rollout, state, *frames(crowd.sums(), phase_seen), (), day)
        if verdict.verdict is RolloutAction.DONE:
            return Course(tuple(reached), verdict.stage, number)
        if verdict.next_stage is not None:
            reached.append(verdict.next_stage)
            recorded.append(published(rollout, verdict.next_stage, day + timedelta(days=1)))
            if verdict.next_stage == OFF:
                return Course(tuple(reached), OFF, number)
    return Course(tuple(reached), "", None)


class Strangers:
    """Users who are all new to the stage: one row an arm (off, on), the sums of `COLUMNS`."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.total = rng, np.zeros((2, len(COLUMNS)))

    def begin(self) -> None:
        self.total = np.zeros_like(self.total)

    def day(self, percentage: float, effect: float) -> None:
        on = self.rng.binomial(UNITS_A_DAY, percentage / 100) if 0 < percentage < 100 else 0
        off = UNITS_A_DAY - on if on else 0
        units = np.array([off, on or TESTERS])
        errors = self.rng.binomial(units, [ERROR_RATE, ERROR_RATE * (1 + effect)])
        self.total[:, :3] += np.column_stack([units, errors, errors])

    def sums(self) -> np.ndarray:
        return self.total


class Regulars:
    """Users who come back, each with an error rate of his own: who gets the feature is drawn once, as by a hash."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.bucket = rng, rng.random(POOL) * 100
        self.rate = rng.beta(ERROR_RATE * SPREAD, (1 - ERROR_RATE) * SPREAD, POOL)
        self.begin()

    def begin(self) -> None:
        self.requests, self.errors, self.percentage = np.zeros(POOL), np.zeros(POOL), 0.0

    def day(self, percentage: float, effect: float) -> None:
        self.percentage = percentage
        today = self.rng.random(POOL) < UNITS_A_DAY / POOL
        rate = np.minimum(1.0, self.rate * (1 + effect * (self.bucket < percentage)))
        self.requests += today
        self.errors += today & (self.rng.random(POOL) < rate)

    def sums(self) -> np.ndarray:
        seen, on = self.requests > 0, self.bucket < self.percentage
        found = [self._arm(seen & ~on), self._arm(seen & on)]
        if not self.percentage:
            found[1][0] = TESTERS
        return np.array(found)

    def _arm(self, who: np.ndarray) -> list[float]:
        y, d = self.errors[who], self.requests[who]
        return [who.sum(), y.sum(), (y * y).sum(), d.sum(), (d * d).sum(), (y * d).sum()]


def frames(sums: np.ndarray, phase: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of both marts that the sums of two arms make."""
    base = KEYS | {"variant": list(ROLLOUT.variants), "phase": phase, "units": sums[:, 0]}
    more = {name: sums[:, i] for i, name in enumerate(COLUMNS)} | {"metric": "errors"}
    return pd.DataFrame(base | more), pd.DataFrame(base)


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
        f"{row['scenario']:20} {row['effect']:+.0%}  rolled back before 75 %: {row['rolled_back_before_most']:6.1%}  "
        f"at all: {row['rolled_back']:6.1%}  reaches 100 %: {row['reached_everyone']:6.1%}  "
        f"nights (5-50-95 %) to everyone / to roll back: {times}"
    )


if __name__ == "__main__":
    main()
