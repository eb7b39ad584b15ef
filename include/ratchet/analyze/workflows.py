"""Workflows: calls that could be spared, tries in vain, cycles, and where the time of a request goes (R79).

What a repeat, a try or a critical path is belongs to `int_workflows_daily` and `int_paths_daily`; what is proposed
about it to `generate/workflows.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import pandas as pd

from ratchet import frames
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.workflows import Cycle, Loop, Pair, Path, PathStep, Repeat, Spent, Verdict, WorkflowsResult
from ratchet.errors import NotComputable
from ratchet.statistics.proportions import wilson

LEAST = 20  # observations that a verdict stands on
SESSIONS = 5  # in so many sessions at least, so that one odd session proposes nothing
RARE = 0.1  # what surely happens more seldom is not worth waiting for
LOOP = 3  # failures in a row
FREE = 0.8  # share of pairs that do not wait for each other
KEPT = 100  # rows a table
_ALPHA = 0.05
Row = dict[str, Any]


def find_workflows(mart: pd.DataFrame, as_of: date) -> WorkflowsResult:
    """Return what could be spared, and where time goes.

    Args:
        mart: mart_workflows.
        as_of: the night's day.
    """
    rows = frames.records(frames.rows_of(mart, as_of, ("kind", "action", "other", "tries")))
    of = {kind: [r for r in rows if r["kind"] == kind] for kind in ("call", "repeat", "try", "cycle", "pair")}
    calls = {str(r["action"]): int(r["calls"]) for r in of["call"]}
    paths, steps = _paths(rows)
    return WorkflowsResult(
        calls=sum(calls.values()),
        requests=sum(int(r["calls"]) for r in rows if r["kind"] == "request"),
        repeats=_repeats(of["repeat"], calls),
        loops=_loops(of["try"], calls),
        cycles=_cycles(of["cycle"]),
        paths=paths,
        path_steps=steps,
        pairs=_pairs(of["pair"]),
    )


def _repeats(rows: Sequence[Row], calls: dict[str, int]) -> tuple[Repeat, ...]:
    tested = sum(r["good"] + r["bad"] >= LEAST for r in rows)
    found = [
        Repeat(
            action=str(r["action"]),
            calls=calls.get(str(r["action"]), 0),
            repeats=int(r["calls"]),
            sessions=int(r["runs"]),
            changed=_share(r["bad"], r["good"] + r["bad"], "no repeat with a logged answer and nothing written since"),
            spared=_spent([r], int(r["good"])),
            unknown=int(r["unknown"]),
            written=int(r["calls"] - r["good"] - r["bad"] - r["unknown"]),
            oldest_s=r["longest_ms"] / 1000 if r["timed"] else None,
            verdict=_seldom(r["bad"], r["good"] + r["bad"], int(r["runs"]), tested),
            sample_event_ids=frames.texts(r["sample_event_ids"]),
        )
        for r in rows
    ]
    return _first(found, lambda f: (-f.spared.calls, -f.repeats, f.action))


def _loops(rows: Sequence[Row], calls: dict[str, int]) -> tuple[Loop, ...]:
    grouped = [(str(name), list(own)) for name, own in groupby(rows, key=lambda r: r["action"])]
    looped = [(name, own) for name, own in grouped if any(r["tries"] == LOOP - 1 and r["bad"] for r in own)]
    tested = sum(_known(_from(own, n)) >= LEAST for _, own in looped for n in _stops(own))
    found = [_loop(name, own, calls.get(name, 0), tested) for name, own in looped]
    return _first(found, lambda f: (-f.in_vain.calls, -f.loops, f.action))


def _loop(action: str, rows: list[Row], calls: int, tested: int) -> Loop:
    """Stop after the least number of failures behind which a try is surely hopeless, else tell of the third."""
    judged = [(n, _seldom(_sum(own, "good"), _known(own), _runs(own, n), tested)) for n, own in _after(rows)]
    failures, verdict = next(
        ((n, v) for n, v in judged if v is Verdict.AVOIDABLE),
        next(((n, v) for n, v in judged if n == LOOP), (LOOP, Verdict.FEW)),
    )
    own = _from(rows, failures)
    third = [r for r in rows if r["tries"] == LOOP - 1]
    return Loop(
        action=action,
        calls=calls,
        loops=_sum(third, "bad"),
        sessions=_sum(third, "runs"),
        failures=failures,
        succeeds=_share(_sum(own, "good"), _known(own), f"nothing was tried after {failures} failures in a row"),
        in_vain=_spent(own, _sum(own, "calls")),
        verdict=verdict,
        sample_event_ids=next((frames.texts(r["sample_event_ids"]) for r in own or third), ()),
    )


def _stops(rows: list[Row]) -> list[int]:
    return sorted({int(r["tries"]) for r in rows if r["tries"] >= LOOP - 1})


def _after(rows: list[Row]) -> Iterator[tuple[int, list[Row]]]:
    return ((n, _from(rows, n)) for n in _stops(rows))


def _from(rows: list[Row], failures: int) -> list[Row]:
    return [r for r in rows if r["tries"] >= failures]


def _runs(rows: list[Row], failures: int) -> int:
    return _sum([r for r in rows if r["tries"] == failures], "runs")


def _known(rows: list[Row]) -> int:
    return _sum(rows, "good") + _sum(rows, "bad")


def _sum(rows: list[Row], column: str) -> int:
    return int(sum(r[column] for r in rows))


def _cycles(rows: Sequence[Row]) -> tuple[Cycle, ...]:
    found = [
        Cycle(
            first=str(r["action"]),
            second=str(r["other"]),
            cycles=int(r["bad"]),
            sessions=int(r["runs"]),
            in_vain=_spent([r], int(r["calls"])),
            verdict=Verdict.AVOIDABLE if r["runs"] >= SESSIONS and r["calls"] >= LEAST else Verdict.FEW,
            sample_event_ids=frames.texts(r["sample_event_ids"]),
        )
        for r in rows
    ]
    return _first(found, lambda f: (-f.in_vain.calls, f.first, f.second))


def _pairs(rows: Sequence[Row]) -> tuple[Pair, ...]:
    tested = sum(r["good"] + r["bad"] >= LEAST for r in rows)
    found = [
        Pair(
            first=str(r["action"]),
            second=str(r["other"]),
            pairs=int(r["calls"]),
            free=_share(r["good"], r["good"] + r["bad"], "answers or arguments were not logged"),
            unknown=int(r["unknown"]),
            requests=int(r["runs"]),
            saved_ms=float(r["duration_ms"]),
            verdict=_often(r["good"], r["good"] + r["bad"], int(r["runs"]), tested),
            sample_event_ids=frames.texts(r["sample_event_ids"]),
        )
        for r in rows
    ]
    return _first(found, lambda f: (-f.saved_ms, -f.pairs, f.first, f.second))


def _paths(rows: Sequence[Row]) -> tuple[tuple[Path, ...], tuple[PathStep, ...]]:
    whole = {str(r["other"]): r for r in rows if r["kind"] == "request" and r["path_ms"] > 0}
    steps = [_step(r, whole[str(r["other"])]) for r in rows if r["kind"] == "step" and str(r["other"]) in whole]
    steps.sort(key=lambda s: (-whole[s.intent]["path_ms"], s.intent, -s.share, s.action))
    slowest = {
        intent: next((s.action for s in own if s.action), "") for intent, own in groupby(steps, lambda s: s.intent)
    }
    found = [
        Path(
            intent=intent,
            requests=int(r["calls"]),
            path_ms=r["path_ms"] / r["calls"],
            work_ms=r["duration_ms"] / r["calls"],
            at_once=max(0.0, 1 - r["path_ms"] / r["duration_ms"]),
            slowest=slowest.get(intent, ""),
            sample_event_ids=frames.texts(r["sample_event_ids"]),
        )
        for intent, r in whole.items()
    ]
    return _first(found, lambda f: (-f.path_ms * f.requests, f.intent)), tuple(steps[: 2 * KEPT])


def _step(row: Row, whole: Row) -> PathStep:
    return PathStep(
        intent=str(row["other"]),
        action=str(row["action"]),
        steps=int(row["calls"]),
        requests=int(row["runs"]),
        on_path=_share(row["good"], row["calls"], "no step"),
        share=row["path_ms"] / whole["path_ms"],
        own_ms=row["path_ms"] / whole["calls"],
        sample_event_ids=frames.texts(row["sample_event_ids"]),
    )


def _first(found: list[Any], key: Callable[[Any], Any]) -> tuple[Any, ...]:
    return tuple(sorted(found, key=key)[:KEPT])


def _spent(rows: Sequence[Row], calls: int) -> Spent:
    timed, costed = (int(sum(r[column] for r in rows)) for column in ("timed", "costed"))
    return Spent(
        calls,
        timed,
        float(sum(r["duration_ms"] for r in rows)) if timed else None,
        costed,
        float(sum(r["cost_usd"] for r in rows)) if costed else None,
    )


def _share(hits: float, n: float, reason: str) -> Estimate:
    if not n:
        return Estimate(NotComputable(reason), 0)
    found = wilson([hits], [n])
    return Estimate(float(found.value[0]), int(n), float(found.low[0]), float(found.high[0]))


def _seldom(hits: float, n: float, sessions: int, tested: int) -> Verdict:
    """Return whether something surely happens in less than `RARE` of the cases, `tested` things judged together."""
    if n < LEAST or sessions < SESSIONS:
        return Verdict.FEW
    found = wilson([hits], [n], 1 - _ALPHA / max(tested, 1))
    if found.high[0] < RARE:
        return Verdict.AVOIDABLE
    return Verdict.NEEDED if found.low[0] > RARE else Verdict.UNSURE


def _often(hits: float, n: float, requests: int, tested: int) -> Verdict:
    if n < LEAST or requests < SESSIONS:
        return Verdict.FEW
    found = wilson([hits], [n], 1 - _ALPHA / max(tested, 1))
    if found.low[0] > FREE:
        return Verdict.AVOIDABLE
    return Verdict.NEEDED if found.high[0] < FREE else Verdict.UNSURE


DEFINITIONS = {
    "repeat": (
        "a call of a step that only reads, made before in the session of a day with the same arguments and success; it "
        "could have been spared where nothing was written in between and the answer was the same. A step only reads "
        "when its type (model call, retrieval) or a verb at the beginning of its name says so; of any other it is not "
        "known"
    ),
    "changed": (
        f"repeats with another answer though nothing was written in between; avoidable where they are surely fewer "
        f"than {RARE:.0%} of at least {LEAST}, in {SESSIONS} sessions (5 % over all actions)"
    ),
    "loop": (
        f"{LOOP} failures of one action in a row, nothing else in between, each begun after the one before had ended"
    ),
    "succeeds": (
        f"tries after as many failures in a row or more; stopping there is proposed where they surely succeed in less "
        f"than {RARE:.0%} of at least {LEAST}, in {SESSIONS} sessions (5 % over all actions and numbers)"
    ),
    "cycle": "two calls in turn, A B A B, with the same arguments and answers; counted is what follows the first round",
    "path": (
        "from a request's end back along the step that ended last, then the one that ended last before that began; "
        "only steps of its own day with a real clock and a duration, without those that landed on another day"
    ),
    "share": "time of its own on that path, of the whole; without the step requests would take at most so much less",
    "pair": (
        "two steps that only read, one right after the other; they wait for each other where an argument of the second "
        f"stands in the first one's answer. Avoidable where surely {FREE:.0%} of at least {LEAST} do not "
        "(5 % over all pairs); that the second was decided by the first without using a word of it is not seen"
    ),
}
