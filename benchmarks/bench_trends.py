"""What trends, unusual days and forecasts find, and how often they find what is not there, by the code of the night.

    python benchmarks/bench_trends.py [--nights 2000]

Seeded nights of 20 daily series with a weekly season: without anything to find, with days that resemble the day before,
with a planted day six scaled MADs off, and with a planted trend of 1 % a day under noise of 3 %. Figures go to
benchmarks/results/trends.json. Promised: something is found on at most 2 % (trends) and 1.5 % (unusual days) of the
nights on which there is nothing; the planted day on the same night in 90 %, the planted trend within 14 nights in 80 %.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np

from ratchet import files
from ratchet.analyze.trends import ANOMALY_ALPHA, TREND_ALPHA
from ratchet.statistics.forecasts import TREND_DAYS
from ratchet.statistics.series import slope, surprise

RESULTS = Path(__file__).parent / "results" / "trends.json"
SERIES, DAYS, NOISE = 20, 84, 0.03
SEASON = np.array([0.02, 0.03, 0.02, 0.01, 0.0, -0.04, -0.04])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=2_000)
    nights = parser.parse_args().nights
    rng = np.random.default_rng(17)
    figures: dict[str, Any] = {"nights": nights, "series": SERIES, "days": DAYS}
    for name, phi, tails in (("nothing", 0.0, 0), ("like the day before", 0.3, 0), ("heavy tails", 0.0, 5)):
        figures[name] = quiet(rng, nights, phi, tails)
    figures["a day six scaled MADs off"] = found_days(rng, nights)
    figures["1 % a day under noise of 3 %"] = found_trends(rng, nights)
    figures["machine"] = {"cpus": os.cpu_count()}
    files.write_json(RESULTS, figures)
    for name, figure in figures.items():
        print(f"{name:32} {figure}")


def series(rng: np.random.Generator, phi: float = 0.0, tails: int = 0) -> Any:
    """Return one series on a scale on which noise is relative."""
    noise = rng.standard_t(tails, DAYS + 50) / np.sqrt(tails / (tails - 2)) if tails else rng.normal(size=DAYS + 50)
    for day in range(1, len(noise)):
        noise[day] = phi * noise[day - 1] + np.sqrt(1 - phi**2) * noise[day]
    return SEASON[np.arange(DAYS) % 7] + NOISE * noise[-DAYS:]


def quiet(rng: np.random.Generator, nights: int, phi: float, tails: int) -> dict[str, float]:
    """Return the share of nights on which any of the series shows something."""
    trends, days = 0, 0
    for _ in range(nights):
        night = [series(rng, phi, tails) for _ in range(SERIES)]
        trends += any(is_trend(values) for values in night)
        days += any(is_unusual(values) for values in night)
    return {"nights_with_a_trend": trends / nights, "nights_with_an_unusual_day": days / nights}


def found_days(rng: np.random.Generator, nights: int) -> float:
    """Return the share of planted days that are found the same night."""
    found = 0
    for _ in range(nights):
        values = series(rng)
        values[-1] += rng.choice([-1, 1]) * 6 * NOISE
        found += is_unusual(values)
    return found / nights


def found_trends(rng: np.random.Generator, nights: int) -> dict[str, float]:
    """Return the shares of planted trends that are found within 10 and 14 nights."""
    found = {10: 0, 14: 0}
    for _ in range(nights):
        whole = np.concatenate([series(rng), series(rng)[:14]])
        whole[DAYS:] = SEASON[np.arange(DAYS, DAYS + 14) % 7] + rng.normal(size=14) * NOISE + np.arange(1, 15) * 0.01
        first = next((n for n in range(5, 15) if is_trend(whole[n : DAYS + n])), 99)
        for limit in found:
            found[limit] += first <= limit
    return {f"within_{limit}_nights": n / nights for limit, n in found.items()}


def is_trend(values: Any) -> bool:
    """Return whether one of twenty series would be said to have a trend."""
    found = slope(values, TREND_DAYS)
    return found is not None and found.p * SERIES <= TREND_ALPHA


def is_unusual(values: Any) -> bool:
    """Return whether the last day of one of twenty series would be called unusual."""
    found = surprise(values)
    return found is not None and found.p * SERIES <= ANOMALY_ALPHA


if __name__ == "__main__":
    main()
