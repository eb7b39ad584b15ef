"""The ledger of improvements: how many were generated, approved, deployed, verified and refuted, and how fast (R83).

How one fix was judged belongs to `impact.py`, what learning is worth to `returns.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from scipy import stats

from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.impacts import Course, Impact, ImpactVerdict
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import LEVEL
from ratchet.statistics.means import mean_interval
from ratchet.statistics.proportions import wilson

DEFINITIONS = {
    "generated": "improvements that were ever proposed; each coming back counts anew",
    "hit_rate": "deployed improvements that were verified, of those verified or refuted, with Wilson's 95 % interval",
    "auto_healing": "the same for those that a night approved without a person",
    "verified": "deployed and kept: their effect was shown",
    "refuted": "deployed and rolled back: they did harm or showed no effect",
    "time_in_state": "median days from one state to the next, with the interval of order statistics",
    "realised": "measured share of failures spared over the share that the replay promised, mean over judged fixes",
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """What became of all improvements.

    Attributes:
        counts: by how far they came.
        by_type: the same of each type.
        hit_rate: verified of verified and refuted.
        auto_healing: the same of those that no person approved.
        approved: approved of generated.
        deployed: deployed of approved.
        unmeasurable: judged without a result, of all that were judged.
        times: median days from state to state.
        realised: realised over predicted effect.
        entries: improvements that were deployed, the newest first.
    """

    counts: dict[str, int]
    by_type: tuple[dict[str, Any], ...]
    hit_rate: Estimate
    auto_healing: Estimate
    approved: Estimate
    deployed: Estimate
    unmeasurable: Estimate
    times: dict[str, Estimate]
    realised: Estimate
    entries: tuple[dict[str, Any], ...]

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `ledger` in `impact.json`."""
        found: dict[str, Any] = as_record(self)
        return found


def with_tonight(courses: Iterable[Course], impacts: Iterable[Impact], as_of: date) -> list[Course]:
    """Return courses with what is decided tonight."""
    told = {(i.deployment.improvement_id, i.deployment.revision): i for i in impacts}
    return [_judged(c, told.get((c.improvement_id, c.revision)), as_of) for c in courses]


def _judged(course: Course, impact: Impact | None, as_of: date) -> Course:
    if impact is None or impact.verdict is ImpactVerdict.UNDECIDED:
        return course
    facts: dict[str, Any] = as_record(impact)
    return replace(course, judged_on=as_of, verdict=impact.verdict, measured=facts, reason=impact.reason)


def ledger(courses: Iterable[Course]) -> Ledger:
    """Return what became of improvements.

    Args:
        courses: of every improvement, each revision by itself.
    """
    known = sorted(courses, key=lambda c: (c.proposed_on, c.improvement_id, c.revision))
    judged = [c for c in known if c.verdict]
    return Ledger(
        counts=_counts(known),
        by_type=tuple(
            {"type": t} | _counts([c for c in known if c.type == t]) for t in sorted({c.type for c in known})
        ),
        hit_rate=_hits(judged, "nothing that was deployed was verified or refuted yet"),
        auto_healing=_hits([c for c in judged if c.automatic], "nothing that went without a person was judged yet"),
        approved=_share(known, known, _was_approved, "nothing was proposed yet"),
        deployed=_share(known, [c for c in known if _was_approved(c)], _was_deployed, "nothing was approved yet"),
        unmeasurable=_share(judged, judged, _is(ImpactVerdict.UNMEASURABLE), "nothing was judged yet"),
        times=_times(known),
        realised=_realised(judged),
        entries=tuple(_entry(c) for c in reversed(known) if c.deployed_on),
    )


def _counts(known: Sequence[Course]) -> dict[str, int]:
    return {
        "generated": len(known),
        "validated": sum(c.validated_on is not None for c in known),
        "approved": sum(map(_was_approved, known)),
        "deployed": sum(map(_was_deployed, known)),
        "verified": sum(map(_is(ImpactVerdict.KEPT), known)),
        "refuted": sum(map(_is(ImpactVerdict.ROLLED_BACK), known)),
        "unmeasurable": sum(map(_is(ImpactVerdict.UNMEASURABLE), known)),
    }


def _was_approved(course: Course) -> bool:
    return course.approved_on is not None


def _was_deployed(course: Course) -> bool:
    return course.deployed_on is not None


def _is(verdict: ImpactVerdict) -> Callable[[Course], bool]:
    return lambda course: course.verdict is verdict


def _share(known: Sequence[Course], of: Sequence[Course], holds: Callable[[Course], bool], reason: str) -> Estimate:
    return wilson(sum(map(holds, of)), len(of)).estimate(0, len(of), reason)


def _hits(judged: Sequence[Course], reason: str) -> Estimate:
    told = [c for c in judged if c.verdict in (ImpactVerdict.KEPT, ImpactVerdict.ROLLED_BACK)]
    return _share(told, told, _is(ImpactVerdict.KEPT), reason)


def _times(known: Sequence[Course]) -> dict[str, Estimate]:
    steps: dict[str, list[tuple[date | None, date | None]]] = {
        "proposed_to_validated": [(c.proposed_on, c.validated_on) for c in known],
        "validated_to_approved": [(c.validated_on, c.approved_on) for c in known],
        "approved_to_deployed": [(c.approved_on, c.deployed_on) for c in known],
        "deployed_to_judged": [(c.deployed_on, c.judged_on) for c in known],
    }
    return {name: median_days(pairs) for name, pairs in steps.items()}


def median_days(pairs: Iterable[tuple[date | None, date | None]]) -> Estimate:
    """Return the median of the days between two dates, with the distribution-free interval of order statistics.

    The bounds are the values at the ranks of the binomial's 2.5 % and 97.5 % points (Conover 1999, 3.2); below six
    values no pair of ranks holds 95 %, and there is no interval.
    """
    found = sorted((b - a).days for a, b in pairs if a is not None and b is not None)
    n = len(found)
    if not n:
        return Estimate(NotComputable("none came so far"), 0)
    rank = int(stats.binom.ppf((1 - LEVEL) / 2, n, 0.5))
    value = float(np.median(found))
    if rank < 1:
        return Estimate(value, n, note="too few for an interval")
    return Estimate(value, n, float(found[rank - 1]), float(found[n - rank]))


def _realised(judged: Sequence[Course]) -> Estimate:
    pairs = [(c.spared, c.predicted) for c in judged]
    ratios = [s / p for s, p in pairs if s is not None and p]
    if not ratios:
        return Estimate(NotComputable("no fix with a promise was measured yet"), 0)
    found = mean_interval(sum(ratios), sum(r * r for r in ratios), len(ratios))
    low, high = (float(x[0]) if math.isfinite(x[0]) else None for x in (found.low, found.high))
    return Estimate(float(found.value[0]), len(ratios), low, high, note="" if low is not None else "a single fix")


def _entry(course: Course) -> dict[str, Any]:
    return {
        "improvement_id": course.improvement_id,
        "revision": course.revision,
        "type": course.type,
        "title": course.title,
        "proposed_on": course.proposed_on,
        "approved_on": course.approved_on,
        "deployed_on": course.deployed_on,
        "judged_on": course.judged_on,
        "automatic": course.automatic,
        "verdict": course.verdict.value if course.verdict else ImpactVerdict.UNDECIDED.value,
        "reason": course.reason,
        "predicted": course.predicted,
        "realised": course.spared,
        "effect": course.estimate("effect"),
        "saved": course.estimate("saved"),
    }
