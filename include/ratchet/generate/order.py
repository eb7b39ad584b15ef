"""Which improvements come first, and how many new ones a night may propose (R57, R67).

What has been decided about an improvement belongs to `deploy/`; here it is only known which ones are new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from ratchet.contracts.improvements import TYPE_RULES, Improvement
from ratchet.contracts.settings import LearningSettings
from ratchet.generate import wishes


@dataclass(frozen=True, slots=True)
class Cycle:
    """What a night goes on with, and what has to wait for another one."""

    chosen: tuple[Improvement, ...]
    deferred: tuple[Improvement, ...]


def ranked(improvements: Iterable[Improvement], settings: LearningSettings) -> list[Improvement]:
    """Return improvements with their cost, by effect x reach x confidence - cost, ties by id.

    Args:
        improvements: each id at most once.
        settings: the cost of each type; a type without one costs nothing.
    """
    priced = [replace(i, cost=float(settings.improvement_costs.get(i.type.value, 0.0))) for i in improvements]
    return sorted(priced, key=_rank)


def _rank(improvement: Improvement) -> tuple[bool, float, str]:
    value = improvement.value
    return value is None, -(value or 0.0), improvement.improvement_id


def choose(
    candidates: Iterable[Improvement], fresh: Collection[str], settings: LearningSettings, *, may_propose: bool
) -> Cycle:
    """Keep what is known and let in new ones within the limits of a cycle; a verdict is let in whatever the limits.

    There can be dozens of clusters of what people say: they take the room that all other findings leave.

    Args:
        candidates: tonight's improvements, ranked.
        fresh: ids that nobody has proposed yet.
        settings: `max_improvements_per_cycle` and `improvement_budget`; one that is too dear leaves room for others.
        may_propose: False where the night has decided before.
    """
    room = settings.max_improvements_per_cycle if may_propose else 0
    budget = settings.improvement_budget
    chosen, deferred = [], []
    ordered = list(candidates)
    for improvement in sorted(ordered, key=lambda i: i.key == wishes.KEY):
        if improvement.improvement_id not in fresh or (may_propose and TYPE_RULES[improvement.type].once):
            chosen.append(improvement)
        elif room and improvement.cost <= budget:
            room, budget = room - 1, budget - improvement.cost
            chosen.append(improvement)
        else:
            deferred.append(improvement)
    return Cycle(tuple(sorted(chosen, key=ordered.index)), tuple(sorted(deferred, key=ordered.index)))
