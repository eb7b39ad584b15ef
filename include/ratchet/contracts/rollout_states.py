"""Where a rollout stands as of a night: the moves of its flag and the state in force.

The fold that makes them belongs to `deploy/rollouts.py`, what a rollout and its phases are to `rollouts.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ratchet.contracts.rollouts import NOT_STARTED, Assignment, Phase


@dataclass(frozen=True, slots=True)
class Step:
    """One move of a flag that really happened.

    Attributes:
        ends_at: the instant (UTC) until which surely the step before held.
        starts_at: the instant from which surely this one holds; what lies between belongs to none.
        percentage: from then on, 0 to 100.
        groups: named groups that have the feature whatever their hash.
        stage: what the mover called it; `off` after a roll back.
        assignment: published with it, None where the log tells only of a percentage.
        attempt: which attempt of the rollout it belongs to.
        spec_hash: of the file that was in force, None where it is not known.
    """

    ends_at: datetime
    starts_at: datetime
    percentage: float
    groups: tuple[str, ...]
    stage: str
    assignment: Assignment | None = None
    attempt: int = 1
    spec_hash: str | None = None


@dataclass(frozen=True, slots=True)
class RolloutState:
    """Where a rollout stands: a fold over what was really published.

    Attributes:
        rollout_id: which.
        stage: name of the present stage, `not started` or `off`.
        percentage: in force, the holdback taken off.
        groups: in force.
        phases: oldest first; the last one may begin only after the night.
        assignment: what was published with it, None where nothing was.
        spec_hash: of the file that was in force when it was published, None where nothing was.
        edited: whether the file now assigns units otherwise: it holds for the next attempt only.
        ignored: changes of the log about this flag that name no percentage.
    """

    rollout_id: str
    stage: str = NOT_STARTED
    percentage: float = 0.0
    groups: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ()
    assignment: Assignment | None = None
    spec_hash: str | None = None
    edited: bool = False
    ignored: int = 0

    @property
    def phase(self) -> Phase | None:
        """Return the phase that lasts, None before the first and after a roll back."""
        last = self.phases[-1] if self.phases else None
        return last if last is not None and last.ends_at is None else None
