"""Settings replayed on the log as data: what each day would have lost with today's value and with the proposed one.

What is said about one belongs to `sections/tuning.py`, how it looks to `replay_charts.py` and the templates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from ratchet.contracts.estimates import Estimate
from ratchet.report.logtext import Text


@dataclass(frozen=True, slots=True)
class Lost:
    """One day of the log."""

    day: date
    today: float
    proposed: float


@dataclass(frozen=True, slots=True)
class Replay:
    """One setting of one target; `loss` says what is counted, `wins` on which share of the days that differ it wins."""

    name: Text
    today: str
    proposed: str
    reason: Text
    loss: str
    wins: Estimate
    days: tuple[Lost, ...]


@dataclass(frozen=True, slots=True)
class Replays:
    """Settings with a better value than today's; `total` counts those that are not shown too."""

    kind: str = field(default="replays", init=False)
    caption: str
    replays: tuple[Replay, ...]
    total: int
    definition: str
    file: str
