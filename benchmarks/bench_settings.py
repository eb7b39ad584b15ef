"""Adaptive settings against known truths: how often a timeout keeps its promise, what a tuned breaker spares, its time.

    python benchmarks/bench_settings.py [--runs 4000] [--seed 1]

Timeouts: n durations from distributions whose shares are known, each run through the night's own code; the true share of
calls beyond the bound must stay below 5 % in at least 95 % of runs from n = 59 on, where calls are censored too. Breakers:
days of calls with outages of known length, half of the days to fit, the other half to replay. Rates: an API that throttles
what is beyond a known number of calls in any minute, 14 days to fit, one to call it through the fitted bucket. Time: `tune` on a mart of the
largest size it may have. Figures go to benchmarks/results/settings.json.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ratchet import files
from ratchet.analyze.tuning import breakers, rates, timeouts, tune
from ratchet.analyze.tuning.fits import Rows, columns_of, round_up
from ratchet.contracts.adaptive import Defaults, History, Setting
from ratchet.errors import NotComputable

RESULTS = Path(__file__).parent / "results" / "settings.json"
DAY = date(2026, 11, 20)
SIZES = (59, 93, 200, 1000)
ROUND = np.array([1, 2, 3, 4, 5, 6, 8, *(s * 10.0**p for p in (1, 2, 3) for s in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8))])
DISTRIBUTIONS: dict[str, Any] = {
    "lognormal": stats.lognorm(1.0, scale=2.0),
    "exponential": stats.expon(scale=2.0),
    "pareto": stats.pareto(1.5),
    "two kinds of calls": None,
}


def drawn(name: str, rng: np.random.Generator, n: int) -> np.ndarray:
    if name != "two kinds of calls":
        return np.asarray(DISTRIBUTIONS[name].rvs(n, random_state=rng))
    slow = rng.random(n) < 0.06
    return np.where(slow, rng.lognormal(3.0, 0.2, n), rng.lognormal(0.0, 0.2, n))


def beyond(name: str) -> Callable[[float], float]:
    if name != "two kinds of calls":
        return lambda limit: float(DISTRIBUTIONS[name].sf(limit))
    kinds = stats.lognorm(0.2, scale=1.0), stats.lognorm(0.2, scale=np.exp(3.0))
    return lambda limit: float(0.94 * kinds[0].sf(limit) + 0.06 * kinds[1].sf(limit))


def coverage(name: str, n: int, runs: int, rng: np.random.Generator, censored: bool) -> dict[str, Any]:
    """Return in how many runs no bound is given whose true share beyond is 5 % or more; no bound is no promise."""
    share, kept, found, widest = beyond(name), 0, 0, 0.0
    cut_off = next(limit for limit in np.geomspace(0.1, 1e4, 2000) if share(limit) < 0.02)
    for _ in range(runs):
        durations = drawn(name, rng, n)
        came = durations <= cut_off if censored else np.ones(n, dtype=bool)
        rounded = np.array([round_up(d) for d in durations])
        bound, _ = timeouts.upper_bound(rounded, np.ones(n), came)
        if bound is not None:
            true = share(bound)
            found, kept, widest = found + 1, kept + (true < 0.05), max(widest, true)
    return {"distribution": name, "n": n, "censored": censored, "runs": runs, "with_a_bound": found} | {
        "kept": 1 - (found - kept) / runs,
        "kept_with_a_bound": kept / found if found else None,
        "largest_share": widest,
    }


def calls(rng: np.random.Generator, outages: int) -> list[tuple[float, bool]]:
    """Return a day of 5,000 calls to an API that fails in outages of two to ten minutes, else in 1 % of calls."""
    when = np.sort(rng.uniform(0, 86_400, 5000))
    down = np.zeros(5000, dtype=bool)
    for start in rng.uniform(0, 86_000, outages):
        down |= (when >= start) & (when < start + rng.uniform(120, 600))
    return list(zip(when.tolist(), (down | (rng.random(5000) < 0.01)).tolist(), strict=True))


def mart_of(days: list[list[tuple[float, bool]]]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for age, day in enumerate(days):
        for failed, n, first, last in runs_of(day):
            rows.append({"event_date": DAY - timedelta(days=age), "level": len(rows), "failed": failed, "n": n})
            rows[-1] |= {"first_ms": first * 1000, "last_ms": last * 1000}
    common = {"as_of": DAY, "setting": "circuit_breaker", "target": "api", "upper_ms": np.nan, "day_calls": np.nan}
    common["at_once"] = np.nan
    return pd.DataFrame(rows).assign(**common, targets=1)


def runs_of(day: list[tuple[float, bool]]) -> list[tuple[bool, int, float, float]]:
    found: list[tuple[bool, int, float, float]] = []
    for moment, failed in day:
        if found and found[-1][0] == failed:
            found[-1] = (failed, found[-1][1] + 1, found[-1][2], moment)
        else:
            found.append((failed, 1, moment, moment))
    return found


def spared(rng: np.random.Generator, runs: int) -> dict[str, Any]:
    """Return what a breaker fitted to 14 days saves on the next 14, against the default one."""
    today = Defaults().value(Setting.CIRCUIT_BREAKER)
    lost = {"default": 0.0, "tuned": 0.0}
    better = 0
    for _ in range(runs):
        old, new = (mart_of([calls(rng, 3) for _ in range(14)]) for _ in range(2))
        fitted = breakers.fit(rows_of(old), today, Defaults()).numbers
        then = [float(breakers.losses(rows_of(new), each, Defaults()).sum()) for each in (today, fitted)]
        lost = {"default": lost["default"] + then[0], "tuned": lost["tuned"] + then[1]}
        better += then[1] <= then[0]
    return {"runs": runs, "lost_per_day": {k: v / runs / 14 for k, v in lost.items()}, "no_worse": better / runs}


def rushes(rng: np.random.Generator, limit: float) -> np.ndarray:
    """Return the seconds of a day's calls: a thousand alone, and a rush each hour of 0.2 to 1.5 times the limit."""
    starts = 3600 * np.arange(24) + rng.uniform(0, 3000, 24)
    sizes = rng.uniform(0.2, 1.5, 24) * limit
    return np.sort(
        np.concatenate(
            [
                rng.uniform(0, 86_400, 1000),
                *(at + rng.uniform(0, 50, int(n)) for at, n in zip(starts, sizes, strict=True)),
            ]
        )
    )


