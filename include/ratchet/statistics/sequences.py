"""Frequent sequences: which actions follow each other, in how many sessions, and whether their order says anything.

What an action or a session is belongs to the marts; what becomes of a sequence to `analyze/sequences.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ratchet.statistics.arrays import Array

_WORD = 64
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE = np.uint64(1)
Bits = NDArray[np.uint64]
Pattern = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions as sets of places: bit k of `places[action]` is set where the k-th action of a session is that one.

    Attributes:
        places: action -> words x sessions, the first 64 places in the first word.
        weights: how many sessions each stands for.
    """

    places: dict[int, Bits]
    weights: Array

    @property
    def total(self) -> float:
        """Return how many sessions there are."""
        return float(self.weights.sum())


def sessions_of(actions: NDArray[np.integer], lengths: NDArray[np.integer], weights: Array) -> Sessions:
    """Return sessions from their actions one after the other.

    Args:
        actions: every action of every session, in order; negative ones hold a place and are part of no sequence.
        lengths: how many of them each session has.
        weights: how many sessions each stands for.
    """
    words = max(1, -(-int(lengths.max(initial=1)) // _WORD))
    session = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(actions)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    kept = actions >= 0
    actions, session, place = actions[kept], session[kept], place[kept]
    places: dict[int, Bits] = {}
    order = np.argsort(actions, kind="stable")
    found, starts = np.unique(actions[order], return_index=True)
    for action, rows in zip(found, np.split(order, starts[1:]) if len(found) else [], strict=True):
        bits = np.zeros((words, len(lengths)), np.uint64)
        word, bit = np.divmod(place[rows], _WORD)
        np.bitwise_or.at(bits, (word, session[rows]), _ONE << bit.astype(np.uint64))
        places[int(action)] = bits
    return Sessions(places, np.asarray(weights, dtype=np.float64))


def frequent(
    sessions: Sessions, least: float, longest: int, max_gap: int | None = None, shortest: int = 1
) -> dict[Pattern, float]:
    """Return every sequence of actions that at least so many sessions hold, with how many do.

    Depth first over sets of places (SPAM, Ayres et al. 2002): a longer sequence ends where its last action comes after
    an end of the shorter one. A session counts once, however often it holds a sequence. Sequences are those of
    PrefixSpan; with `max_gap` at most so many other actions lie between neighbours.

    Args:
        sessions: whose actions.
        least: how many sessions at least, by weight.
        longest: actions a sequence at most.
        max_gap: other actions between two neighbours at most; None for any number.
        shortest: actions a returned sequence at least.
    """
    candidates = [a for a, bits in sorted(sessions.places.items()) if _support(bits, sessions.weights) >= least]
    found: dict[Pattern, float] = {}
    for action in candidates:
        held = np.flatnonzero(sessions.places[action].any(axis=0))
        narrowed = {a: sessions.places[a][:, held] for a in candidates}
        walk = _extend(
            (action,), narrowed[action], narrowed, sessions.weights[held], candidates, least, longest, max_gap
        )
        found.update((pattern, support) for pattern, support in walk if len(pattern) >= shortest)
    return found


def _extend(
    pattern: Pattern,
    ends: Bits,
    places: dict[int, Bits],
    weights: Array,
    candidates: list[int],
    least: float,
    longest: int,
    max_gap: int | None,
) -> Iterator[tuple[Pattern, float]]:
    yield pattern, float(weights.sum())
    if len(pattern) == longest:
        return
    after = _after(ends, max_gap)
    next_ends = {a: bits for a in candidates if _support(bits := after & places[a], weights) >= least}
    following = candidates if max_gap is not None else list(next_ends)  # without a limit, what is rare here stays rare
    for action, bits in next_ends.items():
        held = np.flatnonzero(bits.any(axis=0))
        narrowed = {a: places[a][:, held] for a in following}
        yield from _extend(
            (*pattern, action), bits[:, held], narrowed, weights[held], following, least, longest, max_gap
        )


def _support(bits: Bits, weights: Array) -> float:
    return float(weights[(bits != 0).any(axis=0)].sum())


def _after(ends: Bits, max_gap: int | None) -> Bits:
    """Return the places behind an end: any, or within the gap."""
    if max_gap is not None:
        reached = np.zeros_like(ends)
        step = ends
        for _ in range(max_gap + 1):
            step = _next(step)
            reached |= step
        return reached
    lowest = ends & (~ends + _ONE)
    behind: Bits = np.where(ends != 0, _ALL ^ (lowest | (lowest - _ONE)), np.uint64(0))
    for word in range(1, len(ends)):
        behind[word] = np.where((ends[:word] != 0).any(axis=0), _ALL, behind[word])
    return behind


def _next(places: Bits) -> Bits:
    """Return every place moved by one."""
    moved = places << _ONE
    moved[1:] |= places[:-1] >> np.uint64(_WORD - 1)
    return moved


def holds(sessions: Sessions, pattern: Pattern, max_gap: int | None = None) -> NDArray[np.bool_]:
    """Return which sessions hold a sequence."""
    ends = sessions.places[pattern[0]]
    for action in pattern[1:]:
        ends = _after(ends, max_gap) & sessions.places[action]
    found: NDArray[np.bool_] = (ends != 0).any(axis=0)
    return found


@dataclass(frozen=True, slots=True)
class Rule:
    """A sequence read as: after all but its last action, the last one follows.

    Attributes:
        pattern: the actions.
        sessions: sessions that hold it.
        support: their share of all sessions.
        before: sessions that hold all but the last action.
        confidence: sessions over before.
        lift: confidence over the share of all sessions that hold the last action anywhere.
        co_p: Fisher, one-sided: the last action comes more often in sessions with the others before it than in sessions
            without them.
        order_p: McNemar, exact, one-sided: more sessions hold the sequence alone than its reverse alone. 1 for a
            sequence that is its own reverse.
    """

    pattern: Pattern
    sessions: float
    support: float
    before: float
    confidence: float
    lift: float
    co_p: float
    order_p: float

    @property
    def p(self) -> float:
        """Return the larger of both: a sequence has to be more than company and more than chance order."""
        return max(self.co_p, self.order_p)


def rule(sessions: Sessions, pattern: Pattern, max_gap: int | None = None) -> Rule:
    """Judge one sequence.

    Long sessions hold many actions, so that any two of them keep company; but where order is chance, a session is as
    likely to hold a sequence as its reverse, however long it is. Hence two tests.
    """
    weights, whole = sessions.weights, holds(sessions, pattern, max_gap)
    before, last = holds(sessions, pattern[:-1], max_gap), holds(sessions, pattern[-1:])
    held, led, ended = (float(weights[mask].sum()) for mask in (whole, before, last))
    rest, rest_ended = sessions.total - led, float(weights[last & ~before].sum())
    table = [[held, led - held], [rest_ended, rest - rest_ended]]
    reverse = holds(sessions, pattern[::-1], max_gap)
    alone, other = float(weights[whole & ~reverse].sum()), float(weights[reverse & ~whole].sum())
    return Rule(
        pattern=pattern,
        sessions=held,
        support=held / sessions.total,
        before=led,
        confidence=held / led,
        lift=(held / led) / (ended / sessions.total),
        co_p=float(stats.fisher_exact(np.rint(table).astype(int), alternative="greater")[1]),
        order_p=float(stats.binom.sf(alone - 1, alone + other, 0.5)) if alone + other else 1.0,
    )
