"""The experiments and rollouts of a night: what the settings say, what was recorded, and what the log says was changed.

Judging them belongs to `measure/`, what the application reads to `deploy/flags.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from ratchet import follow_ups, objectives, phases, registry, rollout_files
from ratchet.contracts.experiments import Experiment, Trial
from ratchet.contracts.metrics import Metric
from ratchet.contracts.rollout_states import RolloutState
from ratchet.contracts.rollouts import CHANGE_FIELDS, Rollout
from ratchet.contracts.splits import Split, of_experiment, of_rollout
from ratchet.deploy import announcements, drafts, flags, rollouts, specs
from ratchet.deploy.decisions import Decision
from ratchet.deploy.deployments import decided_experiments
from ratchet.errors import RatchetError, SettingsError
from ratchet.objectives import Objective
from ratchet.phases import Phase, Seen

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Registered:
    """What the settings folder says.

    Attributes:
        experiments: by id, each usable.
        rollouts: by id, each usable; none has the id of an experiment.
        groups: the members of each group; None where their file cannot be used.
        experiment_problems: one line for every file of experiments or metrics that cannot be used.
        rollout_problems: one line for every file of rollouts or groups that cannot be used.
        objectives: those of `objectives.yaml`, none where it cannot be used.
    """

    experiments: tuple[Experiment, ...]
    rollouts: tuple[Rollout, ...]
    groups: Mapping[str, tuple[str, ...]] | None
    experiment_problems: tuple[str, ...]
    rollout_problems: tuple[str, ...]
    objectives: tuple[Objective, ...] = ()

    def objectives_of(self, rollout: Rollout) -> tuple[Metric, ...]:
        """Return what the objectives of a rollout measure."""
        wanted = (o for o in self.objectives if o.metric.value in rollout.objectives)
        return tuple(metric for objective in wanted for metric in objective.trial_metrics)


@dataclass(frozen=True, slots=True)
class Trials:
    """Every experiment and rollout as of a day.

    Attributes:
        as_of: the day.
        registered: what the settings folder says.
        recorded: the decisions in force.
        phases: of every experiment.
        states: of every rollout, by id.
    """

    as_of: date
    registered: Registered
    recorded: tuple[Decision, ...]
    phases: tuple[Phase, ...]
    states: Mapping[str, RolloutState]

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Return the recorded versions of experiments."""
        return specs.seen(self.recorded)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Return the phases of experiments and rollouts whose facts the marts hold."""
        known = self.registered
        moved = (rollouts.trials(r, self.states[r.id], self.as_of, known.objectives_of(r)) for r in known.rollouts)
        follow = (*phases.trials(self.follow_ups), *self._recoveries())
        return (*phases.trials(self.phases), *(trial for each in moved for trial in each), *follow)

    @property
    def follow_ups(self) -> tuple[Phase, ...]:
        """Return the time after each experiment's shipped decision."""
        decided = decided_experiments(self.recorded, self.as_of)
        shipped = {name: follow_ups.Shipped(d.phase, d.variant, d.on) for name, d in decided.items()}
        return follow_ups.of_experiments(self.phases, shipped, self.as_of)

    def _recoveries(self) -> list[Trial]:
        known = self.registered
        found = [
            follow_ups.of_rollout(r, self.states[r.id], self.as_of, known.objectives_of(r)) for r in known.rollouts
        ]
        return [trial for trial in found if trial is not None]

    @property
    def splits(self) -> tuple[Split, ...]:
        """Return how the units of each phase should have got their variants."""
        own = (of_experiment(p.experiment, p.trial.phase) for p in self.phases)
        return (*own, *(s for r in self.registered.rollouts for s in _splits(r, self.states[r.id])))

    @property
    def decided(self) -> dict[str, date]:
        """Return the day of publication of every experiment that was decided."""
        return {name: found.on for name, found in decided_experiments(self.recorded, self.as_of).items()}

    @property
    def told(self) -> dict[tuple[str, int], str]:
        """Return the verdict last said of each experiment and phase on an earlier night."""
        return announcements.told(self.recorded, self.as_of)

    def new_versions(self) -> tuple[Decision, ...]:
        """Return what a live night records of the experiments' files."""
        return specs.unseen(self.registered.experiments, self.seen, self.as_of)

    def flags(self) -> dict[str, Any]:
        """Return the content of `flags.json` as of the day.

        Raises:
            SettingsError: if two trials under way share a flag, or groups cannot be read: what is published stays then,
                since an empty group would take the feature from its members.
        """
        served = {name: found.variant for name, found in decided_experiments(self.recorded, self.as_of).items()}
        kept = _phases(flags.left_behind(self.registered.experiments, self.seen), self.recorded, self.as_of)
        groups, known = self._groups(), [r.id for r in self.registered.rollouts]
        states = {r.id: rollouts.flag_state(r, self.states[r.id], groups) for r in self.registered.rollouts}
        states |= rollouts.left_behind(self.recorded, known, groups, self.as_of)
        return flags.document(
            [
                *flags.experiment_flags((*self.phases, *kept), served, self.as_of),
                *(flags.rollout_flag(name, states[name]) for name in sorted(states)),
            ]
        )

    def _groups(self) -> Mapping[str, tuple[str, ...]]:
        if self.registered.groups is None:
            way_out = "the flags stay as they are published until it is mended"
            raise SettingsError(f"the groups cannot be read: {self.registered.rollout_problems[0]}", way_out=way_out)
        return self.registered.groups