def counted(moments: np.ndarray, window_s: float) -> np.ndarray:
    """Return how many calls came in the window up to each one, as the warehouse counts them."""
    return np.searchsorted(moments, moments, side="right") - np.searchsorted(moments, moments - window_s)


def rates_of(days: list[np.ndarray], limit: float) -> Rows:
    rows = []
    for age, moments in enumerate(days):
        minute, second = counted(moments, 60), counted(moments, 1)
        levels = [ROUND[np.searchsorted(ROUND, each)] for each in (minute, second)]
        found, n = np.unique(np.column_stack([*levels, minute > limit]), axis=0, return_counts=True)
        rows.append(
            pd.DataFrame(found, columns=["level", "at_once", "failed"]).assign(n=n, event_date=DAY - timedelta(age))
        )
    absent = dict.fromkeys(("upper_ms", "first_ms", "last_ms", "day_calls"), np.nan)
    return rows_of(pd.concat(rows, ignore_index=True).assign(**absent))


def through(moments: np.ndarray, per_minute: float, burst: float) -> np.ndarray:
    """Return when calls are made that take a token each from a bucket."""
    made, tokens, last = [], burst, 0.0
    for moment in moments:
        at = max(float(moment), last)
        tokens = min(burst, tokens + (at - last) * per_minute / 60)
        wait = max(0.0, (1 - tokens) * 60 / per_minute)
        tokens, last = tokens + wait * per_minute / 60 - 1, at + wait
        made.append(last)
    return np.array(made)


