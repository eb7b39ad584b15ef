"""What patterns find, and how often they find what is not there, by the code of the night.

    python benchmarks/bench_patterns.py [--nights 300]

Seeded nights of a stationary log with a weekly season: 20 hourly figures, 20 daily figures (15 of them as key figures
for correlations), 20 intents, a week of sessions whose actions are drawn independently. A night counts once, however
many families find something; trends and unusual days of key figures are those of bench_trends.py. Then a shift of three
scaled MADs in every hour of the day, with a month and with two to four weeks before it. Figures go to
benchmarks/results/patterns.json. Promised: something is found on at most 5 % of the nights on which there is nothing; the
shift on the same night in 90 %, with a month before it.
"""

from __future__ import annotations

import argparse
import os
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ratchet import files
from ratchet.analyze.correlations import ALPHA, SHUFFLES, THRESHOLD
from ratchet.analyze.frequency import DAYS, Counts, find_unusual_intents
from ratchet.analyze.sequences import find_sequences
from ratchet.analyze.trends import ANOMALY_ALPHA, TREND_ALPHA
from ratchet.analyze.unusual_hours import DAY, WEEKS
from ratchet.analyze.unusual_hours import THRESHOLD as HOURS_THRESHOLD
from ratchet.statistics.correlations import changes, pairs, shuffled, strongest_pair
from ratchet.statistics.forecasts import TREND_DAYS
from ratchet.statistics.series import slope, surprise
from ratchet.statistics.streams import distances

RESULTS = Path(__file__).parent / "results" / "patterns.json"
SERIES, HOURS, FIGURE_DAYS = 20, 30 * 24, 84
AS_OF = date(2026, 11, 20)
ACTIONS, SESSIONS = 8, 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=300)
    nights = parser.parse_args().nights
    rng = np.random.default_rng(66)
    figures: dict[str, Any] = {"nights": nights, "series": SERIES}
    for name, phi in (("nothing", 0.0), ("like the one before", 0.3)):
        figures[name] = quiet(rng, nights, phi)
    figures["three scaled MADs in every hour of a day"] = shifted(rng, nights)
    figures["the same by weeks before the day"] = {
        weeks: shifted(rng, nights, (7 * weeks + 1) * DAY) for weeks in (2, 3, 4)
    }
    figures["machine"] = {"cpus": os.cpu_count()}
    files.write_json(RESULTS, figures)
    for name, figure in figures.items():
        print(f"{name:42} {figure}")


def quiet(rng: np.random.Generator, nights: int, phi: float) -> dict[str, float]:
    """Return the share of nights on which each family, and any of them, finds something."""
    found = np.array([list(night(rng, phi).values()) for _ in range(nights)])
    names = list(night(np.random.default_rng(0), phi))
    shares = {name: float(share) for name, share in zip(names, found.mean(axis=0), strict=True)}
    return shares | {"any": float(found.any(axis=1).mean())}


def night(rng: np.random.Generator, phi: float) -> dict[str, bool]:
    """Return which families find something on a night on which there is nothing."""
    daily = noise(rng, SERIES, FIGURE_DAYS, phi) * 0.03 + season(FIGURE_DAYS, 1)
    hourly = noise(rng, SERIES, HOURS, phi) + season(HOURS, DAY) * 20
    trends = [slope(values, TREND_DAYS) for values in daily]
    days = [surprise(values) for values in daily]
    return {
        "trends": any(t is not None and t.p * SERIES <= TREND_ALPHA for t in trends),
        "unusual days": any(d is not None and d.p * SERIES <= ANOMALY_ALPHA for d in days),
        "unusual hours": any(is_unusual(values) for values in hourly),
        "unusual intents": bool(find_unusual_intents(intents(rng)).found),
        "correlations": correlated(daily[:15]),
        "sequences": bool(find_sequences(sessions(rng), AS_OF, 0.1, 0.7).found),
    }


def season(n: int, a_day: int) -> Any:
    at = np.arange(n)
    week = np.array([0.02, 0.03, 0.02, 0.01, 0.0, -0.04, -0.04])[at // a_day % 7]
    return week + (0.05 * np.sin(2 * np.pi * at / a_day) if a_day > 1 else 0.0)


def noise(rng: np.random.Generator, rows: int, n: int, phi: float) -> Any:
    drawn = rng.normal(size=(rows, n + 50))
    for at in range(1, drawn.shape[1] if phi else 0):
        drawn[:, at] = phi * drawn[:, at - 1] + np.sqrt(1 - phi**2) * drawn[:, at]
    return drawn[:, -n:]


def is_unusual(values: Any) -> bool:
    """Return whether some hour of the last day would be called unusual."""
    return bool((distances(values, WEEKS).score[-DAY:] >= HOURS_THRESHOLD).any())


def correlated(daily: Any) -> bool:
    rows = [moved for values in daily if (moved := changes(values)) is not None]
    table = np.array(rows)
    if strongest_pair(table) < THRESHOLD:  # what no shuffle could make a finding
        return False
    return any(
        pair.p <= ALPHA for pair in pairs(table, THRESHOLD, shuffled(table, SHUFFLES, np.random.default_rng(65)))
    )


def intents(rng: np.random.Generator) -> Counts:
    week = 1 + 5 * np.array([0.02, 0.03, 0.02, 0.01, 0.0, -0.04, -0.04])[np.arange(DAYS) % 7]
    counts = {("intent", f"i{k:02}"): rng.poisson(40 * week).astype(float) for k in range(SERIES)}
    return Counts(counts, np.ones(DAYS))


def sessions(rng: np.random.Generator) -> pd.DataFrame:
    """Return sessions of two to twelve actions, some of them frequent, none of them following another."""
    chances = 1 / np.arange(1, ACTIONS + 1)
    drawn = rng.choice(ACTIONS, (SESSIONS, 12), p=chances / chances.sum())
    lengths = rng.integers(2, 13, SESSIONS)
    actions = [[f"a{k}" for k in row[:n]] for row, n in zip(drawn, lengths, strict=True)]
    return pd.DataFrame({"as_of": AS_OF, "actions": actions, "sessions": 1})


def shifted(rng: np.random.Generator, nights: int, hours: int = HOURS) -> float:
    """Return the share of days with every hour shifted that are found on their night."""
    found = 0
    for values in noise(rng, nights, hours, 0.0) + season(hours, DAY) * 20:
        values[-DAY:] += 3 * rng.choice([-1, 1])
        found += is_unusual(values)
    return found / nights


if __name__ == "__main__":
    main()
