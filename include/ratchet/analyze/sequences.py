"""Sequences: which actions follow each other within sessions, more often than chance and company explain (R64).

How they are counted and judged belongs to `statistics/sequences.py`; what an action is to `mart_sequences`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet.contracts.estimates import Estimate
from ratchet.statistics.comparisons import benjamini_hochberg
from ratchet.statistics.proportions import wilson
from ratchet.statistics.sequences import Rule, Sessions, frequent, rule, sessions_of

LONGEST = 4
MAX_GAP = 2
Q = 0.0025  # a sequence is claimed where its p-value, adjusted for all that were tested, is at most this
LEAST_SESSIONS = 20
MOST_TESTED = 500
FAILED = " (failed)"  # as int_sessions_daily writes it


@dataclass(frozen=True, slots=True)
class Sequence:
    """After all but its last action, the last one follows.

    Attributes:
        actions: in order; ` (failed)` behind an action that failed.
        sessions: sessions of a day that hold it.
        support: their share.
        confidence: of the sessions that hold all but the last action, the share in which it follows.
        lift: confidence over the share of sessions that hold the last action at all.
        q: Fisher and order, the larger p-value, Benjamini-Hochberg over all that were tested.
    """

    actions: tuple[str, ...]
    sessions: int
    support: Estimate
    confidence: Estimate
    lift: float
    q: float


@dataclass(frozen=True, slots=True)
class SequencesResult:
    """The sequences of a night.

    Attributes:
        sessions: sessions of a day in the window.
        tested: sequences that were frequent enough to be tested.
        reason: why nothing was looked for, else empty.
        found: those that are claimed, the most telling first.
    """

    sessions: int = 0
    tested: int = 0
    reason: str = ""
    found: tuple[Sequence, ...] = field(default=())


def find_sequences(mart: pd.DataFrame, as_of: date, support: float, confidence: float) -> SequencesResult:
    """Return the sequences that stand out.

    Args:
        mart: mart_sequences.
        as_of: the night's day.
        support: `pattern_support_threshold`, a share of sessions.
        confidence: `pattern_confidence_threshold`.
    """
    rows = mart.loc[(pd.to_datetime(mart["as_of"]).dt.date == as_of).to_numpy()]
    names, sessions = encode(rows)
    n = round(sessions.total)
    if n < LEAST_SESSIONS:
        return SequencesResult(n, reason=f"fewer than {LEAST_SESSIONS} sessions with two actions were logged")
    judged = judge(sessions, support)
    told = [
        _sequence(r, names, n, float(adjusted))
        for r, adjusted in judged
        if adjusted <= Q and r.confidence >= confidence and r.lift > 1
    ]
    told.sort(key=lambda s: (s.q, -s.lift, s.actions))
    return SequencesResult(n, len(judged), "", tuple(told))


def judge(sessions: Sessions, support: float) -> list[tuple[Rule, float]]:
    """Return the sequences that are frequent enough, each with its p-value adjusted for all of them.

    Args:
        sessions: whose actions.
        support: least share of sessions.
    """
    held = frequent(sessions, max(support * round(sessions.total), 5), LONGEST, MAX_GAP, shortest=2)
    likely = sorted(held, key=lambda pattern: (-held[pattern], pattern))[:MOST_TESTED]
    judged = [rule(sessions, pattern, MAX_GAP) for pattern in likely]
    q = benjamini_hochberg([r.p for r in judged]) if judged else np.array([])
    return [(r, float(adjusted)) for r, adjusted in zip(judged, q, strict=True)]


def encode(rows: pd.DataFrame) -> tuple[list[str], Sessions]:
    """Return the names of actions in order, and the sessions as numbers.

    Args:
        rows: of mart_sequences, in any order.
    """
    names, codes, lengths = codes_of(rows)
    return names, sessions_of(codes, lengths, rows["sessions"].to_numpy(dtype=np.float64))


def codes_of(rows: pd.DataFrame) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
    """Return the names of actions in order, the actions of all rows one after the other as numbers, and their lengths.

    An action without a name is -1: it holds a place.
    """
    actions = rows["actions"].to_numpy()
    lengths = np.fromiter((len(a) for a in actions), dtype=np.int64, count=len(actions))
    flat = np.concatenate(actions) if len(actions) else np.array([], dtype=object)
    codes, names = pd.factorize(flat, sort=True)
    named = codes if "" not in names else np.where(names[codes] == "", -1, codes)
    return [str(name) for name in names], named, lengths


def _sequence(found: Rule, names: list[str], n: int, q: float) -> Sequence:
    support, sure = (wilson([found.sessions], [whole]) for whole in (n, found.before))
    return Sequence(
        actions=tuple(names[a] for a in found.pattern),
        sessions=round(found.sessions),
        support=Estimate(found.support, n, float(support.low[0]), float(support.high[0])),
        confidence=Estimate(found.confidence, round(found.before), float(sure.low[0]), float(sure.high[0])),
        lift=found.lift,
        q=q,
    )
