"""What the steps of requests spent in vain, and where the time of requests goes, as findings.

How they are found belongs to `analyze/workflows.py`, what is proposed about them to `generate/workflows.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ratchet.contracts.estimates import Estimate


class Verdict(StrEnum):
    """What can be said of a waste."""

    AVOIDABLE = "avoidable"
    NEEDED = "needed"
    UNSURE = "not sure"
    FEW = "not enough data"


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent on some calls; of those without a duration by a real clock, or a cost, nothing is added.

    Attributes:
        calls: how many.
        timed: of which the duration is known.
        duration_ms: of the timed ones; None where there is none.
        costed: of which the cost is known.
        cost_usd: of the costed ones; None where there is none.
    """

    calls: int
    timed: int
    duration_ms: float | None
    costed: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Repeat:
    """Calls of an action that were made before in their session, with the same arguments and with success.

    Attributes:
        action: what was called.
        calls: all calls of it.
        repeats: those made before.
        sessions: sessions of a day with one that could have been spared.
        changed: share of the repeats, nothing written in between, whose answer was another one.
        spared: those with the same answer, nothing written in between.
        unknown: those whose answers were not logged.
        written: those in between which something may have been written.
        oldest_s: the longest time since the call before, of those that could have been spared; None without a clock.
        verdict: avoidable where answers surely stay.
        sample_event_ids: calls that could have been spared.
    """

    action: str
    calls: int
    repeats: int
    sessions: int
    changed: Estimate
    spared: Spent
    unknown: int
    written: int
    oldest_s: float | None
    verdict: Verdict
    sample_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """An action that fails again and again, one call right after the other.

    Attributes:
        action: what was called.
        calls: all calls of it.
        loops: times it failed so often in a row.
        sessions: sessions of a day that hold them.
        failures: in a row, after which tries are looked at; where the verdict is avoidable, after which to stop.
        succeeds: share of the tries after as many failures or more that succeed.
        in_vain: those tries, of known outcome or not.
        verdict: avoidable where such a try surely succeeds in less than 10 %.
        sample_event_ids: such tries.
    """

    action: str
    calls: int
    loops: int
    sessions: int
    failures: int
    succeeds: Estimate
    in_vain: Spent
    verdict: Verdict
    sample_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cycle:
    """Two calls in turn, with the same arguments and the same answers each time.

    Attributes:
        first: the one whose name comes first.
        second: the other.
        cycles: how often they went round.
        sessions: sessions of a day that hold them.
        in_vain: calls after the first round.
        verdict: avoidable where there were enough of them: nothing new came of any.
        sample_event_ids: such calls.
    """

    first: str
    second: str
    cycles: int
    sessions: int
    in_vain: Spent
    verdict: Verdict
    sample_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """Where the time of requests goes.

    Attributes:
        intent: of the requests, '' where none was logged.
        requests: with steps that have durations by a real clock.
        path_ms: mean length of the longest chain of steps that wait for each other.
        work_ms: mean of all that the request and its steps took, added up.
        at_once: share of the work that ran beside the chain.
        slowest: the step whose speed-up would shorten it most.
        sample_event_ids: requests.
    """

    intent: str
    requests: int
    path_ms: float
    work_ms: float
    at_once: float
    slowest: str
    sample_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PathStep:
    """A step of such requests.

    Attributes:
        intent: of the requests.
        action: the step; '' is the request itself, what it does between its steps.
        steps: how many.
        requests: requests that hold it.
        on_path: share of them on the critical path.
        share: its part of the chain: without it, requests would take at most so much less.
        own_ms: mean time of its own a request, on the path.
        sample_event_ids: steps on the path.
    """

    intent: str
    action: str
    steps: int
    requests: int
    on_path: Estimate
    share: float
    own_ms: float
    sample_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two steps that only read, one right after the other in a request.

    Attributes:
        first: the earlier one.
        second: the later one.
        pairs: how often.
        free: share whose second step has nothing in its arguments that the first one answered.
        unknown: pairs without logged answers or arguments.
        requests: requests in which time could be saved.
        saved_ms: the shorter step of each pair that could have run at once, added up.
        verdict: avoidable where surely 80 % do not wait for each other.
        sample_event_ids: first steps of such pairs.
    """

    first: str
    second: str
    pairs: int
    free: Estimate
    unknown: int
    requests: int
    saved_ms: float
    verdict: Verdict
    sample_event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkflowsResult:
    """What the steps of 30 days spent in vain, each table with what costs most first."""

    calls: int
    requests: int
    repeats: tuple[Repeat, ...] = ()
    loops: tuple[Loop, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    paths: tuple[Path, ...] = ()
    path_steps: tuple[PathStep, ...] = ()
    pairs: tuple[Pair, ...] = ()
