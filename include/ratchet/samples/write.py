"""Writes the whole sample: day after day, events to lines to files, and the truth about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ratchet import files
from ratchet.samples import calls, experiments, indexing, interactions, landing, machines, privacy, reactions, spoil
from ratchet.samples.people import People
from ratchet.samples.plan import Plan
from ratchet.samples.requests import day_requests
from ratchet.samples.spoil import Lines
from ratchet.samples.truth import Truth

STREAM_OF = {"root": "interaction", "step": "interaction"}


def write(
    out: Path,
    days: int,
    events_per_day: int,
    seed: int,
    end: date,
    progress: Callable[[date, int], None] | None = None,
) -> dict[str, Any]:
    """Write `<out>/dt=YYYY-MM-DD/events-NN.jsonl[.gz]` for each day and `<out>/truth.json`, and return the truth.

    Args:
        out: the landing zone; files of the same names are replaced.
        days: how many days, the last one being `end`.
        events_per_day: about how many events an average day has; at least about 400 are made.
        seed: any integer; the same arguments give the same bytes.
        end: the last landing day.
        progress: called after each day with its date and its number of lines.

    Raises:
        StorageError: if the disk is full or `out` cannot be written.
    """
    plan = Plan(end=end, days=days, events_per_day=events_per_day, seed=seed)
    people, truth = People.of(plan), Truth(plan)
    waiting: dict[int, list[Lines]] = {}
    for index in range(days):
        for lines in _day_lines(plan, people, truth, index):
            for landed in np.unique(lines.landed[lines.landed < days]).tolist():
                waiting.setdefault(landed, []).append(lines[lines.landed == landed])
        written = landing.write_day(out, plan, Lines.joined(waiting.pop(index)), index)
        truth.add_files(index, written)
        if progress is not None:
            progress(plan.date_of(index), sum(len(file.lines) for file in written))
    told = truth.told()
    files.write_json(out / "truth.json", told)
    return told


def _day_lines(plan: Plan, people: People, truth: Truth, index: int) -> list[Lines]:
    """Return the lines that come of one day's events, whenever they land."""
    frames = _day_frames(plan, people, index)
    frames = {name: _within(plan, frame) for name, frame in frames.items()}
    truth.add_secrets(privacy.plant(plan, frames, index))
    indexed = _within(plan, indexing.api_calls(plan, index))
    truth.add_frames({**frames, "indexing": indexed})
    parts = []
    for name, frame in frames.items():
        stream = STREAM_OF.get(name, name)
        frame = spoil.drifted(plan, stream, frame, index) if name != "step" else frame.assign(_drift=-1)
        parts.append(spoil.as_lines(plan, stream, frame, index))
    rng = plan.rng("spoil", index)
    good = spoil.delayed(plan, Lines.joined(parts), rng)
    bad, secrets = spoil.broken(plan, good, index, rng)
    truth.add_secrets(secrets)
    spoiled = [good, spoil.repeats(plan, good, index, rng), bad, spoil.blanks(plan, index, rng)]
    return [*spoiled, spoil.as_lines(plan, "api_call", indexed.assign(_drift=-1), index)]


def _day_frames(plan: Plan, people: People, index: int) -> dict[str, pd.DataFrame]:
    requests = day_requests(plan, people, index)
    root = interactions.roots(plan, people, requests, index)
    step = interactions.steps(plan, requests, root, index)
    flags, outcomes = experiments.evaluations(plan, people, requests, root, index)
    root = root.assign(_intent=requests["intent"], _outcome=requests["outcome"], _retry=requests["retry"])
    felt = reactions.feedback(plan, requests, root, index)
    return {
        "root": root,
        "step": step,
        "error": calls.errors(plan, requests, root, step, index),
        "feedback": felt,
        "flag_evaluation": flags,
        "outcome": outcomes,
        "api_call": calls.api_calls(plan, requests, root, step, index),
        "validation": reactions.validations(plan, requests, root, index),
        "resource": machines.resources(plan, index),
        "heartbeat": machines.heartbeats(plan, index),
        "support_ticket": reactions.tickets(plan, requests, root, index),
        "change": machines.changes(plan, index),
    }


def _within(plan: Plan, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the events that occur before the period ends; the others will not have landed."""
    kept = frame[frame["occurred_at"] < plan.midnight(plan.days)].reset_index(drop=True)
    return kept.assign(_special=np.zeros(len(kept), dtype=bool))
