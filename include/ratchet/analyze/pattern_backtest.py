"""How far the detectors of unusual hours and intents, correlations and sequences can be trusted (R88).

Hours and intents are judged night by night as they were. What moves together or follows each other on most nights is
mostly there: false alarms are counted on copies in which weeks, or the actions of each session, are in random order.
What a backtest says is in `backtest.py`, the detectors are in modules of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet.analyze import correlations, frequency, unusual_hours
from ratchet.analyze.backtest import AS_LOGGED, LEVELS, Backtest, Spoken, by_p, chosen
from ratchet.analyze.correlations import CorrelationsResult
from ratchet.analyze.day_tests import SHIFT
from ratchet.analyze.figure_backtest import SHUFFLED, clean_nights
from ratchet.analyze.frequency import IntentsResult
from ratchet.analyze.hours import SHOWN_HOURS
from ratchet.analyze.sequences import LEAST_SESSIONS, MAX_GAP, Q, codes_of, judge
from ratchet.analyze.unusual_hours import BACKTEST_DAYS, DAY, LEAST_HISTORY, HourlyFigures
from ratchet.statistics.arrays import Array
from ratchet.statistics.correlations import p_of, shuffled, strongest_pair
from ratchet.statistics.seasons import WEEK_HOURS
from ratchet.statistics.sequences import Sessions, rule, sessions_of
from ratchet.statistics.series import scatter_between_cycles
from ratchet.statistics.streams import Cycle, distances

HOUR_SHIFT = 3.0  # times the scatter between weeks by which every hour of a planted day is off
CORRELATION = 0.8  # of a planted pair, the second a day behind the first
COPIES = 28
SESSION_COPIES, SESSIONS_A_COPY = 10, 500
_DISTANCES = (1.0, 1.1, 1.2, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0)
_SEED = 65
_RANDOM_ORDER = "actions of a session in random order"
_FIRST, _SECOND = 1_000_000, 1_000_001  # actions that no log holds
Codes = NDArray[np.int64]


def hour_backtest(
    looked: HourlyFigures | None, as_of: date, changed: Collection[date], wanted: float, nights: int = BACKTEST_DAYS
) -> Backtest:
    """Return how the detector of unusual hours did on the nights before.

    Args:
        looked: what the night looked at.
        as_of: the night's day.
        changed: days of logged incidents and changes, which raise no false alarm.
        wanted: the wanted rate of false alarms.
        nights: how many at most.
    """
    length = looked.hours.is_usual.shape[1] if looked else 0
    enough = [back for back in range(1, nights + 1) if looked and _has_past(looked, length - DAY * back)]
    name, subject = "unusual hours", "any hourly figure"
    clean = clean_nights(len(enough), as_of, changed)
    if looked is None or not clean.any():
        return Backtest(name, subject, len(enough), reason="needs two weeks of hours before a day")
    ends = [length - DAY * back for back in enough]
    tonight = np.array([max(_as_it_was(looked, figure, end) for figure in looked.series) for end in ends])
    planted = np.array([_planted(looked, n, end) for n, end in enumerate(ends)])[clean]
    told = planted[~np.isnan(planted)]
    now, *tried = (Spoken(far, tonight[clean] >= far, told >= far) for far in (unusual_hours.THRESHOLD, *_DISTANCES))
    said = f"every hour of a day off by {HOUR_SHIFT:g} times what it scatters between weeks, in one figure"
    said += _short_past([end - looked.first for end in ends])
    spoke = int((tonight >= unusual_hours.THRESHOLD).sum())
    return Backtest(name, subject, len(enough), spoke, AS_LOGGED, said, *chosen(now, tried, wanted))


def _short_past(hours: Sequence[int]) -> str:
    """Return in words how many nights have too short a past for most of what is planted to be found."""
    short = sum(length < unusual_hours.WEEKS.cycles * WEEK_HOURS + DAY for length in hours)
    if not short:
        return ""
    return (
        f"; not enough data to find all of it on {short} of {len(hours)} nights: less than four weeks lie before them"
    )


def _has_past(looked: HourlyFigures, end: int) -> bool:
    return end - looked.first >= LEAST_HISTORY + DAY


def _as_it_was(looked: HourlyFigures, figure: str, end: int) -> float:
    """Return the largest distance of a day's hours."""
    values, cycle = looked.series[figure]
    if len(values) <= SHOWN_HOURS:  # no hour is judged by a later one
        return float(looked.away[figure].score[end - DAY : end].max())
    return _last_day(values[max(0, end - SHOWN_HOURS) : end], cycle)


