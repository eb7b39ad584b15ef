"""How the detector of unusual hours does on the Numenta Anomaly Benchmark, by the benchmark's own rules.

    python benchmarks/bench_nab.py [--data ../shared/data/nab_timeseries]

One set of parameters for all series. The scorer follows the standard profile (Lavin & Ahmad 2015): a window found early
counts nearly 1, at its end 0, a missed one -1, a false alarm -0.11 and less the nearer it follows a window; 0 is what a
detector gets that never says anything, 100 a perfect one. The windows of the benchmark are in its `labels` folder.
Beside the night's detector: one that never speaks, and a windowed Gaussian. Figures go to benchmarks/results/nab.json.
Promised: at least 44 (goal 50).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ratchet import files
from ratchet.statistics.streams import Cycle, alarms, distances

RESULTS = Path(__file__).parent / "results" / "nab.json"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "nab_timeseries"
FALSE_ALARM, FOUND, MISSED = 0.11, 1.0, 1.0  # weights of the standard profile
THRESHOLD, QUIET_HOURS = 1.2, 8
GAUSSIAN_WINDOW, GAUSSIAN_STEP = 6_400, 150  # as NAB's own windowed Gaussian
Alarms = NDArray[np.bool_]


@dataclass(frozen=True)
class Series:
    """One file: its values, their spacing, and the windows (first and last position) in which something happened."""

    name: str
    values: NDArray[np.float64]
    hour: int
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        return probation(len(self.values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    corpus = load(parser.parse_args().data)
    if not corpus:
        print("skipped: no NAB series there; give their folder with --data")
        return
    started = time.perf_counter()
    night = [scores(series) for series in corpus]
    took = time.perf_counter() - started
    gaussian = [windowed_gaussian(series.values) for series in corpus]
    figures: dict[str, Any] = {
        "series": len(corpus),
        "points": sum(len(s.values) for s in corpus),
        "windows": sum(len(s.windows) for s in corpus),
        "never speaks": nab_score(corpus, [np.zeros(len(s.values), dtype=bool) for s in corpus]),
        "windowed Gaussian": best(corpus, gaussian),
        "seconds": took,
    }
    for name, quiet in (("with suppression", QUIET_HOURS), ("without suppression", 0)):
        raised = [alarms(found, THRESHOLD, quiet * s.hour) for s, found in zip(corpus, night, strict=True)]
        figures[name] = {"score": nab_score(corpus, raised), **quality(corpus, raised)}
    figures["around the threshold"] = nearby(corpus, night)
    figures["machine"] = {"cpus": os.cpu_count()}
    files.write_json(RESULTS, figures)
    for name, figure in figures.items():
        print(f"{name:22} {figure}")


def load(folder: Path) -> list[Series]:
    """Return every series of the corpus that is there."""
    labels = folder / "labels" / "combined_windows.json"
    if not labels.exists():
        return []
    found = json.loads(labels.read_text("utf-8"))
    return [_series(folder / name, name, found[name]) for name in sorted(found) if (folder / name).exists()]


def _series(path: Path, name: str, windows: Sequence[Sequence[str]]) -> Series:
    frame = pd.read_csv(path, parse_dates=["timestamp"])
    times = frame["timestamp"].to_numpy()
    step = np.median(np.diff(times).astype("timedelta64[s]").astype(float))
    places = [tuple(int(np.searchsorted(times, np.datetime64(edge))) for edge in window) for window in windows]
    hour = max(1, round(3600 / step))
    return Series(name, frame["value"].to_numpy(float), hour, tuple((a, b) for a, b in places))


def scores(series: Series) -> NDArray[np.float64]:
    """Return the night's distances: days before, an hour taken together and never fewer than three values."""
    cycle = Cycle(period=24 * series.hour, cycles=7, smooth=max(3, series.hour), least_share=0.01)
    return distances(series.values, cycle).score


