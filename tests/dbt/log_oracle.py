"""The events of a log as plain Python reads them: windows, units, outcomes and scores, with none of the SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

DAYS = [date(2026, 1, 5) + timedelta(days=n) for n in range(5)]
CODES = {"user": 1, "session": 2, "none": 0}
SCORES = {"used_as_is": 9.0, "immediate_retry": 2.0}
Event = dict[str, Any]
Events = dict[date, list[Event]]


class Log:
    """What had landed by a day."""

    def __init__(self, events: Events, day: date) -> None:
        self.day = day
        self.events = [
            e | {"landed": landed, "date": moment(e).date()}
            for landed in events
            if landed <= day
            for e in events[landed]
        ]
        interactions = {e["event_id"]: e for e in self.of("interaction")}
        for e in self.of("feedback"):
            found = interactions.get(e["interaction_id"])
            near = found is not None and abs((found["landed"] - e["landed"]).days) <= 7
            e["judged"] = found if near else None

    def of(self, stream: str) -> list[Event]:
        return [e for e in self.events if e["event_type"] == stream]

    def window(self, stream: str, days: int, skip: int = 0, end: date | None = None) -> list[Event]:
        last = (end or self.day) - timedelta(days=skip)
        first = last - timedelta(days=days - 1)
        return [e for e in self.of(stream) if first <= e["date"] <= last]

    def roots(self, days: int, skip: int = 0, end: date | None = None) -> list[Event]:
        return [e for e in self.window("interaction", days, skip, end) if e["parent_id"] is None]


def moment(event: Event) -> datetime:
    return datetime.fromisoformat(event["occurred_at"])


def unit(event: Event) -> tuple[str, str] | None:
    if event["user_id"]:
        return "user", event["user_id"]
    return ("session", event["session_id"]) if event["session_id"] else None


def units(events: Iterable[Event]) -> set[tuple[str, str]]:
    return {u for e in events if (u := unit(e))}


def kind_of(found: set[tuple[str, str]]) -> str:
    return max((kind for kind, _ in found), key=lambda kind: CODES[kind], default="none")


def by_people(events: list[Event]) -> list[Event]:
    return [e for e in events if e["rater"] != "evaluator"]


def score(event: Event) -> float | None:
    if event["kind"] == "rating":
        return 2.5 * (event["rating"] - 1)
    if event["kind"] == "thumb":
        return 10.0 if event["thumb"] == "up" else 0.0
    if event["kind"] == "score":
        return event["score"] if 0 <= event["score"] <= 10 else None
    return SCORES.get(event["action"]) if event["kind"] == "behaviour" else None


def outcomes(events: list[Event]) -> tuple[int, int, int, int]:
    found = Counter(e["success"] for e in events)
    return len(events), found[True], found[False], found[None]


def newest(events: list[Event]) -> list[Event]:
    return sorted(sorted(events, key=lambda e: e["event_id"]), key=moment, reverse=True)


def grouped(events: Iterable[Event], key: Any) -> dict[Any, list[Event]]:
    found = defaultdict(list)
    for e in events:
        found[key(e)].append(e)
    return found


def rows_of(frame: pd.DataFrame, columns: list[str]) -> list[tuple[Any, ...]]:
    return sorted(tuple(_plain(v) for v in row) for row in frame[columns].itertuples(index=False))


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    return tuple(value) if isinstance(value, list) else value
