"""Every promise of the detectors in one run: how often they find what is not there, and how soon what is.

    python benchmarks/bench_all_findings.py [--nights 300]

A night of a stationary log with a weekly season is judged by all families at once (trends, unusual days, hours and intents,
correlations, sequences; 20 series of each kind, as in bench_patterns.py); it counts once, however many find something.
Then a day six scaled MADs off, three in every hour of a day, a trend of 1 % a day under noise of 3 % (bench_trends.py),
and time limits fitted to 59 calls and more (bench_settings.py). Figures go to benchmarks/results/all_findings.json.
Promised: at most 5 % of nights; 90 % the same night, twice; 80 % within 14 nights; the true share beyond a limit below
5 % in 95 % of runs.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import bench_patterns
import bench_settings
import bench_trends
import numpy as np

from ratchet import files

RESULTS = Path(__file__).parent / "results" / "all_findings.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=300)
    figures = measured(parser.parse_args().nights)
    files.write_json(RESULTS, figures | {"machine": {"cpus": os.cpu_count()}})
    for name, figure in figures.items():
        print(f"{name:42} {figure}")


def measured(nights: int, seed: int = 88) -> dict[str, Any]:
    """Return every figure over so many seeded nights; twice as many time limits."""
    rng = np.random.default_rng(seed)
    quiet = {
        name: bench_patterns.quiet(rng, nights, phi) for name, phi in (("nothing", 0.0), ("like the one before", 0.3))
    }
    return {
        "nights": nights,
        **{f"any finding where there is {name}": found["any"] for name, found in quiet.items()},
        "by family": quiet,
        "a day six scaled MADs off": bench_trends.found_days(rng, nights),
        "three scaled MADs in every hour of a day": bench_patterns.shifted(rng, nights),
        "1 % a day under noise of 3 %": bench_trends.found_trends(rng, nights)["within_14_nights"],
        "time limits that keep to 5 %, the worst": min(limits(rng, 2 * nights)),
    }


def limits(rng: np.random.Generator, runs: int) -> list[float]:
    """Return the share of runs in which a time limit keeps its promise, for each distribution and number of calls."""
    kinds = [(name, n, cut) for name in bench_settings.DISTRIBUTIONS for n in (59, 200) for cut in (False, True)]
    return [bench_settings.coverage(name, n, runs, rng, cut)["kept"] for name, n, cut in kinds]


if __name__ == "__main__":
    main()
