"""A night of 1,000 experiments with 5 metrics each, beside the same 5,000 comparisons by gbstats 0.8.

    python benchmarks/bench_gbstats.py [--gbstats-python /path/to/python]

gbstats runs in a virtual environment of its own, made for this run and thrown away, since it needs an old pandas; it
gets the same sums and is timed around its comparisons alone. Ours is timed in two pieces: the comparisons (which also
make the confidence sequences), and everything from Parquet files to verdicts. Figures go to
benchmarks/results/gbstats.json. Promised: comparisons no slower than gbstats, all of it within 2 s.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from environments import environment

from ratchet import files
from ratchet.contracts.experiments import Arm, Experiment, Guardrail
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.measure.comparisons import compare
from ratchet.measure.experiments import experiments
from ratchet.phases import phases

RESULTS = Path(__file__).resolve().parent / "results" / "gbstats.json"
EXPERIMENTS, RUNS, DAYS = 1_000, 7, 28
NIGHT = date(2026, 3, 28)
METRICS = (
    Metric("converted", MetricKind.PROPORTION, Direction.INCREASE),
    Metric("failed", MetricKind.PROPORTION, Direction.DECREASE),
    Metric("spent", MetricKind.MEAN, Direction.INCREASE),
    Metric("turns", MetricKind.MEAN, Direction.DECREASE),
    Metric("accepted", MetricKind.RATIO, Direction.INCREASE),
)
ARMS = ("control", "treatment")
THEIRS = """
import json, sys, time
from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
from gbstats.models.statistics import ProportionStatistic, RatioStatistic, SampleMeanStatistic

def statistic(kind, row):
    if kind == "proportion":
        return ProportionStatistic(n=row["units"], sum=row["sum_y"])
    mean = SampleMeanStatistic(n=row["units"], sum=row["sum_y"], sum_squares=row["sum_yy"])
    if kind == "mean":
        return mean
    below = SampleMeanStatistic(n=row["units"], sum=row["sum_d"], sum_squares=row["sum_dd"])
    return RatioStatistic(n=row["units"], m_statistic=mean, d_statistic=below, m_d_sum_of_products=row["sum_yd"])

pairs = json.load(open(sys.argv[1]))
config = FrequentistConfig(difference_type="relative")
seconds = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    found = [TwoSidedTTest(statistic(k, a), statistic(k, b), config).compute_result() for k, a, b in pairs]
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": seconds, "lift": [float(f.expected) for f in found], "low": [float(f.ci[0]) for f in found]}))
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gbstats-python", help="a Python that has gbstats; default: a new environment")
    facts, units, specs = night(np.random.default_rng(1))
    found = ours(facts, units, specs)
    with tempfile.TemporaryDirectory() as folder:
        python = parser.parse_args().gbstats_python or environment(Path(folder) / "venv", "gbstats==0.8.0")
        if python is None:
            found["gbstats"] = "not measured: gbstats could not be installed"
        else:
            found["gbstats"] = theirs(python, facts, specs, Path(folder) / "pairs.json")
    files.write_json(RESULTS, found)
    for name, figures in found.items():
        print(f"{name}: {figures}")


