"""How often a verdict that looks every night is wrong, and how often it finds what it was planned for.

    python benchmarks/bench_experiments.py [--experiments 2000]

Each scenario runs whole experiments through `ratchet.measure.experiments`, the same code as a night's, once every night
for 28 nights, units arriving as planned. Figures go to benchmarks/results/experiments.json. Promised: at most 5 % of
experiments without an effect ever ship or roll back; with an effect at the MDE at least 80 % ship by the horizon; at
most 1 in 1,000 ships in the wrong direction; an assignment of 55/45 is found in 99 % at 5,000 units.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ratchet import files
from ratchet.contracts.experiments import Arm, Experiment, Guardrail
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.measure.experiments import experiments
from ratchet.measure.verdicts import Verdict
from ratchet.phases import phases
from ratchet.statistics.power import RESERVE, sample

RESULTS = Path(__file__).resolve().parent / "results" / "experiments.json"
START = date(2026, 1, 5)
NIGHTS, MDE, BASE = 28, 0.1, 0.2
ARMS = ("control", "treatment")
PRIMARY = Metric("primary", MetricKind.PROPORTION, Direction.INCREASE)
MEAN = Metric("primary", MetricKind.MEAN, Direction.INCREASE)
RATIO = Metric("primary", MetricKind.RATIO, Direction.INCREASE)
GUARD = Metric("guard", MetricKind.PROPORTION, Direction.DECREASE)
GUARD_BASE = 0.3
COLUMNS = ("sum_y", "sum_yy", "sum_d", "sum_dd", "sum_yd")
Sums = dict[str, np.ndarray]  # by column: experiments x arms
Draw = Callable[[np.random.Generator, np.ndarray, np.ndarray], Sums]


@dataclass(frozen=True)
class Scenario:
    """Experiments that are alike.

    Attributes:
        name: what it shows.
        promised: the bound, in words.
        lift: true relative effect.
        primary: its metric.
        draw: the day's sums of the primary, from a generator, units (experiments x arms) and each arm's true mean.
        units: planned for both arms.
        base: the control's true mean.
        margin: of a guardrail without an effect, None for none.
        planned: whether the spec names the planned units, else the data plan.
        delay: days over which outcomes arrive after the exposure.
        daily: whether the sample ratio is checked day by day too.
    """

    name: str
    promised: str
    lift: float
    primary: Metric = PRIMARY
    draw: Draw = field(default=lambda rng, n, mean: binary(rng, n, mean))
    units: float = 0.0
    base: float = BASE
    margin: float | None = None
    planned: bool = False
    delay: int = 0
    daily: bool = False


def binary(rng: np.random.Generator, n: np.ndarray, mean: np.ndarray) -> Sums:
    hits = rng.binomial(n, mean).astype(float)
    return dict(zip(COLUMNS, (hits, hits, n, n, hits), strict=True))


def skewed(rng: np.random.Generator, n: np.ndarray, mean: np.ndarray) -> Sums:
    """Log-normal values with a coefficient of variation of 2.9: a few units spend most."""
    sigma = 1.5
    y, yy = np.empty(n.shape), np.empty(n.shape)
    for row in range(len(n)):
        values = rng.standard_normal(n[row].sum(), dtype=np.float32)
        values = np.exp(sigma * values - sigma**2 / 2).astype(np.float64)
        for arm, part in enumerate(np.split(values, [n[row, 0]])):
            y[row, arm], yy[row, arm] = part.sum() * mean[arm], (part**2).sum() * mean[arm] ** 2
    return dict(zip(COLUMNS, (y, yy, n, n, y), strict=True))


def clustered(rng: np.random.Generator, n: np.ndarray, mean: np.ndarray) -> Sums:
    """Shares of events of users who differ: 1 + Poisson(4) events a user, a taste of their own each."""
    found = {name: np.empty(n.shape) for name in COLUMNS}
    for row, arm in np.ndindex(n.shape):
        d = 1.0 + rng.poisson(4, n[row, arm])
        taste = rng.beta(2, 2 / mean[arm] - 2, n[row, arm])
        y = rng.binomial(d.astype(int), taste).astype(float)
        for name, value in zip(COLUMNS, (y, y**2, d, d**2, y * d), strict=True):
            found[name][row, arm] = value.sum()
    return found


def needed(unit_variance: float, base: float) -> float:
    """Return the units of both arms that the MDE needs when every night looks."""
    return sample(MDE * base, unit_variance, alpha=0.05, power=0.8 + RESERVE, looks=NIGHTS).sequential


BINARY_UNITS = needed(2 * (BASE * (1 - BASE) + BASE * (1 + MDE) * (1 - BASE * (1 + MDE))), BASE)
SKEWED_UNITS = needed(4 * (np.exp(1.5**2) - 1), 1.0)
NONE = "at most 5 % ever ship or roll back"
SCENARIOS = (
    Scenario("no effect", NONE, 0.0, daily=True),
    Scenario("no effect, planned units in the spec", NONE, 0.0, planned=True),
    Scenario("no effect, a guardrail with a margin of 0", NONE, 0.0, margin=0.0),
    Scenario("no effect, skewed means", NONE, 0.0, MEAN, skewed, SKEWED_UNITS / 4, 1.0),
    Scenario("no effect, ratios of users who differ", NONE, 0.0, RATIO, clustered, 4_000, 0.4),
    Scenario("no effect, outcomes over four days", NONE, 0.0, delay=3),
    Scenario("effect at the MDE", "at least 80 % ship", MDE),
    Scenario("effect at the MDE, a guardrail within 10 %", "at least 80 % ship", MDE, margin=0.1),
    Scenario("effect at the MDE, outcomes over four days", "", MDE, delay=3),
    Scenario("twice the MDE", "", 2 * MDE),
    Scenario("worse by the MDE", "at most 0.1 % ship", -MDE),
    Scenario("worse by a quarter of the MDE", "at most 0.1 % ship", -MDE / 4),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--experiments", type=int, default=2_000)
    count = parser.parse_args().experiments
    found: dict[str, Any] = {"experiments": count, "nights": NIGHTS, "planned": planned(), "scenarios": []}
    for number, scenario in enumerate(SCENARIOS):
        found["scenarios"].append(run(scenario, count, number))
        print(line(found["scenarios"][-1]), flush=True)
    found["sample_ratio"] = imbalance(count)
    print(f"55/45 at 5,000 units: invalid in {found['sample_ratio']['found_share']:.2%}")
    files.write_json(RESULTS, found)


def planned() -> dict[str, Any]:
    """Return the units that a share of 20 % and an MDE of 10 % need, looked at once and every night."""
    both = {power: sample(MDE * BASE, 0.64, alpha=0.05, power=power, looks=NIGHTS) for power in (0.8, 0.85)}
    for power, units in both.items():
        print(
            f"power {power}: {units.fixed:,.0f} units for a single look, {units.sequential:,.0f} for one every night "
            f"({units.inflation:.2f} times)"
        )
    return {
        str(p): {"single_look": round(u.fixed), "every_night": round(u.sequential), "inflation": round(u.inflation, 3)}
        for p, u in both.items()
    }


def run(scenario: Scenario, count: int, seed: int) -> dict[str, Any]:
    """Look at the experiments of one scenario every night and count what was ever decided."""
    start = time.perf_counter()
    specs = [spec(scenario, f"e{i:05}") for i in range(count)]
    decided = np.full(count, "", dtype=object)
    day_of = np.zeros(count, dtype=int)
    invalid = np.zeros(count, dtype=bool)
    for night, (facts, units) in enumerate(nights(scenario, specs, np.random.default_rng(seed)), 1):
        as_of = START + timedelta(days=night - 1)
        result = experiments(facts, units, phases(specs, (), as_of), as_of).experiments
        verdicts = np.array([r.judgement.verdict for r in result], dtype=object)
        new = (decided == "") & np.isin(verdicts, [Verdict.SHIP, Verdict.ROLL_BACK])
        decided[new], day_of[new] = verdicts[new], night
        invalid |= verdicts == Verdict.INVALID
    ships, backs = int((decided == Verdict.SHIP).sum()), int((decided == Verdict.ROLL_BACK).sum())
    return {
        "scenario": scenario.name,
        "promised": scenario.promised,
        "ship_share": ships / count,
        "roll_back_share": backs / count,
        "upper_95": float(stats.binomtest(ships + backs, count).proportion_ci(0.9, "exact").high),
        "ships": ships,
        "ever_invalid_share": float(invalid.mean()),
        "median_day": int(np.median(day_of[day_of > 0])) if (day_of > 0).any() else None,
        "seconds": round(time.perf_counter() - start, 1),
    }


def spec(scenario: Scenario, name: str) -> Experiment:
    guardrails = () if scenario.margin is None else (Guardrail(GUARD, scenario.margin),)
    return Experiment(
        id=name, hypothesis="simulated", flag_key=name, unit_type="user", arms=tuple(Arm(a, 1) for a in ARMS), salt=name,
        hash="none", primary=scenario.primary, guardrails=guardrails, secondaries=(), mde=MDE, horizon_days=NIGHTS,
        start=START, conversion_days=1 + scenario.delay,
        planned_units=round(scenario.units or BINARY_UNITS) if scenario.planned else None,
    )  # fmt: skip


def nights(
    scenario: Scenario, specs: list[Experiment], rng: np.random.Generator
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield both marts as of every night until the horizon; late outcomes of the last days are not waited for."""
    count, a_day = len(specs), (scenario.units or BINARY_UNITS) / NIGHTS / 2
    mean = scenario.base * np.array([1.0, 1 + scenario.lift])
    total = {name: np.zeros((count, 2)) for name in COLUMNS}
    guard, seen = np.zeros((count, 2)), np.zeros((count, 2), dtype=int)
    waiting = np.zeros((scenario.delay + 1, count, 2))
    days: list[np.ndarray] = []
    for _ in range(NIGHTS):
        n = rng.poisson(a_day, (count, 2))
        drawn = scenario.draw(rng, n, mean)
        if scenario.delay:
            drawn, waiting = late(rng, drawn, waiting, n)
        for name in COLUMNS:
            total[name] += drawn[name]
        guard += rng.binomial(n, GUARD_BASE)
        seen += n
        days.append(n)
        yield frames(scenario, specs, total, guard, seen, days)


