"""False alarms and planted shifts of health, hour by hour and night by night, through the very checks of Ratchet.

    python benchmarks/bench_health.py [--homes 400] [--seed 1]

Four weeks and a day of hourly logs a home: requests with a daily and a weekly season in number and in failure rate, which
keep their objective; failures are binomial, or days scatter by a fifth on top. Each home is judged as a night (all hours of
the day) and as an hour (the last one), by success rate and uptime together. A shift multiplies the failure rate of the last
day or of the last hour. Figures go to benchmarks/results/health.json.
"""

from __future__ import annotations

import argparse
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ratchet import files
from ratchet.analyze.burns import burns
from ratchet.analyze.hours import Hours, hours_of
from ratchet.analyze.season_checks import season_checks
from ratchet.objectives import Objective, parse

RESULTS = Path(__file__).parent / "results" / "health.json"
HOURS = 29 * 24
END = datetime.fromisoformat("2026-11-21")
OBJECTIVES = parse({"success_rate": {"target": 0.9, "critical": 0.75}, "uptime": {"target": 0.99, "critical": 0.95}})
FAILS = 0.04  # of requests, two fifths of what the objective allows


def home(rng: np.random.Generator, a_day: int, scatter: float, times: float, shifted: int) -> Hours:
    """Return the hours of one home, the last `shifted` of them with `times` the failure rate."""
    at = np.arange(HOURS)
    weekend = (at // 24) % 7 >= 5
    n = rng.poisson(a_day / 24 * (1 + 0.7 * np.sin(2 * np.pi * at / 24)) * np.where(weekend, 0.6, 1.1))
    rate = FAILS * (1 + 0.3 * np.sin(2 * np.pi * at / 24 + 1)) * np.where(weekend, 1.3, 0.9)
    rate = rate * np.repeat(np.exp(rng.normal(0, scatter, HOURS // 24)), 24)
    rate[HOURS - shifted :] *= times
    failed = rng.binomial(n, np.clip(rate, 0, 1))
    beats = np.full(HOURS, 60)
    counts = {"failures": failed, "successes": n - failed, "requests": n, "heartbeats": beats}
    counts["heartbeats_up"] = beats - rng.binomial(beats, 0.002)
    rows = pd.DataFrame({"metric_hour": [END - timedelta(hours=int(HOURS - a)) for a in at], "service": ""} | counts)
    missing = ("errors", "api_calls", "api_failures", "answered_minutes", "up_minutes", "down_minutes", "duration_n")
    quantiles = dict.fromkeys(("duration_p50_ms", "duration_p95_ms", "duration_p99_ms"), np.nan)
    return hours_of(rows.assign(**dict.fromkeys(missing, 0), **quantiles), (), END)


def raised(hours: Hours, objectives: tuple[Objective, ...], looks: int) -> dict[str, bool]:
    """Return what a check of the last hours says: worse than the season, burning too fast."""
    seasons = season_checks(hours, objectives, looks)
    windows = [burn for o in objectives for burn in burns(hours, o, looks)[0]]
    return {
        "season": any(check[0] is not None and check[0].is_worse for check in seasons),
        "burn": any(burn.fired for burn in windows),
    }


def share(rng: np.random.Generator, homes: int, looks: int, **kind: Any) -> dict[str, float]:
    """Return the share of homes in which each kind of finding is raised."""
    found = [raised(home(rng, **kind), OBJECTIVES, looks) for _ in range(homes)]
    return {name: sum(f[name] for f in found) / homes for name in ("season", "burn")}


def main() -> None:
    """Simulate, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, started, results = np.random.default_rng(options.seed), time.perf_counter(), {}
    scenarios = {
        "stationary": (0.0, 1.0),
        "stationary, days scatter by 20 %": (0.2, 1.0),
        "failures twice as many": (0.0, 2.0),
        "failures four times as many": (0.0, 4.0),
        "failures ten times as many": (0.0, 10.0),
    }
    for name, (scatter, times) in scenarios.items():
        for a_day in (1_000, 10_000):
            for looks, what in ((24, "night"), (1, "hour")):
                kind = {"a_day": a_day, "scatter": scatter, "times": times, "shifted": looks}
                found = share(rng, options.homes, looks, **kind)
                results[f"{name}, {a_day} a day, {what}"] = found
                print(f"{name}, {a_day:,} a day, {what}: season {found['season']:.2%}, burn {found['burn']:.2%}")
    record = {"homes": options.homes, "seed": options.seed, "seconds": time.perf_counter() - started}
    files.write_json(RESULTS, record | {"raised": results})


if __name__ == "__main__":
    main()
