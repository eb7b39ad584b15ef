"""What real logs suffer: late lines, repeats, blank lines and lines that break the contract, each with its fate known.

The bytes of whole files are in `landing.py`; personal data inside good events in `privacy.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from ratchet.contracts.streams import STREAMS
from ratchet.samples import encode
from ratchet.samples.frames import Array, choose, numbers, texts
from ratchet.samples.plan import Plan
from ratchet.samples.privacy import make

LATE_SHARE, MOST_DAYS_LATE = 0.008, 3
REPEAT_SHARE, REPEAT_NEXT_DAY_SHARE = 0.003, 0.3
BAD_SHARE, BAD_SHARE_UGLY = 0.004, 0.03  # both stay below the gate's 5 %
BLANK_LINES = 3
DRIFT_SHARE = 0.1
DRIFT_FIELDS = (("interaction", "ui_theme"), ("api_call", "gpu_ms"))
LOADED, DUPLICATE, BLANK = "loaded", "duplicate", "blank"

_Breaker = Callable[[dict[str, Any], np.random.Generator], str]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a landing zone, one array a property.

    Attributes:
        text: the line, without its newline; bytes that are no UTF-8 are surrogate escapes.
        stream: position in `STREAMS`, -1 where the line is no event.
        event_day: number of the UTC day on which the event occurred.
        landed: number of the day on which the line lands.
        arrival: microseconds, by which the lines of a day are ordered.
        fate: loaded, duplicate, blank, or the reason for quarantine.
        drift: position in `DRIFT_FIELDS` of its unknown field, -1 for none.
        plain: whether nothing was planted inside, so that a repeat of it changes no other count.
    """

    text: Array
    stream: Array
    event_day: Array
    landed: Array
    arrival: Array
    fate: Array
    drift: Array
    plain: Array

    def __getitem__(self, rows: Array | slice) -> Lines:
        """Return some of the lines."""
        return Lines(*(getattr(self, f.name)[rows] for f in fields(self)))

    def __len__(self) -> int:
        return len(self.text)

    @classmethod
    def joined(cls, parts: list[Lines]) -> Lines:
        """Return all lines of several parts, in their order."""
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))


def drifted(plan: Plan, stream: str, frame: pd.DataFrame, index: int) -> pd.DataFrame:
    """Add a field that the contract does not know to some events from a day on; `_drift` says to which."""
    known = [name for name, _ in DRIFT_FIELDS]
    drift = np.full(len(frame), -1)
    if stream in known and index >= plan.drift_begins:
        rng = plan.rng(f"drift {stream}", index)
        drift[rng.random(len(frame)) < DRIFT_SHARE] = known.index(stream)
        frame = frame.assign(**{DRIFT_FIELDS[known.index(stream)][1]: _drift_values(stream, drift >= 0, rng)})
    return frame.assign(_drift=drift)


def _drift_values(stream: str, present: Array, rng: np.random.Generator) -> Any:
    if stream == "api_call":
        return numbers(rng.uniform(1, 400, len(present)), 1, present)
    themes = choose(("dark", "light", "high-contrast"), rng, len(present))
    return pd.Series(themes).where(present)


def as_lines(plan: Plan, stream: str, frame: pd.DataFrame, index: int) -> Lines:
    """Return a frame's lines, on time: each lands on the day it occurred, skewed clocks on the day they were read."""
    when = frame["occurred_at"].to_numpy().astype("datetime64[us]")
    day = (when.astype("datetime64[D]") - np.datetime64(plan.start, "D")).astype(int)
    skewed = frame["_skewed"].to_numpy() if "_skewed" in frame else np.zeros(len(frame), dtype=bool)
    drift = frame["_drift"].to_numpy()
    special = frame["_special"].to_numpy()
    return Lines(
        text=encode.lines(frame, stream),
        stream=np.full(len(frame), list(STREAMS).index(stream)),
        event_day=day,
        landed=np.where(skewed, index, day),
        arrival=when.astype(np.int64) - skewed * 86_400_000_000,
        fate=np.full(len(frame), LOADED, dtype=object),
        drift=drift,
        plain=~special & (drift < 0) & ~skewed,
    )


def delayed(plan: Plan, lines: Lines, rng: np.random.Generator) -> Lines:
    """Let a few lines land one to three days late, where that day is still in the period."""
    landed = lines.landed + rng.integers(1, MOST_DAYS_LATE + 1, len(lines))
    late = (rng.random(len(lines)) < LATE_SHARE) & (landed < plan.days) & (lines.landed == lines.event_day)
    midnight = np.datetime64(plan.start, "us").astype(np.int64)
    arrival = midnight + landed * 86_400_000_000 + rng.integers(0, 86_400_000_000, len(lines))
    parts = {f.name: getattr(lines, f.name) for f in fields(lines)}
    parts["landed"] = np.where(late, landed, lines.landed)
    parts["arrival"] = np.where(late, arrival, lines.arrival)
    return Lines(**parts)