def _planted(looked: HourlyFigures, night: int, end: int) -> float:
    """Return the same with a shift in every hour of one figure, in turn; NaN where no figure scatters.

    A figure that is the same in most hours of most weeks, such as none at all, has no scatter to plant a shift by.
    """
    pasts = [(values[max(0, end - SHOWN_HOURS) : end].copy(), cycle) for values, cycle in looked.series.values()]
    scatter = [scatter_between_cycles(past[:-DAY], WEEK_HOURS) for past, _ in pasts]
    moved = [(past, cycle, apart) for (past, cycle), apart in zip(pasts, scatter, strict=True) if apart > 0]
    if not moved:
        return float("nan")
    past, cycle, apart = moved[night % len(moved)]
    past[-DAY:] += HOUR_SHIFT * apart
    return _last_day(past, cycle)


def _last_day(values: Array, cycle: Cycle) -> float:
    return float(distances(values, cycle).score[-DAY:].max())


def intent_backtest(found: IntentsResult, as_of: date, changed: Collection[date], wanted: float) -> Backtest:
    """Return how the detector of unusual intents did on the nights before; arguments as above."""
    name, subject = "unusual intents", "any frequent intent"
    nightly = found.tests.nightly() if found.tests else np.zeros(0)
    clean = clean_nights(len(nightly), as_of, changed) & ~np.isnan(nightly)
    if found.tests is None or not clean.any():
        return Backtest(name, subject, reason="needs five weeks of days with five requests of an intent")
    planted = found.tests.adjusted_planted()[clean]
    now, *tried = by_p((frequency.INTENT_ALPHA, *LEVELS), nightly[clean], planted)
    said = f"a day {SHIFT:g} scaled MADs off in one intent"
    spoke = int((nightly <= frequency.INTENT_ALPHA).sum())
    judged = chosen(now, tried, wanted, int(clean.sum()))
    return Backtest(name, subject, found.tests.nights, spoke, AS_LOGGED, said, *judged)


def correlation_backtest(found: CorrelationsResult, wanted: float) -> Backtest:
    """Return how the detector of correlations does on copies of tonight's figures with shuffled weeks."""
    name, subject = "correlation", "any two key figures"
    rows, strongest = found.rows, found.strongest
    if not len(strongest):
        return Backtest(name, subject, reason="needs two figures of six weeks")
    rng = np.random.default_rng((_SEED, 1))
    clean = [_p(rho, strongest) for rho in shuffled(rows, COPIES, rng)]
    planted = [_p(strongest_pair(_planted_pair(rows, n, rng)), strongest) for n in range(COPIES)]
    now, *tried = by_p((correlations.ALPHA, *LEVELS), clean, planted)
    said = f"a figure that follows another a day later with a correlation of {CORRELATION:g}"
    return Backtest(name, subject, 1, int(bool(found.found)), SHUFFLED, said, *chosen(now, tried, wanted))


def _p(rho: float, strongest: Array) -> float:
    return p_of(rho, strongest) if rho >= correlations.THRESHOLD else 1.0


def _planted_pair(rows: Array, n: int, rng: np.random.Generator) -> Array:
    """Return a figure and one that is made to follow it by a day, out of its own days in random order."""
    leads = rows[n % len(rows)] / rows[n % len(rows)].std()
    rest = rng.permutation(rows[(n + 1) % len(rows)])
    follows = CORRELATION * np.roll(leads, 1) + np.sqrt(1 - CORRELATION**2) * rest / rest.std()
    return np.array([leads, follows])


