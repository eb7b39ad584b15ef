"""What a shipped variant brought after its decision was published, beside what was predicted (R37).

Beside a holdback that is a comparison like any other. Without one everybody has the variant, and all that is left is
the control of the experiment before against everybody after: whatever else changed meanwhile is in it, and it says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import pandas as pd

from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable
from ratchet.measure.comparisons import compare
from ratchet.measure.readings import comparisons_by_phase
from ratchet.phases import Phase

LEAST_UNITS = 100  # in either arm, as for a verdict


class How(StrEnum):
    """What the time after a decision is compared with."""

    HOLDBACK = "holdback"
    BEFORE_AFTER = "before and after"


@dataclass(frozen=True, slots=True)
class Realised:
    """What was seen of one shipped experiment after its decision.

    Attributes:
        how: what it was compared with.
        lift: relative, above 0 is better, with the 95 % interval of a single look.
    """

    how: How
    lift: Estimate


def realised(facts: pd.DataFrame, follow_ups: Sequence[Phase], as_of: date) -> dict[str, Realised]:
    """Return what was seen after each decision, by experiment.

    Args:
        facts: mart_experiments.
        follow_ups: as `follow_ups.of_experiments` makes them.
        as_of: the night's day.
    """
    if not follow_ups:
        return {}
    hows = [_how(facts, phase) for phase in follow_ups]
    rows = pd.concat([_rows(facts, p, how) for p, how in zip(follow_ups, hows, strict=True)], ignore_index=True)
    found = comparisons_by_phase(compare(rows, follow_ups, as_of), follow_ups)
    return {
        p.experiment.id: Realised(how, _signed(p, c[0].single_look, min(c[0].control.n, c[0].treatment.n)))
        for p, how, c in zip(follow_ups, hows, found, strict=True)
    }


def _how(facts: pd.DataFrame, phase: Phase) -> How:
    own = facts[(facts["trial_id"] == phase.trial.trial_id) & (facts["variant"] == phase.experiment.control)]
    return How.HOLDBACK if own["units"].max() >= LEAST_UNITS else How.BEFORE_AFTER


def _rows(facts: pd.DataFrame, phase: Phase, how: How) -> pd.DataFrame:
    """Return the follow-up's rows; without a holdback its control is that of the experiment."""
    name, control = phase.trial.trial_id, phase.experiment.control
    mine = facts[(facts["trial_id"] == name) & (facts["metric"] == phase.experiment.primary.name)]
    if how is How.HOLDBACK:
        return mine
    same = (facts["phase"] == phase.trial.phase) & (facts["metric"] == phase.experiment.primary.name)
    before = facts[same & (facts["trial_id"] == phase.experiment.id) & (facts["variant"] == control)]
    return pd.concat([before.assign(trial_id=name), mine[mine["variant"] != control]], ignore_index=True)


def _signed(phase: Phase, lift: Estimate, fewest: int) -> Estimate:
    """Return a lift of which above 0 is better."""
    if fewest < LEAST_UNITS:
        return Estimate(NotComputable(f"fewer than {LEAST_UNITS} units in an arm since the decision"), lift.n)
    if phase.experiment.primary.direction.sign > 0 or lift.number is None:
        return lift
    low, high = (None if bound is None else -bound for bound in (lift.high, lift.low))
    return Estimate(-lift.number, lift.n, low, high, lift.note)


def errors(found: Mapping[str, Realised], z: float) -> dict[str, tuple[float, float]]:
    """Return value and standard error of each that has an interval, by experiment."""
    known = {name: r.lift for name, r in found.items()}
    return {
        name: (lift.number, (lift.high - lift.low) / (2 * z))
        for name, lift in known.items()
        if lift.number is not None and lift.low is not None and lift.high is not None
    }
