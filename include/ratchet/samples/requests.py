"""What users ask on one day and how it ends, as numbers: session, user, instant, intent, fault, outcome.

The words and figures of the events are made from these rows by `interactions.py` and its neighbours.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ratchet.samples.catalogue import SUPPORTED, Fault, faults, intents
from ratchet.samples.frames import Array, busy, later
from ratchet.samples.people import People
from ratchet.samples.plan import MEAN_TURNS, Plan

WRONG_SHARE, UNKNOWN_SHARE = 0.008, 0.02
RETRY_SHARE = 0.35
NO_FAULT = -1
SUCCESS, FAILURE, UNKNOWN = 1, 0, -1
_MAIN_INTENT_SHARE = 0.45
_POSITION = {intent.role: position for position, intent in enumerate(intents()) if intent.role != SUPPORTED}
_FAULT_CODE = {fault.key: code for code, fault in enumerate(faults())}


def day_requests(plan: Plan, people: People, index: int) -> pd.DataFrame:
    """Return the requests of one day.

    Columns: `session` (number within the day), `user` (position in the people), `when`, `intent` and `fault`
    (positions in the catalogue, -1 for no fault), `recovered`, `outcome` (1, 0, -1 for unknown), `retry`.
    """
    rng = plan.rng("requests", index)
    rows = _turns(plan, people, index, rng)
    rows["intent"] = _intents(plan, index, rows, rng)
    rows = pd.concat([rows, _script(plan, people, index, rows)], ignore_index=True)
    _settle(plan, rows, rng)
    return _retried(plan, rows, rng)


def _turns(plan: Plan, people: People, index: int, rng: np.random.Generator) -> pd.DataFrame:
    sessions = max(4, round(plan.requests(index) / MEAN_TURNS))
    users = people.draw(index, sessions, rng)
    starts = np.sort(people.starts(users, rng))
    turns = np.clip(rng.geometric(1 / MEAN_TURNS, sessions), 1, 12)
    session = np.repeat(np.arange(sessions), turns)
    pause = np.clip(rng.lognormal(np.log(55), 0.7, len(session)), 9, 900)
    passed = np.cumsum(pause)
    first = np.cumsum(turns) - turns
    seconds = starts[session] + passed - passed[first][session]
    when = later(np.full(len(session), plan.midnight(index)), seconds * 1000)
    return pd.DataFrame({"session": session, "user": users[session], "when": when})


def _intents(plan: Plan, index: int, rows: pd.DataFrame, rng: np.random.Generator) -> Array:
    weights = np.array([intent.weight for intent in intents()])
    session = rows["session"].to_numpy()
    main = rng.choice(len(weights), size=session.max() + 1, p=weights / weights.sum())[session]
    own = rng.choice(len(weights), size=len(rows), p=weights / weights.sum())
    chosen = np.where(rng.random(len(rows)) < _MAIN_INTENT_SHARE, main, own)
    free = rng.permutation(len(rows))
    for role, position in _POSITION.items():
        if role != "automation":
            taken, free = np.split(free, [plan.gap_demand(role, index)])
            chosen[taken] = position
    return chosen


def _script(plan: Plan, people: People, index: int, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the requests of the script: the same words every hour (every six on a small plan), always in vain."""
    step = 1 if plan.events_per_day >= 2000 else 6
    hours = np.arange(0, 24, step)
    when = plan.midnight(index) + hours.astype("timedelta64[h]") + np.timedelta64(17, "s")
    session = rows["session"].max() + 1 + np.arange(len(hours))
    return pd.DataFrame({"session": session, "user": people.script, "when": when, "intent": _POSITION["automation"]})


def _settle(plan: Plan, rows: pd.DataFrame, rng: np.random.Generator) -> None:
    """Decide which fault each request meets, whether a retry saves it, and how it ends."""
    size = len(rows)
    fault = np.full(size, NO_FAULT)
    for code, rates in enumerate(_rates(plan, rows)):
        met = (rng.random(size) < rates) & (fault == NO_FAULT)
        fault[met] = code
    saves = np.array([f.recovered for f in faults()] + [0.0])
    recovered = rng.random(size) < saves[fault]
    chance = rng.random(size)
    calm = np.where(chance < WRONG_SHARE, FAILURE, np.where(chance < WRONG_SHARE + UNKNOWN_SHARE, UNKNOWN, SUCCESS))
    unnamed = rows["intent"].to_numpy() == _POSITION["gap_unnamed"]
    calm = np.where(unnamed, np.where(chance < 0.5, SUCCESS, UNKNOWN), calm)
    rows["fault"] = fault
    rows["recovered"] = recovered
    rows["outcome"] = np.where((fault != NO_FAULT) & ~recovered, FAILURE, calm)


def _rates(plan: Plan, rows: pd.DataFrame) -> list[Array]:
    when, intent = rows["when"].to_numpy(), rows["intent"].to_numpy()
    return [_chances(fault)[intent] * _season(plan, fault.key, when, intent) for fault in faults()]


def _chances(fault: Fault) -> Array:
    return np.array([fault.rate * fault.can_meet(intent) for intent in intents()])


def _season(plan: Plan, key: str, when: Array, intent: Array) -> Array:
    """Return what multiplies a fault's rate at each instant; this is where errors begin, end and peak."""
    if key == "rate_limit":
        return 0.4 + 1.6 * busy(when)
    if key == "timeout":
        begin, end = plan.degradation
        premium = np.array([i.agent in ("analyst", "planner", "coder") for i in intents()])[intent]
        return np.where((when >= begin) & (when < end) & premium, 4.0, 1.0)
    if key == "search_down":
        begin, end = plan.outage
        return np.where((when >= begin) & (when < end), 400.0, 1.0)
    begins = {"missing_parameter": plan.meeting_bug}.get(key)
    ends = {"chart_key": plan.chart_fix, "outlook_missing": plan.outlook_added}.get(key)
    active = np.ones(len(when), dtype=bool)
    if begins is not None:
        active = when >= begins
    if ends is not None:
        active = when < ends
    return active.astype(float)


def _retried(plan: Plan, rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Let some who failed ask the same again at once; the second try meets its own faults."""
    session, intent = rows["session"].to_numpy(), rows["intent"].to_numpy()
    known = np.isin(intent, [_POSITION["rare"], _POSITION["automation"]], invert=True)
    before = np.maximum(np.arange(len(rows)) - 1, 0)
    failed = (rows["outcome"].to_numpy()[before] == FAILURE) & (session[before] == session) & known & known[before]
    retry = failed & (rng.random(len(rows)) < RETRY_SHARE)
    retry[0] = False
    second = rows.assign(intent=np.where(retry, intent[before], intent))
    _settle(plan, second, rng)
    kept = {name: np.where(retry, second[name], rows[name]) for name in rows}
    return pd.DataFrame(kept).assign(retry=retry)
