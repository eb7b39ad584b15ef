"""STL and Rosner's generalised ESD test beside the detectors of the night, on the same nights and the same corpus.

    python benchmarks/bench_decomposition.py [--nights 200] [--data ../shared/data/nab_timeseries]

Daily: 20 seeded series of twelve weeks (bench_trends.py). STL is fitted to the days before the night's own (what is
expected is its last trend and the season of a week before) or to all of them; the day is unusual where the generalised
ESD test of the residuals names it, at the level of the night. Hours: the development part of NAB, where robust STL may
even read the future and choose its best threshold. Figures go to benchmarks/results/decomposition.json.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bench_nab
import bench_trends
import numpy as np
from scipy import stats
from statsmodels.tsa.seasonal import STL

from ratchet import files
from ratchet.analyze.trends import ANOMALY_ALPHA
from ratchet.statistics.arrays import Array
from ratchet.statistics.series import WEEK
from ratchet.statistics.streams import alarms

RESULTS = Path(__file__).parent / "results" / "decomposition.json"
MOST_SHARE = 0.1
Detector = Callable[[Array], bool]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=200)
    parser.add_argument("--data", type=Path, default=bench_nab.DATA)
    options = parser.parse_args()
    detectors: dict[str, Detector] = {
        "of the night": bench_trends.is_unusual,
        "STL before the day, ESD": lambda values: is_outlier(expected_by_stl(values)),
        "STL of all days, ESD": lambda values: is_outlier(residuals(values)),
    }
    figures: dict[str, Any] = {"nights": options.nights}
    for name, detector in detectors.items():
        figures[name] = daily(detector, options.nights)
        print(f"{name:28} {figures[name]}")
    figures["NAB"] = on_nab(options.data)
    print(f"{'NAB':28} {figures['NAB']}")
    files.write_json(RESULTS, figures | {"machine": {"cpus": os.cpu_count()}})


def daily(detector: Detector, nights: int) -> dict[str, float]:
    """Return the share of quiet nights with a finding, of planted days that are found, and what a series costs."""
    rng = np.random.default_rng(17)
    drawn = [[bench_trends.series(rng) for _ in range(bench_trends.SERIES)] for _ in range(nights)]
    began = time.perf_counter()
    quiet = [sum(map(detector, night)) > 0 for night in drawn]
    took = time.perf_counter() - began
    found = 0
    for _ in range(nights):
        values = bench_trends.series(rng)
        values[-1] += rng.choice([-1, 1]) * 6 * bench_trends.NOISE
        found += detector(values)
    return {
        "nights_with_a_finding": float(np.mean(quiet)),
        "planted_days_found": found / nights,
        "ms_a_series": 1_000 * took / nights / bench_trends.SERIES,
    }


def residuals(values: Array) -> Array:
    """Return what weekly STL (Cleveland et al. 1990), robust, leaves of a series."""
    left: Array = STL(values, period=WEEK, robust=True).fit().resid
    return left


def expected_by_stl(values: Array) -> Array:
    """Return the residuals of the days before the last, and how far the last is from where they lead."""
    fitted = STL(values[:-1], period=WEEK, robust=True).fit()
    expected = fitted.trend[-1] + fitted.seasonal[-WEEK]
    return np.append(fitted.resid, values[-1] - expected)


def is_outlier(left: Array) -> bool:
    """Return whether the last value is one of the outliers of a night's 20 series."""
    return len(left) - 1 in esd(left, max(1, int(MOST_SHARE * len(left))), ANOMALY_ALPHA / bench_trends.SERIES)


def esd(values: Array, most: int, alpha: float) -> list[int]:
    """Return the places of the outliers by the generalised extreme Studentised deviate test (Rosner 1983).

    `R_i` is the largest distance to the mean in standard deviations once the i - 1 largest were taken out,
    `λ_i = (n - i) t / sqrt((n - i - 1 + t²) (n - i + 1))` with Student's t at `1 - α / (2 (n - i + 1))` and `n - i - 1`
    degrees of freedom; there are as many outliers as the largest i with `R_i > λ_i`.
    """
    taken, outliers = steps(values, most, alpha), 0
    for number, (_, distance, critical) in enumerate(taken, 1):
        outliers = number if distance > critical else outliers
    return [place for place, _, _ in taken[:outliers]]


def steps(values: Array, most: int, alpha: float) -> list[tuple[int, float, float]]:
    """Return for each i the place that is taken out, `R_i` and `λ_i`."""
    left, n = list(range(len(values))), len(values)
    made = []
    for i in range(1, most + 1):
        rest = values[left]
        away = np.abs(rest - rest.mean())
        at, spread = int(away.argmax()), float(rest.std(ddof=1))
        t = stats.t.ppf(1 - alpha / (2 * (n - i + 1)), n - i - 1)
        critical = float((n - i) * t / np.sqrt((n - i - 1 + t**2) * (n - i + 1)))
        made.append((left.pop(at), float(away[at]) / spread if spread else 0.0, critical))
    return made


def on_nab(folder: Path) -> dict[str, float]:
    """Return the scores of the night's distances and of STL residuals, both suppressed for as long; nothing without data."""
    corpus = bench_nab.load(folder)
    if not corpus:
        return {}
    night = [bench_nab.scores(s) for s in corpus]
    began = time.perf_counter()
    stl = [_scaled(STL(s.values, period=24 * s.hour, robust=False).fit().resid) for s in corpus]
    took = time.perf_counter() - began

    def score(found: list[Array], threshold: float) -> float:
        raised = [alarms(f, threshold, bench_nab.QUIET_HOURS * s.hour) for f, s in zip(found, corpus, strict=True)]
        return bench_nab.nab_score(corpus, raised)

    by_level = {level: score(stl, level) for level in (3, 4, 5, 6, 8, 10, 12, 15, 20, 30)}
    best = max(by_level, key=lambda level: by_level[level])
    return {"of the night": score(night, bench_nab.THRESHOLD), "STL": by_level[best], "at": best, "STL_seconds": took}


def _scaled(left: Array) -> Array:
    away = np.abs(left - np.median(left))
    return away / max(float(np.median(away)) / stats.norm.ppf(0.75), 1e-9)


if __name__ == "__main__":
    main()
