"""What new users ask in their first week, how each beginning goes, and where they stop (R47).

Paths are made in `mart_first_steps`; how they are shown belongs to `report/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from ratchet import frames
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.names import bounded
from ratchet.statistics.proportions import wilson

_COUNTS = ("users", "succeeded", "failed", "went_on", "left_after_failure", "from_the_start")
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Path:
    """One beginning: the first one to three things that users asked for.

    Attributes:
        path: what they asked, in order; the same in a row is one step.
        users: distinct users who began so.
        share: of all new users.
        success_rate: of those whose outcome is known, for whom every step succeeded in the end.
        drop_off: of these users, the share that asked for nothing else in their first week.
        left_after_failure: of those who stopped, how many stopped when the last step had failed.
    """

    path: tuple[str, ...]
    users: int
    share: Estimate
    success_rate: Estimate
    drop_off: Estimate
    left_after_failure: int


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """Beginnings of new users, the most frequent first.

    Attributes:
        reason: why there are none, '' where there are.
        users: new users whose first week is over.
        from_the_start: of these, those seen in the first week of the log, who may have been users before.
        first_date, last_date: when the earliest and the latest of them came.
        hidden: beginnings of fewer users than may be shown.
        paths: of one, two and three steps.
    """

    reason: str
    users: int
    from_the_start: int
    first_date: date | None
    last_date: date | None
    hidden: int
    paths: tuple[Path, ...]


def first_steps(mart: pd.DataFrame, as_of: date, least_users: int) -> FirstSteps:
    """Return the beginnings that enough users share.

    Args:
        mart: mart_first_steps.
        as_of: the night's day.
        least_users: beginnings of fewer users are counted and not shown.
    """
    rows = mart.assign(key=[" ".join(frames.texts(path)) for path in mart["path"]])
    rows = frames.rows_of(rows, as_of, ("steps", "key"))
    rows[list(_COUNTS)] = frames.counts(rows, _COUNTS)
    whole = rows[rows["steps"] == 0]
    if not len(whole):
        why = "no user with a user id was first seen 6 to 35 days ago, so that the first week is over"
        return FirstSteps(why, 0, 0, None, None, 0, ())
    head = whole.iloc[0]
    named = rows[rows["steps"] > 0]
    shown = named[named["users"] >= least_users]
    shown = shown.sort_values(
        ["users", "steps", "key"], ascending=[False, True, True], kind="stable", ignore_index=True
    )
    return FirstSteps(
        reason="" if len(shown) else f"no beginning is shared by {least_users} users",
        users=int(head["users"]),
        from_the_start=int(head["from_the_start"]),
        first_date=frames.day(head["first_date"]),
        last_date=frames.day(head["last_date"]),
        hidden=len(named) - len(shown),
        paths=_paths(shown.head(SHOWN), int(head["users"])),
    )


def _paths(rows: pd.DataFrame, users: int) -> tuple[Path, ...]:
    known = (rows["succeeded"] + rows["failed"]).to_numpy()
    shares, rates = wilson(rows["users"], [users] * len(rows)), wilson(rows["succeeded"], known)
    drops = wilson(rows["users"] - rows["went_on"], rows["users"])
    return tuple(
        Path(
            path=tuple(bounded(step) for step in frames.texts(line["path"])),
            users=line["users"],
            share=shares.estimate(at, users, "no new user"),
            success_rate=rates.estimate(at, known[at], "no outcome is known"),
            drop_off=drops.estimate(at, line["users"], "no user"),
            left_after_failure=line["left_after_failure"],
        )
        for at, line in enumerate(frames.records(rows))
    )