def repeats(plan: Plan, lines: Lines, index: int, rng: np.random.Generator) -> Lines:
    """Return second copies of some lines that landed on time, the same day or the next."""
    free = np.flatnonzero(lines.plain & (lines.landed == index) & (lines.event_day == index))
    again = lines[np.sort(rng.choice(free, max(1, int(len(free) * REPEAT_SHARE)), replace=False))]
    next_day = (rng.random(len(again)) < REPEAT_NEXT_DAY_SHARE) & (index + 1 < plan.days)
    parts = {f.name: getattr(again, f.name) for f in fields(again)}
    parts["landed"] = again.landed + next_day
    parts["arrival"] = again.arrival + np.where(next_day, 86_400_000_000, 1_000_000)
    parts["fate"] = np.full(len(again), DUPLICATE, dtype=object)
    return Lines(**parts)


def broken(plan: Plan, lines: Lines, index: int, rng: np.random.Generator) -> tuple[Lines, list[dict[str, str]]]:
    """Return lines that break the contract, and the secrets that some of them carry."""
    ugly = index == plan.ugly_day
    free = np.flatnonzero(lines.plain & (lines.landed == index))
    models = lines[rng.choice(free, max(2, int(len(free) * (BAD_SHARE_UGLY if ugly else BAD_SHARE))))]
    reasons = list(BREAKERS) if ugly else [reason for reason in BREAKERS if reason != "bad_utf8"]
    first = 0 if ugly else 2 * index  # so that a small plan shows every reason on some day
    fate = np.array([reasons[(first + i) % len(reasons)] for i in range(len(models))], dtype=object)
    secrets: list[dict[str, str]] = []
    text: list[str] = []
    for model, reason in zip(models.text.tolist(), fate.tolist(), strict=True):
        event = json.loads(model) | {"event_id": f"bad_{rng.integers(2**60):015x}"}
        if reason == "not_json" and len(secrets) < 3:
            what = make("email" if len(secrets) % 2 == 0 else "api_key", rng)
            event |= {"request_text": what.text, "truncated": "by the writer"}
            secrets.append(what.as_record("quarantine"))
        text.append(BREAKERS[reason](event, rng))
    none = np.full(len(models), -1)
    bad = Lines(texts(text), none, models.event_day, models.landed, models.arrival + 1, fate, none, none > 0)
    return bad, secrets


def blanks(plan: Plan, index: int, rng: np.random.Generator) -> Lines:
    """Return a few blank lines."""
    begin = plan.midnight(index).astype(np.int64)
    none, day = np.full(BLANK_LINES, -1), np.full(BLANK_LINES, index)
    arrival = begin + rng.integers(0, 86_400_000_000, BLANK_LINES)
    fate = np.full(BLANK_LINES, BLANK, dtype=object)
    return Lines(texts([""] * BLANK_LINES), none, day, day, arrival, fate, none, none > 0)


def _json(event: object) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _without(*names: str) -> _Breaker:
    return lambda event, rng: _json({name: value for name, value in event.items() if name not in names})


def _with(**changes: object) -> _Breaker:
    return lambda event, rng: _json(event | changes)


BREAKERS: dict[str, _Breaker] = {
    "bad_utf8": lambda event, rng: _json(event | {"request_text": "caf\udce9"}),
    "not_json": lambda event, rng: _json(event)[: -int(rng.integers(1, 4))],
    "not_object": lambda event, rng: _json([event["event_id"], event["event_type"]]),
    "no_event_type": _without("event_type"),
    "unknown_stream": _with(event_type="interactions"),
    "reserved_stream": _with(event_type="decision", improvement_id="000000000000", action="approve"),
    "missing_field": _without("occurred_at"),
    "wrong_type": _with(user_id={"id": 17}),
    "out_of_range": lambda event, rng: _json(
        event | {"event_type": "api_call", "api": "x", "method": "GET", "path": "/", "status_code": 7}
    ),
    "not_a_choice": _with(clock="sundial"),
    "too_long": lambda event, rng: _json(event | {"event_id": event["event_id"] + "x" * 140}),
    "clock": _with(occurred_at="1970-01-01T00:00:00Z"),
}
