"""Heartbeats, the state of hosts, and the changes that explain what the other streams show."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ratchet.samples.catalogue import load
from ratchet.samples.experiments import ROLLOUT_STAGES
from ratchet.samples.frames import Array, busy, flags, ids, later, numbers, pick, texts, whole
from ratchet.samples.plan import Plan

SKEWED_HOST = "worker-3"


def heartbeats(plan: Plan, index: int) -> pd.DataFrame:
    """Return the beats of every service; in the outage search first says that it is down, then nothing at all."""
    rng = plan.rng("heartbeats", index)
    services = load("machines")["services"]
    when, service = _grid(plan, index, len(services), rng)
    begin, end = plan.outage
    down = (when >= begin) & (when < end) & (service == services.index("search"))
    silent = down & (when >= begin + (end - begin) / 2)
    frame = pd.DataFrame(
        {
            "event_id": ids("hb_", rng, len(when)),
            "occurred_at": when,
            "service": pick(services, service),
            "environment": pick(("production",), np.zeros(len(when))),
            "up": flags(~down),
        }
    )
    heard: pd.DataFrame = frame.loc[~silent].reset_index(drop=True)
    return heard


def resources(plan: Plan, index: int) -> pd.DataFrame:
    """Return the state of every host; on the ugly day the clock of one is a day ahead from 14:00 to 15:00."""
    rng = plan.rng("resources", index)
    hosts = load("machines")["hosts"]
    when, host = _grid(plan, index, len(hosts), rng)
    load_share, size = busy(when), len(when)
    ahead = (host == hosts.index(SKEWED_HOST)) & (index == plan.ugly_day) & (index < plan.days - 1)
    hour = (when - plan.midnight(index)).astype("timedelta64[h]").astype(int)
    when = np.where(ahead & (hour == 14), when + np.timedelta64(1, "D"), when)
    return pd.DataFrame(
        {
            "event_id": ids("re_", rng, size),
            "occurred_at": when,
            "service": pick(("tool-runner",), np.zeros(size)),
            "environment": pick(("production",), np.zeros(size)),
            "host": pick(hosts, host),
            "cpu_percent_free": numbers(np.clip(82 - 55 * load_share + rng.normal(0, 6, size), 1, 99), 1),
            "memory_percent_free": numbers(np.clip(61 - 20 * load_share + rng.normal(0, 3, size), 1, 99), 1),
            "concurrency": whole(np.maximum(1, np.round(4 + 20 * load_share))),
            "batch_size": whole(np.full(size, 16)),
            "queue_depth": whole(rng.poisson(0.5 + 6 * load_share**3)),
            "_skewed": ahead & (hour == 14),
        }
    )


def _grid(plan: Plan, index: int, width: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return instants a beat apart for each of so many things, with a little jitter, and which thing it is."""
    beats = np.arange(0, 24 * 60, plan.beat_minutes)
    when = np.repeat(beats, width) * 60_000 + rng.integers(0, 900, len(beats) * width)
    return later(np.full(len(when), plan.midnight(index)), when), np.tile(np.arange(width), len(beats))


def changes(plan: Plan, index: int) -> pd.DataFrame:
    """Return the changes that begin on a day."""
    story = _story(plan)
    begin = plan.midnight(index)
    today = (story["occurred_at"] >= begin) & (story["occurred_at"] < begin + np.timedelta64(1, "D"))
    return story.loc[today].reset_index(drop=True)


def _story(plan: Plan) -> pd.DataFrame:
    outage = plan.outage
    rows: list[tuple[str, np.datetime64, str, str, str | None, str | None, str | None]] = [
        ("chg_release_231", plan.chart_fix, "release", "assistant-api", "2.3.0", "2.3.1", None),
        ("chg_translate_prompt_4", plan.prompt_change, "prompt", "translate_text", "3", "4", None),
        ("chg_standard_model", plan.model_change, "model", "writer", "atlas-2-mini", "atlas-3-mini", None),
        ("chg_outlook", plan.outlook_added, "feature", "sync_outlook_calendar", None, "outlook connector", None),
        ("chg_incident_search", outage[0], "incident", "search", None, None, _rfc3339(outage[1])),
        ("chg_release_240", plan.meeting_bug, "release", "assistant-api", "2.3.1", "2.4.0", None),
    ]
    before = "0"
    for share, percentage in ROLLOUT_STAGES:
        name = f"chg_smart_search_{percentage}"
        rows.append((name, plan.instant(share), "feature", "smart_search", before, str(percentage), None))
        before = str(percentage)
    rows.sort(key=lambda row: (row[1], row[0]))
    names = ("event_id", "occurred_at", "kind", "target", "before", "after", "ended_at")
    columns = dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))
    frame = pd.DataFrame({name: texts(values) for name, values in columns.items() if name != "occurred_at"})
    frame.insert(1, "occurred_at", np.array(columns["occurred_at"], dtype="datetime64[us]"))
    return frame


def _rfc3339(moment: np.datetime64) -> str:
    return f"{np.datetime_as_string(moment, unit='s')}Z"
