"""What a shipped variant brought after its decision was published, beside what was predicted (R37).

Everybody has the variant then, so that all that is left is the control of the experiment before against all of its
units after, each counted for as long: whatever else changed meanwhile is in it, and units that stay away make it look
smaller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pandas as pd

from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable
from ratchet.measure.comparisons import compare
from ratchet.measure.readings import comparisons_by_phase
from ratchet.phases import Phase

LEAST_UNITS = 100  # in either arm, as for a verdict


def realised(facts: pd.DataFrame, follow_ups: Sequence[Phase], as_of: date) -> dict[str, Estimate]:
    """Return the lift seen after each decision, by experiment: relative, above 0 is better, with its 95 % interval.

    The interval is that of a single look, and takes before and after for independent: units are in both, and their
    agreement makes it wider than need be.

    Args:
        facts: mart_experiments.
        follow_ups: as `follow_ups.of_experiments` makes them.
        as_of: the night's day.
    """
    if not follow_ups:
        return {}
    rows = pd.concat([_rows(facts, phase) for phase in follow_ups], ignore_index=True)
    found = comparisons_by_phase(compare(rows, follow_ups, as_of), follow_ups)
    return {
        p.experiment.id: _signed(p, c[0].single_look, min(c[0].control.n, c[0].treatment.n), as_of)
        for p, c in zip(follow_ups, found, strict=True)
    }


def _rows(facts: pd.DataFrame, phase: Phase) -> pd.DataFrame:
    """Return the follow-up's rows beside those of the experiment's control."""
    name, control = phase.trial.trial_id, phase.experiment.control
    primary = facts["metric"] == phase.experiment.primary.name
    same = primary & (facts["phase"] == phase.trial.phase)
    before = facts[same & (facts["trial_id"] == phase.experiment.id) & (facts["variant"] == control)]
    return pd.concat([before.assign(trial_id=name), facts[primary & (facts["trial_id"] == name)]], ignore_index=True)


def _signed(phase: Phase, lift: Estimate, fewest: int, as_of: date) -> Estimate:
    """Return a lift of which above 0 is better."""
    why_not = _why_not(phase, fewest, as_of)
    if why_not:
        return Estimate(NotComputable(why_not), lift.n)
    if phase.experiment.primary.direction.sign > 0 or lift.number is None:
        return lift
    low, high = (None if bound is None else -bound for bound in (lift.high, lift.low))
    return Estimate(-lift.number, lift.n, low, high, lift.note)


def _why_not(phase: Phase, fewest: int, as_of: date) -> str:
    """Return why nothing can be said yet, '' where it can."""
    trial = phase.trial
    days = f"the {trial.conversion_days} days of its conversion window"
    last = trial.starts_at + timedelta(days=trial.conversion_days) if trial.starts_at else None
    if last is None or last.date() > as_of + timedelta(days=1):
        return f"{days} since the decision are not over"
    if trial.outcomes_until is not None and trial.outcomes_until < last:
        return f"another phase began within {days}"
    return f"fewer than {LEAST_UNITS} units in an arm" if fewest < LEAST_UNITS else ""


def errors(found: Mapping[str, Estimate], z: float) -> dict[str, tuple[float, float]]:
    """Return value and standard error of each that has an interval, by experiment."""
    return {
        name: (lift.number, (lift.high - lift.low) / (2 * z))
        for name, lift in found.items()
        if lift.number is not None and lift.low is not None and lift.high is not None
    }