def sequence_backtest(nights: Sequence[pd.DataFrame], spoke: int, support: float, confidence: float) -> Backtest:
    """Return how the detector of sequences does on copies of a night's sessions whose actions are in random order.

    A copy holds at most 500 sessions, drawn at random. It has one threshold for false alarms, which pays for all
    sequences: others are not looked for.

    Args:
        nights: rows of mart_sequences as of each night.
        spoke: on how many of them a sequence was claimed.
        support: `pattern_support_threshold`.
        confidence: `pattern_confidence_threshold`.
    """
    name, subject = "sequence", "actions of sessions"
    drawn = [sessions for n, rows in enumerate(nights) for sessions in _copies(rows, n)]
    if not drawn:
        return Backtest(name, subject, len(nights), spoke, reason=f"needs {LEAST_SESSIONS} sessions of two actions")
    pairs = [_claims(codes, lengths, support, confidence, at) for at, (codes, lengths) in enumerate(drawn)]
    clean, planted = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    said = f"two actions in {1.5 * support:.0%} of sessions, the second following the first in {_sure(confidence):.0%}"
    now, _ = chosen(Spoken(Q, clean <= Q, planted <= Q), (), 0.0)
    return Backtest(name, subject, len(nights), spoke, _RANDOM_ORDER, said, now)


def _sure(confidence: float) -> float:
    return (1 + confidence) / 2


def _copies(rows: pd.DataFrame, night: int) -> Iterator[tuple[Codes, Codes]]:
    """Return sessions with their actions in random order: actions one after the other, and how many each has."""
    keys = ["\x00".join(map(str, actions)) for actions in rows["actions"]]
    ordered = rows.assign(key=keys).sort_values(["key", "sessions"], kind="stable")
    _, codes, lengths = codes_of(ordered)
    weights = ordered["sessions"].to_numpy(dtype=np.int64)
    if weights.sum() < LEAST_SESSIONS:
        return
    starts = np.cumsum(lengths) - lengths
    for copy in range(SESSION_COPIES):
        rng = np.random.default_rng((_SEED, 2, night, copy))
        picked = rng.choice(
            np.repeat(np.arange(len(weights)), weights), min(SESSIONS_A_COPY, int(weights.sum())), False
        )
        yield (
            np.concatenate([rng.permutation(codes[starts[s] : starts[s] + lengths[s]]) for s in picked]),
            lengths[picked],
        )


def _claims(codes: Codes, lengths: Codes, support: float, confidence: float, at: int) -> tuple[float, float]:
    """Return the smallest adjusted p-value of what would be claimed, and that of a sequence planted beside it."""
    clean = judge(_weighed(codes, lengths), support)
    q = [adjusted for r, adjusted in clean if r.confidence >= confidence and r.lift > 1]
    rng = np.random.default_rng((_SEED, 3, at))
    begun = rng.random(len(lengths)) < 1.5 * support
    ended = begun & (rng.random(len(lengths)) < _sure(confidence))
    at_end = np.repeat(np.cumsum(lengths), begun.astype(int) + ended)
    added = [action for b, e in zip(begun, ended, strict=True) for action in ([_FIRST] * int(b) + [_SECOND] * int(e))]
    sessions = _weighed(np.insert(codes, at_end, added), lengths + begun + ended)
    planted = rule(sessions, (_FIRST, _SECOND), MAX_GAP) if ended.any() else None
    claimed = planted is not None and planted.support >= support and planted.confidence >= confidence
    return min(q, default=1.0), min(planted.p * (len(clean) + 1), 1.0) if planted is not None and claimed else 1.0


def _weighed(codes: Codes, lengths: Codes) -> Sessions:
    return sessions_of(codes, lengths, np.ones(len(lengths)))
