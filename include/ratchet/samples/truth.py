"""Keeps count of what is written, so that a test can compare every load report and mart with it.

What the counts mean for people (gaps, errors, experiments) is told by `story.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ratchet.contracts.streams import CONTRACT_VERSION, STREAMS
from ratchet.samples import story
from ratchet.samples.landing import WrittenFile
from ratchet.samples.plan import Plan
from ratchet.samples.reactions import ACTIONS
from ratchet.samples.spoil import BLANK, DRIFT_FIELDS, DUPLICATE, LOADED, Lines

# The 0-10 scale of the event contract; an unknown action has no score.
BEHAVIOUR_SCORES = {
    "immediate_retry": 2.0,
    "edited_output": 6.0,
    "used_as_is": 9.0,
    "saved_to_favorites": 10.0,
    "deleted_immediately": 1.0,
    "shared_with_team": 10.0,
}


class Truth:
    """Collects counts while the sample is written."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._days: list[dict[str, Any]] = []
        self._events: list[pd.DataFrame] = []
        self._secrets: list[dict[str, str]] = []
        self._frames: dict[str, list[pd.DataFrame]] = {}

    def add_secrets(self, planted: list[dict[str, str]]) -> None:
        """Remember planted personal data and secrets."""
        self._secrets += planted

    def add_files(self, index: int, written: list[WrittenFile]) -> None:
        """Count the lines of one landing day."""
        lines = Lines.joined([file.lines for file in written])
        loaded = lines[lines.fate == LOADED]
        fates = pd.Series(lines.fate).value_counts()
        bad = fates.drop([LOADED, DUPLICATE, BLANK], errors="ignore").sort_index()
        self._days.append(
            {
                "landed_date": self._plan.date_of(index),
                "lines": len(lines),
                "loaded": len(loaded),
                "duplicates": int(fates.get(DUPLICATE, 0)),
                "quarantined": int(bad.sum()),
                "blank": int(fates.get(BLANK, 0)),
                "late": int((loaded.event_day < index).sum()),
                "early": int((loaded.event_day > index).sum()),
                "reasons": [{"reason": reason, "lines": int(count)} for reason, count in bad.items()],
                "unknown_fields": _unknown_fields(loaded),
                "files": [file.as_record() for file in written],
            }
        )
        columns = {"stream": loaded.stream, "event_day": loaded.event_day, "landed": loaded.landed}
        self._events.append(pd.DataFrame(columns).groupby(list(columns)).size().reset_index(name="events"))

    def add_frames(self, frames: dict[str, pd.DataFrame]) -> None:
        """Keep of a day's events what the story is told from."""
        root = frames["root"]
        slim = {
            "requests": root[["_intent", "_outcome", "_retry"]].assign(unit=root["user_id"]),
            "errors": frames["error"][["error_type", "handled"]]
            .astype({"error_type": str})
            .assign(unit=frames["error"]["user_id"]),
            "feedback": frames["feedback"][["_intent", "kind"]].assign(score=scores(frames["feedback"])),
            "flags": frames["flag_evaluation"][["flag_key", "_treated", "_user", "reason"]],
            "outcomes": frames["outcome"][["metric", "_treated", "_user", "value"]],
            "changes": frames["change"].drop(columns="_special"),
            "indexing": frames["indexing"][["status_code"]],
        }
        sources = {
            "requests": "root",
            "errors": "error",
            "flags": "flag_evaluation",
            "outcomes": "outcome",
            "changes": "change",
        }
        for name, frame in slim.items():
            when = frames[sources.get(name, name)]["occurred_at"].to_numpy().astype("datetime64[D]")
            day = (when - np.datetime64(self._plan.start, "D")).astype(int)
            self._frames.setdefault(name, []).append(frame.assign(day=day))

    def told(self) -> dict[str, Any]:
        """Return the content of `truth.json`."""
        plan = self._plan
        frames = {name: pd.concat(parts, ignore_index=True) for name, parts in self._frames.items()}
        keys = ("lines", "loaded", "duplicates", "quarantined", "blank")
        return {
            "arguments": {
                "seed": plan.seed,
                "days": plan.days,
                "events_per_day": plan.events_per_day,
                "start": plan.start,
                "end": plan.end,
            },
            "contract_version": CONTRACT_VERSION,
            "totals": {key: sum(day[key] for day in self._days) for key in keys},
            "days": self._days,
            "events": self._event_counts(),
            **story.told(plan, frames),
            "privacy": self._secrets,
        }

    def _event_counts(self) -> list[dict[str, Any]]:
        counts = pd.concat(self._events).sort_values(["stream", "event_day", "landed"])
        names, date_of = list(STREAMS), self._plan.date_of
        columns = (counts[name].tolist() for name in ("stream", "event_day", "landed", "events"))
        return [
            {"stream": names[stream], "event_date": date_of(event), "landed_date": date_of(landed), "events": events}
            for stream, event, landed, events in zip(*columns, strict=True)
        ]


def _unknown_fields(loaded: Lines) -> list[dict[str, Any]]:
    counts = [(stream, field, int((loaded.drift == n).sum())) for n, (stream, field) in enumerate(DRIFT_FIELDS)]
    return [{"stream": stream, "field": field, "events": count} for stream, field, count in counts if count]


def scores(frame: pd.DataFrame) -> pd.Series:
    """Return each feedback on the contract's scale from 0 to 10, NaN where it has no score."""
    span = frame["score_max"] - frame["score_min"]
    by_kind = (
        frame["action"].astype(object).map({name: BEHAVIOUR_SCORES.get(name) for name in ACTIONS}).astype(float),
        2.5 * (frame["rating"] - 1),
        frame["thumb"].astype(object).map({"up": 10.0, "down": 0.0}).astype(float),
        10 * (frame["score"] - frame["score_min"]) / span,
    )
    found = by_kind[0]
    for other in by_kind[1:]:
        found = found.fillna(other)
    return found