def night(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, list[Experiment]]:
    """Return both marts and the specs of a night."""
    specs = [spec(f"e{i:04}") for i in range(EXPERIMENTS)]
    keys = {"as_of": NIGHT, "trial_id": np.repeat([s.id for s in specs], 2), "phase": 1, "variant": ARMS * EXPERIMENTS}
    n = rng.integers(4_900, 5_100, 2 * EXPERIMENTS)
    facts = [pd.DataFrame(keys | {"metric": m.name, "units": n} | sums(rng, m, n)) for m in METRICS]
    flaws = {"crossovers": 0, "rebucketed": 0, "exposed_after_outcome": 0}
    units = [pd.DataFrame(keys | {"dimension": "all", "value": "", "units": n} | flaws)]
    for i in range(DAYS):
        day = (NIGHT - timedelta(days=i)).isoformat()
        units.append(pd.DataFrame(keys | {"dimension": "day", "value": day, "units": n // DAYS} | flaws))
    return pd.concat(facts, ignore_index=True), pd.concat(units, ignore_index=True), specs


def spec(name: str) -> Experiment:
    return Experiment(
        id=name, hypothesis="simulated", flag_key=name, unit_type="user", arms=tuple(Arm(a, 1) for a in ARMS), salt=name,
        hash="none", primary=METRICS[0], guardrails=(Guardrail(METRICS[1], 0.1),), secondaries=METRICS[2:], mde=0.1,
        horizon_days=28, start=NIGHT - timedelta(days=DAYS - 1),
    )  # fmt: skip


def sums(rng: np.random.Generator, metric: Metric, n: np.ndarray) -> dict[str, np.ndarray]:
    """Return the sums of arms without an effect, from the distributions that sums of so many units have."""
    if metric.kind is MetricKind.PROPORTION:
        hits = rng.binomial(n, 0.2).astype(float)
        return {"sum_y": hits, "sum_yy": hits, "sum_d": n, "sum_dd": n, "sum_yd": hits}
    y, d = rng.normal(3, 0.05, len(n)) * n, rng.normal(5, 0.03, len(n)) * n
    return {
        "sum_y": y,
        "sum_yy": y**2 / n + 9.0 * n,
        "sum_d": d,
        "sum_dd": d**2 / n + 4.0 * n,
        "sum_yd": y * d / n + 3.0 * n,
    }


def ours(facts: pd.DataFrame, units: pd.DataFrame, specs: list[Experiment]) -> dict[str, Any]:
    phased = phases(specs, (), NIGHT)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.parquet" for name in ("facts", "units")]
        facts.to_parquet(paths[0])
        units.to_parquet(paths[1])
        whole = timed(lambda: experiments(pd.read_parquet(paths[0]), pd.read_parquet(paths[1]), phased, NIGHT))
    return {
        "comparisons": len(METRICS) * EXPERIMENTS,
        "ratchet_comparisons_s": timed(lambda: compare(facts, phased, NIGHT)),
        "ratchet_loading_to_verdicts_s": whole,
    }


def timed(call: Callable[[], object]) -> dict[str, float]:
    """Return the first and the median time in seconds."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return {"first": round(seconds[0], 3), "median": round(statistics.median(seconds), 3)}


def theirs(python: str, facts: pd.DataFrame, specs: list[Experiment], path: Path) -> dict[str, Any]:
    """Run gbstats over the same sums; also say how far its lifts and their bounds are from ours."""
    ordered = facts.sort_values(["trial_id", "metric", "variant"], ignore_index=True)
    rows = ordered[["units", "sum_y", "sum_yy", "sum_d", "sum_dd", "sum_yd"]].to_dict("records")
    kind = {m.name: m.kind.value for m in METRICS}
    names = ordered["metric"].tolist()
    path.write_text(json.dumps([(kind[names[i]], rows[i], rows[i + 1]) for i in range(0, len(rows), 2)]), "utf-8")
    done = subprocess.run([python, "-c", THEIRS, str(path), str(RUNS)], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    own = compare(facts, phases(specs, (), NIGHT), NIGHT)
    place = {(own.cells[c].position, own.cells[c].metric.name): i for i, c in enumerate(own.cell.tolist())}
    order = [place[number, name] for number in range(len(specs)) for name in sorted(kind)]
    pairs = ((own.fixed_lift.value, "lift"), (own.fixed_lift.low, "low"))
    apart = max(float(np.abs(values[order] - np.array(found[name])).max()) for values, name in pairs)
    return {
        "first": round(found["seconds"][0], 3),
        "median": round(statistics.median(found["seconds"]), 3),
        "largest_difference_of_lifts_and_bounds": float(f"{apart:.1e}"),
    }


if __name__ == "__main__":
    sys.exit(main())
