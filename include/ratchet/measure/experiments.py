"""Every experiment of a night: its estimates under the confidence sequence, its checks and its verdict (R33, R35).

Facts come from `mart_experiments` and `mart_experiment_units`, specs from the registry. All numbers are computed in one
pass by `comparisons.py` and `unit_checks.py`; `verdicts.py` holds the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ratchet.contracts.estimates import as_record
from ratchet.contracts.experiments import Experiment
from ratchet.errors import NotComputable
from ratchet.measure.comparisons import compare
from ratchet.measure.readings import Comparison, PlannedSample, comparisons_by_phase, planned_samples
from ratchet.measure.terms import Role
from ratchet.measure.unit_checks import UnitChecks, unit_checks
from ratchet.measure.verdicts import Judgement, Progress, Reading, Rules, Verdict, judge
from ratchet.phases import Phase

DEFAULT_RULES = Rules()


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """One phase of an experiment as of a night.

    Attributes:
        experiment: the version that held in the phase.
        phase: its number.
        edited_on: the night that saw the edit this phase began with.
        started_on: day of the first exposure.
        ends_on: day on which the last outcome of the last unit counts; None before the start.
        units: what the units say about themselves.
        sample: what was planned and what is needed.
        comparisons: every metric of every treatment arm.
        judgement: the verdict.
    """

    experiment: Experiment
    phase: int
    edited_on: date | None
    started_on: date | None
    ends_on: date | None
    units: UnitChecks
    sample: PlannedSample
    comparisons: tuple[Comparison, ...]
    judgement: Judgement

    def as_record(self) -> dict[str, Any]:
        """Return what the artifact holds of it."""
        spec = self.experiment
        own: dict[str, Any] = as_record(
            {
                "id": spec.id, "phase": self.phase, "hypothesis": spec.hypothesis, "flag_key": spec.flag_key,
                "unit_type": spec.unit_type, "design": spec.design, "mde": spec.mde, "alpha": spec.alpha,
                "power": spec.power, "planned_units": spec.planned_units, "horizon_days": spec.horizon_days,
                "spec_hash": spec.spec_hash,
                "arms": spec.arms, "primary": spec.primary.name,
            }
        )  # fmt: skip
        rest = ("edited_on", "started_on", "ends_on", "units", "sample", "comparisons")
        verdict: dict[str, Any] = as_record(self.judgement)
        return own | verdict | {name: as_record(getattr(self, name)) for name in rest}


@dataclass(frozen=True, slots=True)
class ExperimentsResult:
    """Every phase of every experiment as of a night."""

    as_of: date
    reason: str
    experiments: tuple[ExperimentResult, ...]

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `experiments.json`."""
        head: dict[str, Any] = as_record({"as_of": self.as_of, "reason": self.reason})
        return {"artifact": "experiments", **head, "experiments": [e.as_record() for e in self.experiments]}

    def news(self, told: Mapping[tuple[str, int], str]) -> tuple[ExperimentResult, ...]:
        """Return what is to be announced: final verdicts that differ from what was told of the same phase before.

        Args:
            told: the verdict last announced, by experiment and phase.
        """
        quiet = (Verdict.KEEP_RUNNING, Verdict.NOT_COMPUTABLE)
        return tuple(
            e
            for e in self.experiments
            if e.judgement.verdict not in quiet and told.get((e.experiment.id, e.phase)) != e.judgement.verdict
        )


def experiments(
    facts: pd.DataFrame, units: pd.DataFrame, phases: Iterable[Phase], as_of: date, rules: Rules = DEFAULT_RULES
) -> ExperimentsResult:
    """Judge every phase of every experiment; one that cannot be judged says why and leaves the others alone.

    Args:
        facts: mart_experiments.
        units: mart_experiment_units.
        phases: of the registry's experiments, as of the night.
        as_of: the night's day.
        rules: the floors of a verdict.
    """
    found = tuple(phases)
    if not found:
        return ExperimentsResult(as_of, "no experiment is registered", ())
    checks = unit_checks(units, found, as_of, rules)
    numbers = compare(facts, found, as_of)
    comparisons, samples = comparisons_by_phase(numbers, found), planned_samples(numbers, found)
    results = (_result(phase, checks[i], comparisons[i], samples[i], as_of, rules) for i, phase in enumerate(found))
    return ExperimentsResult(as_of, "", tuple(results))


