"""The calls that index documents: in rushes on working days, some of them more than the provider takes (R42).

The provider is a token bucket: it refuses with 429 what comes when the bucket is empty and says when to call again.
A small sample has none of these calls, since they are as many whatever its volume.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ratchet.samples.catalogue import load
from ratchet.samples.frames import Array, ids, numbers, pick, texts, whole
from ratchet.samples.plan import Plan
from ratchet.samples.words import fill

OPERATION, API = "index_documents", "embeddings"
PER_MINUTE, BURST = 60.0, 50.0  # the true limit
ERROR_TYPE = "TooManyRequestsError"
FEWEST_EVENTS = 4000  # a day, below which nothing is indexed
_HOURS, _RUSH_HOURS = range(6, 18), (7, 13)
_BATCH, _RUSH = (6, 25), (70, 86)  # documents in a batch: from, and below
_PACE_S = 0.2  # from one document to the next
_AGAIN_S, _MAX_ATTEMPTS = (55.0, 85.0), 3


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a call.

    Attributes:
        call: number of the call within the day.
        number: of the attempt, from 1.
        at_s: seconds after midnight.
        wait_s: what the provider asks to wait for, 0 where it let the call through.
    """

    call: int
    number: int
    at_s: float
    wait_s: int


def is_indexed(plan: Plan) -> bool:
    """Return whether a sample has documents to index."""
    return plan.events_per_day >= FEWEST_EVENTS


def api_calls(plan: Plan, index: int) -> pd.DataFrame:
    """Return every attempt of every call of a day."""
    rng = plan.rng("indexing", index)
    made = attempts(_arrivals(plan, index, rng), rng)
    call = np.array([each.call for each in made], dtype=int)
    wait_s = np.array([each.wait_s for each in made], dtype=int)
    microseconds = np.array([round(each.at_s * 1e6) for each in made], dtype="timedelta64[us]")
    return _frame(plan.midnight(index) + microseconds, call, np.array([each.number for each in made]), wait_s, rng)


def told(plan: Plan, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the planted limit and what it refused, as they stand in `truth.json`; none in a small sample."""
    if not is_indexed(plan):
        return []
    days = sorted(set(frame["day"].tolist()))
    counts = [{"date": plan.date_of(day), **_counts(frame[frame["day"] == day])} for day in days]
    limit = {"per_minute": PER_MINUTE, "burst": BURST}
    return [{"api": API, "operation": OPERATION, **limit, **_counts(frame), "daily": counts}]


def _counts(frame: pd.DataFrame) -> dict[str, int]:
    return {"attempts": len(frame), "throttled": int((frame["status_code"] == 429).sum())}


def attempts(arrivals: Array, rng: np.random.Generator) -> list[Attempt]:
    """Return what a provider with the true limit does with calls, refused ones coming again, in order of time."""
    tokens, before_s, made = BURST, 0.0, []
    waiting = [(float(at_s), call, 1) for call, at_s in enumerate(arrivals)]
    while waiting:
        waiting.sort(reverse=True)
        at_s, call, number = waiting.pop()
        tokens, before_s = min(BURST, tokens + (at_s - before_s) * PER_MINUTE / 60), at_s
        wait_s = 0 if tokens >= 1 else math.ceil((1 - tokens) * 60 / PER_MINUTE)
        tokens -= wait_s == 0
        made.append(Attempt(call, number, at_s, wait_s))
        if wait_s and number < _MAX_ATTEMPTS:
            waiting.append((at_s + wait_s + float(rng.uniform(*_AGAIN_S)), call, number + 1))
    return made


def _arrivals(plan: Plan, index: int, rng: np.random.Generator) -> Array:
    """Return the seconds after midnight at which documents of a day are first sent; none are on weekends."""
    if not is_indexed(plan) or plan.date_of(index).weekday() >= 5:
        return np.zeros(0)
    batches = []
    for hour in _HOURS:
        size = int(rng.integers(*(_RUSH if hour in _RUSH_HOURS else _BATCH)))
        batches.append(3600 * hour + rng.uniform(60, 240) + np.cumsum(rng.gamma(20, _PACE_S / 20, size)))
    return np.concatenate(batches)


def _frame(when: Array, call: Array, number: Array, wait_s: Array, rng: np.random.Generator) -> pd.DataFrame:
    machine, size = load("machines")["indexing"], len(when)
    calls = int(call.max(initial=-1)) + 1
    refused = wait_s > 0
    said = [f"{ERROR_TYPE}: too many requests, try again in {wait} s" if wait else None for wait in wait_s.tolist()]
    return pd.DataFrame(
        {
            "event_id": ids("ac_", rng, size),
            "occurred_at": when,
            "service": pick(("tool-runner",), np.zeros(size)),
            "environment": pick(("production",), np.zeros(size)),
            "api": pick((API,), np.zeros(size)),
            "method": pick((machine["method"],), np.zeros(size)),
            "path": texts(fill(machine["path"], size, rng)),
            "call_id": ids("call_", rng, calls)[call],
            "attempt": whole(number),
            "status_code": whole(np.where(refused, 429, 200)),
            "duration_ms": numbers(np.where(refused, rng.uniform(8, 20, size), rng.lognormal(5.7, 0.3, size)), 1),
            "params": texts(fill(machine["params"], calls, rng))[call],
            "error_type": pick((ERROR_TYPE,), np.where(refused, 0, -1)),
            "error": texts(said),
            "retry_after_s": numbers(wait_s, 0, refused),
            "attributes": texts([f'{{"operation":"{OPERATION}"}}'] * size),
        }
    )