def late(rng: np.random.Generator, drawn: Sums, waiting: np.ndarray, n: np.ndarray) -> tuple[Sums, np.ndarray]:
    """Spread the hits of the day's units evenly over this and the next nights."""
    left = drawn["sum_y"].astype(int)
    for ahead in range(len(waiting)):
        part = rng.binomial(left, 1 / (len(waiting) - ahead))
        waiting[ahead] += part
        left -= part
    arrived = waiting[0].copy()
    following = np.concatenate([waiting[1:], np.zeros_like(waiting[:1])])
    return dict(zip(COLUMNS, (arrived, arrived, n, n, arrived), strict=True)), following


def frames(
    scenario: Scenario,
    specs: list[Experiment],
    total: Sums,
    guard: np.ndarray,
    seen: np.ndarray,
    days: list[np.ndarray],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    as_of = START + timedelta(days=len(days) - 1)
    keys = {"as_of": as_of, "trial_id": np.repeat([s.id for s in specs], 2), "phase": 1, "variant": ARMS * len(specs)}
    facts = [pd.DataFrame(keys | {"metric": "primary", "units": seen.ravel()} | {c: total[c].ravel() for c in COLUMNS})]
    if scenario.margin is not None:
        hits = {"sum_y": guard.ravel(), "sum_yy": guard.ravel()}
        facts.append(pd.DataFrame(keys | {"metric": "guard", "units": seen.ravel()} | hits))
    flaws = {"crossovers": 0, "rebucketed": 0, "exposed_after_outcome": 0}
    units = [pd.DataFrame(keys | {"dimension": "all", "value": "", "units": seen.ravel()} | flaws)]
    for i, n in enumerate(days if scenario.daily else days[-7:]):
        first = 0 if scenario.daily else max(0, len(days) - 7)
        day = (START + timedelta(days=first + i)).isoformat()
        units.append(pd.DataFrame(keys | {"dimension": "day", "value": day, "units": n.ravel()} | flaws))
    return pd.concat(facts, ignore_index=True), pd.concat(units, ignore_index=True)


def imbalance(count: int) -> dict[str, Any]:
    """Return how often an assignment of 55/45 is found at 5,000 units."""
    scenario = Scenario("imbalance", "", 0.0)
    specs = [spec(scenario, f"e{i:05}") for i in range(count)]
    rng = np.random.default_rng(99)
    first = rng.binomial(5_000, 0.55, count)
    n = np.column_stack([first, 5_000 - first])
    facts, units = frames(scenario, specs, binary(rng, n, np.array([BASE, BASE])), np.zeros_like(n), n, [n])
    result = experiments(facts, units, phases(specs, (), START), START).experiments
    return {"units": 5_000, "found_share": float(np.mean([r.judgement.verdict is Verdict.INVALID for r in result]))}


def line(found: dict[str, Any]) -> str:
    return (
        f"{found['scenario']:<46} ship {found['ship_share']:7.2%}  roll back {found['roll_back_share']:7.2%}  "
        f"ever invalid {found['ever_invalid_share']:6.2%}  median day {found['median_day']}  {found['seconds']} s"
        f"  ({found['promised']})"
    )


if __name__ == "__main__":
    main()