def _result(
    phase: Phase,
    checks: UnitChecks,
    comparisons: tuple[Comparison, ...],
    sample: PlannedSample,
    as_of: date,
    rules: Rules,
) -> ExperimentResult:
    spec = phase.experiment
    start = _start(phase, checks)
    end = None if start is None else _end(phase, start)
    judgement = _before_numbers(phase, checks, start, end, as_of) or judge(
        [_reading(c) for c in comparisons if c.role is Role.PRIMARY],
        [_reading(c) for c in comparisons if c.role is Role.GUARDRAIL],
        _progress(spec, checks, sample, start or as_of, end or as_of, as_of),
        rules,
        checks.doubt,
    )
    return ExperimentResult(
        spec, phase.trial.phase, phase.edited_on, start, end, checks, sample, comparisons, judgement
    )


def _start(phase: Phase, checks: UnitChecks) -> date | None:
    """Return the day of the first exposure, where none is known the day the phase was to begin."""
    planned = phase.trial.starts_at
    return checks.first_day or (planned.date() if planned is not None else None)


def _end(phase: Phase, start: date) -> date:
    """Return the day whose night sees the last outcome of the last unit."""
    spec, cut = phase.experiment, phase.trial.ends_at
    planned = phase.trial.starts_at
    first = planned.date() if planned is not None else start
    end = first + timedelta(days=spec.horizon_days + spec.conversion_days - 1)
    return end if cut is None else min(end, cut.date() - timedelta(days=1))


def _before_numbers(
    phase: Phase, checks: UnitChecks, start: date | None, end: date | None, as_of: date
) -> Judgement | None:
    """Return the verdict where there is nothing to judge, None where there is."""
    planned, empty = (
        phase.trial.starts_at,
        [a.name for a, n in zip(phase.experiment.arms, checks.units, strict=True) if not n],
    )
    if not phase.is_last:
        return Judgement(
            Verdict.INVALID, "the experiment was edited; what was seen before counts as a phase of its own"
        )
    if planned is not None and planned.date() > as_of:
        return Judgement(Verdict.NOT_COMPUTABLE, f"it starts on {planned.date()}")
    if not any(checks.units):
        over = end is not None and end <= as_of
        return Judgement(
            Verdict.NOT_COMPUTABLE, f"it ended on {end} without any exposure" if over else "no exposures yet"
        )
    if empty and not checks.doubt:
        return Judgement(Verdict.NOT_COMPUTABLE, f"{empty[0]} has no exposures")
    return None


def _progress(
    spec: Experiment, checks: UnitChecks, sample: PlannedSample, start: date, end: date, as_of: date
) -> Progress:
    wanted = sample.tuned if spec.planned_units is not None else sample.every_night
    to_sample = None
    if wanted is not None and checks.units_a_day > 0:
        to_sample = int(np.ceil(max(0.0, wanted - sum(checks.units)) / checks.units_a_day))
    return Progress(
        days=(as_of - start).days + 1,
        days_to_end=max(0, (end - as_of).days),
        days_to_sample=to_sample,
        units=min(checks.units),
        mde=spec.mde,
        detectable=sample.detectable,
    )


def _reading(comparison: Comparison) -> Reading:
    lift, difference = comparison.lift.number, comparison.difference.value
    why = difference.reason if isinstance(difference, NotComputable) else comparison.difference.note
    return Reading(comparison.metric, comparison.arm, comparison.outcome, np.nan if lift is None else lift, why)
