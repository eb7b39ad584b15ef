"""Phases of experiments: what the registry says now and what was recorded of it make the trials of a night.

An edit ends a phase with the day of the night that first saw it, and starts the next one a day later: that night
publishes the new split, some hours into the day between, which belongs to no phase. Phases are never pooled.
Recording what a night sees belongs to `deploy/specs.py`, stages of rollouts to `deploy/rollouts.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from ratchet.contracts.experiments import Design, Experiment, Trial, TrialKind


@dataclass(frozen=True, slots=True)
class Seen:
    """A version of an experiment and the night that saw it first."""

    experiment: Experiment
    first_seen: date


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase: the version of the experiment that held in it, and the trial that its facts are keyed by.

    Attributes:
        experiment: as it was recorded, or as its file says where nothing was recorded.
        trial: numbered from 1.
        edited_on: the night that saw the edit this phase began with, None for the first.
        is_last: whether no later version replaced it.
    """

    experiment: Experiment
    trial: Trial
    edited_on: date | None
    is_last: bool


def phases(
    experiments: Iterable[Experiment], seen: Iterable[Seen], as_of: date, ended: Mapping[str, date] | None = None
) -> tuple[Phase, ...]:
    """Return every phase of every experiment as of a night, by experiment and number.

    Args:
        experiments: what the files say now.
        seen: what was recorded, in any order; what was first seen after the night does not count.
        as_of: the night's day.
        ended: the last day of experiments that were decided, by id; a phase that began later goes on.
    """
    known = sorted((s for s in seen if s.first_seen <= as_of), key=lambda s: s.first_seen)
    found: list[Phase] = []
    for experiment in sorted(experiments, key=lambda e: e.id):
        versions = [s for s in known if s.experiment.id == experiment.id]
        found += _phases_of(experiment, versions, (ended or {}).get(experiment.id))
    return tuple(found)


def trials(found: Iterable[Phase]) -> tuple[Trial, ...]:
    """Return the trials of phases."""
    return tuple(phase.trial for phase in found)


def _phases_of(experiment: Experiment, seen: list[Seen], ended: date | None) -> list[Phase]:
    versions = seen[:1] + [b for a, b in pairwise(seen) if a.experiment.spec_hash != b.experiment.spec_hash]
    specs = [v.experiment for v in versions] or [experiment]
    edits = [None, *(v.first_seen for v in versions[1:])]
    starts = [_start(spec, edit) for spec, edit in zip(specs, edits, strict=True)]
    nexts = [*(_midnight(_after(v.first_seen)) for v in versions[1:]), None]
    kept = [i for i, start in enumerate(starts) if not _is_empty(start, nexts[i])]
    return [
        Phase(
            experiment=specs[i],
            trial=_trial(specs[i], number, starts[i], _end(starts[i], nexts[i], ended)),
            edited_on=edits[i] if number > 1 else None,
            is_last=i == kept[-1],
        )
        for number, i in enumerate(kept, 1)
    ]


def _start(experiment: Experiment, edited_on: date | None) -> datetime | None:
    days = [*([experiment.start] if experiment.start else []), *([_after(_after(edited_on))] if edited_on else [])]
    return _midnight(max(days)) if days else None


def _is_empty(start: datetime | None, following: datetime | None) -> bool:
    """Return whether a version was replaced before it began; nothing was seen in it, so it is no phase."""
    return start is not None and following is not None and following <= start


def _end(start: datetime | None, following: datetime | None, ended: date | None) -> datetime | None:
    decided = _midnight(_after(ended)) if ended is not None else None
    if decided is not None and start is not None and decided <= start:
        decided = None
    return min((end for end in (following, decided) if end is not None), default=None)


def _trial(experiment: Experiment, number: int, start: datetime | None, end: datetime | None) -> Trial:
    return Trial(
        trial_id=experiment.id,
        kind=TrialKind.EXPERIMENT,
        phase=number,
        flag_key=experiment.flag_key,
        unit_type=experiment.unit_type,
        variants=tuple(arm.name for arm in experiment.arms),
        metrics=experiment.metrics,
        conversion_days=experiment.conversion_days,
        horizon_days=experiment.horizon_days,
        starts_at=start,
        ends_at=end,
        outcomes_until=end,
        weights=tuple(float(arm.weight) for arm in experiment.arms),
        paired=experiment.design is Design.PAIRED,
    )


def _after(day: date) -> date:
    return day + timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