def windowed_gaussian(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how unlikely each value is under a normal distribution of the values before it, refitted by steps."""
    surprise = np.zeros(len(values))
    for at in range(len(values)):
        if at % GAUSSIAN_STEP == 0 or at < GAUSSIAN_STEP:
            past = values[max(0, at - GAUSSIAN_WINDOW) : at]
            mean, sd = (past.mean(), past.std()) if len(past) > 1 else (values[at], 1.0)
        surprise[at] = -stats.norm.logsf(abs(values[at] - mean) / (sd or 1e-6))
    return surprise


def probation(length: int) -> int:
    """Return how many first values are not judged."""
    return int(min(0.15 * length, 0.15 * 5_000))


def value_of(distance: float | NDArray[np.float64]) -> Any:
    """Return what an alarm is worth: 1 well before the end of a window, 0 at it, -1 far behind."""
    return np.where(np.asarray(distance) > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(distance, 3.0))) - 1)


def nab_score(corpus: Sequence[Series], raised: Sequence[Alarms]) -> float:
    """Return the corpus' score: 0 for a detector that never speaks, 100 for a perfect one."""
    windows = sum(len(s.windows) for s in corpus)
    total = sum(raw_score(s, found) for s, found in zip(corpus, raised, strict=True))
    return float(100 * (total + MISSED * windows) / ((FOUND + MISSED) * windows))


def raw_score(series: Series, raised: Alarms) -> float:
    """Return what the alarms of one series are worth: the best of each window, every one outside of them."""
    at = np.arange(len(series.values))
    judged = raised & (at >= series.probation)
    inside, total = np.zeros(len(at), dtype=bool), 0.0
    for first, end in series.windows:
        width = end - first + 1
        window = (at >= first) & (at <= end)
        inside |= window
        worth = value_of(-(end - at[judged & window] + 1) / width) / value_of(-1.0)
        total += FOUND * float(worth.max()) if len(worth) else -MISSED
    for place in at[judged & ~inside]:
        before = [w for w in series.windows if w[1] < place]
        last = max(before, default=None, key=lambda w: w[1])
        total += FALSE_ALARM * (float(value_of((place - last[1]) / (last[1] - last[0]))) if last else -1.0)
    return total


def quality(corpus: Sequence[Series], raised: Sequence[Alarms]) -> dict[str, float]:
    """Return the shares of alarms that are in a window and of windows with an alarm, and the false alarms."""
    found, true, false, points = 0, 0, 0, 0
    for series, alarm in zip(corpus, raised, strict=True):
        at = np.flatnonzero(alarm)
        at = at[at >= series.probation]
        hits = [[first <= place <= end for first, end in series.windows] for place in at]
        found += int(np.any(hits, axis=0).sum()) if hits and series.windows else 0
        true += sum(any(hit) for hit in hits)
        false += sum(not any(hit) for hit in hits)
        points += len(series.values) - series.probation
    windows = sum(len(s.windows) for s in corpus)
    return {
        "precision": true / max(true + false, 1),
        "recall": found / windows,
        "false_alarms_per_1000_points": 1_000 * false / points,
    }


def best(corpus: Sequence[Series], found: Sequence[NDArray[np.float64]]) -> dict[str, float]:
    """Return the score at the threshold that is best for the corpus, as the benchmark publishes scores."""
    levels = np.unique(np.quantile(np.concatenate(found), 1 - np.logspace(-5, -2, 40)))
    by_level = {float(level): nab_score(corpus, [f >= level for f in found]) for level in levels}
    level = max(by_level, key=lambda at: by_level[at])
    return {"score": by_level[level], "threshold": level}


def nearby(corpus: Sequence[Series], night: Sequence[NDArray[np.float64]]) -> dict[str, float]:
    """Return the score with other thresholds and quiet times: how much hangs on the ones that were chosen."""
    made: dict[str, float] = {}
    for threshold in (1.0, 1.1, 1.2, 1.3, 1.5):
        for quiet in (4, 8, 16):
            raised: list[Alarms] = [
                alarms(found, threshold, quiet * s.hour) for s, found in zip(corpus, night, strict=True)
            ]
            made[f"{threshold}, {quiet} h"] = round(nab_score(corpus, raised), 1)
    return made


if __name__ == "__main__":
    main()
