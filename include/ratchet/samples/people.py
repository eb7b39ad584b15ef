"""The people who use the sample assistant: how often, from where, since when.

What they ask for belongs to `requests.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ratchet.samples.frames import Array, ids
from ratchet.samples.plan import MEAN_TURNS, Plan

_TIME_ZONES = (-8, -5, -3, 0, 1, 1, 1, 2, 9)  # hours from UTC
_HOURS = np.array([1, 1, 1, 1, 1, 2, 5, 14, 30, 44, 48, 44, 34, 40, 46, 44, 36, 24, 14, 9, 7, 5, 3, 2], dtype=float)


@dataclass(frozen=True, slots=True)
class People:
    """The users of a period.

    Attributes:
        user_ids: their pseudonyms; the last one is a script that asks on a clock.
        weight: how much each uses the assistant; the script has none of its own.
        zone: hours from UTC.
        joined: number of the day from which each is there; the new ones come evenly.
        internal: who works for the maker of the assistant.
    """

    user_ids: list[str]
    weight: Array
    zone: Array
    joined: Array
    internal: Array

    @classmethod
    def of(cls, plan: Plan) -> People:
        """Return the people of a plan: about three times as many as a day sees."""
        rng = plan.rng("people")
        size = max(12, round(plan.requests(0) / MEAN_TURNS * 2.4))
        weight = rng.lognormal(0.0, 1.0, size + 1)
        weight[size] = 0.0
        joined = np.where(rng.random(size + 1) < 0.75, 0, rng.integers(0, plan.days, size + 1))
        zone = rng.choice(np.array(_TIME_ZONES), size + 1)
        internal = rng.random(size + 1) < 0.03
        return cls(ids("u_", rng, size + 1).tolist(), weight, zone, joined, internal)

    @property
    def script(self) -> int:
        """Return the position of the script."""
        return len(self.user_ids) - 1

    def draw(self, index: int, size: int, rng: np.random.Generator) -> Array:
        """Return the users of so many sessions on a day."""
        share = self.weight * (self.joined <= index)
        return rng.choice(len(share), size=size, p=share / share.sum())

    def starts(self, users: Array, rng: np.random.Generator) -> Array:
        """Return when each session starts, in seconds after midnight UTC: by daylight where its user lives."""
        local = rng.choice(24, size=len(users), p=_HOURS / _HOURS.sum())
        hour = (local - self.zone[users]) % 24
        return hour * 3600 + rng.integers(0, 3600, len(users))
