"""Uptime by request and by minute (R43); a minute of which the log says nothing is unknown, not up.

Which failures count against the service itself belongs to `failure_classes.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ratchet.analyze.failure_classes import INFRASTRUCTURE
from ratchet.analyze.hours import Bits, Hours
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.names import bounded
from ratchet.statistics.arrays import Array
from ratchet.statistics.proportions import wilson

NIGHT_DAYS = (1, 7)


@dataclass(frozen=True, slots=True)
class Uptime:
    """How long and how often one service was there.

    Attributes:
        service: its name, '' for all: a minute is down for all when one of them was down.
        days: over how many days.
        by_request: share of requests with a known outcome that the infrastructure did not fail.
        by_minute: share of known minutes that were not down.
        up_minutes: a heartbeat said up or a request was answered, and nothing said down.
        down_minutes: a heartbeat said down; or the infrastructure failed a request, and nothing says that it was up.
        unknown_minutes: neither, such as in a gap of the log.
    """

    service: str
    days: int
    by_request: Estimate
    by_minute: Estimate
    up_minutes: int
    down_minutes: int
    unknown_minutes: int


def uptimes(hours: Hours, classified: pd.DataFrame, spans: Sequence[int] = NIGHT_DAYS) -> tuple[Uptime, ...]:
    """Return the uptime of every service over each span of days up to the end.

    Args:
        hours: of all services.
        classified: `failure_classes.classified`.
        spans: lengths in days.
    """
    broken = classified[classified["failure_class"] == INFRASTRUCTURE]
    failures, minutes = _placed(hours, broken)
    up = hours.minutes["up_minutes"] | hours.minutes["answered_minutes"]
    down = hours.minutes["down_minutes"] | (minutes & ~up)
    known = hours.cells["successes"] + hours.cells["failures"]
    return tuple(
        _uptime(name, days, known[row, -24 * days :], failures[row, -24 * days :], up[row], down[row])
        for row, name in enumerate(hours.services)
        for days in spans
    )


def _placed(hours: Hours, broken: pd.DataFrame) -> tuple[Array, Bits]:
    """Return failures and the bits of their minutes in the shape of the hours; '' holds those of all services."""
    shape = hours.is_usual.shape
    failures: Array = np.zeros(shape)
    minutes: Bits = np.zeros(shape, np.int64)
    starts = pd.to_datetime(broken["metric_hour"]).to_numpy(dtype="datetime64[h]")
    at = (starts - np.datetime64(hours.end, "h")).astype(int) + shape[1]
    place = {name: row for row, name in enumerate(hours.services)}
    rows = broken["service"].map(lambda name: place.get(name, 0)).to_numpy(dtype=int)
    kept = (at >= 0) & (at < shape[1])
    at, rows = at[kept], rows[kept]
    count, bits = broken["failures"].to_numpy()[kept], broken["minutes"].to_numpy(dtype=np.int64)[kept]
    named = rows > 0
    for row, these in ((np.zeros_like(rows), np.ones_like(named)), (rows, named)):
        np.add.at(failures, (row[these], at[these]), count[these])
        np.bitwise_or.at(minutes, (row[these], at[these]), bits[these])
    return failures, minutes


def _uptime(name: str, days: int, known: Array, failed: Array, up: Bits, down: Bits) -> Uptime:
    down_bits, up_bits = down[-24 * days :], up[-24 * days :] & ~down[-24 * days :]
    lost, served = (int(np.bitwise_count(bits).sum()) for bits in (down_bits, up_bits))
    n, broken = float(known.sum()), float(min(failed.sum(), known.sum()))
    requests, minutes = wilson(n - broken, n), wilson(served, served + lost)
    return Uptime(
        service=bounded(name),
        days=days,
        by_request=requests.estimate(0, n, "no request with a known outcome"),
        by_minute=minutes.estimate(0, served + lost, "the log says nothing of any minute"),
        up_minutes=served,
        down_minutes=lost,
        unknown_minutes=days * 1440 - served - lost,
    )
