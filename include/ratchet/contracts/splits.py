"""How the units of one phase of a trial get their variants: what is published and what an audit computes again.

The hash functions themselves are in `buckets.py`; the flag that says it to the application, in `deploy/flags.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ratchet.contracts.buckets import Hash
from ratchet.contracts.experiments import Experiment, TrialKind
from ratchet.contracts.rollouts import Assignment

FLAGD = (Hash.FLAGD, Hash.FLAGD_V1, Hash.FLAGD_V3)
PARTS_PER_PERCENT = 1000  # percentages are kept to a thousandth of a percent


@dataclass(frozen=True, slots=True)
class Split:
    """The split of one phase.

    Attributes:
        trial_id: the experiment or rollout.
        phase: from 1 on.
        kind: which of them.
        control: the variant that the others are compared with.
        hash: how a unit's bucket is computed.
        salt: what is hashed before the unit.
        parts: (variant, weight), the lowest buckets first.
    """

    trial_id: str
    phase: int
    kind: TrialKind
    control: str
    hash: Hash
    salt: str
    parts: tuple[tuple[str, int], ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """Return the variants, the lowest buckets first."""
        return tuple(name for name, _ in self.parts)

    @property
    def weights(self) -> tuple[int, ...]:
        """Return the weights in the order of the variants."""
        return tuple(weight for _, weight in self.parts)

    @property
    def treated_share(self) -> float:
        """Return the share of units, 0–1, that do not get the control variant."""
        total = sum(self.weights)
        return sum(weight for name, weight in self.parts if name != self.control) / total if total else 0.0


def of_experiment(experiment: Experiment, phase: int = 1) -> Split:
    """Return an experiment's split.

    The order of the buckets is the file's, else the tool's own: where Ratchet publishes the flag the treatments come
    first and control has the rest; GrowthBook keeps the order of the arms.
    """
    weights = {arm.name: arm.weight for arm in experiment.arms}
    names = tuple(weights)
    own = (*names[1:], names[0]) if experiment.hash in FLAGD else names
    return Split(
        trial_id=experiment.id,
        phase=phase,
        kind=TrialKind.EXPERIMENT,
        control=experiment.control,
        hash=experiment.hash,
        salt=experiment.salt,
        parts=tuple((name, weights[name]) for name in experiment.bucket_order or own),
    )


def of_rollout(rollout_id: str, assignment: Assignment, phase: int, percentage: float) -> Split:
    """Return a rollout's split in one phase; the feature has the lowest buckets, so that nobody loses it.

    Args:
        rollout_id: which.
        assignment: what decided in that phase who got the feature.
        phase: from 1 on.
        percentage: that the hash gave the feature, 0 to 100.
    """
    off, on = assignment.variants
    return Split(
        trial_id=rollout_id,
        phase=phase,
        kind=TrialKind.ROLLOUT,
        control=off,
        hash=assignment.hash,
        salt=assignment.salt or assignment.flag_key,
        parts=percentage_split(on, off, percentage),
    )


def percentage_split(on: str, off: str, percentage: float) -> tuple[tuple[str, int], ...]:
    """Return whole weights for a percentage, 0 to 100, without common factor."""
    whole = 100 * PARTS_PER_PERCENT
    part = min(max(round(percentage * PARTS_PER_PERCENT), 0), whole)
    factor = math.gcd(part, whole)
    return (on, part // factor), (off, (whole - part) // factor)
