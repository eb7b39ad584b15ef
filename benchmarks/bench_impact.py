"""Deployed fixes judged night by night, as a night judges them: how many are kept that do nothing, how many that help.

    python benchmarks/bench_impact.py [--deployments 2000] [--seed 1]

Each deployment is drawn from a wide range of applications: 30 to 1,000 attempts a day, an error that hits 2 % to 40 % of
them, days that scatter by up to 30 % and resemble their neighbours (AR(1) up to 0.6), a weekly season, with or without
unaffected intents that share half of that, 8 to 28 days before. A fix multiplies the error's rate from its deployment on.
`selected` picks the deployment after the worst week of 60 days, as proposals do: without an effect, failures fall all the
same. `falling` has an error that goes away by itself. Figures go to benchmarks/results/impact.json.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ratchet import files
from ratchet.contracts.impacts import Deployment, Impact, ImpactVerdict
from ratchet.measure.impact import impacts
from ratchet.measure.impact_verdicts import Rules

RESULTS = Path(__file__).parent / "results" / "impact.json"
DEPLOYED, RULES = date(2026, 3, 1), Rules()
HISTORY = 60
EVERY = 20  # scenarios without a promise take so many times fewer deployments


@dataclass(frozen=True)
class Scenario:
    name: str
    factor: float = 1.0
    selected: bool = False
    falling: float = 0.0
    promised: str = ""


SCENARIOS = (
    Scenario("no effect", promised="at most 5 % kept"),
    Scenario("no effect, selected after the worst week", selected=True),
    Scenario("no effect, falling by 3 % a day", falling=0.03),
    Scenario("30 % fewer", 0.7),
    Scenario("60 % fewer", 0.4),
    Scenario("95 % fewer", 0.05),
    Scenario("30 % more", 1.3),
    Scenario("100 % more", 2.0),
)


def main() -> None:
    options = parsed()
    started = time.perf_counter()
    found = {s.name: summary(s, options.deployments, options.seed) for s in SCENARIOS}
    for name, result in found.items():
        print(name, result)
    machine = {"python": platform.python_version(), "seconds": round(time.perf_counter() - started, 1)}
    files.write_json(RESULTS, {"deployments": options.deployments, "seed": options.seed, **machine, "found": found})


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deployments", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def summary(scenario: Scenario, deployments: int, seed: int) -> dict[str, Any]:
    """Return the shares of verdicts, and how often the last interval held the true effect."""
    n = deployments if scenario.promised else max(1, deployments // EVERY)
    with ProcessPoolExecutor() as pool:
        ends = list(pool.map(partial(one, scenario, seed), range(n), chunksize=10))
    verdicts = Counter(impact.verdict.value for impact, _ in ends)
    intervals = [(i.effect, truth) for i, truth in ends if i.effect.low is not None and i.effect.high is not None]
    covered = [low_high.low <= truth <= low_high.high for low_high, truth in intervals]
    return {
        "deployments": n,
        **{v.value: round(verdicts[v.value] / n, 4) for v in ImpactVerdict},
        "undone_for_harm": round(sum(i.harm for i, _ in ends) / n, 4),
        "interval_covers": round(float(np.mean(covered)), 4) if covered else None,
        "nights_to_kept": int(np.median([i.days_with for i, _ in ends if i.verdict is ImpactVerdict.KEPT] or [0])),
        "promised": scenario.promised,
    }


def one(scenario: Scenario, seed: int, number: int) -> tuple[Impact, float]:
    """Return the course of one deployment; the same number is always the same deployment."""
    return course(scenario, np.random.default_rng([seed, number]))


def course(scenario: Scenario, rng: np.random.Generator) -> tuple[Impact, float]:
    """Return the last word on one deployment, and its true effect on failed attempts per attempt."""
    frame, deployment, truth = drawn(scenario, rng)
    for k in range(1, RULES.impact_horizon_days + 1):
        as_of = DEPLOYED + timedelta(days=k - 1)
        rows = frame[frame["event_date"] <= as_of].assign(as_of=as_of)
        (impact,) = impacts(rows, [deployment], RULES, as_of).impacts
        if impact.verdict is not ImpactVerdict.UNDECIDED:
            break
    return impact, truth


def drawn(scenario: Scenario, rng: np.random.Generator) -> tuple[pd.DataFrame, Deployment, float]:
    """Draw an application, its days and a deployment."""
    horizon = RULES.impact_horizon_days
    n = HISTORY + horizon
    shared, own = rng.uniform(0, 0.3) * wander(rng, n), rng.uniform(0, 0.3) * wander(rng, n)
    season = rng.uniform(0, 0.2) * np.sin(2 * np.pi * (np.arange(n) + rng.integers(7)) / 7)
    level = np.exp(np.log(rng.uniform(0.02, 0.4)) + shared + own + season - scenario.falling * np.arange(n))
    start = HISTORY
    if scenario.selected:
        weeks = np.convolve(level[:HISTORY], np.ones(7), "valid")[8:]
        start = int(weeks.argmax()) + 8 + 7
    truth_rate = np.clip(level, 0, 0.9)
    with_fix = np.clip(level * np.where(np.arange(n) >= start, scenario.factor, 1), 0, 0.9)
    attempts = rng.poisson(np.exp(rng.uniform(np.log(30), np.log(1000))), n)
    failed = rng.binomial(attempts, with_fix)
    failures = failed + rng.binomial(attempts - failed, 0.02)
    rest = rng.poisson(300, n) if rng.random() < 0.5 else np.zeros(n, dtype=int)
    rest_failures = rng.binomial(rest, np.clip(0.05 * np.exp(shared + season), 0, 1))
    days = [DEPLOYED + timedelta(days=i - start) for i in range(n)]
    after = np.arange(n) >= start
    frame = pd.concat(
        [
            rows_of(days, "affected", after, attempts, failures, failed),
            rows_of(days, "unaffected", after, rest, rest_failures, np.zeros(n, dtype=int)),
        ]
    )
    before = int(rng.integers(8, RULES.impact_baseline_days + 1))
    baseline_from = max(days[0], DEPLOYED - timedelta(days=before))
    proposed = DEPLOYED - timedelta(days=1 if scenario.selected else int(rng.integers(1, before + 7)))
    if scenario.selected:
        baseline_from = max(days[0], DEPLOYED - timedelta(days=RULES.impact_baseline_days))
    frame = frame[(frame["event_date"] >= baseline_from) & (frame["attempts"] > 0)]
    window = after & (np.arange(n) < start + horizon)
    truth = float(np.average((with_fix - truth_rate)[window], weights=np.maximum(attempts[window], 1)))
    return frame, deployed(baseline_from, proposed), truth


def wander(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return days of standard deviation 1 that resemble their neighbours."""
    rho = rng.uniform(0, 0.6)
    noise = rng.normal(size=n) * np.sqrt(1 - rho**2)
    found = np.empty(n)
    found[0] = rng.normal()
    for i in range(1, n):
        found[i] = rho * found[i - 1] + noise[i]
    return found


def rows_of(days: list[date], cohort: str, after: Any, attempts: Any, failures: Any, failed: Any) -> pd.DataFrame:
    columns = {"event_date": days, "holds_fix": after, "attempts": attempts, "failures": failures, "failed": failed}
    return pd.DataFrame(columns | {"improvement_id": "fix", "revision": 1, "cohort": cohort})


def deployed(baseline_from: date, proposed_on: date) -> Deployment:
    return Deployment(
        improvement_id="fix",
        revision=1,
        title="a fix",
        fingerprint="f",
        family="timeout",
        proposed_on=proposed_on,
        baseline_from=baseline_from,
        deployed_on=DEPLOYED,
        measured_until=DEPLOYED + timedelta(days=RULES.impact_horizon_days - 1),
        version_date=DEPLOYED - timedelta(days=1),
        published_version="2026-02-28-00000000",
        is_open=True,
    )


if __name__ == "__main__":
    main()