def limited(rng: np.random.Generator, runs: int) -> dict[str, Any]:
    """Return how near fitted buckets come to the limits of APIs, and what is throttled on a day that they have not seen."""
    found: list[tuple[float, ...]] = []
    for _ in range(runs):
        limit = float(rng.integers(40, 400))
        fitted = rates.fit(rates_of([rushes(rng, limit) for _ in range(14)], limit), {}, Defaults()).numbers
        if isinstance(fitted, NotComputable):
            continue
        day = rushes(rng, limit)
        calls_then = through(day, fitted["per_minute"], fitted["burst"])
        shares = [float((counted(each, 60) > limit).mean()) for each in (day, calls_then)]
        found.append(((fitted["per_minute"] + fitted["burst"]) / limit, float((calls_then - day).mean()), *shares))
    share, wait_s, before, after = (np.array(column) for column in zip(*found, strict=True))
    return {"runs": runs, "with_a_bucket": len(found), "at_most_the_limit": float((share <= 1).mean())} | {
        "of_the_limit": [float(q) for q in np.quantile(share, (0.05, 0.5, 0.95))],
        "throttled": {"without": float(before.mean()), "through_the_bucket": float(after.mean())},
        "mean_wait_s": float(wait_s.mean()),
    }


def rows_of(frame: pd.DataFrame) -> Rows:
    return Rows.of(columns_of(frame), slice(0, len(frame)))


def largest(rng: np.random.Generator) -> pd.DataFrame:
    """Return a mart of 20 task types with 28 days each, and 20 APIs with 200 runs a day."""
    ends = [round_up(v) * 1000 for v in np.geomspace(0.05, 60, 25)]
    days = [DAY - timedelta(days=d) for d in range(28)]
    keys = [(f"task {t:02d}", d, level, end) for t in range(20) for d in days for level in range(-1, 4) for end in ends]
    frame = pd.DataFrame(keys, columns=["target", "event_date", "level", "upper_ms"])
    frame = frame.assign(setting="timeout", failed=rng.random(len(frame)) < 0.01, n=rng.integers(1, 20, len(frame)))
    parts = [frame.assign(first_ms=np.nan, last_ms=np.nan, day_calls=np.nan, at_once=np.nan, as_of=DAY, targets=20)]
    parts += [mart_of([calls(rng, 2) for _ in days]).assign(target=f"api {a:02d}", targets=20) for a in range(20)]
    return pd.concat(parts, ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    found = [
        coverage(name, n, args.runs, rng, censored)
        for name in DISTRIBUTIONS
        for n in SIZES
        for censored in (False, True)
    ]
    for row in found:
        words = "some censored" if row["censored"] else "all came"
        print(f"{row['distribution']:>20} n = {row['n']:>4}, {words:<13}: {row['kept']:.1%} of runs keep to 5 %")
    saved = spared(rng, max(10, args.runs // 100))
    print(f"breakers on unseen days: {saved['lost_per_day']}, no worse in {saved['no_worse']:.0%}")
    buckets = limited(rng, max(10, args.runs // 40))
    print(f"rate limits on an unseen day: {buckets}")
    frame = largest(rng)
    tune(frame.head(1000), History(), Defaults(), DAY)
    start = time.process_time()
    tune(frame, History(), Defaults(), DAY)
    took = time.process_time() - start
    print(f"tune on {len(frame):,} rows, 20 task types and 20 APIs: {took:.2f} s of CPU")
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "machine": platform.machine()}
    files.write_json(
        RESULTS,
        {
            "seed": args.seed,
            "timeouts": found,
            "breakers": saved,
            "rates": buckets,
            "largest": {"rows": len(frame), "cpu_s": took},
        }
        | {"machine": machine},
    )


if __name__ == "__main__":
    main()