def registered(folder: Path) -> Registered:
    """Read a settings folder; a file that cannot be used is a problem and leaves the others alone."""
    found = registry.load(folder)
    metrics = _or_none(registry.metrics, folder) or {}  # what is wrong with it is among the problems already
    moved = rollout_files.load_rollouts(folder, metrics)
    groups = _or_none(rollout_files.load_groups, folder)
    known = {experiment.id for experiment in found.experiments}
    twins = [r.id for r in moved.rollouts if r.id in known]
    usable = tuple(r for r in moved.rollouts if r.id not in twins)
    problems = [[str(p) for p in found.problems], [*map(str, moved.problems), *map(_twin, twins)]]
    here = [tuple(line.replace(f"{folder}/", "") for line in lines) for lines in problems]
    wanted = _or_none(objectives.load, folder) or ()
    return Registered(found.experiments, usable, groups, here[0], here[1], wanted)


def as_of(known: Registered, recorded: Sequence[Decision], changes: Iterable[Mapping[str, Any]], day: date) -> Trials:
    """Return the experiments and rollouts as they stand on a day; approved drafts are experiments like any other.

    Args:
        known: what the settings folder says.
        recorded: in the order of `decisions.read`; later ones do not count.
        changes: `change` events that had landed, with the fields of `CHANGE_FIELDS`.
        day: the day.
    """
    in_force = tuple(d for d in recorded if d.effective_date <= day)
    known = replace(known, experiments=drafts.with_drafts(known.experiments, drafts.started(in_force, day)))
    frame = pd.DataFrame(list(changes), columns=list(CHANGE_FIELDS))
    states = {r.id: rollouts.folded(r, in_force, frame, day) for r in known.rollouts}
    return Trials(day, known, in_force, _phases(known.experiments, in_force, day), states)


def _phases(experiments: Iterable[Experiment], recorded: Sequence[Decision], day: date) -> tuple[Phase, ...]:
    decided = decided_experiments(recorded, day)
    ended = {name: found.on - timedelta(days=1) for name, found in decided.items()}
    return phases.phases(experiments, specs.seen(recorded), day, ended)


def _splits(rollout: Rollout, state: RolloutState) -> Iterable[Split]:
    randomised = (p for p in state.phases if p.randomised)
    return [of_rollout(rollout.id, p.assignment or rollout.assignment, p.number, p.percentage) for p in randomised]


def _twin(name: str) -> str:
    problem = RatchetError(
        f"id: an experiment and a rollout are both called {name!r}", way_out="rename one; the rollout waits"
    )
    return str(problem)


def _or_none(read: Callable[[Path], Read], folder: Path) -> Read | None:
    try:
        return read(folder)
    except SettingsError:
        return None
